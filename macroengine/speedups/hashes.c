/* SHA-1 and MD5, as partners request for identifiers. Plain C without Python: it owns no memory and cannot fail.
 *
 * A hash has a state of a few words, updates it with 64 bytes of the text at a time, and pads the rest. For an
 * identifier that is a single block, and creating a hashlib object would take far longer than the hash itself.
 */

#include "hashes.h"

#include <string.h>

/* Many x86-64 processors have instructions for SHA-1. */
#if !defined(MACROENGINE_PORTABLE) && defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define HAS_SHA_CODE 1
#include <cpuid.h>
#include <immintrin.h>
#else
#define HAS_SHA_CODE 0
#endif

#define BLOCK 64

static inline uint32_t
rotate(uint32_t word, int bits)
{
    return word << bits | word >> (32 - bits);
}

static inline uint32_t
big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint32_t
little_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
}

/* One of 80 rounds. CHOICE mixes b, c and d. SCHEDULE is the next word of the message, computed in a ring of 16 words.
 */
#define SHA1_ROUND(CHOICE, CONSTANT, SCHEDULE)                                       \
    {                                                                                \
        uint32_t mixed = rotate(a, 5) + (CHOICE) + e + (CONSTANT) + (SCHEDULE);      \
        e = d;                                                                       \
        d = c;                                                                       \
        c = rotate(b, 30);                                                           \
        b = a;                                                                       \
        a = mixed;                                                                   \
    }

static inline uint32_t
sha1_word(uint32_t *ring, int round)
{
    uint32_t word = rotate(ring[(round + 13) & 15] ^ ring[(round + 8) & 15] ^ ring[(round + 2) & 15] ^ ring[round & 15], 1);
    ring[round & 15] = word;
    return word;
}

static void
sha1_compress(uint32_t *state, const unsigned char *block)
{
    uint32_t ring[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++) {
        ring[i] = big_endian(block + 4 * i);
        SHA1_ROUND((b & c) | (~b & d), 0x5A827999, ring[i])
    }
    for (int i = 16; i < 20; i++) {
        SHA1_ROUND((b & c) | (~b & d), 0x5A827999, sha1_word(ring, i))
    }
    for (int i = 20; i < 40; i++) {
        SHA1_ROUND(b ^ c ^ d, 0x6ED9EBA1, sha1_word(ring, i))
    }
    for (int i = 40; i < 60; i++) {
        SHA1_ROUND((b & c) | (b & d) | (c & d), 0x8F1BBCDC, sha1_word(ring, i))
    }
    for (int i = 60; i < 80; i++) {
        SHA1_ROUND(b ^ c ^ d, 0xCA62C1D6, sha1_word(ring, i))
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

#if HAS_SHA_CODE
/* Four rounds at once. The index of the constant must be a literal in the instruction. */
#define SHA1_FOUR(I, KIND)                                                                                \
    {                                                                                                     \
        __m128i words;                                                                                    \
        if ((I) < 4) {                                                                                    \
            words = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + 16 * ((I) & 3))), order);  \
        }                                                                                                 \
        else {                                                                                            \
            words = _mm_sha1msg1_epu32(ring[(I) & 3], ring[((I) + 1) & 3]);                               \
            words = _mm_sha1msg2_epu32(_mm_xor_si128(words, ring[((I) + 2) & 3]), ring[((I) + 3) & 3]);   \
        }                                                                                                 \
        ring[(I) & 3] = words;                                                                            \
        __m128i e_and_words = (I) == 0 ? _mm_add_epi32(before, words) : _mm_sha1nexte_epu32(before, words); \
        before = abcd;                                                                                    \
        abcd = _mm_sha1rnds4_epu32(abcd, e_and_words, KIND);                                              \
    }

