/* The percent-encoder of macroengine/percent.py, in C: the same results, the same errors.
 *
 * It reads the characters of a str where they lie, one, two or four bytes each, which the limited API cannot do:
 * there it would copy every value to UTF-8 first, and leave that copy with the value.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* By how many characters a character below 256 grows: %XX for each byte of its UTF-8, and not at all where it is in
 * the unreserved set of RFC 3986 section 2.3.
 */
static const unsigned char GROWTH[256] = {
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,  2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    /* - . 0-9 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 2,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2,
    /* A-Z _ */
    2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 0,
    /* a-z ~ */
    2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 0, 2,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,  5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,  5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,  5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
    5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,  5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
};

/* Four bytes of UTF-8, three characters for each. */
#define MOST_FOR_ONE 12

static inline char *
put_byte(char *out, Py_UCS4 byte)
{
    static const char HEX[] = "0123456789ABCDEF";
    out[0] = '%';
    out[1] = HEX[byte >> 4];
    out[2] = HEX[byte & 15];
    return out + 3;
}

/* Write the UTF-8 of a character (RFC 3629 section 3), every byte of it encoded. */
static inline char *
put_character(char *out, Py_UCS4 ch)
{
    if (ch < 0x80) {
        return put_byte(out, ch);
    }
    if (ch < 0x800) {
        out = put_byte(out, 0xC0 | ch >> 6);
    }
    else {
        if (ch < 0x10000) {
            out = put_byte(out, 0xE0 | ch >> 12);
        }
        else {
            out = put_byte(out, 0xF0 | ch >> 18);
            out = put_byte(out, 0x80 | (ch >> 12 & 0x3F));
        }
        out = put_byte(out, 0x80 | (ch >> 6 & 0x3F));
    }
    return put_byte(out, 0x80 | (ch & 0x3F));
}

static inline Py_ssize_t
growth(Py_UCS4 ch)
{
    return ch < 0x100 ? GROWTH[ch] : ch < 0x800 ? 5 : ch < 0x10000 ? 8 : MOST_FOR_ONE - 1;
}

/* The length of the encoded text. Most values are short ASCII and safe: four sums side by side, and no branch. */
static Py_ssize_t
measure_1(const Py_UCS1 *text, Py_ssize_t length)
{
    Py_ssize_t a = length, b = 0, c = 0, d = 0, i = 0;
    for (; i + 4 <= length; i += 4) {
        a += GROWTH[text[i]];
        b += GROWTH[text[i + 1]];
        c += GROWTH[text[i + 2]];
        d += GROWTH[text[i + 3]];
    }
    for (; i < length; i++) {
        a += GROWTH[text[i]];
    }
    return a + b + c + d;
}

/* The same for wider characters; -1 where one is a lone surrogate. */
#define MEASURE(WIDTH, TYPE)                                                  \
    static Py_ssize_t                                                         \
    measure_##WIDTH(const TYPE *text, Py_ssize_t length)                      \
    {                                                                         \
        Py_ssize_t size = length;                                             \
        for (Py_ssize_t i = 0; i < length; i++) {                             \
            if (Py_UNICODE_IS_SURROGATE(text[i])) {                           \
                return -1;                                                    \
            }                                                                 \
            size += growth(text[i]);                                          \
        }                                                                     \
        return size;                                                          \
    }

#define FILL(WIDTH, TYPE)                                                     \
    static void                                                               \
    fill_##WIDTH(char *out, const TYPE *text, Py_ssize_t length)              \
    {                                                                         \
        for (Py_ssize_t i = 0; i < length; i++) {                             \
            if (growth(text[i]) == 0) {                                       \
                *out++ = (char)text[i];                                       \
            }                                                                 \
            else {                                                            \
                out = put_character(out, text[i]);                            \
            }                                                                 \
        }                                                                     \
    }

MEASURE(2, Py_UCS2)
MEASURE(4, Py_UCS4)
FILL(1, Py_UCS1)
FILL(2, Py_UCS2)
FILL(4, Py_UCS4)

static Py_ssize_t
measure(int kind, const void *text, Py_ssize_t length)
{
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        return measure_1(text, length);
    case PyUnicode_2BYTE_KIND:
        return measure_2(text, length);
    default:
        return measure_4(text, length);
    }
}

static void
fill(int kind, char *out, const void *text, Py_ssize_t length)
{
    switch (kind) {
    case PyUnicode_1BYTE_KIND:
        fill_1(out, text, length);
        break;
    case PyUnicode_2BYTE_KIND:
        fill_2(out, text, length);
        break;
    default:
        fill_4(out, text, length);
    }
}

/* Return a new reference to the encoded text of a str, which is the str itself where nothing in it is unsafe. */
static PyObject *
encode(PyObject *value)
{
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(value) < 0) {
        return NULL;
    }
#endif
    int kind = PyUnicode_KIND(value);
    const void *text = PyUnicode_DATA(value);
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    if (length > PY_SSIZE_T_MAX / MOST_FOR_ONE) {
        return PyErr_NoMemory();
    }
    Py_ssize_t size = measure(kind, text, length);
    if (size == length) {
        Py_INCREF(value);
        return value;
    }
    if (size < 0) {
        /* Let the codec raise what it raises for everybody. */
        Py_XDECREF(PyUnicode_AsEncodedString(value, "utf-8", "strict"));
        return NULL;
    }
    PyObject *encoded = PyUnicode_New(size, 127);
    if (encoded != NULL) {
        fill(kind, PyUnicode_DATA(encoded), text, length);
    }
    return encoded;
}

PyDoc_STRVAR(percent_encode_doc,
"percent_encode($module, value, /)\n--\n\n"
"The twin of macroengine.percent.percent_encode.");

static PyObject *
percent_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    if (!PyUnicode_Check(value)) {
        return PyErr_Format(PyExc_TypeError, "cannot percent-encode a value of type %.100s", Py_TYPE(value)->tp_name);
    }
    return encode(value);
}

/* Return what percent.encode_value returns. */
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
        int overflow;
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
"The twin of macroengine.percent.encode_value.");

static PyObject *
encode_value(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2) {
        return PyErr_Format(PyExc_TypeError, "encode_value takes 2 arguments (%zd given)", count);
    }
    return encode_or_convert(args[0], args[1]);
}

/* Return a new reference to `values.get(field)`; NULL without an error where a dict does not have it. */
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
"encode_field($module, values, field, convert, /)\n--\n\n"
"The twin of macroengine.percent.encode_field.");

static PyObject *
encode_field(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (count != 3) {
        return PyErr_Format(PyExc_TypeError, "encode_field takes 3 arguments (%zd given)", count);
    }
    PyObject *value = get(args[0], args[1]);
    if (value == NULL) {
        return PyErr_Occurred() ? NULL : PyUnicode_New(0, 0);
    }
    PyObject *encoded = encode_or_convert(value, args[2]);
    Py_DECREF(value);
    return encoded;
}

static PyMethodDef methods[] = {
    {"percent_encode", percent_encode, METH_O, percent_encode_doc},
    {"encode_value", (PyCFunction)(void (*)(void))encode_value, METH_FASTCALL, encode_value_doc},
    {"encode_field", (PyCFunction)(void (*)(void))encode_field, METH_FASTCALL, encode_field_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "macroengine._speedups",
    .m_doc = "The percent-encoder in C; macroengine.encoding takes it where it could be built.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__speedups(void)
{
    return PyModuleDef_Init(&module);
}
