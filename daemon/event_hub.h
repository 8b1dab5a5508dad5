/* All event streams of this process (GET /v1/events as server-sent events). One follower of the
 * store's streams serves all of them: an event's record is read once and its text made once; who
 * may see it is asked once for each reader, not for each connection.
 *
 * A stream goes  waiting -> (replaying ->) live:  what came after its position is taken from the
 * newest events kept here, older ones are read from the store first, a few at a time and only as
 * fast as the client takes them. A position that cannot be gone on from (altered, cut off, too far
 * behind) gives one `reset`, after which the client reads its lists again. A client that does not
 * read is closed by the HTTP layer (http_limits.stream_bytes, write_ms). */
#ifndef DAEMON_EVENT_HUB_H
#define DAEMON_EVENT_HUB_H

#include "daemon/task.h"
#include "store/event_store.h"

struct event_hub;

struct event_hub *event_hub_new(struct app *app) __attribute__((returns_nonnull));
/* Ends all streams with a hint to come back, and begins none any more. */
void event_hub_end(struct event_hub *hub);
/* After event_hub_end, and after the store is freed. NULL is fine. */
void event_hub_free(struct event_hub *hub);

/* From the follower of the event streams: once, then each event. */
void event_hub_place(struct event_hub *hub, const struct event_position *p);
void event_hub_hear(struct event_hub *hub, const struct event *event);

/* Takes the task and serves it until its client leaves. position: go on behind it; NULL: from now
 * on. is_lost: the client has a position that is none: it is told to reset. topics: bits of
 * actions. With too many streams it is answered with ERR_UNAVAILABLE. */
struct event_wish {
    const struct event_position *position;
    bool is_lost;
    unsigned long long topics;
};
void event_hub_join(struct event_hub *hub, struct task *t, const struct event_wish *wish);

/* Where the present ends, as this reader's position; false before event_hub_place. */
bool event_hub_position(const struct event_hub *hub, struct event_position *ret_position);

struct event_hub_stats {
    unsigned clients_n;
    uint64_t told_n;  /* events written to clients */
    uint64_t reset_n; /* clients told to reset */
    uint64_t slow_n;  /* clients closed because they did not read */
};
void event_hub_stats(const struct event_hub *hub, struct event_hub_stats *ret_stats);

#endif
