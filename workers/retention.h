/* Takes events out of the streams that are older than event_days, in the audit log behind a signed
 * checkpoint, and read by everybody who reads as a group (store/lua/event.lua). Who asks for what
 * is gone gets a reset (event_store_kept). */
#ifndef WORKERS_RETENTION_H
#define WORKERS_RETENTION_H

#include "workers/crew.h"

struct retention;

struct retention *retention_new(struct crew *crew) __attribute__((returns_nonnull));
/* After the store is freed, which calls back what is open. NULL is fine. */
void retention_free(struct retention *r);

#endif
