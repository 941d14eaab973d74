/* The buffer for a URL or a body, and functions that append text to it: encoded, or as UTF-8.
 *
 * A Buffer is on the stack of the function that declares it, which must call buffer_free before every return. A Buffer
 * owns no Python objects, only memory from PyMem_Realloc once it outgrows the stack.
 */

#ifndef MACROENGINE_APPEND_H
#define MACROENGINE_APPEND_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* The result of a step. RAISED means that a Python exception is set. HANDED_OVER means that none is set, and that the
 * Python function must render the whole event again, from the beginning.
 */
typedef enum { DONE = 0, MISSING = 1, HANDED_OVER = -1, RAISED = -2 } Outcome;

/* Nearly all URLs are shorter, so they never need memory from the heap. */
#define ON_STACK 2048

typedef struct {
    char *data;
    Py_ssize_t size;
    Py_ssize_t room;
    int is_utf8; /* whether it may contain more than ASCII */
    char first[ON_STACK];
} Buffer;

static inline void
buffer_init(Buffer *buffer)
{
    buffer->data = buffer->first;
    buffer->size = 0;
    buffer->room = ON_STACK;
    buffer->is_utf8 = 0;
}

static inline void
buffer_free(Buffer *buffer)
{
    if (buffer->data != buffer->first) {
        PyMem_Free(buffer->data);
    }
}

/* Make room for `more` characters. Return -1 with an exception if there is not enough memory. */
int buffer_grow(Buffer *buffer, Py_ssize_t more);

static inline int
buffer_reserve(Buffer *buffer, Py_ssize_t more)
{
    return more <= buffer->room - buffer->size ? 0 : buffer_grow(buffer, more);
}

/* Append a short text in copies of 16 characters. It must be possible to read 16 characters after the text. */
static inline int
buffer_put_short(Buffer *buffer, const char *text, Py_ssize_t size)
{
    if (buffer_reserve(buffer, size + 16) < 0) {
        return -1;
    }
    char *out = buffer->data + buffer->size;
    for (Py_ssize_t i = 0; i < size; i += 16) {
        memcpy(out + i, text + i, 16);
    }
    buffer->size += size;
    return 0;
}

static inline int
buffer_put(Buffer *buffer, const char *text, Py_ssize_t size)
{
    if (buffer_reserve(buffer, size) < 0) {
        return -1;
    }
    memcpy(buffer->data + buffer->size, text, size);
    buffer->size += size;
    return 0;
}

/* Return a new str with the content of the buffer. PyUnicode_New takes the largest character of the text, and so
 * creates the smallest kind of str. The characters are then written into it, which is only allowed until another
 * function gets the new object.
 */
static inline PyObject *
buffer_text(const Buffer *buffer)
{
    if (buffer->is_utf8) {
        return PyUnicode_DecodeUTF8(buffer->data, buffer->size, NULL);
    }
    PyObject *text = PyUnicode_New(buffer->size, 127);
    if (text != NULL) {
        memcpy(PyUnicode_1BYTE_DATA(text), buffer->data, buffer->size);
    }
    return text;
}

/* Append a str as UTF-8. A str with a lone surrogate is handed over. */
Outcome append_utf8(Buffer *buffer, PyObject *text);

/* macroengine/rendering/native.py uses the same numbers. */
enum { ENCODE_IN_PYTHON, ENCODE_PERCENT, ENCODE_COMPONENT, ENCODE_FORM, SEND_AS_IT_IS, SEND_QUOTED };

/* Append a str, percent-encoded `layers` times, the first time by this encoder. */
Outcome append_encoded(Buffer *buffer, int encoder, int layers, PyObject *value);

#endif
