/* The PROXY protocol: a front says first whom it speaks for. Version 2, binary, as HAProxy sends
 * it, and version 1, a line of text, which is all that nginx can send
 * (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, sections 2.1 and 2.2). Pure. */
#ifndef DAEMON_PROXY_H
#define DAEMON_PROXY_H

#include "daemon/peer.h"

#include <stddef.h>

/* A header longer than this is refused: addresses take at most 36 bytes behind the first 16, what a
 * front adds to them (type-length-value) is skipped. */
enum { PROXY_BYTES_MAX = 536 };

enum proxy_state {
    PROXY_INCOMPLETE, /* more bytes are needed */
    PROXY_CLIENT,     /* *ret_peer is who the front speaks for */
    PROXY_OWN,        /* the front speaks for itself (LOCAL), or does not say for whom */
    PROXY_BROKEN,     /* not such a header */
};

/* bytes: n from the beginning of the connection. *ret_bytes: how many the header has, in the two
 * good cases. Only TCP over IPv4 and IPv6 has a client; every byte of the fixed part is looked at.
 */
enum proxy_state proxy_read(const void *bytes, size_t n, struct peer *ret_peer, size_t *ret_bytes);

#endif
