/* SHA-1 (FIPS 180-4, section 6.1) and MD5 (RFC 1321) of short texts, as lower-case hex digits. */

#ifndef MACROENGINE_HASHES_H
#define MACROENGINE_HASHES_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_DIGITS 40
#define MD5_DIGITS 32

/* Updates the state of a hash with a block of 64 bytes. */
typedef void (*Compress)(uint32_t *state, const unsigned char *block);

/* Return the fastest SHA-1 compression function for this processor. */
Compress sha1_compression(void);

void sha1_hex(Compress compress, const unsigned char *text, size_t length, char *digits);
void md5_hex(const unsigned char *text, size_t length, char *digits);

#endif
