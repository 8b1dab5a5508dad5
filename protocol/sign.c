#include "protocol/sign.h"

#include "base/buf.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char secret_prefix[] = "whsec_";

char *sign_secret_new(char out[SIGN_SECRET_TEXT_BYTES])
{
    uint8_t secret[SIGN_SECRET_BYTES];

    randombytes_buf(secret, sizeof secret);
    memcpy(out, secret_prefix, sizeof secret_prefix);
    sodium_bin2base64(out + sizeof secret_prefix - 1,
                      (size_t)SIGN_SECRET_TEXT_BYTES - (sizeof secret_prefix - 1), secret,
                      sizeof secret, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(secret, sizeof secret);
    return out;
}

/* id.timestamp. - what stands before the body. */
static void head_write(const struct sign_content *c, struct buf *out)
{
    buf_printf(out, "%s.%lld.", c->id, (long long)c->timestamp_s);
}

bool sign_v1(const char *secret, const struct sign_content *c, char out[SIGN_V1_BYTES])
{
    enum { SECRET_MIN = 24, SECRET_MAX = 64 };
    crypto_auth_hmacsha256_state state;
    uint8_t key[SECRET_MAX];
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    struct buf head BUF_AUTO = {0};
    const char *end;
    size_t n;

    if (strncmp(secret, secret_prefix, sizeof secret_prefix - 1) != 0)
        return false;
    secret += sizeof secret_prefix - 1;
    if (sodium_base642bin(key, sizeof key, secret, strlen(secret), NULL, &n, &end,
                          sodium_base64_VARIANT_ORIGINAL) ||
        *end || n < SECRET_MIN)
        return false;
    head_write(c, &head);
    crypto_auth_hmacsha256_init(&state, key, n);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)head.text, head.bytes);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)c->body, c->body_n);
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(out, "v1,", 3);
    sodium_bin2base64(out + 3, SIGN_V1_BYTES - 3, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof key);
    return true;
}

void sign_seed_new(uint8_t ret_seed[SIGN_SEED_BYTES])
{
    randombytes_buf(ret_seed, SIGN_SEED_BYTES);
}

char *sign_public(const uint8_t seed[SIGN_SEED_BYTES], char out[SIGN_PUBLIC_TEXT_BYTES])
{
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    uint8_t key[crypto_sign_SECRETKEYBYTES];

    crypto_sign_seed_keypair(public, key, seed);
    memcpy(out, "whpk_", 5);
    sodium_bin2base64(out + 5, SIGN_PUBLIC_TEXT_BYTES - 5, public, sizeof public,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof key);
    return out;
}

void sign_v1a(const uint8_t seed[SIGN_SEED_BYTES], const struct sign_content *c,
              char out[SIGN_V1A_BYTES])
{
    uint8_t public[crypto_sign_PUBLICKEYBYTES];
    uint8_t key[crypto_sign_SECRETKEYBYTES];
    uint8_t signature[crypto_sign_BYTES];
    struct buf text BUF_AUTO = {0};

    head_write(c, &text);
    buf_add(&text, c->body, c->body_n);
    crypto_sign_seed_keypair(public, key, seed);
    crypto_sign_detached(signature, NULL, (const uint8_t *)text.text, text.bytes, key);
    memcpy(out, "v1a,", 4);
    sodium_bin2base64(out + 4, SIGN_V1A_BYTES - 4, signature, sizeof signature,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof key);
}
