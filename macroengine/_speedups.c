/* The percent-encoder of macroengine/percent.py, in C: the same results, the same errors.
 *
 * It reads the characters of a str where they lie, one, two or four bytes each, which the limited API cannot do:
 * there it would copy every value to UTF-8 first, and leave that copy with the value.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* What an ASCII character becomes, and in how many characters. Encoders differ in a space and in what encodeURIComponent
 * keeps of the punctuation; the unreserved characters stay as they are in all of them (RFC 3986 section 2.3).
 */
#define S(ch) {ch, 0, 0, 1}
#define U(high, low) {'%', high, low, 3}
#define TABLE(SPACE, BANG, APOSTROPHE, OPEN, CLOSE, STAR) {                                             \
    U('0', '0'), U('0', '1'), U('0', '2'), U('0', '3'), U('0', '4'), U('0', '5'), U('0', '6'), U('0', '7'), \
    U('0', '8'), U('0', '9'), U('0', 'A'), U('0', 'B'), U('0', 'C'), U('0', 'D'), U('0', 'E'), U('0', 'F'), \
    U('1', '0'), U('1', '1'), U('1', '2'), U('1', '3'), U('1', '4'), U('1', '5'), U('1', '6'), U('1', '7'), \
    U('1', '8'), U('1', '9'), U('1', 'A'), U('1', 'B'), U('1', 'C'), U('1', 'D'), U('1', 'E'), U('1', 'F'), \
    SPACE, BANG, U('2', '2'), U('2', '3'), U('2', '4'), U('2', '5'), U('2', '6'), APOSTROPHE,            \
    OPEN, CLOSE, STAR, U('2', 'B'), U('2', 'C'), S('-'), S('.'), U('2', 'F'),                            \
    S('0'), S('1'), S('2'), S('3'), S('4'), S('5'), S('6'), S('7'),                                      \
    S('8'), S('9'), U('3', 'A'), U('3', 'B'), U('3', 'C'), U('3', 'D'), U('3', 'E'), U('3', 'F'),        \
    U('4', '0'), S('A'), S('B'), S('C'), S('D'), S('E'), S('F'), S('G'),                                 \
    S('H'), S('I'), S('J'), S('K'), S('L'), S('M'), S('N'), S('O'),                                      \
    S('P'), S('Q'), S('R'), S('S'), S('T'), S('U'), S('V'), S('W'),                                      \
    S('X'), S('Y'), S('Z'), U('5', 'B'), U('5', 'C'), U('5', 'D'), U('5', 'E'), S('_'),                  \
    U('6', '0'), S('a'), S('b'), S('c'), S('d'), S('e'), S('f'), S('g'),                                 \
    S('h'), S('i'), S('j'), S('k'), S('l'), S('m'), S('n'), S('o'),                                      \
    S('p'), S('q'), S('r'), S('s'), S('t'), S('u'), S('v'), S('w'),                                      \
    S('x'), S('y'), S('z'), U('7', 'B'), U('7', 'C'), U('7', 'D'), S('~'), U('7', 'F'),                  \
}

typedef const char Table[128][4];

static Table PERCENT = TABLE(U('2', '0'), U('2', '1'), U('2', '7'), U('2', '8'), U('2', '9'), U('2', 'A'));
static Table COMPONENT = TABLE(U('2', '0'), S('!'), S('\''), S('('), S(')'), S('*'));
static Table FORM = TABLE(S('+'), U('2', '1'), U('2', '7'), U('2', '8'), U('2', '9'), U('2', 'A'));
#undef TABLE
#undef S
#undef U

/* A character of four bytes in UTF-8: %XX four times. */
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

static inline char *
put_character(Table table, char *out, Py_UCS4 ch)
{
    if (ch < 0x80) {
        memcpy(out, table[ch], table[ch][3]);
        return out + table[ch][3];
    }
    /* UTF-8 (RFC 3629 section 3), every byte of it encoded. */
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
size_of(Table table, Py_UCS4 ch)
{
    return ch < 0x80 ? table[ch][3] : ch < 0x800 ? 6 : ch < 0x10000 ? 9 : MOST_FOR_ONE;
}

/* Return the length of the encoded text. Most values are short and ASCII: four sums side by side, and no branch. */
static inline Py_ssize_t
measure_ascii(Table table, const Py_UCS1 *text, Py_ssize_t length)
{
    Py_ssize_t a = 0, b = 0, c = 0, d = 0, i = 0;
    for (; i + 4 <= length; i += 4) {
        a += table[text[i]][3];
        b += table[text[i + 1]][3];
        c += table[text[i + 2]][3];
        d += table[text[i + 3]][3];
    }
    for (; i < length; i++) {
        a += table[text[i]][3];
    }
    return a + b + c + d;
}

/* Write the encoded text, four characters at a time whatever it needs: what is too much is written over. No branch
 * depends on the text, which of all texts says least in advance.
 */
static inline void
write_ascii(Table table, char *out, Py_ssize_t size, const Py_UCS1 *text, Py_ssize_t length)
{
    const char *end = out + size;
    Py_ssize_t i = 0;
    for (; i < length && end - out >= 4; i++) {
        memcpy(out, table[text[i]], 4);
        out += table[text[i]][3];
    }
    for (; i < length; i++) {
        out = put_character(table, out, text[i]);
    }
}

/* The same for other texts, by the width of a character; the length is -1 where there is a lone surrogate. */
#define FOR_WIDTH(WIDTH)                                                      \
    static Py_ssize_t                                                         \
    measure_##WIDTH(Table table, const Py_UCS##WIDTH *text, Py_ssize_t length)\
    {                                                                         \
        Py_ssize_t size = 0;                                                  \
        for (Py_ssize_t i = 0; i < length; i++) {                             \
            if (Py_UNICODE_IS_SURROGATE(text[i])) {                           \
                return -1;                                                    \
            }                                                                 \
            size += size_of(table, text[i]);                                  \
        }                                                                     \
        return size;                                                          \
    }                                                                         \
                                                                              \
    static void                                                               \
    write_##WIDTH(Table table, char *out, const Py_UCS##WIDTH *text,          \
                  Py_ssize_t length)                                          \
    {                                                                         \
        for (Py_ssize_t i = 0; i < length; i++) {                             \
            out = put_character(table, out, text[i]);                         \
        }                                                                     \
    }

