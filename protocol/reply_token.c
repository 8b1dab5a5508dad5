#include "protocol/reply_token.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER_BYTES = 16, MAC_BYTES = 16, RAW_BYTES = NUMBER_BYTES + MAC_BYTES };

static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

static void base32_write(const uint8_t raw[RAW_BYTES], char out[REPLY_TOKEN_BYTES])
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t n = 0;

    for (size_t i = 0; i < RAW_BYTES; i++) {
        held = held << 8 | raw[i];
        for (bits += 8; bits >= 5; bits -= 5)
            out[n++] = digits[held >> (bits - 5) & 31u];
        held &= (1u << bits) - 1;
    }
    out[n++] = digits[held << (5 - bits) & 31u];
    out[n] = '\0';
}

/* One spelling a value: what is left over must be zero. */
static bool base32_read(const char *text, uint8_t raw[RAW_BYTES])
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t n = 0;

    for (size_t i = 0; i < REPLY_TOKEN_CHARS; i++) {
        const char *digit = text[i] ? strchr(digits, tolower((unsigned char)text[i])) : NULL;

        if (!digit)
            return false;
        held = held << 5 | (unsigned)(digit - digits);
        bits += 5;
        if (bits >= 8 && n < RAW_BYTES) {
            bits -= 8;
            raw[n++] = (uint8_t)(held >> bits);
            held &= (1u << bits) - 1;
        }
    }
    return held == 0;
}

static bool raw_make(const struct keyring *ring, const struct reply_bond *bond,
                     uint8_t raw[RAW_BYTES])
{
    static const char domain[] = "liaison-reply-v1"; /* hashed with its NUL, as all parts are */
    const uint8_t *key = keyring_key(ring, bond->kid, KEY_REPLY);
    crypto_generichash_state state;
    uint8_t hash[32];
    char numbers[48];

    if (!key || !id_is(bond->notice, "ntc_") ||
        sodium_hex2bin(raw, NUMBER_BYTES, bond->notice + ID_PREFIX_BYTES, 32, NULL, NULL, NULL))
        return false;
    snprintf(numbers, sizeof numbers, "%lld %lld", (long long)bond->version,
             (long long)bond->until_ms);
    crypto_generichash_init(&state, key, KEY_BYTES, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain);
    crypto_generichash_update(&state, (const uint8_t *)bond->notice, strlen(bond->notice) + 1);
    crypto_generichash_update(&state, (const uint8_t *)bond->request, strlen(bond->request) + 1);
    crypto_generichash_update(&state, (const uint8_t *)numbers, strlen(numbers) + 1);
    crypto_generichash_update(&state, (const uint8_t *)bond->person, strlen(bond->person) + 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(raw + NUMBER_BYTES, hash, MAC_BYTES);
    return true;
}

bool reply_token_write(const struct keyring *ring, const struct reply_bond *bond,
                       char out[REPLY_TOKEN_BYTES])
{
    uint8_t raw[RAW_BYTES];

    if (!raw_make(ring, bond, raw))
        return false;
    base32_write(raw, out);
    return true;
}

bool reply_token_notice(const char *text, char ret_notice[ID_BYTES])
{
    uint8_t raw[RAW_BYTES];
    char hex[2 * NUMBER_BYTES + 1];
    char notice[ID_BYTES];

    if (!base32_read(text, raw))
        return false;
    sodium_bin2hex(hex, sizeof hex, raw, NUMBER_BYTES);
    snprintf(notice, sizeof notice, "ntc_%s", hex);
    if (!id_is(notice, "ntc_"))
        return false;
    memcpy(ret_notice, notice, sizeof notice);
    return true;
}

bool reply_token_check(const struct keyring *ring, const struct reply_bond *bond, const char *text,
                       int64_t now_ms)
{
    uint8_t want[RAW_BYTES];
    uint8_t have[RAW_BYTES];

    return base32_read(text, have) && raw_make(ring, bond, want) &&
           sodium_memcmp(want, have, sizeof want) == 0 && now_ms < bond->until_ms;
}
