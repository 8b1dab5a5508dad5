/* What was waited, counted by month in the step that ended the wait, and read for the last months.
 */
#ifndef STORE_WAIT_STORE_H
#define STORE_WAIT_STORE_H

#include "protocol/waits.h"
#include "store/store.h"

enum { WAIT_MONTHS = 6 /* that are read: the present one and those before */ };

/* For transition_v3: the key of the month, and what it counts there with how long that is kept. */
void wait_store_add_key(struct args *keys, unsigned partition, int64_t now_ms);
void wait_store_add(struct args *args, const struct record *before, const struct record *after);

typedef void (*waits_fn)(void *arg, const struct waits *w, const struct err *e);
/* All partitions together. */
void wait_store_read(struct store *s, int64_t now_ms, waits_fn fn, void *arg);

/* How many stand before this score in an inbox ("offer:ramsar"), in all partitions. */
typedef void (*ahead_fn)(void *arg, int64_t ahead_n, const struct err *e);
void wait_store_ahead(struct store *s, const char *inbox, int64_t score, ahead_fn fn, void *arg);

#endif
