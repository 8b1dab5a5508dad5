#include "protocol/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const char *const token_scope_words[] = {"read", "write", NULL};

static unsigned crc_of(const char *text, size_t n)
{
    return (unsigned)crc32(crc32(0, NULL, 0), (const Bytef *)text, (uInt)n);
}

void token_new(struct token *ret_token, char out[TOKEN_TEXT_BYTES])
{
    uint8_t random[32];
    int n;

    randombytes_buf(random, sizeof random);
    for (unsigned i = 0; i < 16; i++)
        ret_token->id[i] = base32[random[i] & 31u];
    ret_token->id[16] = '\0';
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(ret_token->secret, sizeof ret_token->secret, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    n = snprintf(out, TOKEN_TEXT_BYTES, "lsn_%s_%s", ret_token->id, ret_token->secret);
    snprintf(out + n, TOKEN_TEXT_BYTES - (size_t)n, "_%08x", crc_of(out, (size_t)n));
    sodium_memzero(random, sizeof random);
}

bool token_read(const char *text, size_t n, struct token *ret_token)
{
    char crc[9];

    if (n != TOKEN_TEXT_BYTES - 1 || memcmp(text, "lsn_", 4) != 0 || text[20] != '_' ||
        text[64] != '_')
        return false;
    for (unsigned i = 4; i < 20; i++)
        if (!text[i] || !strchr(base32, text[i]))
            return false;
    for (unsigned i = 21; i < 64; i++)
        if (!text[i] || !strchr(base64url, text[i]))
            return false;
    snprintf(crc, sizeof crc, "%08x", crc_of(text, 64));
    if (memcmp(crc, text + 65, 8) != 0)
        return false;
    memcpy(ret_token->id, text + 4, 16);
    ret_token->id[16] = '\0';
    memcpy(ret_token->secret, text + 21, 43);
    ret_token->secret[43] = '\0';
    return true;
}

bool token_digest(const struct keyring *ring, uint32_t kid, const struct token *t,
                  uint8_t ret_digest[TOKEN_DIGEST_BYTES])
{
    static const char domain[] = "liaison-token-v1"; /* hashed with its NUL */
    const uint8_t *key = keyring_key(ring, kid, KEY_TOKEN);
    crypto_generichash_state state;

    memset(ret_digest, 0, TOKEN_DIGEST_BYTES);
    if (!key)
        return false;
    crypto_generichash_init(&state, key, KEY_BYTES, TOKEN_DIGEST_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain);
    crypto_generichash_update(&state, (const uint8_t *)t->id, sizeof t->id);
    crypto_generichash_update(&state, (const uint8_t *)t->secret, strlen(t->secret));
    crypto_generichash_final(&state, ret_digest, TOKEN_DIGEST_BYTES);
    return true;
}
