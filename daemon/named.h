/* Another request that the body of this one names, by id or by reference. */
#ifndef DAEMON_NAMED_H
#define DAEMON_NAMED_H

#include "daemon/task.h"

/* stored: emptied by the callee when it keeps it; NULL when there is no such request for this
 * caller, fault says why (a fault's code), or when e->code is set. */
typedef void (*named_fn)(void *arg, struct stored *stored, const char *fault, const struct err *e);
/* Calls back exactly once; before it returns only for a name that can be none. */
void named_read(struct task *t, const char *name, named_fn fn, void *arg);

/* Whether a request of that reference may be this caller's to see: references count up by country,
 * so whether a foreign one exists must not even show in the time an answer takes. */
bool named_may_ask(const struct task *t, const char *reference);

#endif
