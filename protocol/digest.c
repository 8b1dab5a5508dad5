#include "protocol/digest.h"

#include "protocol/structured.h"

#include <string.h>

bool digest_read(const char *text, size_t n, struct digest *ret_digest)
{
    struct digest d = {.has_256 = false};
    struct structured s;

    if (!structured_read(text, n, &s))
        return false;
    for (unsigned i = 0; i < s.parts_n; i = s.parts[i].next) {
        const struct structured_part *part = &s.parts[i];
        bool is_256 = structured_is_key(part, "sha-256");
        bool is_512 = structured_is_key(part, "sha-512");
        size_t bytes = 0;

        if (part->kind != STRUCTURED_BINARY)
            return false;
        if (is_256 && (!structured_binary(part, d.must_256, sizeof d.must_256, &bytes) ||
                       bytes != sizeof d.must_256))
            return false;
        if (is_512 && (!structured_binary(part, d.must_512, sizeof d.must_512, &bytes) ||
                       bytes != sizeof d.must_512))
            return false;
        d.has_256 |= is_256;
        d.has_512 |= is_512;
    }
    if (!d.has_256 && !d.has_512)
        return false;
    crypto_hash_sha256_init(&d.state_256);
    crypto_hash_sha512_init(&d.state_512);
    *ret_digest = d;
    return true;
}

void digest_update(struct digest *d, const void *bytes, size_t n)
{
    if (d->has_256)
        crypto_hash_sha256_update(&d->state_256, bytes, n);
    if (d->has_512)
        crypto_hash_sha512_update(&d->state_512, bytes, n);
}

bool digest_fits(struct digest *d)
{
    uint8_t is_256[crypto_hash_sha256_BYTES];
    uint8_t is_512[crypto_hash_sha512_BYTES];

    crypto_hash_sha256_final(&d->state_256, is_256);
    crypto_hash_sha512_final(&d->state_512, is_512);
    return (!d->has_256 || !memcmp(is_256, d->must_256, sizeof is_256)) &&
           (!d->has_512 || !memcmp(is_512, d->must_512, sizeof is_512));
}

char *digest_write(const void *body, size_t n, char out[DIGEST_TEXT_BYTES])
{
    static const char before[] = "sha-256=:";
    const size_t at = sizeof before - 1;
    uint8_t hash[crypto_hash_sha256_BYTES];

    memcpy(out, before, at);
    crypto_hash_sha256(hash, body, n);
    sodium_bin2base64(out + at, DIGEST_TEXT_BYTES - at, hash, sizeof hash,
                      sodium_base64_VARIANT_ORIGINAL);
    memcpy(out + strlen(out), ":", 2);
    return out;
}
