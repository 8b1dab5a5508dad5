/* Rotation of the master key, in the background (format rule F-3), by role `clock`: as long as the
 * key file has keys beside the active one, everything in the store is looked through again and
 * again, and what an old key sealed gets the active one (store/reseal_store.h).
 *
 *   resealer_tick -> page .. page -> told -> (a while) -> again
 *
 * Nothing is kept between two runs: one that broke off begins again, and finds most of it done. How
 * far it is stands in lia:{sys}:sealed:values; `liaison keys status` shows it. */
#ifndef WORKERS_RESEALER_H
#define WORKERS_RESEALER_H

#include "workers/crew.h"

struct resealer;

struct resealer *resealer_new(struct crew *crew) __attribute__((returns_nonnull));
/* After the store is freed. NULL is fine. */
void resealer_free(struct resealer *r);

#endif
