/* Where a webhook may lead: the form of its address, and which hosts are never called, so that
 * nobody reaches through us what only we can reach (server-side request forgery; rule A-8). */
#ifndef PROTOCOL_ENDPOINT_H
#define PROTOCOL_ENDPOINT_H

#include <stdbool.h>

struct sockaddr;

enum { ENDPOINT_URL_MAX = 1024 };

/* https://HOST[:PORT][/PATH][?QUERY] in printable ASCII, nothing else: no user, no fragment. HOST
 * is a name of letters, digits, '-' and '.' whose last label has a letter first, a dotted quad, or
 * an IPv6 address in brackets. So there is one way to read it, and no hidden form of a number. An
 * address written out must not be one that endpoint_refuses. */
bool endpoint_url_is_good(const char *url, bool loopback_too);

/* Whether this address is never called: anything but public unicast (IANA special-purpose
 * registries, RFC 6890 and later). loopback_too: 127.0.0.0/8 and ::1 may be. */
bool endpoint_refuses(const struct sockaddr *address, bool loopback_too);

#endif
