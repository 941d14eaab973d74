/* The output of a template as a flat list of operations: how the list is created from the description in
 * macroengine/rendering/native.py, and how it is run for an event.
 *
 * A query is an operation followed by its parameters, each of which is followed by its own operations; `end` is the
 * index after the last of them. All texts are copied into one block of memory. No operation refers to a Python object,
 * so running them changes no reference counts except those of the values.
 *
 * The list may move when it grows. Code below indexes it again after adding anything, and keeps no pointers.
 */

#include "program.h"

#include "percent.h"

/* The maximum nesting of queries; far more than in any real URL. */
#define MOST_NESTED 64

/* Texts are copied 16 characters at a time. */
#define READ_BEYOND 16

static Operation *
add(Operations *operations, Kind kind)
{
    if (operations->count == operations->room) {
        Py_ssize_t room = operations->room ? 2 * operations->room : 16;
        Operation *items = PyMem_Realloc(operations->items, room * sizeof *items);
        if (items == NULL) {
            PyErr_NoMemory();
            return NULL;
        }
        operations->items = items;
        operations->room = room;
    }
    Operation *operation = &operations->items[operations->count++];
    *operation = (Operation){.kind = (unsigned char)kind};
    return operation;
}

/* Store a text, which must be ASCII. */
static int
keep_text(Operations *operations, Part *part, PyObject *text)
{
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_ASCII(text)) {
        PyErr_SetString(PyExc_ValueError, "a text must be a str of ASCII characters");
        return -1;
    }
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    if (size > UINT32_MAX / 2 - operations->texts_size) {
        PyErr_SetString(PyExc_ValueError, "the texts are too long");
        return -1;
    }
    if (size + READ_BEYOND > operations->texts_room - operations->texts_size) {
        Py_ssize_t room = 2 * (operations->texts_size + size) + READ_BEYOND;
        char *texts = PyMem_Realloc(operations->texts, room);
        if (texts == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        operations->texts = texts;
        operations->texts_room = room;
    }
    memcpy(operations->texts + operations->texts_size, PyUnicode_1BYTE_DATA(text), size);
    *part = (Part){.at = (uint32_t)operations->texts_size, .size = (uint32_t)size};
    operations->texts_size += size;
    return 0;
}

/* Add a value with the text before it, which may be NULL. */
static int
add_value(Operations *operations, PyObject *described, PyObject *before, Py_ssize_t value_count)
{
    Operation *operation = add(operations, PUT_VALUE);
    Py_ssize_t value = PyTuple_GET_SIZE(described) == 2 ? PyLong_AsSsize_t(PyTuple_GET_ITEM(described, 0)) : -1;
    if (operation == NULL || PyErr_Occurred()) {
        return -1;
    }
    if (value < 0 || value >= value_count) {
        PyErr_SetString(PyExc_ValueError, "a value needs an index in range, and what is sent if it is missing");
        return -1;
    }
    operation->value = (uint32_t)value;
    if (before != NULL && keep_text(operations, &operation->before, before) < 0) {
        return -1;
    }
    PyObject *missing = PyTuple_GET_ITEM(described, 1);
    if (missing == Py_None || missing == Py_False) {
        operation->missing = missing == Py_None ? DROP_PARAMETER : FAIL;
        return 0;
    }
    return keep_text(operations, &operation->text, missing);
}

static int add_all(Operations *operations, PyObject *segments, Py_ssize_t value_count, int depth);

/* Add a query: a list of its opening, its separator, and the segments of each parameter. */
static int
add_query(Operations *operations, PyObject *described, Py_ssize_t value_count, int depth)
{
    if (depth > MOST_NESTED || PyList_GET_SIZE(described) < 2) {
        PyErr_SetString(PyExc_ValueError, "a query is nested too deeply, or has no beginning and separator");
        return -1;
    }
    Py_ssize_t query = operations->count;
    if (add(operations, PUT_QUERY) == NULL
        || keep_text(operations, &operations->items[query].text, PyList_GET_ITEM(described, 0)) < 0) {
        return -1;
    }
    for (Py_ssize_t i = 2; i < PyList_GET_SIZE(described); i++) {
        Py_ssize_t parameter = operations->count;
        if (add(operations, PUT_PARAMETER) == NULL
            || keep_text(operations, &operations->items[parameter].text, PyList_GET_ITEM(described, 1)) < 0
            || add_all(operations, PyList_GET_ITEM(described, i), value_count, depth + 1) < 0) {
            return -1;
        }
        operations->items[parameter].end = (uint32_t)operations->count;
    }
    operations->items[query].end = (uint32_t)operations->count;
    return 0;
}

static int
add_all(Operations *operations, PyObject *segments, Py_ssize_t value_count, int depth)
{
    if (!PyTuple_Check(segments)) {
        PyErr_SetString(PyExc_TypeError, "segments are described by a tuple");
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(segments); i++) {
        PyObject *segment = PyTuple_GET_ITEM(segments, i);
        PyObject *next = i + 1 < PyTuple_GET_SIZE(segments) ? PyTuple_GET_ITEM(segments, i + 1) : Py_None;
        int failed;
        if (PyUnicode_Check(segment) && PyTuple_Check(next)) {
            failed = add_value(operations, next, segment, value_count) < 0;
            i++;
        }
        else if (PyUnicode_Check(segment)) {
            Operation *operation = add(operations, PUT_TEXT);
            failed = operation == NULL || keep_text(operations, &operation->text, segment) < 0;
        }
        else if (PyTuple_Check(segment)) {
            failed = add_value(operations, segment, NULL, value_count) < 0;
        }
        else if (PyList_Check(segment)) {
            failed = add_query(operations, segment, value_count, depth) < 0;
        }
        else {
            failed = add(operations, HAND_OVER) == NULL;
        }
        if (failed) {
            return -1;
        }
    }
    return 0;
}

