#include "protocol/signing_key.h"

#include <stdio.h>
#include <string.h>

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char pem_begin[] = "-----BEGIN PRIVATE KEY-----\n";
static const char pem_end[] = "-----END PRIVATE KEY-----";
/* RFC 8410 section 7: what stands before the seed in the DER of a private key. */
static const uint8_t der_before[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                     0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

enum { DER_BYTES = sizeof der_before + SIGNING_SEED_BYTES };

char *signing_key_id(const uint8_t public_key[SIGNING_PUBLIC_BYTES], char out[SIGNING_ID_BYTES])
{
    static const char domain[] = "liaison-key-v1"; /* hashed with its NUL */
    crypto_generichash_state state;
    uint8_t hash[16];

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain);
    crypto_generichash_update(&state, public_key, SIGNING_PUBLIC_BYTES);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(out, "lsk_", 4);
    for (unsigned i = 0; i < sizeof hash; i++)
        out[4 + i] = base32[hash[i] & 31u];
    out[SIGNING_ID_BYTES - 1] = '\0';
    return out;
}

bool signing_key_is_id(const char *text)
{
    return strlen(text) == SIGNING_ID_BYTES - 1 && !strncmp(text, "lsk_", 4) &&
           strspn(text + 4, base32) == SIGNING_ID_BYTES - 5;
}

void signing_key_public(const uint8_t seed[SIGNING_SEED_BYTES],
                        uint8_t ret_public[SIGNING_PUBLIC_BYTES])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];

    crypto_sign_seed_keypair(ret_public, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

/* base64 has one form for the same bytes, and it is this one. */
static bool bytes_read(const char *text, uint8_t *out, size_t n)
{
    char again[SIGNING_PROOF_TEXT_BYTES];
    size_t got;

    if (sodium_base642bin(out, n, text, strlen(text), NULL, &got, NULL,
                          sodium_base64_VARIANT_ORIGINAL) ||
        got != n)
        return false;
    return !strcmp(sodium_bin2base64(again, sizeof again, out, n, sodium_base64_VARIANT_ORIGINAL),
                   text);
}

bool signing_key_read_public(const char *text, uint8_t ret_public[SIGNING_PUBLIC_BYTES])
{
    return bytes_read(text, ret_public, SIGNING_PUBLIC_BYTES) &&
           crypto_core_ed25519_is_valid_point(ret_public);
}

char *signing_key_public_text(const uint8_t public_key[SIGNING_PUBLIC_BYTES],
                              char out[SIGNING_PUBLIC_TEXT_BYTES])
{
    return sodium_bin2base64(out, SIGNING_PUBLIC_TEXT_BYTES, public_key, SIGNING_PUBLIC_BYTES,
                             sodium_base64_VARIANT_ORIGINAL);
}

/* --- proof ------------------------------------------------------------------------------------ */

enum { CLAIM_BYTES = 32 + PRINCIPAL_TEXT_BYTES + SIGNING_PUBLIC_BYTES };

static size_t claim_make(const uint8_t *public_key, const struct principal *who,
                         uint8_t out[CLAIM_BYTES])
{
    static const char domain[] = "liaison-key-proof-v1"; /* with its NUL */
    char text[PRINCIPAL_TEXT_BYTES];
    size_t who_n;

    principal_text(who, text);
    who_n = strlen(text) + 1;
    memcpy(out, domain, sizeof domain);
    memcpy(out + sizeof domain, text, who_n);
    memcpy(out + sizeof domain + who_n, public_key, SIGNING_PUBLIC_BYTES);
    return sizeof domain + who_n + SIGNING_PUBLIC_BYTES;
}

char *signing_key_prove(const uint8_t seed[SIGNING_SEED_BYTES], const struct principal *who,
                        char out[SIGNING_PROOF_TEXT_BYTES])
{
    uint8_t public_key[SIGNING_PUBLIC_BYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t claim[CLAIM_BYTES];
    uint8_t proof[SIGNING_PROOF_BYTES];

    crypto_sign_seed_keypair(public_key, secret, seed);
    crypto_sign_detached(proof, NULL, claim, claim_make(public_key, who, claim), secret);
    sodium_memzero(secret, sizeof secret);
    return sodium_bin2base64(out, SIGNING_PROOF_TEXT_BYTES, proof, sizeof proof,
                             sodium_base64_VARIANT_ORIGINAL);
}

bool signing_key_is_proven(const uint8_t public_key[SIGNING_PUBLIC_BYTES],
                           const struct principal *who, const char *proof)
{
    uint8_t claim[CLAIM_BYTES];
    uint8_t bytes[SIGNING_PROOF_BYTES];

    return bytes_read(proof, bytes, sizeof bytes) &&
           crypto_sign_verify_detached(bytes, claim, claim_make(public_key, who, claim),
                                       public_key) == 0;
}

/* --- files ------------------------------------------------------------------------------------ */

char *signing_key_pem(const uint8_t seed[SIGNING_SEED_BYTES], char out[SIGNING_PEM_BYTES])
{
    uint8_t der[DER_BYTES];
    char text[sodium_base64_ENCODED_LEN(DER_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    memcpy(der, der_before, sizeof der_before);
    memcpy(der + sizeof der_before, seed, SIGNING_SEED_BYTES);
    sodium_bin2base64(text, sizeof text, der, sizeof der, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, SIGNING_PEM_BYTES, "%s%s\n%s\n", pem_begin, text, pem_end);
    sodium_memzero(der, sizeof der);
    sodium_memzero(text, sizeof text);
    return out;
}

bool signing_key_read_pem(const char *text, size_t n, uint8_t ret_seed[SIGNING_SEED_BYTES])
{
    uint8_t der[DER_BYTES];
    char again[SIGNING_PEM_BYTES];
    size_t body_n = 0;
    size_t begin_n = strlen(pem_begin);
    bool is_good = false;

    if (n > begin_n && !memcmp(text, pem_begin, begin_n) &&
        !sodium_base642bin(der, sizeof der, text + begin_n, n - begin_n, NULL, &body_n,
                           &(const char *){NULL}, sodium_base64_VARIANT_ORIGINAL) &&
        body_n == sizeof der && !memcmp(der, der_before, sizeof der_before)) {
        signing_key_pem(der + sizeof der_before, again); /* it has no other form */
        is_good = n >= strlen(again) - 1 && n <= strlen(again) && !memcmp(text, again, n);
        if (is_good)
            memcpy(ret_seed, der + sizeof der_before, SIGNING_SEED_BYTES);
    }
    sodium_memzero(der, sizeof der);
    sodium_memzero(again, sizeof again);
    return is_good;
}
