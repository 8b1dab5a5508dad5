#include "daemon/proxy.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* | signature 12 | version and command 1 | family and transport 1 | length 2, big-endian | then,
 * for TCP: source, destination, their ports | what the front adds: type 1, length 2, value .. | */
static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum { FIXED_BYTES = 16, LOCAL = 0x20, PROXY = 0x21 };

/* Families that the protocol knows, with how many bytes their addresses have. */
static const struct {
    uint8_t code;
    uint16_t bytes;
    bool is_tcp4, is_tcp6;
} families[] = {
    {0x00, 0,   false, false}, /* not said */
    {0x11, 12,  true,  false},
    {0x12, 12,  false, false}, /* datagrams: nothing that reaches us */
    {0x21, 36,  false, true },
    {0x22, 36,  false, false},
    {0x31, 216, false, false}, /* unix sockets */
    {0x32, 216, false, false},
};

/* What is behind the addresses must be whole values. */
static bool extras_are_whole(const uint8_t *at, size_t n)
{
    while (n >= 3) {
        size_t value = (size_t)at[1] << 8 | at[2];

        if (value > n - 3)
            return false;
        at += 3 + value;
        n -= 3 + value;
    }
    return n == 0;
}

static void peer_take(const uint8_t *addresses, bool is_tcp6, struct peer *ret_peer)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (is_tcp6) {
        memcpy(&v6.sin6_addr, addresses, 16);
        peer_read(ret_peer, (const struct sockaddr *)&v6);
    } else {
        memcpy(&v4.sin_addr, addresses, 4);
        peer_read(ret_peer, (const struct sockaddr *)&v4);
    }
}

/* --- version 1: "PROXY TCP4 192.0.2.1 192.0.2.9 4711 443\r\n" --------------------------------- */

enum { LINE_BYTES_MAX = 107 };

/* The word at *at, up to one blank or the end of the line; false: none, or too long. */
static bool word_take(const char **at, char *out, size_t room)
{
    size_t n = strcspn(*at, " ");

    if (n == 0 || n >= room)
        return false;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    if (**at == ' ' && (*at)[1])
        ++*at;
    return true;
}

static bool is_port(const char *word)
{
    size_t digits = strspn(word, "0123456789");

    return digits && digits <= 5 && !word[digits] && (digits == 1 || *word != '0') &&
           strtoul(word, NULL, 10) <= 65535;
}

/* line: without its end. */
static enum proxy_state line_read(const char *line, struct peer *ret_peer)
{
    char words[4][INET6_ADDRSTRLEN];
    uint8_t from[16], to[16];
    const char *at = line + 11;
    bool is_tcp6 = !strncmp(line, "PROXY TCP6 ", 11);
    int family = is_tcp6 ? AF_INET6 : AF_INET;

    if (!strncmp(line, "PROXY UNKNOWN", 13) && (!line[13] || line[13] == ' '))
        return PROXY_OWN; /* what follows is not looked at, as the protocol says */
    if (!is_tcp6 && strncmp(line, "PROXY TCP4 ", 11) != 0)
        return PROXY_BROKEN;
    for (size_t i = 0; i < 4; i++)
        if (!word_take(&at, words[i], sizeof words[i]))
            return PROXY_BROKEN;
    if (*at || inet_pton(family, words[0], from) != 1 || inet_pton(family, words[1], to) != 1 ||
        !is_port(words[2]) || !is_port(words[3]))
        return PROXY_BROKEN;
    peer_take(from, is_tcp6, ret_peer);
    return PROXY_CLIENT;
}

static enum proxy_state text_read(const char *in, size_t n, struct peer *ret_peer,
                                  size_t *ret_bytes)
{
    static const char begin[] = "PROXY ";
    size_t known = n < sizeof begin - 1 ? n : sizeof begin - 1;
    size_t most = n < LINE_BYTES_MAX ? n : LINE_BYTES_MAX;
    const char *end = memchr(in, '\n', most);
    char line[LINE_BYTES_MAX];
    enum proxy_state state;

    if (memcmp(in, begin, known) != 0 || memchr(in, '\0', end ? (size_t)(end - in) : most))
        return PROXY_BROKEN;
    if (!end)
        return n < LINE_BYTES_MAX ? PROXY_INCOMPLETE : PROXY_BROKEN;
    if (end[-1] != '\r')
        return PROXY_BROKEN;
    memcpy(line, in, (size_t)(end - 1 - in));
    line[end - 1 - in] = '\0';
    state = line_read(line, ret_peer);
    if (state != PROXY_BROKEN)
        *ret_bytes = (size_t)(end + 1 - in);
    return state;
}

enum proxy_state proxy_read(const void *bytes, size_t n, struct peer *ret_peer, size_t *ret_bytes)
{
    const uint8_t *in = bytes;
    size_t known = n < sizeof signature ? n : sizeof signature;
    size_t rest;

    if (n && in[0] == 'P')
        return text_read(bytes, n, ret_peer, ret_bytes);
    if (known && memcmp(in, signature, known) != 0)
        return PROXY_BROKEN;
    if (n > 12 && in[12] != LOCAL && in[12] != PROXY)
        return PROXY_BROKEN;
    if (n < FIXED_BYTES)
        return PROXY_INCOMPLETE;
    rest = (size_t)in[14] << 8 | in[15];
    if (FIXED_BYTES + rest > PROXY_BYTES_MAX)
        return PROXY_BROKEN;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (families[i].code != in[13])
            continue;
        if (in[12] == PROXY && rest < families[i].bytes)
            return PROXY_BROKEN;
        if (n < FIXED_BYTES + rest)
            return PROXY_INCOMPLETE;
        /* Behind LOCAL nothing is looked at, as the protocol says. */
        if (in[12] == PROXY &&
            !extras_are_whole(in + FIXED_BYTES + families[i].bytes, rest - families[i].bytes))
            return PROXY_BROKEN;
        *ret_bytes = FIXED_BYTES + rest;
        if (in[12] == LOCAL || (!families[i].is_tcp4 && !families[i].is_tcp6))
            return PROXY_OWN;
        peer_take(in + FIXED_BYTES, families[i].is_tcp6, ret_peer);
        return PROXY_CLIENT;
    }
    return PROXY_BROKEN;
}
