/* Ids in the order of an index, page by page, merged over the partitions. */
#ifndef STORE_LIST_STORE_H
#define STORE_LIST_STORE_H

#include "protocol/cursor.h"
#include "store/store.h"

enum list_order { LIST_NEWEST, LIST_OLDEST };

struct list_query {
    const char *name;      /* "by" or "inbox" */
    const char *rest[2];   /* sets to merge: "sec:ramsar", "open"; the second may be NULL */
    int partition;         /* -1: all */
    enum list_order order; /* by score, then id */
    bool from_cursor;
    struct cursor cursor; /* continue behind this one */
    unsigned n;           /* rows wanted */
    bool counted;         /* the total is known already: not counted again */
};
/* rows: ascending or descending as asked, without repeats. total: all members of the sets (a
 * member of both counts twice). */
typedef void (*listed_fn)(void *arg, const struct cursor *rows, size_t n, int64_t total,
                          const struct err *e);
void list_store_read(struct store *s, const struct list_query *query, listed_fn fn, void *arg);

#endif
