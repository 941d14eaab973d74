/* The operations of a plan, and the program that runs them for an event.
 *
 * Operations own plain memory and no Python objects. Values only point to what others own while one event is rendered.
 * An EventLayout owns a reference to the class of events. A ModuleState owns references to the two types.
 */

#ifndef MACROENGINE_PROGRAM_H
#define MACROENGINE_PROGRAM_H

#include "values.h"

typedef enum { PUT_TEXT, PUT_VALUE, PUT_QUERY, PUT_PARAMETER, HAND_OVER } Kind;
typedef enum { SEND_TEXT, DROP_PARAMETER, FAIL } ForMissing;

/* A part of the texts of all operations. */
typedef struct {
    uint32_t at, size;
} Part;

typedef struct {
    unsigned char kind;
    unsigned char missing; /* of a value */
    uint32_t value;        /* its place among the values */
    Part before;           /* the text before a value, which nearly all have */
    Part text;             /* a text; what is sent where a value is missing; what a query or parameter begins with */
    uint32_t end;          /* where a query or parameter ends, among the operations */
} Operation;

typedef struct {
    Operation *items;
    Py_ssize_t count, room;
    char *texts; /* all texts, one after the other */
    Py_ssize_t texts_size, texts_room;
} Operations;

/* A value that was made before: where it is in a buffer, or that it is missing. */
typedef struct {
    Py_ssize_t at, size; /* -1 where it is missing */
} Made;

/* Where an operation finds the values: in an event, or among those that were made before. */
typedef struct {
    const Read *reads;
    const uint32_t *begins;
    PyObject *const *sources;
    Compress sha1;
    const Made *made; /* NULL: they are read from the event */
    const char *made_text;
} Values;

/* Make the operations of a sequence of segments, as macroengine/rendering/native.py describes them. */
int operations_init(Operations *operations, PyObject *segments, Py_ssize_t value_count);
void operations_clear(Operations *operations);

/* Append what the operations send; hand over what is longer than `limit`. */
Outcome operations_run(const Operations *operations, const Values *values, Py_ssize_t limit, Buffer *buffer);

/* The class of events, and where its attributes are in an object. */
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
