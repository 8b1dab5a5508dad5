/* Role `route`: one work entry, from the stream to the decision. */
#ifndef WORKERS_ROUTE_H
#define WORKERS_ROUTE_H

#include "corpus/corpus.h"
#include "workers/crew.h"

/* fn is called once when the entry is settled, delayed or left for later; never before this
 * returns. */
typedef void (*route_done_fn)(void *arg);
void route_begin(struct crew *crew, struct corpus *corpus, const struct work *work,
                 route_done_fn fn, void *arg);

#endif
