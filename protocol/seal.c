#include "protocol/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { AAD_MAX = 160, NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };

static void aad_add(uint8_t *aad, size_t *n, const char *text)
{
    size_t bytes = strlen(text);

    if (*n + 2 + bytes > AAD_MAX)
        bug("seal: place too long");
    aad[(*n)++] = (uint8_t)(bytes >> 8u);
    aad[(*n)++] = (uint8_t)bytes;
    memcpy(aad + *n, text, bytes);
    *n += bytes;
}

static size_t aad_make(uint8_t *aad, const struct seal_place *place)
{
    size_t n = 0;

    aad_add(aad, &n, "liaison/field/v1");
    aad_add(aad, &n, place->country);
    aad_add(aad, &n, place->id);
    aad_add(aad, &n, place->field);
    return n;
}

uint8_t *seal_write(const struct keyring *ring, const struct seal_place *place, const void *plain,
                    size_t n, size_t *ret_n)
{
    uint32_t kid = keyring_active(ring);
    uint8_t *out = mem_new(n + SEAL_OVERHEAD_BYTES, 1);
    uint8_t aad[AAD_MAX];
    size_t aad_n = aad_make(aad, place);

    out[0] = 1;
    for (unsigned i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(kid >> (24 - 8 * i));
    randombytes_buf(out + 5, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + 5 + NONCE_BYTES, NULL, plain, n, aad, aad_n,
                                               NULL, out + 5, keyring_key(ring, kid, KEY_FIELD));
    *ret_n = n + SEAL_OVERHEAD_BYTES;
    return out;
}

uint32_t seal_kid(const void *sealed, size_t n)
{
    const uint8_t *in = sealed;

    if (n < SEAL_OVERHEAD_BYTES || in[0] != 1)
        return 0;
    return (uint32_t)in[1] << 24u | (uint32_t)in[2] << 16u | (uint32_t)in[3] << 8u | in[4];
}

enum err_code seal_read(const struct keyring *ring, const struct seal_place *place,
                        const void *sealed, size_t n, char **ret_plain, size_t *ret_n,
                        struct err *e)
{
    const uint8_t *in = sealed;
    const uint8_t *key = NULL;
    uint8_t aad[AAD_MAX];
    size_t aad_n = aad_make(aad, place);
    char *plain;

    if (seal_kid(sealed, n))
        key = keyring_key(ring, seal_kid(sealed, n), KEY_FIELD);
    if (!key)
        return err_set(e, ERR_INTERNAL, "%s of %s: key %u is not in the key file", place->field,
                       place->id, (unsigned)seal_kid(sealed, n));
    plain = mem_new(n - SEAL_OVERHEAD_BYTES + 1, 1);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain, NULL, NULL,
                                                   in + 5 + NONCE_BYTES, n - 5 - NONCE_BYTES, aad,
                                                   aad_n, in + 5, key)) {
        free(plain);
        return err_set(e, ERR_INTERNAL, "%s of %s does not open", place->field, place->id);
    }
    *ret_plain = plain;
    *ret_n = n - SEAL_OVERHEAD_BYTES;
    return ERR_OK;
}

void seal_fingerprint(const struct keyring *ring, const struct seal_part *parts, size_t parts_n,
                      uint8_t ret_print[32])
{
    seal_fingerprint_with(ring, keyring_active(ring), parts, parts_n, ret_print);
}

void seal_fingerprint_with(const struct keyring *ring, uint32_t kid, const struct seal_part *parts,
                           size_t parts_n, uint8_t ret_print[32])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, keyring_key(ring, kid, KEY_FINGERPRINT), KEY_BYTES, 32);
    for (size_t i = 0; i < parts_n; i++) {
        uint8_t length[8];

        for (unsigned k = 0; k < 8; k++)
            length[k] = (uint8_t)((uint64_t)parts[i].n >> (56 - 8 * k));
        crypto_generichash_update(&state, length, sizeof length);
        crypto_generichash_update(&state, parts[i].bytes, parts[i].n);
    }
    crypto_generichash_final(&state, ret_print, 32);
}
