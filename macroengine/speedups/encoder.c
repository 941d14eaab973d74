/* The encoders as Python calls them: functions for a value, and for a field of an event.
 *
 * Each returns a new reference. If encoding changes nothing, that is another reference to the argument itself, so most
 * values are never copied.
 *
 * METH_O functions get their only argument directly. METH_FASTCALL functions get an array of borrowed references and
 * its length, so Python does not have to build a tuple. A docstring that begins with `name($module, ...)` and a line of
 * `--` gives the function the signature that inspect.signature shows.
 */

#include "program.h"

/* Return a new reference to the encoded text of a str. If nothing changes, it is the str itself. */
static PyObject *
encode_with(int encoder, PyObject *value)
{
#if PY_VERSION_HEX < 0x030C0000
    /* Before Python 3.12 a str may still be stored as wchar_t, which READY converts in place. */
    if (PyUnicode_READY(value) < 0) {
        return NULL;
    }
#endif
    Buffer buffer;
    buffer_init(&buffer);
    Outcome outcome = append_encoded(&buffer, encoder, 1, value);
    PyObject *encoded = NULL;
    /* A text with the same length as before only changed if a space became a plus sign. */
    if (outcome == DONE && PyUnicode_IS_ASCII(value) && buffer.size == PyUnicode_GET_LENGTH(value)
        && (encoder != ENCODE_FORM || memcmp(buffer.data, PyUnicode_1BYTE_DATA(value), buffer.size) == 0)) {
        encoded = Py_NewRef(value);
    }
    else if (outcome == DONE) {
        encoded = buffer_text(&buffer);
    }
    else if (outcome == HANDED_OVER) {
        /* Let the codec raise its usual exception. */
        Py_XDECREF(PyUnicode_AsEncodedString(value, "utf-8", "strict"));
        if (!PyErr_Occurred()) {
            PyErr_NoMemory(); /* the text is too long to encode */
        }
    }
    buffer_free(&buffer);
    return encoded;
}

static PyObject *
encode(PyObject *value)
{
    return encode_with(ENCODE_PERCENT, value);
}

static inline PyObject *
encode_str(int encoder, PyObject *value)
{
    if (!PyUnicode_Check(value)) {
        return PyErr_Format(PyExc_TypeError, "cannot percent-encode a value of type %.100s", Py_TYPE(value)->tp_name);
    }
    return encode_with(encoder, value);
}

PyDoc_STRVAR(percent_encode_doc,
"percent_encode($module, value, /)\n--\n\n"
"The twin of macroengine.encodings.percent.percent_encode.");

static PyObject *
percent_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    return encode_str(ENCODE_PERCENT, value);
}

PyDoc_STRVAR(component_encode_doc,
"component_encode($module, value, /)\n--\n\n"
"The twin of macroengine.encodings.percent.component_encode.");

static PyObject *
component_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    return encode_str(ENCODE_COMPONENT, value);
}

PyDoc_STRVAR(form_encode_doc,
"form_encode($module, value, /)\n--\n\n"
"The twin of macroengine.encodings.percent.form_encode.");

static PyObject *
form_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    return encode_str(ENCODE_FORM, value);
}

/* Return the same as percent.encode_value. */
static PyObject *
encode_or_convert(PyObject *value, PyObject *convert)
{
    if (PyUnicode_CheckExact(value)) {
        PyObject *encoded = encode(value);
        if (encoded != NULL || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
            return encoded;
        }
        PyErr_Clear();
    }
    else if (value == Py_None) {
        return PyUnicode_New(0, 0);
    }
    else if (PyLong_CheckExact(value)) {
        int overflow; /* set, without an exception, if the number has more than 64 bits */
        PyLong_AsLongLongAndOverflow(value, &overflow);
        if (!overflow) {
            /* Digits and a minus sign are unreserved. */
            return PyObject_Repr(value);
        }
    }
    return PyObject_CallOneArg(convert, value);
}

PyDoc_STRVAR(encode_value_doc,
"encode_value($module, value, convert, /)\n--\n\n"
"The twin of macroengine.encodings.percent.encode_value.");

static PyObject *
encode_value(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2) {
        return PyErr_Format(PyExc_TypeError, "encode_value takes 2 arguments (%zd given)", count);
    }
    return encode_or_convert(args[0], args[1]);
}

/* Return a new reference to `values.get(field)`; NULL without an exception if a dict does not have it. The older
 * look-up function returns a borrowed reference, which another thread could release; the newer one returns a strong
 * reference.
 */
static PyObject *
get(PyObject *values, PyObject *field)
{
    PyObject *value;
    if (!PyDict_CheckExact(values)) {
        return PyObject_CallMethod(values, "get", "(O)", field);
    }
#if PY_VERSION_HEX < 0x030D0000
    value = PyDict_GetItemWithError(values, field);
    Py_XINCREF(value);
#else
    PyDict_GetItemRef(values, field, &value);
#endif
    return value;
}

PyDoc_STRVAR(encode_field_doc,
"encode_field($module, sources, key, /)\n--\n\n"
"The twin of macroengine.encodings.percent.encode_field.");

static PyObject *
encode_field(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !PyTuple_Check(args[0]) || !PyTuple_Check(args[1]) || PyTuple_GET_SIZE(args[1]) != 3) {
        PyErr_SetString(PyExc_TypeError, "encode_field takes a tuple of sources and a key of three");
        return NULL;
    }
    PyObject *sources = args[0];
    PyObject *key = args[1];
    Py_ssize_t source = PyLong_AsSsize_t(PyTuple_GET_ITEM(key, 0));
    if (source < 0 || source >= PyTuple_GET_SIZE(sources)) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_IndexError, "encode_field got no such source");
        }
        return NULL;
    }
    PyObject *value = get(PyTuple_GET_ITEM(sources, source), PyTuple_GET_ITEM(key, 1));
    if (value == NULL) {
        return PyErr_Occurred() ? NULL : PyUnicode_New(0, 0);
    }
    PyObject *encoded = encode_or_convert(value, PyTuple_GET_ITEM(key, 2));
    Py_DECREF(value);
    return encoded;
}

/* The functions are cast via `void (*)(void)`, since compilers warn about casts between different function types. */
PyMethodDef encoder_methods[] = {
    {"percent_encode", percent_encode, METH_O, percent_encode_doc},
    {"component_encode", component_encode, METH_O, component_encode_doc},
    {"form_encode", form_encode, METH_O, form_encode_doc},
    {"encode_value", (PyCFunction)(void (*)(void))encode_value, METH_FASTCALL, encode_value_doc},
    {"encode_field", (PyCFunction)(void (*)(void))encode_field, METH_FASTCALL, encode_field_doc},
    {NULL, NULL, 0, NULL},
};
