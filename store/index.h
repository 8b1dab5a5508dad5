/* In which sorted sets a record stands, and where. Computed from the record alone, before and
 * after a transition; the difference is what the store's function writes. */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "protocol/record.h"
#include "store/args.h"

/* Appends the keys to keys and, in the same order, a score or "-" (take out) to scores. before
 * NULL: a new record. Returns how many. */
size_t index_write(struct args *keys, struct args *scores, unsigned partition,
                   const struct record *before, const struct record *after);

/* An inbox's score: urgency first, then what is due first. */
int64_t index_inbox_score(enum urgency urgency, int64_t due_ms);

#endif
