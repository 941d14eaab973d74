/* Where a URL or a body grows, and how text is appended to it: encoded in place, or as UTF-8.
 *
 * A Buffer lives on the stack of the function that declares it and belongs to that function, which calls buffer_free
 * on every way out. It owns no Python objects, only memory from PyMem_Realloc once it outgrows the stack.
 */

#ifndef MACROENGINE_APPEND_H
#define MACROENGINE_APPEND_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* What became of a step. RAISED alone means that a Python exception is set; HANDED_OVER means that none is, and that
 * the function in Python is to do the whole event again, from the beginning.
 */
typedef enum { DONE = 0, MISSING = 1, HANDED_OVER = -1, RAISED = -2 } Outcome;

/* Nearly all URLs are shorter, and never leave the stack. */
#define ON_STACK 2048

typedef struct {
    char *data;
    Py_ssize_t size;
    Py_ssize_t room;
    int is_utf8; /* whether it may hold more than ASCII */
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

/* Make room for `more` characters. Return -1 with an error where there is no memory. */
int buffer_grow(Buffer *buffer, Py_ssize_t more);

static inline int
buffer_reserve(Buffer *buffer, Py_ssize_t more)
{
    return more <= buffer->room - buffer->size ? 0 : buffer_grow(buffer, more);
}

/* Append a short text in copies of 16 characters; so many can be read after it, too. */
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

/* Return a new str of what the buffer holds. PyUnicode_New takes the largest character that will be in the text, and so
 * makes the smallest kind of str; the characters are then written into it, which is allowed only until another function
 * gets the new object.
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

/* Append a str as UTF-8. What cannot be written so, with a lone surrogate, is handed over. */
Outcome append_utf8(Buffer *buffer, PyObject *text);

/* Numbers that macroengine/rendering/native.py writes. */
enum { ENCODE_IN_PYTHON, ENCODE_PERCENT, ENCODE_COMPONENT, ENCODE_FORM, SEND_AS_IT_IS, SEND_QUOTED };

/* Append a str, encoded, and percent-encoded again for each layer but the first. */
Outcome append_encoded(Buffer *buffer, int encoder, int layers, PyObject *value);

#endif
