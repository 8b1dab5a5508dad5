/* The event streams: one entry a transition, in order within a partition; ids only.
 *
 * What the worker role `clock` does are events like those of people, by actor `system`:
 *   remind    the ball-holder, or a supporter whose contribution is due, is reminded: `degree` is
 * the share of the norm that is used up in percent (50, 80, 90; 100: it is late), `whom` the one
 * reminded ("country:KEN", "secretariat:cms", "coordinator") open      the first window has passed
 * without a claim: every routed secretariat may take the lead expire    the open window has passed,
 * too: offered -> unmatched release   a lease has ended: claimed -> offered or unmatched lapse no
 * reply to a question in spite of two reminders: awaiting_country -> withdrawn close     no
 * confirmation in spite of two reminders: answered -> closed (no_reply) escalate  `degree` is the
 * level from now on, 1 to 3 (LEVEL_MAX); people may escalate, too */
#ifndef STORE_EVENT_STORE_H
#define STORE_EVENT_STORE_H

#include "store/event_position.h"
#include "store/store.h"

struct event {
    char entry[32]; /* stream id */
    char id[ID_BYTES];
    const char *country, *action, *actor, *from, *to, *whom; /* borrowed for the call; "": none */
    int degree;                                              /* 0: none */
    int64_t version, at_ms;
};

/* One entry of a stream read as a reply; false when it is none of ours. ret_event borrows from it.
 */
struct redisReply;
bool event_store_entry(const struct redisReply *entry, struct event *ret_event);

typedef void (*position_fn)(void *arg, const struct event_position *p, const struct err *e);
/* The present end of all streams. */
void event_store_end(struct store *s, position_fn fn, void *arg);

typedef void (*events_fn)(void *arg, const struct event *list, size_t n, const struct err *e);
/* What comes after *p, waiting up to block_ms; *p moves on before fn is called and must live until
 * then. Needs a store of its own: a blocked link answers nothing else. */
void event_store_read(struct store *s, struct event_position *p, int64_t block_ms, events_fn fn,
                      void *arg);

/* What comes after *p now in the partitions of mask (bit a partition), the oldest of each, at most
 * n of a partition; does not wait, and *p stays. */
void event_store_since(struct store *s, const struct event_position *p, unsigned mask, unsigned n,
                       events_fn fn, void *arg);

typedef void (*kept_fn)(void *arg, bool is_kept, const struct err *e);
/* Whether all that came after *p in the partitions of mask is still there, and *p is not beyond
 * the end, as after a restored backup. */
void event_store_kept(struct store *s, const struct event_position *p, unsigned mask, kept_fn fn,
                      void *arg);

#endif
