/* Reading a value and converting it to text: the text of a str, the digits of a number, the text for a boolean, a hash.
 * Everything else is converted by `Read.convert`, a Python function. It can run any code, so the callers own the value
 * and the sources while it runs.
 *
 * CheckExact accepts only the class itself, not a subclass, which may override methods. The characters of a str are
 * read in place: PyUnicode_KIND is the number of bytes of each, and PyUnicode_READ reads one of any kind.
 */

#include "values.h"

static inline int
is_in_case(unsigned char ch, char first, char last)
{
    return ch >= (unsigned char)first && ch <= (unsigned char)last;
}

static int
is_hex(const unsigned char *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        if (!is_in_case(text[i], '0', '9') && !is_in_case(text[i] | 0x20, 'a', 'f')) {
            return 0;
        }
    }
    return 1;
}

/* Write a text in another case. `from` is the first letter of the case that is converted. */
static void
write_in_case(unsigned char *out, const unsigned char *text, Py_ssize_t length, char from)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        out[i] = text[i] ^ (is_in_case(text[i], from, from + 25) ? 0x20 : 0);
    }
}

/* Identifiers are short. A longer text is hashed in Python. */
#define MOST_HASHED 256

/* Append the hash of an identifier, like macroengine/encodings/hashing.py. */
static Outcome
append_hash(Buffer *buffer, const Read *read, const unsigned char *text, Py_ssize_t length, Compress sha1)
{
    unsigned char cased[MOST_HASHED];
    Py_ssize_t digits = read->hash == HASH_SHA1 ? SHA1_DIGITS : MD5_DIGITS;
    Py_ssize_t zeros = 0;
    while (zeros < length && (text[zeros] == '0' || text[zeros] == '-')) {
        zeros++;
    }
    if (zeros == length) {
        return MISSING;
    }
    if (buffer_reserve(buffer, SHA1_DIGITS) < 0) {
        return RAISED;
    }
    char *out = buffer->data + buffer->size;
    buffer->size += digits;
    if (read->checks & IS_UUID && length == digits && is_hex(text, length)) {
        write_in_case((unsigned char *)out, text, length, 'A');
        return DONE;
    }
    if (read->hash_case != CASE_AS_IS) {
        write_in_case(cased, text, length, read->hash_case == CASE_UPPER ? 'a' : 'A');
        text = cased;
    }
    if (read->hash == HASH_SHA1) {
        sha1_hex(sha1, text, (size_t)length, out);
    }
    else {
        md5_hex(text, (size_t)length, out);
    }
    return DONE;
}

/* Say whether JSON escapes any character of a text (RFC 8259 section 7). */
static int
is_escaped(PyObject *text)
{
    int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 ch = PyUnicode_READ(kind, data, i);
        if (ch < 0x20 || ch == '"' || ch == '\\') {
            return 1;
        }
    }
    return 0;
}

/* Say whether a header may contain an ASCII text: it is visible, with spaces only inside (RFC 9110 section 5.5). */
static int
is_header(const unsigned char *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        if (!is_in_case(text[i], ' ', '~')) {
            return 0;
        }
    }
    return length == 0 || (text[0] != ' ' && text[length - 1] != ' ');
}

/* Append a text without encoding, in quotes if the read says so. */
static Outcome
append_unencoded(Buffer *buffer, const Read *read, PyObject *value)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    int is_ascii = PyUnicode_IS_ASCII(value);
    const char *text = is_ascii ? (const char *)PyUnicode_1BYTE_DATA(value) : NULL;
    if (read->checks & IN_HEADER && !(is_ascii && is_header((const unsigned char *)text, length))) {
        return HANDED_OVER;
    }
    const char *quote = read->encoder == SEND_QUOTED ? "\"" : "";
    Py_ssize_t quote_size = quote[0] != 0;
    if (buffer_put(buffer, quote, quote_size) < 0) {
        return RAISED;
    }
    Outcome outcome = is_ascii ? (buffer_put(buffer, text, length) < 0 ? RAISED : DONE) : append_utf8(buffer, value);
    return outcome == DONE && buffer_put(buffer, quote, quote_size) < 0 ? RAISED : outcome;
}

/* Append the text that Python converts a value to. */
static Outcome
append_converted(Buffer *buffer, const Read *read, PyObject *value)
{
    Outcome outcome = HANDED_OVER;
    PyObject *text = PyObject_CallOneArg(read->convert, value);
    if (text == NULL) {
        /* The Python function will raise it again if necessary. */
        if (!PyErr_ExceptionMatches(PyExc_Exception)) {
            return RAISED;
        }
        PyErr_Clear();
        return HANDED_OVER;
    }
    if (text == Py_None) {
        outcome = MISSING;
    }
    else if (PyUnicode_CheckExact(text) && PyUnicode_IS_ASCII(text)) {
        const char *data = (const char *)PyUnicode_1BYTE_DATA(text);
        outcome = buffer_put(buffer, data, PyUnicode_GET_LENGTH(text)) < 0 ? RAISED : DONE;
    }
    else if (PyUnicode_CheckExact(text)) {
        outcome = append_utf8(buffer, text);
    }
    Py_DECREF(text);
    return outcome;
}

