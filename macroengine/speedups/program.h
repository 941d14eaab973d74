/* The operations of a plan, and the program that runs them for an event.
 *
 * Operations own plain memory and no Python objects. Values only point to objects that are owned elsewhere while an
 * event is rendered. An EventLayout owns a reference to the class of events. A ModuleState owns references to the two
 * types.
 */

#ifndef MACROENGINE_PROGRAM_H
#define MACROENGINE_PROGRAM_H

#include "values.h"

typedef enum { PUT_TEXT, PUT_VALUE, PUT_QUERY, PUT_PARAMETER, HAND_OVER } Kind;
typedef enum { SEND_TEXT, DROP_PARAMETER, FAIL } ForMissing;

/* A slice of the texts of all operations. */
typedef struct {
    uint32_t at, size;
} Part;

typedef struct {
    unsigned char kind;
    unsigned char missing; /* of a value */
    uint32_t value;        /* its index among the values */
    Part before;           /* the text before a value; nearly all values have one */
    Part text;             /* a text; the text for a missing value; the opening of a query or parameter */
    uint32_t end;          /* the index after the last operation of a query or parameter */
} Operation;

typedef struct {
    Operation *items;
    Py_ssize_t count, room;
    char *texts; /* all texts, concatenated */
    Py_ssize_t texts_size, texts_room;
} Operations;

/* A value that has already been encoded: its place in a buffer, or that it is missing. */
typedef struct {
    Py_ssize_t at, size; /* -1 if it is missing */
} Made;

/* Where an operation finds values: in an event, or among values that have already been encoded. */
typedef struct {
    const Read *reads;
    const uint32_t *begins;
    PyObject *const *sources;
    Compress sha1;
    const Made *made; /* NULL: read them from the event */
    const char *made_text;
} Values;

/* Create the operations for a sequence of segments, as described in macroengine/rendering/native.py. */
int operations_init(Operations *operations, PyObject *segments, Py_ssize_t value_count);
void operations_clear(Operations *operations);

/* Append the output of the operations. Hand over if it is longer than `limit`. */
Outcome operations_run(const Operations *operations, const Values *values, Py_ssize_t limit, Buffer *buffer);

/* The class of events, and the offsets of its attributes in an object. */
typedef struct {
    PyTypeObject *type;
    Py_ssize_t sources[SOURCE_COUNT], postback, attributed;
} EventLayout;

int event_layout_init(EventLayout *layout, PyObject *type);
int take_sources(const EventLayout *layout, PyObject *event, PyObject **sources);
void give_back_sources(PyObject **sources);

typedef struct {
    PyTypeObject *program_type, *fan_out_type;
    Compress sha1;
} ModuleState;

extern PyMethodDef encoder_methods[];
extern PyType_Spec program_spec, fan_out_spec;

#endif
