/* API tokens (rule A-1): lsn_<id>_<secret>_<crc>.
 *
 *   lsn_ abcdefghijklmnop _ 43 characters base64url _ 8 hex digits
 *        id, base32         secret, 32 random bytes   CRC-32 of all before, for scanners only
 *
 * Only a keyed hash of the secret is stored. */
#ifndef PROTOCOL_TOKEN_H
#define PROTOCOL_TOKEN_H

#include "protocol/keyring.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    TOKEN_ID_BYTES = 16 + 1,
    TOKEN_TEXT_BYTES = 4 + 16 + 1 + 43 + 1 + 8 + 1,
    TOKEN_DIGEST_BYTES = 32
};

struct token {
    char id[TOKEN_ID_BYTES];
    char secret[44]; /* as it stands in the text */
};

/* What the holder may do with it, within the holder's role: bits. */
enum token_scope { TOKEN_READ = 1, TOKEN_WRITE = 2 };
extern const char *const token_scope_words[]; /* bit i is word i; ends with NULL */

/* A new token; out is the text to hand over, once. */
void token_new(struct token *ret_token, char out[TOKEN_TEXT_BYTES]);
/* False when text (n bytes) has not the form or the CRC of a token. */
bool token_read(const char *text, size_t n, struct token *ret_token);
/* What is stored and compared: keyed BLAKE2b-256 of "liaison-token-v1" 00 id 00 secret, under the
 * key kid. False, digest all zero, when the ring has no such key. */
bool token_digest(const struct keyring *ring, uint32_t kid, const struct token *t,
                  uint8_t ret_digest[TOKEN_DIGEST_BYTES]);

#endif
