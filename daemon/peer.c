#include "daemon/peer.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_FUNCTION HASH_FNV /* the default one falls through cases unmarked */
#include <uthash.h>

#include "base/err.h"

struct entry {
    uint8_t key[sizeof((struct peer *)NULL)->key];
    unsigned connections_n;
    UT_hash_handle hh;
};

struct peer_table {
    struct entry *entries; /* owned, by key; none with 0 connections */
};

static bool is_counted(const struct peer *p)
{
    return p->key[0] != 0;
}

static void peer_read_v4(struct peer *p, const void *address)
{
    p->key[0] = 4;
    memcpy(p->key + 1, address, 4);
    inet_ntop(AF_INET, address, p->text, sizeof p->text);
}

void peer_read(struct peer *ret_peer, const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    *ret_peer = (struct peer){.text = "unix"};
    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        peer_read_v4(ret_peer, &v4.sin_addr);
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            peer_read_v4(ret_peer, &v6.sin6_addr.s6_addr[12]);
            return;
        }
        ret_peer->key[0] = 6;
        memcpy(ret_peer->key + 1, &v6.sin6_addr, 8);
        inet_ntop(AF_INET6, &v6.sin6_addr, ret_peer->text, sizeof ret_peer->text);
    }
}

bool peer_group(const struct peer *p, char *out, size_t out_bytes)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr network = {0};

    if (p->key[0] == 6) {
        memcpy(&network, p->key + 1, 8);
        inet_ntop(AF_INET6, &network, text, sizeof text);
        snprintf(out, out_bytes, "%s/64", text);
    } else {
        snprintf(out, out_bytes, "%s", is_counted(p) ? p->text : "");
    }
    return is_counted(p);
}

struct peer_table *peer_table_new(void)
{
    return mem_new(1, sizeof(struct peer_table));
}

void peer_table_free(struct peer_table *t)
{
    struct entry *entry;
    struct entry *next;

    if (!t)
        return;
    HASH_ITER (hh, t->entries, entry, next) {
        HASH_DEL(t->entries, entry);
        free(entry);
    }
    free(t);
}

bool peer_table_add(struct peer_table *t, const struct peer *p, unsigned limit)
{
    struct entry *entry = NULL;

    if (!is_counted(p))
        return true;
    HASH_FIND(hh, t->entries, p->key, sizeof p->key, entry);
    if ((entry ? entry->connections_n : 0) >= limit)
        return false;
    if (!entry) {
        entry = mem_new(1, sizeof *entry);
        memcpy(entry->key, p->key, sizeof entry->key);
        HASH_ADD(hh, t->entries, key, sizeof entry->key, entry);
    }
    entry->connections_n++;
    return true;
}

void peer_table_drop(struct peer_table *t, const struct peer *p)
{
    struct entry *entry = NULL;

    if (!is_counted(p))
        return;
    HASH_FIND(hh, t->entries, p->key, sizeof p->key, entry);
    if (!entry)
        bug("peer %s was not counted", p->text);
    if (--entry->connections_n > 0)
        return;
    HASH_DEL(t->entries, entry);
    free(entry);
}
