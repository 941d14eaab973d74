/* Where a plan reads its values, and what it does with each. */

#ifndef MACROENGINE_READS_H
#define MACROENGINE_READS_H

#include "append.h"

#define SOURCE_COUNT 3

/* A place where a value is looked up. Its alternatives follow it. It owns references to its four objects. */
typedef struct {
    PyObject *field;   /* interned, like the keys of most events */
    PyObject *convert; /* converts a value to the text to send, or to None for nothing */
    PyObject *yes;     /* the text for True, and for False below; None: call `convert` */
    PyObject *no;
    unsigned char source;
    unsigned char encoder; /* of append.h */
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

#endif
