#include "base/id.h"

#include "base/err.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *id_new(const char *prefix, unsigned partition, int64_t now_ms, char out[ID_BYTES])
{
    static int64_t last_ms;
    static unsigned sequence; /* rand_a as a counter within one millisecond, RFC 9562 6.2 */
    uint8_t random[10];
    char hex[33];

    randombytes_buf(random, sizeof random);
    if (now_ms > last_ms) {
        last_ms = now_ms;
        sequence =
            ((unsigned)random[0] << 3u | random[1] >> 5u) & 0x7ffu; /* leaves room to count up */
    } else if (++sequence > 0xfffu) {
        last_ms++;
        sequence = 0;
    }
    snprintf(hex, sizeof hex, "%012llx7%03x%x%02x%02x%02x%02x%02x%02x%02x%x",
             (unsigned long long)last_ms & 0xffffffffffffull, sequence, 8u | (random[9] & 3u),
             random[2], random[3], random[4], random[5], random[6], random[7], random[8],
             partition & 15u);
    snprintf(out, ID_BYTES, "%.4s%s", prefix, hex);
    return out;
}

bool id_is(const char *text, const char *prefix)
{
    if (strncmp(text, prefix, ID_PREFIX_BYTES) != 0)
        return false;
    text += ID_PREFIX_BYTES;
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32 && text[12] == '7' &&
           strchr("89ab", text[16]);
}

unsigned id_partition(const char *text)
{
    char digit[2] = {text[ID_PREFIX_BYTES + 31], '\0'};

    return (unsigned)strtoul(digit, NULL, 16);
}

int64_t id_time_ms(const char *text)
{
    char stamp[13] = {0};

    memcpy(stamp, text + ID_PREFIX_BYTES, 12);
    return (int64_t)strtoull(stamp, NULL, 16);
}