static Outcome
append_str(Buffer *buffer, const Read *read, PyObject *value, Compress sha1)
{
#if PY_VERSION_HEX < 0x030C0000
    if (!PyUnicode_IS_READY(value)) {
        return HANDED_OVER;
    }
#endif
    const void *text = PyUnicode_DATA(value);
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    if (read->hash != HASH_NONE) {
        return PyUnicode_IS_ASCII(value) && length <= MOST_HASHED ? append_hash(buffer, read, text, length, sha1)
                                                                  : append_converted(buffer, read, value);
    }
    if (read->checks & IN_JSON && is_escaped(value)) {
        return append_converted(buffer, read, value);
    }
    /* `.` and `..` would lead to another path. */
    if (read->checks & IN_SEGMENT && length <= 2 && PyUnicode_IS_ASCII(value) && memcmp(text, "..", length) == 0) {
        return length == 0 ? DONE : HANDED_OVER;
    }
    return read->encoder >= SEND_AS_IT_IS ? append_unencoded(buffer, read, value)
                                          : append_encoded(buffer, read->encoder, read->layers, value);
}

/* The length of the longest 64-bit number, including its sign. */
#define MOST_DIGITS 20

static Outcome
append_integer(Buffer *buffer, const Read *read, long long number, Compress sha1)
{
    char digits[MOST_DIGITS];
    int at = MOST_DIGITS;
    unsigned long long rest = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    if (read->hash != HASH_NONE) {
        return append_hash(buffer, read, (const unsigned char *)digits + at, MOST_DIGITS - at, sha1);
    }
    /* Digits and a minus sign are unreserved. */
    return buffer_put(buffer, digits + at, MOST_DIGITS - at) < 0 ? RAISED : DONE;
}

static Outcome
append_float(Buffer *buffer, const Read *read, PyObject *value)
{
    /* The same text as repr(), in memory that the caller must free. */
    char *digits = PyOS_double_to_string(PyFloat_AS_DOUBLE(value), 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    if (digits == NULL) {
        return RAISED;
    }
    /* Python writes exponents as plain digits, and rejects infinities. */
    int is_plain = strpbrk(digits, "en") == NULL;
    int is_put = is_plain && buffer_put(buffer, digits, (Py_ssize_t)strlen(digits)) == 0;
    PyMem_Free(digits);
    return is_put ? DONE : is_plain ? RAISED : append_converted(buffer, read, value);
}

/* Append the text of a value that is not None. */
static Outcome
append_found(Buffer *buffer, const Read *read, PyObject *value, Compress sha1)
{
    if (PyUnicode_CheckExact(value)) {
        return read->encoder == ENCODE_IN_PYTHON ? append_converted(buffer, read, value)
                                                 : append_str(buffer, read, value, sha1);
    }
    if (PyBool_Check(value)) {
        PyObject *word = value == Py_True ? read->yes : read->no;
        if (word != Py_None) {
            const char *data = (const char *)PyUnicode_1BYTE_DATA(word);
            return buffer_put(buffer, data, PyUnicode_GET_LENGTH(word)) < 0 ? RAISED : DONE;
        }
    }
    else if (PyLong_CheckExact(value) && read->encoder != ENCODE_IN_PYTHON) {
        int overflow;
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (!overflow) {
            return append_integer(buffer, read, number, sha1);
        }
    }
    else if (PyFloat_CheckExact(value) && read->encoder != ENCODE_IN_PYTHON && read->hash == HASH_NONE) {
        return append_float(buffer, read, value);
    }
    return append_converted(buffer, read, value);
}

Outcome
append_value(Buffer *buffer, const Read *read, PyObject *value, PyObject *const *sources, Compress sha1)
{
    for (;;) {
        if (value != NULL && value != Py_None) {
            Outcome outcome = append_found(buffer, read, value, sha1);
            Py_DECREF(value);
            return outcome;
        }
        if (value == NULL && PyErr_Occurred()) {
            /* The keys may be of any class, and comparing them may raise anything. */
            if (!PyErr_ExceptionMatches(PyExc_Exception)) {
                return RAISED;
            }
            PyErr_Clear();
            return HANDED_OVER;
        }
        Py_XDECREF(value);
        if (!read->has_alternative) {
            return MISSING;
        }
        read++;
        value = found_in(sources[read->source], read->field);
    }
}