__attribute__((target("sha,sse4.1,ssse3"))) static void
sha1_compress_sha(uint32_t *state, const unsigned char *block)
{
    const __m128i order = _mm_set_epi64x(0x0001020304050607LL, 0x08090A0B0C0D0E0FLL);
    __m128i ring[4];
    __m128i start = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0x1B);
    __m128i start_e = _mm_set_epi32((int)state[4], 0, 0, 0);
    __m128i abcd = start, before = start_e;
    SHA1_FOUR(0, 0) SHA1_FOUR(1, 0) SHA1_FOUR(2, 0) SHA1_FOUR(3, 0) SHA1_FOUR(4, 0)
    SHA1_FOUR(5, 1) SHA1_FOUR(6, 1) SHA1_FOUR(7, 1) SHA1_FOUR(8, 1) SHA1_FOUR(9, 1)
    SHA1_FOUR(10, 2) SHA1_FOUR(11, 2) SHA1_FOUR(12, 2) SHA1_FOUR(13, 2) SHA1_FOUR(14, 2)
    SHA1_FOUR(15, 3) SHA1_FOUR(16, 3) SHA1_FOUR(17, 3) SHA1_FOUR(18, 3) SHA1_FOUR(19, 3)
    before = _mm_sha1nexte_epu32(before, start_e);
    abcd = _mm_add_epi32(abcd, start);
    _mm_storeu_si128((__m128i *)state, _mm_shuffle_epi32(abcd, 0x1B));
    state[4] = (uint32_t)_mm_extract_epi32(before, 3);
}

static int
has_sha(void)
{
    unsigned int a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) {
        return 0;
    }
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}
#endif

Compress
sha1_compression(void)
{
#if HAS_SHA_CODE
    if (has_sha()) {
        return sha1_compress_sha;
    }
#endif
    return sha1_compress;
}

static const uint32_t MD5_SINES[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};
static const unsigned char MD5_TURNS[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static void
md5_compress(uint32_t *state, const unsigned char *block)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (int i = 0; i < 64; i++) {
        uint32_t mixed;
        int word;
        switch (i >> 4) {
        case 0:
            mixed = (b & c) | (~b & d);
            word = i;
            break;
        case 1:
            mixed = (d & b) | (~d & c);
            word = 5 * i + 1;
            break;
        case 2:
            mixed = b ^ c ^ d;
            word = 3 * i + 5;
            break;
        default:
            mixed = c ^ (b | ~d);
            word = 7 * i;
        }
        mixed += a + MD5_SINES[i] + little_endian(block + 4 * (word & 15));
        a = d;
        d = c;
        c = b;
        b += rotate(mixed, MD5_TURNS[i >> 4][i & 3]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

/* Both hashes use the same padding: a bit, zeros, and the length in bits, in the byte order of the hash. */
static void
compress_all(Compress compress, uint32_t *state, const unsigned char *text, size_t length, int is_big_endian)
{
    size_t rest = length;
    for (; rest >= BLOCK; rest -= BLOCK) {
        compress(state, text);
        text += BLOCK;
    }
    unsigned char last[2 * BLOCK] = {0};
    size_t padded = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    memcpy(last, text, rest);
    last[rest] = 0x80;
    uint64_t bits = (uint64_t)length << 3;
    for (int i = 0; i < 8; i++) {
        last[padded - 8 + i] = (unsigned char)(bits >> (is_big_endian ? 56 - 8 * i : 8 * i));
    }
    compress(state, last);
    if (padded > BLOCK) {
        compress(state, last + BLOCK);
    }
}

static inline void
put_digits(char *digits, unsigned int byte)
{
    static const char HEX[] = "0123456789abcdef";
    digits[0] = HEX[byte >> 4];
    digits[1] = HEX[byte & 15];
}

void
sha1_hex(Compress compress, const unsigned char *text, size_t length, char *digits)
{
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    compress_all(compress, state, text, length, 1);
    for (int i = 0; i < SHA1_DIGITS / 2; i++) {
        put_digits(digits + 2 * i, state[i >> 2] >> (24 - 8 * (i & 3)) & 0xFF);
    }
}

void
md5_hex(const unsigned char *text, size_t length, char *digits)
{
    uint32_t state[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
    compress_all(md5_compress, state, text, length, 0);
    for (int i = 0; i < MD5_DIGITS / 2; i++) {
        put_digits(digits + 2 * i, state[i >> 2] >> (8 * (i & 3)) & 0xFF);
    }
}
