/* One notice to a webhook: signed, posted over TLS to an address that may be called, its answer
 * read as far as it matters. */
#ifndef WORKERS_CALLER_H
#define WORKERS_CALLER_H

#include "workers/attempt.h"
#include "workers/crew.h"
#include "workers/transfer.h"

struct caller; /* what all calls of this process share: how many are under way to each webhook */

struct caller *caller_new(struct crew *crew, struct transfers *transfers)
    __attribute__((returns_nonnull));
void caller_free(struct caller *c); /* NULL is fine */

/* n is copied as far as it is needed. fn is called once, never before this returned. */
void caller_send(struct caller *c, const struct notice *n, attempt_fn fn, void *arg);

#endif
