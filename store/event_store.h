/* The event streams: one entry a transition, in order within a partition; ids only. */
#ifndef STORE_EVENT_STORE_H
#define STORE_EVENT_STORE_H

#include "base/id.h"
#include "store/store.h"

/* Where a reader stands in each partition's stream. */
struct event_position {
    char ids[ID_PARTITIONS][32];
};

struct event {
    char entry[32]; /* stream id */
    char id[ID_BYTES];
    const char *country, *action, *actor, *from, *to; /* borrowed for the call */
    int64_t version, at_ms;
};

typedef void (*position_fn)(void *arg, const struct event_position *p, const struct err *e);
/* The present end of all streams. */
void event_store_end(struct store *s, position_fn fn, void *arg);

typedef void (*events_fn)(void *arg, const struct event *list, size_t n, const struct err *e);
/* What comes after *p, waiting up to block_ms; *p moves on before fn is called and must live until
 * then. Needs a store of its own: a blocked link answers nothing else. */
void event_store_read(struct store *s, struct event_position *p, int64_t block_ms, events_fn fn,
                      void *arg);

#endif
