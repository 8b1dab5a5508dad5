#include "base/utf8.h"

#include <stdint.h>

/* Bytes of the well-formed character at p, 0 when there is none (table 3-7 of Unicode). */
static size_t character(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t n;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return n;
}

bool utf8_is_valid(const char *text, size_t bytes)
{
    const uint8_t *p = (const uint8_t *)text;

    for (size_t i = 0, n; i < bytes; i += n)
        if ((n = character(p + i, bytes - i)) == 0)
            return false;
    return true;
}

size_t utf8_length(const char *text, size_t bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n += ((uint8_t)text[i] & 0xc0u) != 0x80;
    return n;
}

bool utf8_has_control(const char *text, size_t bytes)
{
    const uint8_t *p = (const uint8_t *)text;

    for (size_t i = 0; i < bytes; i++) {
        if (p[i] == '\n' || p[i] == '\t')
            continue;
        if (p[i] < 0x20 || p[i] == 0x7f)
            return true;
        if (p[i] == 0xc2 && i + 1 < bytes && p[i + 1] < 0xa0)
            return true;
    }
    return false;
}

size_t utf8_cut(const char *text, size_t bytes, size_t limit)
{
    size_t n = bytes < limit ? bytes : limit;

    while (n > 0 && n < bytes && ((uint8_t)text[n] & 0xc0u) == 0x80)
        n--;
    return n;
}
