#include "store/event_position.h"

#include "protocol/seal.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MASK_BYTES = 2, MS_BYTES = 6, NUMBER_BYTES = 4, ONE_BYTES = MS_BYTES + NUMBER_BYTES };
enum { PLAIN_MAX = MASK_BYTES + ID_PARTITIONS * ONE_BYTES };
enum { SEALED_MAX = PLAIN_MAX + SEAL_OVERHEAD_BYTES };

_Static_assert(sodium_base64_ENCODED_LEN(SEALED_MAX, sodium_base64_VARIANT_URLSAFE_NO_PADDING) <=
                   EVENT_POSITION_TEXT_BYTES,
               "a position fits");

static const struct seal_place place = {"", "", "position"};

struct mark {
    uint64_t ms, number;
};

static struct mark mark_read(const char *id)
{
    struct mark m = {0};

    if (sscanf(id, "%20" SCNu64 "-%20" SCNu64, &m.ms, &m.number) != 2)
        return (struct mark){0};
    return m;
}

int event_id_compare(const char *a, const char *b)
{
    struct mark x = mark_read(a);
    struct mark y = mark_read(b);

    if (x.ms != y.ms)
        return x.ms < y.ms ? -1 : 1;
    return x.number < y.number ? -1 : x.number > y.number;
}

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return at + bytes;
}

static uint64_t take(const uint8_t **at, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value = value << 8 | *(*at)++;
    return value;
}

char *event_position_write(const struct keyring *ring, const struct event_position *p,
                           unsigned mask, char out[EVENT_POSITION_TEXT_BYTES])
{
    uint8_t plain[PLAIN_MAX];
    uint8_t *end = put(plain, mask, MASK_BYTES);
    uint8_t *sealed;
    size_t n;

    for (unsigned i = 0; i < ID_PARTITIONS; i++) {
        struct mark m;

        if (!(mask & 1u << i))
            continue;
        m = mark_read(p->ids[i]);
        end = put(end, m.ms, MS_BYTES);
        end = put(end, m.number, NUMBER_BYTES);
    }
    sealed = seal_write(ring, &place, plain, (size_t)(end - plain), &n);
    sodium_bin2base64(out, EVENT_POSITION_TEXT_BYTES, sealed, n,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    free(sealed);
    return out;
}

static bool position_take(const uint8_t *plain, size_t n, unsigned mask,
                          struct event_position *ret_position)
{
    const uint8_t *at = plain;
    unsigned given;

    if (n < MASK_BYTES)
        return false;
    given = (unsigned)take(&at, MASK_BYTES);
    if ((given & mask) != mask || n != MASK_BYTES + (size_t)__builtin_popcount(given) * ONE_BYTES)
        return false;
    for (unsigned i = 0; i < ID_PARTITIONS; i++) {
        struct mark m = {0};

        if (given & 1u << i) {
            m.ms = take(&at, MS_BYTES);
            m.number = take(&at, NUMBER_BYTES);
        }
        snprintf(ret_position->ids[i], EVENT_ID_BYTES, "%" PRIu64 "-%" PRIu64, m.ms, m.number);
    }
    return true;
}

bool event_position_read(const struct keyring *ring, const char *text, unsigned mask,
                         struct event_position *ret_position)
{
    uint8_t sealed[SEALED_MAX];
    char *plain;
    size_t n;
    bool is_good;

    if (sodium_base642bin(sealed, sizeof sealed, text, strlen(text), NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        seal_read(ring, &place, sealed, n, &plain, &n, NULL) != ERR_OK)
        return false;
    is_good = position_take((const uint8_t *)plain, n, mask, ret_position);
    free(plain);
    return is_good;
}