int
operations_init(Operations *operations, PyObject *segments, Py_ssize_t value_count)
{
    if (add_all(operations, segments, value_count, 0) < 0) {
        return -1;
    }
    /* They live as long as their template, so give back unused memory. */
    Operation *items = PyMem_Realloc(operations->items, (operations->count + 1) * sizeof *items);
    char *texts = PyMem_Realloc(operations->texts, operations->texts_size + READ_BEYOND);
    operations->items = items == NULL ? operations->items : items;
    operations->texts = texts == NULL ? operations->texts : texts;
    return 0;
}

void
operations_clear(Operations *operations)
{
    PyMem_Free(operations->items);
    PyMem_Free(operations->texts);
    *operations = (Operations){0};
}

static inline Outcome
put(Buffer *buffer, const Operations *operations, Part part)
{
    return buffer_put_short(buffer, operations->texts + part.at, part.size) < 0 ? RAISED : DONE;
}

/* The longest text that is encoded without checking for an overflow first. */
#define MOST_INLINE 65536

/* Append a value of an event. For most, which are ASCII and only percent-encoded, this needs no function call. */
static inline Outcome
put_read(Buffer *buffer, const Read *read, const Values *values)
{
    PyObject *value = found_in(values->sources[read->source], read->field);
    if (value != NULL && read->is_plain && PyUnicode_CheckExact(value) && PyUnicode_IS_COMPACT_ASCII(value)) {
        Py_ssize_t length = PyUnicode_GET_LENGTH(value);
        if (length <= MOST_INLINE) {
            Outcome outcome = RAISED;
            if (buffer_reserve(buffer, 3 * length + SLACK) == 0) {
                char *out = buffer->data + buffer->size;
                buffer->size = encode_ascii(PERCENT, out, PyUnicode_1BYTE_DATA(value), length) - buffer->data;
                outcome = DONE;
            }
            Py_DECREF(value);
            return outcome;
        }
    }
    return append_value(buffer, read, value, values->sources, values->sha1);
}

static inline Outcome
put_value(Buffer *buffer, const Values *values, const Operation *operation)
{
    if (values->made == NULL) {
        return put_read(buffer, values->reads + values->begins[operation->value], values);
    }
    Made made = values->made[operation->value];
    if (made.size < 0) {
        return MISSING;
    }
    return buffer_put(buffer, values->made_text + made.at, made.size) < 0 ? RAISED : DONE;
}

static Outcome run(const Operations *operations, uint32_t from, uint32_t end, const Values *values, Py_ssize_t limit,
                   Buffer *buffer);

/* A parameter is removed again if it contains a missing value that drops it. */
static Outcome
run_query(const Operations *operations, uint32_t at, const Values *values, Py_ssize_t limit, Buffer *buffer)
{
    const Operation *query = &operations->items[at];
    int is_first = 1;
    for (uint32_t i = at + 1; i < query->end; i = operations->items[i].end) {
        const Operation *parameter = &operations->items[i];
        Py_ssize_t before = buffer->size;
        Outcome outcome = put(buffer, operations, is_first ? query->text : parameter->text);
        if (outcome == DONE) {
            outcome = run(operations, i + 1, parameter->end, values, limit, buffer);
        }
        if (outcome < 0) {
            return outcome;
        }
        if (outcome == MISSING) {
            buffer->size = before;
        }
        else {
            is_first = 0;
        }
    }
    return DONE;
}

/* Return MISSING if a missing value drops its parameter. */
static Outcome
run(const Operations *operations, uint32_t from, uint32_t end, const Values *values, Py_ssize_t limit, Buffer *buffer)
{
    uint32_t i = from;
    while (i < end) {
        const Operation *operation = &operations->items[i];
        Outcome outcome;
        switch (operation->kind) {
        case PUT_TEXT:
            outcome = put(buffer, operations, operation->text);
            break;
        case PUT_VALUE:
            outcome = put(buffer, operations, operation->before);
            if (outcome == DONE) {
                outcome = put_value(buffer, values, operation);
            }
            if (outcome == MISSING && operation->missing == SEND_TEXT) {
                outcome = put(buffer, operations, operation->text);
            }
            else if (outcome == MISSING && operation->missing == FAIL) {
                outcome = HANDED_OVER;
            }
            break;
        case PUT_QUERY:
            outcome = run_query(operations, i, values, limit, buffer);
            break;
        default:
            outcome = HANDED_OVER;
        }
        if (outcome != DONE) {
            return outcome;
        }
        if (buffer->size > limit) {
            return HANDED_OVER;
        }
        i = operation->kind == PUT_QUERY ? operation->end : i + 1;
    }
    return DONE;
}

Outcome
operations_run(const Operations *operations, const Values *values, Py_ssize_t limit, Buffer *buffer)
{
    Outcome outcome = run(operations, 0, (uint32_t)operations->count, values, limit, buffer);
    return outcome == MISSING ? HANDED_OVER : outcome;
}
