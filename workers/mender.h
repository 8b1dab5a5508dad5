/* Links whose second half a daemon could not write any more: looked for on a timer, one partition
 * after the other, and finished (store/half_store.h). */
#ifndef WORKERS_MENDER_H
#define WORKERS_MENDER_H

#include "workers/crew.h"

struct mender;

struct mender *mender_new(struct crew *crew) __attribute__((returns_nonnull));
/* After the store is freed, which calls back what is open. NULL is fine. */
void mender_free(struct mender *m);

#endif
