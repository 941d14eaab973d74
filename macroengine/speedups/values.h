/* The values of a plan: where each is read, and how it is converted to text. */

#ifndef MACROENGINE_VALUES_H
#define MACROENGINE_VALUES_H

#include "append.h"
#include "hashes.h"

#define SOURCE_COUNT 3

/* A place where a value is looked up. Its alternatives follow it. It owns references to its four objects. */
typedef struct {
    PyObject *field; /* interned, like the keys of most events */
    PyObject *convert; /* converts a value to the text to send, or to None for nothing */
    PyObject *yes;     /* the text for True, and for False below; None: call `convert` */
    PyObject *no;
    unsigned char source;
    unsigned char encoder;
    unsigned char layers; /* how many times it is percent-encoded */
    unsigned char hash;
    unsigned char hash_case;
    unsigned char checks;
    unsigned char has_alternative;
    unsigned char is_plain; /* only percent-encoded, once */
} Read;

/* macroengine/rendering/native.py uses the same numbers. */
enum { HASH_NONE, HASH_SHA1, HASH_MD5 };
enum { CASE_AS_IS, CASE_UPPER, CASE_LOWER };
enum { IS_UUID = 1, IN_SEGMENT = 2, IN_JSON = 4, IN_HEADER = 8 };

typedef struct {
    Read *items;
    Py_ssize_t count;
} Reads;

/* Create the reads for a list of values, each a tuple of alternatives. Store the index of each value's first read. */
int reads_init(Reads *reads, PyObject *values, uint32_t *begins);
void reads_clear(Reads *reads);
int reads_visit(Reads *reads, visitproc visit, void *arg);

/* Return a new reference to a value in a dict. Return NULL if there is none, or if an exception was raised.
 * PyDict_GetItemRef, new in Python 3.13, sets `value` to a strong reference or to NULL.
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

/* Append the text of `value`, which was found for `read`. If it is NULL or None, use the alternatives of `read` in the
 * three dicts. Takes ownership of the reference to `value`.
 */
Outcome append_value(Buffer *buffer, const Read *read, PyObject *value, PyObject *const *sources, Compress sha1);

#endif
