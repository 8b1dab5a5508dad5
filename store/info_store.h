/* What Redis says of itself. */
#ifndef STORE_INFO_STORE_H
#define STORE_INFO_STORE_H

#include "store/store.h"

struct store_info {
    char version[16];
    int64_t memory_bytes, memory_max; /* max 0: no limit */
    int64_t aof_bytes;                /* of the append-only file now */
    bool aof_on, aof_good;            /* the last write and the last rewrite went well */
    int64_t clients_n;
    int64_t apart_ms; /* its clock before ours; the way there and back counts */
};
typedef void (*store_info_fn)(void *arg, const struct store_info *info, const struct err *e);
void store_info_read(struct store *s, store_info_fn fn, void *arg);

#endif
