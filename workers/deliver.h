/* Role `deliver`: events become notices, notices go out by mail and to webhooks, each at least once
 * and always under the same id. Any number of workers may do this at the same time. */
#ifndef WORKERS_DELIVER_H
#define WORKERS_DELIVER_H

#include "workers/crew.h"

struct deliver;

/* options: as for the process's store; the event streams are read over a link of their own.
 * ERR_CONFIG: a setting of mail or webhooks cannot be used. */
enum err_code deliver_new(struct crew *crew, const struct store_options *options,
                          struct deliver **ret_deliver, struct err *e) ERR_CHECK;
/* Once crew->stopping: done is called when nothing is under way any more. */
void deliver_stop(struct deliver *d, void (*done)(void *arg), void *arg);
/* Before the crew's store is freed: nothing is read any more. NULL is fine. */
void deliver_hush(struct deliver *d);
/* After it. NULL is fine. */
/* What operators have switched may be otherwise. */
void deliver_switched(struct deliver *d);
void deliver_free(struct deliver *d);
unsigned deliver_busy(const struct deliver *d);

#endif
