#include "protocol/cookie.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void cookie_new(char out[COOKIE_BYTES])
{
    uint8_t random[32];

    randombytes_buf(random, sizeof random);
    sodium_bin2base64(out, COOKIE_BYTES, random, sizeof random,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof random);
}

static bool is_value(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!memchr(alphabet, text[i], sizeof alphabet - 1))
            return false;
    return n == COOKIE_BYTES - 1;
}

enum cookie_found cookie_read(const char *header, size_t n, char out[COOKIE_BYTES])
{
    static const char name[] = COOKIE_NAME "=";
    const size_t name_n = sizeof name - 1;
    const char *value = NULL;
    size_t at = 0;

    while (at < n) {
        const char *pair = header + at;
        const char *semicolon = memchr(pair, ';', n - at);
        size_t pair_n = semicolon ? (size_t)(semicolon - pair) : n - at;

        at += pair_n + 1;
        while (pair_n && (*pair == ' ' || *pair == '\t'))
            pair++, pair_n--;
        while (pair_n && (pair[pair_n - 1] == ' ' || pair[pair_n - 1] == '\t'))
            pair_n--;
        if (pair_n < name_n || memcmp(pair, name, name_n) != 0)
            continue;
        if (value || !is_value(pair + name_n, pair_n - name_n))
            return COOKIE_BAD;
        value = pair + name_n;
    }
    if (!value)
        return COOKIE_ABSENT;
    memcpy(out, value, COOKIE_BYTES - 1);
    out[COOKIE_BYTES - 1] = '\0';
    return COOKIE_FOUND;
}

/* domain is hashed with its NUL. */
static void hash(const struct keyring *ring, uint32_t kid, enum key_use use, const char *domain,
                 const char *value, char out[COOKIE_HASH_BYTES])
{
    crypto_generichash_state state;
    uint8_t digest[32];

    crypto_generichash_init(&state, keyring_key(ring, kid, use), KEY_BYTES, sizeof digest);
    crypto_generichash_update(&state, (const uint8_t *)domain, strlen(domain) + 1);
    crypto_generichash_update(&state, (const uint8_t *)value, strlen(value));
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(out, COOKIE_HASH_BYTES, digest, sizeof digest);
}

void cookie_hash(const struct keyring *ring, const char *value, char out[COOKIE_HASH_BYTES])
{
    cookie_hash_with(ring, keyring_active(ring), value, out);
}

void cookie_hash_with(const struct keyring *ring, uint32_t kid, const char *value,
                      char out[COOKIE_HASH_BYTES])
{
    hash(ring, kid, KEY_TOKEN, "liaison-session-v1", value, out);
}

void cookie_csrf(const struct keyring *ring, const char *value, char out[COOKIE_HASH_BYTES])
{
    hash(ring, keyring_active(ring), KEY_CSRF, "liaison-csrf-v1", value, out);
}

bool cookie_csrf_fits(const struct keyring *ring, const char *value, const char *given, size_t n)
{
    char must[COOKIE_HASH_BYTES];
    uint32_t kid;
    bool fits = false;

    for (size_t i = 0; n == COOKIE_HASH_BYTES - 1 && (kid = keyring_kid(ring, i)); i++) {
        hash(ring, kid, KEY_CSRF, "liaison-csrf-v1", value, must);
        fits |= !sodium_memcmp(given, must, COOKIE_HASH_BYTES - 1);
    }
    return fits;
}

void cookie_header(const char *value, char out[COOKIE_HEADER_BYTES])
{
    snprintf(out, COOKIE_HEADER_BYTES, "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict%s",
             COOKIE_NAME, value ? value : "", value ? "" : "; Max-Age=0");
}
