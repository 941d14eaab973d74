/* The values of a plan: where each is read, and what is done with its text. */

#ifndef MACROENGINE_VALUES_H
#define MACROENGINE_VALUES_H

#include "append.h"
#include "hashes.h"

#define SOURCE_COUNT 3

/* One place where a value is looked for. Its alternatives follow it. It owns references to its four objects. */
typedef struct {
    PyObject *field; /* interned, as the keys of most events are */
    PyObject *convert; /* from a value to the text that is sent, or None where nothing is */
    PyObject *yes;     /* what is sent for True, and for False; None where `convert` is to be asked */
    PyObject *no;
    unsigned char source;
    unsigned char encoder;
    unsigned char layers; /* how often it is percent-encoded */
    unsigned char hash;
    unsigned char hash_case;
    unsigned char checks;
    unsigned char has_alternative;
    unsigned char is_plain; /* percent-encoded once, and nothing else */
} Read;

/* Numbers that macroengine/rendering/native.py writes. */
enum { HASH_NONE, HASH_SHA1, HASH_MD5 };
enum { CASE_AS_IS, CASE_UPPER, CASE_LOWER };
enum { IS_UUID = 1, IN_SEGMENT = 2, IN_JSON = 4, IN_HEADER = 8 };

typedef struct {
    Read *items;
    Py_ssize_t count;
} Reads;

/* Make the reads of a list of values, each a tuple of alternatives. Fill in where each value begins. */
int reads_init(Reads *reads, PyObject *values, uint32_t *begins);
void reads_clear(Reads *reads);
int reads_visit(Reads *reads, visitproc visit, void *arg);

/* Return a new reference to a value of a dict; NULL, perhaps with an error, where it has none. PyDict_GetItemRef, which
 * is new in Python 3.13, sets `value` to a strong reference or to NULL.
 */
static inline PyObject *
found_in(PyObject *dict, PyObject *field)
{
    PyObject *value;
#if PY_VERSION_HEX < 0x030D0000
    value = PyDict_GetItemWithError(dict, field);
    Py_XINCREF(value);
#else
    PyDict_GetItemRef(dict, field, &value);
#endif
    return value;
}

/* Append the text of what was found for `read`, NULL or None where it has no value: then for its alternatives, in three
 * dicts. It takes the reference to `value`.
 */
Outcome append_value(Buffer *buffer, const Read *read, PyObject *value, PyObject *const *sources, Compress sha1);

#endif
