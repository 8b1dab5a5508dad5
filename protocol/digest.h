/* Content-Digest of HTTP (RFC 9530): sha-256 and sha-512 over the exact bytes of a body. Algorithms
 * that are not known are passed over; at least one must be known, and all that are must fit. */
#ifndef PROTOCOL_DIGEST_H
#define PROTOCOL_DIGEST_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_TEXT_BYTES = 9 + 44 + 1 + 1 }; /* "sha-256=:", base64, ":" */

struct digest {
    bool has_256, has_512;
    uint8_t must_256[crypto_hash_sha256_BYTES];
    uint8_t must_512[crypto_hash_sha512_BYTES];
    crypto_hash_sha256_state state_256;
    crypto_hash_sha512_state state_512;
};

/* The value of the header, n bytes. False: it is no dictionary of byte sequences, or of no known
 * algorithm. */
bool digest_read(const char *text, size_t n, struct digest *ret_digest);
/* The body, in pieces; then once: is it the one? */
void digest_update(struct digest *d, const void *bytes, size_t n);
bool digest_fits(struct digest *d);

/* The header's value for a body. Returns out. */
char *digest_write(const void *body, size_t n, char out[DIGEST_TEXT_BYTES]);

#endif
