/* A consumer group on one stream of each partition: how workers share what the streams bring. Each
 * entry goes to one of them and stays pending until it is acknowledged. */
#ifndef STORE_GROUP_H
#define STORE_GROUP_H

#include "store/store.h"

struct group {
    const char *name;     /* of the group */
    const char *stream;   /* key of each partition, keys.h */
    const char *function; /* of the library: makes the group on one stream */
};

/* Makes the group on all partitions; harmless when it is there. */
void group_prepare(struct store *s, const struct group *g,
                   void (*fn)(void *arg, const struct err *e), void *arg);
/* One blocking read over all partitions, at most n new entries of each. The reply is XREADGROUP's.
 * Needs a store of its own: a blocked link answers nothing else. */
void group_read(struct store *s, const struct group *g, const char *consumer, unsigned n,
                int64_t block_ms, store_reply_fn fn, void *arg);
/* Takes over at most n entries of one partition that nobody touched for idle_ms, from cursor (a
 * stream id) on. The reply is XAUTOCLAIM's. */
void group_take(struct store *s, const struct group *g, unsigned partition, const char *consumer,
                int64_t idle_ms, const char *cursor, unsigned n, store_reply_fn fn, void *arg);

/* Of one stream of group_read's reply. */
unsigned group_partition(const struct redisReply *stream);

#endif
