#include "protocol/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* --- addresses -------------------------------------------------------------------------------- */

struct range {
    uint8_t bytes[16];
    unsigned bits; /* that count */
};

static const struct range refused_4[] = {
    {{0},            8 }, /* this network */
    {{10},           8 }, /* private */
    {{100, 64},      10}, /* shared by carriers */
    {{127},          8 }, /* loopback */
    {{169, 254},     16}, /* link-local: also clouds' metadata */
    {{172, 16},      12}, /* private */
    {{192, 0, 0},    24}, /* protocol assignments */
    {{192, 0, 2},    24}, /* documentation */
    {{192, 31, 196}, 24}, /* AS112 */
    {{192, 52, 193}, 24}, /* AMT */
    {{192, 88, 99},  24}, /* 6to4 relays */
    {{192, 168},     16}, /* private */
    {{192, 175, 48}, 24}, /* AS112 */
    {{198, 18},      15}, /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113},  24}, /* documentation */
    {{224},          4 }, /* multicast */
    {{240},          4 }  /* reserved, broadcast */
};

/* Of IPv6 only global unicast is called, 2000::/3, and there not: */
static const struct range refused_6[] = {
    {{0x20, 0x01},                23}, /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8},    32}, /* documentation */
    {{0x20, 0x02},                16}, /* 6to4: holds an IPv4 address */
    {{0x26, 0x20, 0, 0x4f, 0x80}, 48}, /* AS112 */
    {{0x3f, 0xff},                20}, /* documentation */
    {{0x3f, 0xfe},                16}  /* 6bone, given back */
};
static const struct range global_6 = {{0x20}, 3};
static const struct range loopback_4 = {{127}, 8};
static const struct range loopback_6 = {{[15] = 1}, 128};

static bool is_within(const uint8_t *address, const struct range *r)
{
    for (unsigned bit = 0; bit < r->bits; bit++)
        if ((address[bit / 8] ^ r->bytes[bit / 8]) & (0x80u >> bit % 8))
            return false;
    return true;
}

static bool refuses_4(const uint8_t address[4], bool loopback_too)
{
    if (is_within(address, &loopback_4))
        return !loopback_too;
    for (size_t i = 0; i < sizeof refused_4 / sizeof refused_4[0]; i++)
        if (is_within(address, &refused_4[i]))
            return true;
    return false;
}

static bool refuses_6(const uint8_t address[16], bool loopback_too)
{
    if (is_within(address, &loopback_6))
        return !loopback_too;
    if (!is_within(address, &global_6)) /* also IPv4 within IPv6, local, link-local, multicast */
        return true;
    for (size_t i = 0; i < sizeof refused_6 / sizeof refused_6[0]; i++)
        if (is_within(address, &refused_6[i]))
            return true;
    return false;
}

bool endpoint_refuses(const struct sockaddr *address, bool loopback_too)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (address->sa_family == AF_INET) {
        memcpy(&in, address, sizeof in);
        return refuses_4((const uint8_t *)&in.sin_addr, loopback_too);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        return refuses_6((const uint8_t *)&in6.sin6_addr, loopback_too);
    }
    return true;
}

/* --- URLs ------------------------------------------------------------------------------------- */

static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

/* Labels of 1 to 63 characters that neither begin nor end with '-'; the last begins with a letter,
 * since a number there would be read as an address in some notation. */
static bool name_is_good(const char *name)
{
    const char *label = name;

    if (!*name || strlen(name) > 253 || name[strspn(name, name_chars)])
        return false;
    for (;;) {
        size_t n = strcspn(label, ".");

        if (n < 1 || n > 63 || *label == '-' || label[n - 1] == '-')
            return false;
        if (!label[n])
            return isalpha((unsigned char)*label);
        label += n + 1;
    }
}

static bool host_is_good(const char *host, bool loopback_too)
{
    uint8_t address[16];
    char inner[64];
    size_t n = strlen(host);

    if (*host == '[') {
        if (n < 4 || n > sizeof inner || host[n - 1] != ']')
            return false;
        memcpy(inner, host + 1, n - 2);
        inner[n - 2] = '\0';
        return inet_pton(AF_INET6, inner, address) == 1 && !refuses_6(address, loopback_too);
    }
    if (inet_pton(AF_INET, host, address) == 1)
        return !refuses_4(address, loopback_too);
    return name_is_good(host);
}

bool endpoint_url_is_good(const char *url, bool loopback_too)
{
    static const char scheme[] = "https://";
    char host[260];
    const char *at, *end;
    size_t n;

    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || strlen(url) > ENDPOINT_URL_MAX)
        return false;
    for (at = url; *at; at++)
        if (*at < '!' || *at > '~' || strchr("\"#<>\\^`{|}", *at))
            return false;
    at = url + sizeof scheme - 1;
    end = at + strcspn(at, "/?");
    if (memchr(at, '@', (size_t)(end - at)))
        return false;
    n = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":/?");
    if (at + n > end || n >= sizeof host)
        return false;
    memcpy(host, at, n);
    host[n] = '\0';
    at += n;
    if (*at == ':') {
        size_t digits = strspn(at + 1, "0123456789");
        long port = digits && digits <= 5 ? strtol(at + 1, NULL, 10) : 0;

        if (port < 1 || port > 65535 || at + 1 + digits != end)
            return false;
        at = end;
    }
    return at == end && host_is_good(host, loopback_too);
}
