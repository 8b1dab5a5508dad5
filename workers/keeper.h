/* Role `clock`: does what the clocks of requests demand (protocol/timer.h), within seconds of its
 * time. Any number of them may run: what is due is decided on a version of the record and written
 * only on that version, so each demand is met once.
 *
 *   keeper_tick -> keeper_timed -> (keeper_due -> keeper_read -> keeper_moved) in each partition
 *
 * The time is the earlier one of this machine's clock and of the store's: a clock that is set ahead
 * by mistake ends no lease while the other one is right. A clock that is set back only makes what
 * is not yet done wait; what is done stays done. */
#ifndef WORKERS_KEEPER_H
#define WORKERS_KEEPER_H

#include "workers/crew.h"

struct keeper;

struct keeper *keeper_new(struct crew *crew) __attribute__((returns_nonnull));
/* After the store is freed, which calls back what is open. NULL is fine. */
void keeper_free(struct keeper *k);

#endif
