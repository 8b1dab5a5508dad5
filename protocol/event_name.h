/* The names under which transitions are told to the outside: event streams and webhooks. One table
 * from the actions of the life cycle. */
#ifndef PROTOCOL_EVENT_NAME_H
#define PROTOCOL_EVENT_NAME_H

#include "protocol/lifecycle.h"

enum { EVENT_NAME_BYTES = 40 };

/* "request.claimed". A link is only told as "request.changed": that there is another request may
 * not be for everybody who sees this one (others.h). */
const char *event_name(enum action a) __attribute__((returns_nonnull));
/* The actions told under that name, as bits; 0: there is no such name. */
unsigned long long event_name_actions(const char *name);

#endif
