/* The sign of life of a worker process, whatever its roles: every few seconds into the store, where
 * the queue's health is read. */
#ifndef WORKERS_PULSE_H
#define WORKERS_PULSE_H

#include "workers/intake.h"

struct pulse;

/* intake: borrowed, NULL without the role `route`. */
struct pulse *pulse_new(struct crew *crew, const struct intake *intake)
    __attribute__((returns_nonnull));
void pulse_free(struct pulse *p); /* NULL is fine */

#endif
