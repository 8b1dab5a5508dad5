/* Signatures of webhooks (Standard Webhooks; rule A-8): of `id.timestamp.body`, as
 * `v1,<base64 of HMAC-SHA256>` with a shared secret and `v1a,<base64 of Ed25519>` with our key. */
#ifndef PROTOCOL_SIGN_H
#define PROTOCOL_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIGN_SECRET_BYTES = 32,
    SIGN_SECRET_TEXT_BYTES = 6 + 44 + 1, /* "whsec_" and base64 */
    SIGN_SEED_BYTES = 32,
    SIGN_PUBLIC_TEXT_BYTES = 5 + 44 + 1, /* "whpk_" and base64 */
    SIGN_V1_BYTES = 3 + 44 + 1,
    SIGN_V1A_BYTES = 4 + 88 + 1
};

struct sign_content {
    const char *id; /* without a dot */
    int64_t timestamp_s;
    const char *body;
    size_t body_n;
};

/* A new secret as the receiver gets it. Returns out. */
char *sign_secret_new(char out[SIGN_SECRET_TEXT_BYTES]);
/* False: not "whsec_" and the base64 of 24 to 64 bytes. */
bool sign_v1(const char *secret, const struct sign_content *c, char out[SIGN_V1_BYTES]);

void sign_seed_new(uint8_t ret_seed[SIGN_SEED_BYTES]);
char *sign_public(const uint8_t seed[SIGN_SEED_BYTES], char out[SIGN_PUBLIC_TEXT_BYTES]);
void sign_v1a(const uint8_t seed[SIGN_SEED_BYTES], const struct sign_content *c,
              char out[SIGN_V1A_BYTES]);

#endif
