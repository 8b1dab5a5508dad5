#include "protocol/cursor.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { MAC_BYTES = 16, BODY_BYTES = 8 + ID_BYTES - 1, RAW_BYTES = MAC_BYTES + BODY_BYTES };

static void mac_make(const struct keyring *ring, uint32_t kid, const uint8_t *body,
                     const char *filter, uint8_t mac[MAC_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, keyring_key(ring, kid, KEY_CURSOR), KEY_BYTES, MAC_BYTES);
    crypto_generichash_update(&state, body, BODY_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)filter, strlen(filter));
    crypto_generichash_final(&state, mac, MAC_BYTES);
}

char *cursor_write(const struct keyring *ring, const struct cursor *c, const char *filter,
                   char out[CURSOR_TEXT_BYTES])
{
    uint8_t raw[RAW_BYTES];

    for (unsigned i = 0; i < 8; i++)
        raw[MAC_BYTES + i] = (uint8_t)((uint64_t)c->score >> (56 - 8 * i));
    memcpy(raw + MAC_BYTES + 8, c->id, ID_BYTES - 1);
    mac_make(ring, keyring_active(ring), raw + MAC_BYTES, filter, raw);
    return sodium_bin2base64(out, CURSOR_TEXT_BYTES, raw, sizeof raw,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool cursor_read(const struct keyring *ring, const char *text, const char *filter,
                 struct cursor *ret_cursor)
{
    uint8_t raw[RAW_BYTES];
    uint8_t mac[MAC_BYTES];
    uint64_t score = 0;
    uint32_t kid;
    size_t n;

    if (sodium_base642bin(raw, sizeof raw, text, strlen(text), NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        n != sizeof raw)
        return false;
    for (size_t i = 0; (kid = keyring_kid(ring, i)); i++) {
        mac_make(ring, kid, raw + MAC_BYTES, filter, mac);
        if (!sodium_memcmp(mac, raw, MAC_BYTES))
            break;
    }
    if (!kid)
        return false;
    for (unsigned i = 0; i < 8; i++)
        score = score << 8u | raw[MAC_BYTES + i];
    ret_cursor->score = (int64_t)score;
    memcpy(ret_cursor->id, raw + MAC_BYTES + 8, ID_BYTES - 1);
    ret_cursor->id[ID_BYTES - 1] = '\0';
    return id_is(ret_cursor->id, "req_");
}
