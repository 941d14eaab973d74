/* Growing a buffer, and encoding a str into it. */

#include "append.h"

#include "percent.h"

int
buffer_grow(Buffer *buffer, Py_ssize_t more)
{
    /* At least double the size, so that a text of any length is copied only a few times. */
    if (more > PY_SSIZE_T_MAX / 2 - buffer->size) {
        PyErr_NoMemory();
        return -1;
    }
    Py_ssize_t room = 2 * (buffer->size + more);
    char *old = buffer->data == buffer->first ? NULL : buffer->data;
    char *data = PyMem_Realloc(old, room);
    if (data == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (old == NULL) {
        memcpy(data, buffer->first, buffer->size);
    }
    buffer->data = data;
    buffer->room = room;
    return 0;
}

Outcome
append_utf8(Buffer *buffer, PyObject *text)
{
    PyObject *encoded = PyUnicode_AsUTF8String(text);
    if (encoded == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
            return RAISED;
        }
        PyErr_Clear();
        return HANDED_OVER;
    }
    Outcome outcome = buffer_put(buffer, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded)) < 0 ? RAISED : DONE;
    buffer->is_utf8 = 1;
    Py_DECREF(encoded);
    return outcome;
}

/* Encode the text since `start` again, `further` times. That only changes `%`, to `%25`, once per layer. */
static Outcome
deepen(Buffer *buffer, Py_ssize_t start, int further)
{
    Py_ssize_t signs = 0;
    for (Py_ssize_t i = start; i < buffer->size; i++) {
        signs += buffer->data[i] == '%';
    }
    Py_ssize_t more = signs * 2 * further;
    if (buffer_reserve(buffer, more) < 0) {
        return RAISED;
    }
    const char *from = buffer->data + buffer->size;
    char *to = buffer->data + buffer->size + more;
    buffer->size += more;
    while (from < to) {
        char character = *--from;
        for (int i = 0; character == '%' && i < further; i++) {
            *--to = '5';
            *--to = '2';
        }
        *--to = character;
    }
    return DONE;
}

Outcome
append_encoded(Buffer *buffer, int encoder, int layers, PyObject *value)
{
    Py_ssize_t start = buffer->size;
    Py_ssize_t room = room_for(value);
    if (room < 0) {
        return HANDED_OVER;
    }
    if (buffer_reserve(buffer, room) < 0) {
        return RAISED;
    }
    char *out = buffer->data + start;
    /* One call per table, so that the compiler can optimise each for its table. */
    out = encoder == ENCODE_COMPONENT ? encode_text(COMPONENT, out, value)
          : encoder == ENCODE_FORM    ? encode_text(FORM, out, value)
                                      : encode_text(PERCENT, out, value);
    if (out == NULL) {
        return HANDED_OVER; /* a lone surrogate */
    }
    buffer->size = out - buffer->data;
    return layers > 1 ? deepen(buffer, start, layers - 1) : DONE;
}
