/* The percent-encoder of macroengine/encodings/percent.py in C, with the same results and errors.
 *
 * It reads the characters of a str in place, as one, two or four bytes each. The limited API cannot do that: it would
 * encode every value to UTF-8 first, and cache that copy in the value. It owns no memory: callers provide the memory to
 * write to, of the size that room_for returns.
 *
 * With SSE2, which every x86-64 processor has, 16 characters are examined at once: comparing two vectors sets all bits
 * of each matching byte, and movemask collects one bit of each byte in an int.
 */

#ifndef MACROENGINE_PERCENT_H
#define MACROENGINE_PERCENT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* The encoded form of each ASCII character, and its length. Encoders differ in the space and in the punctuation that
 * encodeURIComponent keeps. All of them leave the unreserved characters unchanged (RFC 3986 section 2.3).
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

/* The encoded form of a byte. */
#define ROW(high)                                                                                          \
    {'%', high, '0', 0}, {'%', high, '1', 0}, {'%', high, '2', 0}, {'%', high, '3', 0}, {'%', high, '4', 0}, \
    {'%', high, '5', 0}, {'%', high, '6', 0}, {'%', high, '7', 0}, {'%', high, '8', 0}, {'%', high, '9', 0}, \
    {'%', high, 'A', 0}, {'%', high, 'B', 0}, {'%', high, 'C', 0}, {'%', high, 'D', 0}, {'%', high, 'E', 0}, \
    {'%', high, 'F', 0}

/* From 0x80 on: these are all bytes that UTF-8 has in addition to ASCII. */
static const char BYTES[128][4] = {ROW('8'), ROW('9'), ROW('A'), ROW('B'), ROW('C'), ROW('D'), ROW('E'), ROW('F')};
#undef ROW

/* How far beyond the end of a text functions may write. */
#define SLACK 64

#if !defined(MACROENGINE_PORTABLE) && (defined(__SSE2__) || defined(_M_X64))
#define HAS_SSE2 1
#include <emmintrin.h>
#ifdef _MSC_VER
#include <intrin.h>
#endif
#else
#define HAS_SSE2 0
#endif

#if HAS_SSE2
#define AT_ONCE 16

static inline int
lowest_bit(unsigned int bits)
{
#ifdef _MSC_VER
    unsigned long index;
    _BitScanForward(&index, bits);
    return (int)index;
#else
    return __builtin_ctz(bits);
#endif
}

/* Set the bytes that are one of `count` values from `first` on. Shifted to the lowest signed numbers, they need one
 * compare.
 */
static Py_ALWAYS_INLINE inline __m128i
in_range(__m128i text, char first, int count)
{
    __m128i moved = _mm_add_epi8(text, _mm_set1_epi8((char)(-128 - first)));
    return _mm_cmplt_epi8(moved, _mm_set1_epi8((char)(-128 + count)));
}

/* Return one bit for each of 16 characters, set if the character is not unreserved (RFC 3986 section 2.3). */
static Py_ALWAYS_INLINE inline unsigned int
reserved(__m128i text)
{
    __m128i kept = in_range(_mm_or_si128(text, _mm_set1_epi8(0x20)), 'a', 26);
    kept = _mm_or_si128(kept, in_range(text, '0', 10));
    kept = _mm_or_si128(kept, in_range(text, '-', 2));
    kept = _mm_or_si128(kept, _mm_cmpeq_epi8(text, _mm_set1_epi8('_')));
    kept = _mm_or_si128(kept, _mm_cmpeq_epi8(text, _mm_set1_epi8('~')));
    return (unsigned int)_mm_movemask_epi8(kept) ^ 0xFFFF;
}

/* Write 16 characters, encoded. 16 more must be readable after them. Return the end of the encoded text. */
static inline char *
encode_block(Table table, char *out, const unsigned char *text, unsigned int bits)
{
    int at = 0;
    while (bits != 0) {
        int next = lowest_bit(bits);
        memcpy(out, text + at, AT_ONCE);
        out += next - at;
        memcpy(out, table[text[next]], 4);
        /* Percent-encoding changes every character that is not unreserved, so the length is known without a look-up. */
        out += table == PERCENT ? 3 : table[text[next]][3];
        at = next + 1;
        bits &= bits - 1;
    }
    memcpy(out, text + at, AT_ONCE);
    return out + (AT_ONCE - at);
}

/* Write at most 16 characters if none needs encoding: the first and the last half, which may overlap. */
static inline int
copy_short(char *out, const unsigned char *text, Py_ssize_t length)
{
    if (length >= 8) {
        __m128i first = _mm_loadl_epi64((const __m128i *)text);
        __m128i last = _mm_loadl_epi64((const __m128i *)(text + length - 8));
        if (reserved(_mm_unpacklo_epi64(first, last)) != 0) {
            return 0;
        }
        _mm_storel_epi64((__m128i *)out, first);
        _mm_storel_epi64((__m128i *)(out + length - 8), last);
        return 1;
    }
    if (length >= 4) {
        int first, last;
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
        if (reserved(_mm_set_epi32(first, first, first, last)) != 0) {
            return 0;
        }
        memcpy(out, &first, 4);
        memcpy(out + length - 4, &last, 4);
        return 1;
    }
    return 0;
}
#endif

