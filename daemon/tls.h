/* TLS of the daemon's own (reliability.md 6.4): the certificate, its key, and what is agreed with a
 * client. For small sites; larger ones end TLS in a front on the same machine. */
#ifndef DAEMON_TLS_H
#define DAEMON_TLS_H

#include "base/err.h"

#include <stdint.h>

struct bufferevent;
struct event_base;
struct tls;

/* certificate: PEM file, ours first, then those that signed it; key: PEM file, mode 0600.
 * ERR_CONFIG names what is wrong: unreadable, not a pair, over, weaker than OpenSSL's security
 * level 2. */
enum err_code tls_new(const char *certificate, const char *key, struct tls **ret_tls,
                      struct err *e) ERR_CHECK;
/* Connections that began before keep theirs. NULL is fine. */
void tls_free(struct tls *tls);
/* When the certificate ends, ms. */
int64_t tls_expires_ms(const struct tls *tls);

/* The server's side of a connection, its handshake still to come (BEV_EVENT_CONNECTED). fd is
 * given. */
struct bufferevent *tls_accept(const struct tls *tls, struct event_base *base, int fd)
    __attribute__((returns_nonnull));
/* We send no more: tells the client so before the connection below is closed for writing. */
void tls_end(struct bufferevent *bev);

#endif
