/* Ed25519 keys that requests are signed with (rule A-7).
 *
 * On disk a private key is PKCS #8 in PEM (RFC 8410), as `openssl genpkey -algorithm ed25519`
 * writes it too; on the wire a public key is the base64 of its 32 bytes. The id of a key follows
 * from the public key alone, so its holder knows it without us. Whoever registers one shows with a
 * signature over principal and key that the private one is there: nobody can take the id of
 * another's key. */
#ifndef PROTOCOL_SIGNING_KEY_H
#define PROTOCOL_SIGNING_KEY_H

#include "base/err.h"
#include "protocol/principal.h"

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SIGNING_SEED_BYTES = crypto_sign_SEEDBYTES,
    SIGNING_PUBLIC_BYTES = crypto_sign_PUBLICKEYBYTES,
    SIGNING_PROOF_BYTES = crypto_sign_BYTES,
    SIGNING_ID_BYTES = 4 + 16 + 1, /* "lsk_" and base32 */
    SIGNING_PUBLIC_TEXT_BYTES = 44 + 1,
    SIGNING_PROOF_TEXT_BYTES = 88 + 1,
    SIGNING_PEM_BYTES = 128,
    SIGNING_LIVE_MAX = 2, /* keys of one principal that hold at a time */
    SIGNING_DAYS_MAX = 365
};

char *signing_key_id(const uint8_t public_key[SIGNING_PUBLIC_BYTES], char out[SIGNING_ID_BYTES]);
bool signing_key_is_id(const char *text);
void signing_key_public(const uint8_t seed[SIGNING_SEED_BYTES],
                        uint8_t ret_public[SIGNING_PUBLIC_BYTES]);
/* False: not the base64 of a point that can be a key. */
bool signing_key_read_public(const char *text, uint8_t ret_public[SIGNING_PUBLIC_BYTES]);
char *signing_key_public_text(const uint8_t public_key[SIGNING_PUBLIC_BYTES],
                              char out[SIGNING_PUBLIC_TEXT_BYTES]);

/* That the private key is there, for this principal. Returns out. */
char *signing_key_prove(const uint8_t seed[SIGNING_SEED_BYTES], const struct principal *who,
                        char out[SIGNING_PROOF_TEXT_BYTES]);
bool signing_key_is_proven(const uint8_t public_key[SIGNING_PUBLIC_BYTES],
                           const struct principal *who, const char *proof);

/* Wipe what they give. */
char *signing_key_pem(const uint8_t seed[SIGNING_SEED_BYTES], char out[SIGNING_PEM_BYTES]);
bool signing_key_read_pem(const char *text, size_t n, uint8_t ret_seed[SIGNING_SEED_BYTES]);

#endif
