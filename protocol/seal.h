/* One encrypted field (format rule F-1):
 *
 *   01 | kid, 4 bytes big endian | nonce, 24 | XChaCha20-Poly1305 ciphertext and tag
 *
 * Bound to its place by additional data: "liaison/field/v1", country, request id and field name,
 * each with a 2-byte big-endian length before it. A value moved to another field, request or
 * country does not open. */
#ifndef PROTOCOL_SEAL_H
#define PROTOCOL_SEAL_H

#include "protocol/keyring.h"

#include <stddef.h>

struct seal_place {
    const char *country;
    const char *id;
    const char *field;
};

enum { SEAL_OVERHEAD_BYTES = 1 + 4 + 24 + 16 };

/* Returns n + SEAL_OVERHEAD_BYTES bytes, which the caller frees. */
uint8_t *seal_write(const struct keyring *ring, const struct seal_place *place, const void *plain,
                    size_t n, size_t *ret_n) __attribute__((returns_nonnull));
/* ERR_INTERNAL when it does not open: wrong key, moved or altered. *ret_plain is NUL-terminated
 * beyond its length and the caller's to free. */
enum err_code seal_read(const struct keyring *ring, const struct seal_place *place,
                        const void *sealed, size_t n, char **ret_plain, size_t *ret_n,
                        struct err *e) ERR_CHECK;

/* Keyed BLAKE2b-256 over length-prefixed parts (rules R-12, F-4). */
struct seal_part {
    const void *bytes;
    size_t n;
};
void seal_fingerprint(const struct keyring *ring, const struct seal_part *parts, size_t parts_n,
                      uint8_t ret_print[32]);
/* The same under a key of the ring's, for what must be found or stay the same while keys change. */
void seal_fingerprint_with(const struct keyring *ring, uint32_t kid, const struct seal_part *parts,
                           size_t parts_n, uint8_t ret_print[32]);

/* Of a sealed value: the key that it was sealed with; 0: it has not the form of one. */
uint32_t seal_kid(const void *sealed, size_t n);

#endif
