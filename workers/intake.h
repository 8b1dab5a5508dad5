/* Where work comes from: the streams, entries that another worker left behind, delayed entries
 * whose time has come, and the reconciler's round. */
#ifndef WORKERS_INTAKE_H
#define WORKERS_INTAKE_H

#include "store/event_store.h"
#include "workers/crew.h"

struct intake;

struct intake *intake_new(struct crew *crew) __attribute__((returns_nonnull));
/* No event is missed from now on: what is in the store may be taken in. */
void intake_placed(struct intake *i);
void intake_hear(struct intake *i, const struct event *event);
/* New reference data (both given): taken over as soon as nothing is in work, with an empty corpus;
 * new entries wait until then. */
void intake_renew(struct intake *i, struct config *config, struct engine *engine);
/* What operators have switched may be otherwise. */
void intake_switched(struct intake *i);
/* No new work; done is called once nothing is in work any more. */
void intake_stop(struct intake *i, void (*done)(void *arg), void *arg);
void intake_free(struct intake *i);
unsigned intake_busy(const struct intake *i);
/* Its part of the heartbeat. */
void intake_tell(const struct intake *i, struct heartbeat *beat);

#endif