/* Write the encoded text, one character at a time. */
static inline char *
encode_each(Table table, char *out, const unsigned char *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        memcpy(out, table[text[i]], 4);
        out += table[text[i]][3];
    }
    return out;
}

/* Write the encoded text. There must be room for three times its length, plus SLACK. */
static inline char *
encode_ascii(Table table, char *out, const unsigned char *text, Py_ssize_t length)
{
#if HAS_SSE2
    Py_ssize_t i = 0;
    if (length < AT_ONCE) {
        return copy_short(out, text, length) ? out + length : encode_each(table, out, text, length);
    }
    for (; length - i >= AT_ONCE; i += AT_ONCE) {
        __m128i block = _mm_loadu_si128((const __m128i *)(text + i));
        unsigned int bits = reserved(block);
        if (bits == 0) {
            _mm_storeu_si128((__m128i *)out, block);
            out += AT_ONCE;
        }
        else if (length - i >= 2 * AT_ONCE) {
            out = encode_block(table, out, text + i, bits);
        }
        else {
            unsigned char last[2 * AT_ONCE] = {0};
            _mm_storeu_si128((__m128i *)last, block);
            _mm_storeu_si128((__m128i *)(last + length - i - AT_ONCE), _mm_loadu_si128((const __m128i *)(text + length - AT_ONCE)));
            out = encode_block(table, out, last, bits);
        }
    }
    /* If none of the last 16 characters needs encoding, write all of them, some for the second time. */
    Py_ssize_t written = AT_ONCE - (length - i);
    __m128i last = _mm_loadu_si128((const __m128i *)(text + length - AT_ONCE));
    if (reserved(last) == 0) {
        _mm_storeu_si128((__m128i *)(out - written), last);
        return out + (length - i);
    }
    return encode_each(table, out, text + i, length - i);
#else
    return encode_each(table, out, text, length);
#endif
}

/* The encoded length of a character with four bytes in UTF-8: %XX four times. */
#define MOST_FOR_ONE 12

/* Write a non-ASCII byte of UTF-8, encoded. Writes four characters, of which the next write replaces the last. */
static inline char *
put_byte(char *out, Py_UCS4 byte)
{
    memcpy(out, BYTES[byte - 0x80], 4);
    return out + 3;
}

/* Write a text that is not ASCII, encoded. There must be room for MOST_FOR_ONE times its length, plus SLACK. Return
 * NULL if it has a lone surrogate.
 */
static inline char *
encode_wide(Table table, char *out, int kind, const void *text, Py_ssize_t length)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        Py_UCS4 ch = PyUnicode_READ(kind, text, i);
        if (ch < 0x80) {
            memcpy(out, table[ch], 4);
            out += table[ch][3];
            continue;
        }
        /* Write UTF-8 (RFC 3629 section 3) with every byte encoded. */
        if (ch < 0x800) {
            out = put_byte(out, 0xC0 | ch >> 6);
        }
        else if (ch < 0x10000) {
            if (Py_UNICODE_IS_SURROGATE(ch)) {
                return NULL;
            }
            out = put_byte(out, 0xE0 | ch >> 12);
            out = put_byte(out, 0x80 | (ch >> 6 & 0x3F));
        }
        else {
            out = put_byte(out, 0xF0 | ch >> 18);
            out = put_byte(out, 0x80 | (ch >> 12 & 0x3F));
            out = put_byte(out, 0x80 | (ch >> 6 & 0x3F));
        }
        out = put_byte(out, 0x80 | (ch & 0x3F));
    }
    return out;
}

/* The same for any str that is ready (PyUnicode_READY). */
static inline char *
encode_text(Table table, char *out, PyObject *value)
{
    const void *text = PyUnicode_DATA(value);
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    if (PyUnicode_IS_ASCII(value)) {
        return encode_ascii(table, out, text, length);
    }
    switch (PyUnicode_KIND(value)) {
    case PyUnicode_1BYTE_KIND:
        return encode_wide(table, out, PyUnicode_1BYTE_KIND, text, length);
    case PyUnicode_2BYTE_KIND:
        return encode_wide(table, out, PyUnicode_2BYTE_KIND, text, length);
    default:
        return encode_wide(table, out, PyUnicode_4BYTE_KIND, text, length);
    }
}

/* Return the room that the encoded text needs, plus SLACK; -1 if that number would overflow. */
static inline Py_ssize_t
room_for(PyObject *value)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    int most = PyUnicode_IS_ASCII(value) ? 3 : PyUnicode_KIND(value) == PyUnicode_1BYTE_KIND   ? 6
                                           : PyUnicode_KIND(value) == PyUnicode_2BYTE_KIND ? 9
                                                                                            : MOST_FOR_ONE;
    return length > PY_SSIZE_T_MAX / (2 * MOST_FOR_ONE) ? -1 : most * length + SLACK;
}

#endif
