/* Role `route`: one work entry, from the stream to the decision. */
#ifndef WORKERS_ROUTE_H
#define WORKERS_ROUTE_H

#include "workers/crew.h"
#include "workers/shelf.h"

/* fn is called once when the entry is settled, delayed or left for later; never before this
 * returns. */
typedef void (*route_done_fn)(void *arg);
void route_begin(struct crew *crew, struct shelf *shelf, const struct work *work, route_done_fn fn,
                 void *arg);

#endif
