/* Sees that the index of deadlines says what the records say: an entry that was lost is put back,
 * one that stands at a wrong time (also since the calendars changed) is moved, one that nobody
 * needs is taken out. A partition's lists are gone through within reconcile_ms, a page at a time.
 */
#ifndef WORKERS_RECKONER_H
#define WORKERS_RECKONER_H

#include "workers/crew.h"

struct reckoner;

struct reckoner *reckoner_new(struct crew *crew) __attribute__((returns_nonnull));
/* After the store is freed, which calls back what is open. NULL is fine. */
void reckoner_free(struct reckoner *r);

#endif