FOR_WIDTH(1)
FOR_WIDTH(2)
FOR_WIDTH(4)

static inline Py_ssize_t
measure(Table table, PyObject *value, const void *text, Py_ssize_t length)
{
    if (PyUnicode_IS_ASCII(value)) {
        return measure_ascii(table, text, length);
    }
    switch (PyUnicode_KIND(value)) {
    case PyUnicode_1BYTE_KIND:
        return measure_1(table, text, length);
    case PyUnicode_2BYTE_KIND:
        return measure_2(table, text, length);
    default:
        return measure_4(table, text, length);
    }
}

static inline void
write_encoded(Table table, char *out, Py_ssize_t size, PyObject *value, const void *text, Py_ssize_t length)
{
    if (PyUnicode_IS_ASCII(value)) {
        write_ascii(table, out, size, text, length);
        return;
    }
    switch (PyUnicode_KIND(value)) {
    case PyUnicode_1BYTE_KIND:
        write_1(table, out, text, length);
        break;
    case PyUnicode_2BYTE_KIND:
        write_2(table, out, text, length);
        break;
    default:
        write_4(table, out, text, length);
    }
}

/* Return a new reference to the encoded text of a str, which is the str itself where nothing in it changes. */
static inline PyObject *
encode_with(Table table, PyObject *value)
{
#if PY_VERSION_HEX < 0x030C0000
    if (PyUnicode_READY(value) < 0) {
        return NULL;
    }
#endif
    const void *text = PyUnicode_DATA(value);
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    if (length > PY_SSIZE_T_MAX / MOST_FOR_ONE) {
        return PyErr_NoMemory();
    }
    Py_ssize_t size = measure(table, value, text, length);
    /* Of this length is only ASCII text without anything to encode, or with spaces that become plus signs. */
    if (size == length && (table != FORM || memchr(text, ' ', length) == NULL)) {
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
        write_encoded(table, PyUnicode_DATA(encoded), size, value, text, length);
    }
    return encoded;
}

static PyObject *
encode(PyObject *value)
{
    return encode_with(PERCENT, value);
}

static inline PyObject *
encode_str(Table table, PyObject *value)
{
    if (!PyUnicode_Check(value)) {
        return PyErr_Format(PyExc_TypeError, "cannot percent-encode a value of type %.100s", Py_TYPE(value)->tp_name);
    }
    return encode_with(table, value);
}

PyDoc_STRVAR(percent_encode_doc,
"percent_encode($module, value, /)\n--\n\n"
"The twin of macroengine.encodings.percent.percent_encode.");

static PyObject *
percent_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    return encode_str(PERCENT, value);
}

PyDoc_STRVAR(component_encode_doc,
"component_encode($module, value, /)\n--\n\n"
"The twin of macroengine.encodings.percent.component_encode.");

static PyObject *
component_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    return encode_str(COMPONENT, value);
}

PyDoc_STRVAR(form_encode_doc,
"form_encode($module, value, /)\n--\n\n"
"The twin of macroengine.encodings.percent.form_encode.");

static PyObject *
form_encode(PyObject *Py_UNUSED(module), PyObject *value)
{
    return encode_str(FORM, value);
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
"The twin of macroengine.encodings.percent.encode_value.");

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

static PyMethodDef methods[] = {
    {"percent_encode", percent_encode, METH_O, percent_encode_doc},
    {"component_encode", component_encode, METH_O, component_encode_doc},
    {"form_encode", form_encode, METH_O, form_encode_doc},
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
    .m_doc = "The percent-encoder in C; macroengine.encodings.encoder takes it where it could be built.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__speedups(void)
{
    return PyModuleDef_Init(&module);
}
