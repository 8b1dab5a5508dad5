/* The event streams, followed by this process: whoever waits for a request's next event is told. */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include "store/follow.h"

struct watch;

typedef void (*watch_fn)(void *arg, const struct event *event);

struct watch_calls {                                           /* for every event, whoever waits */
    void (*placed)(void *arg, const struct event_position *p); /* once: events come from here on */
    watch_fn came;
    void *arg;
};

/* Its own connection (follow.h). ERR_CONFIG as store_new. */
enum err_code watch_new(struct event_base *base, const struct store_options *options,
                        const struct watch_calls *all, struct watch **ret_watch,
                        struct err *e) ERR_CHECK;
void watch_free(struct watch *w);

struct watcher; /* one who waits; opaque */
/* fn is called for each event of that request until watch_remove; never before this returns. event
 * NULL: the watch ends, and fn must remove itself. */
struct watcher *watch_add(struct watch *w, const char *id, watch_fn fn, void *arg)
    __attribute__((returns_nonnull));
void watch_remove(struct watch *w, struct watcher *who);

#endif
