/* Work that waits for a disk, done by a thread beside the event loop, one job after the other in
 * the order they came; what becomes of it is said on the loop. */
#ifndef DAEMON_OFFLOAD_H
#define DAEMON_OFFLOAD_H

#include "base/err.h"

struct event_base;
struct offload;

/* On the thread: touches nothing but its job, and what never changes. */
typedef void (*offload_work_fn)(void *job);
/* On the loop, once for each job. */
typedef void (*offload_done_fn)(void *job);

enum err_code offload_new(struct event_base *base, struct offload **ret_offload,
                          struct err *e) ERR_CHECK;
/* The caller bounds how many it has under way. */
void offload_run(struct offload *o, offload_work_fn work, offload_done_fn done, void *job);
/* Waits until all jobs are worked and done. NULL is fine. */
void offload_free(struct offload *o);

#endif
