/* Who is at the other end of a connection, and how many connections each has open. One IPv6 /64
 * counts as one peer, because one host has all of it. */
#ifndef DAEMON_PEER_H
#define DAEMON_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct peer {
    uint8_t key[9]; /* 4 or 6, then what is counted; all zero: a unix socket, not counted */
    char text[INET6_ADDRSTRLEN]; /* without port; "unix" */
};

/* An IPv4 address in IPv6 clothes counts and shows as IPv4. */
void peer_read(struct peer *ret_peer, const struct sockaddr *address);

/* What failures and quotas are counted by: "192.0.2.1", "2001:db8:1:2::/64". False, out "": a unix
 * socket. */
bool peer_group(const struct peer *p, char *out, size_t out_bytes);

struct peer_table;

struct peer_table *peer_table_new(void);
void peer_table_free(struct peer_table *t);
/* One more connection; false, not counted, when the peer has limit of them already. */
bool peer_table_add(struct peer_table *t, const struct peer *p, unsigned limit);
/* One less; p was added before. */
void peer_table_drop(struct peer_table *t, const struct peer *p);

#endif
