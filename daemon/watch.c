#include "daemon/watch.h"

#include "base/log.h"
#include "config/hash.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

/* watch_ready -> watch_placed -> watch_read <-> watch_came, for as long as the store is there */
struct watcher {
    UT_hash_handle hh; /* of the first watcher of an id */
    struct watcher *next;
    char id[ID_BYTES];
    watch_fn fn;
    void *arg;
};

struct watch {
    struct store *store; /* owned */
    struct watcher *by_id;
    struct event_position position;
    struct event *again; /* owned: after a failed read */
    bool placed;         /* position is known */
    bool reading;
};

static void watch_read(struct watch *w);

static void tell(struct watch *w, const struct event *event)
{
    struct watcher *who, *next;

    HASH_FIND_STR(w->by_id, event->id, who);
    for (; who; who = next) {
        next = who->next; /* fn may remove itself */
        who->fn(who->arg, event);
    }
}

static void watch_pause(struct watch *w)
{
    evtimer_add(w->again, &(struct timeval){.tv_usec = 200000});
}

static void watch_came(void *arg, const struct event *list, size_t n, const struct err *e)
{
    struct watch *w = arg;

    w->reading = false;
    for (size_t i = 0; i < n; i++)
        tell(w, &list[i]);
    if (e->code != ERR_OK)
        watch_pause(w);
    else
        watch_read(w);
}

static void watch_read(struct watch *w)
{
    const int64_t block_ms = 5000;

    if (w->reading)
        return;
    w->reading = true;
    event_store_read(w->store, &w->position, block_ms, watch_came, w);
}

static void watch_placed(void *arg, const struct event_position *p, const struct err *e)
{
    struct watch *w = arg;

    w->reading = false;
    if (e->code != ERR_OK) {
        watch_pause(w);
        return;
    }
    if (!w->placed)
        w->position = *p;
    w->placed = true;
    watch_read(w);
}

static void watch_begin(evutil_socket_t fd, short what, void *arg)
{
    struct watch *w = arg;

    (void)fd, (void)what;
    if (w->reading)
        return;
    if (w->placed) {
        watch_read(w);
        return;
    }
    w->reading = true;
    event_store_end(w->store, watch_placed, w);
}

enum err_code watch_new(struct event_base *base, const struct store_options *options,
                        struct watch **ret_watch, struct err *e)
{
    struct watch *w = mem_new(1, sizeof *w);
    struct store_options own = *options;
    enum err_code rc;

    own.unfit = NULL; /* the main link says it once */
    own.changed = NULL;
    rc = store_new(base, &own, &w->store, e);
    if (rc != ERR_OK) {
        free(w);
        return rc;
    }
    w->again = evtimer_new(base, watch_begin, w);
    if (!w->again)
        bug("out of memory");
    evtimer_add(w->again, &(struct timeval){0});
    *ret_watch = w;
    return ERR_OK;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    w->reading = true; /* nothing starts again while the store answers what is open */
    store_free(w->store);
    event_free(w->again);
    while (w->by_id)
        w->by_id->fn(w->by_id->arg, NULL);
    free(w);
}

struct watcher *watch_add(struct watch *w, const char *id, watch_fn fn, void *arg)
{
    struct watcher *who = mem_new(1, sizeof *who);
    struct watcher *first;

    snprintf(who->id, sizeof who->id, "%s", id);
    who->fn = fn;
    who->arg = arg;
    HASH_FIND_STR(w->by_id, who->id, first);
    if (first) {
        who->next = first->next;
        first->next = who;
    } else {
        HASH_ADD_STR(w->by_id, id, who);
    }
    return who;
}

void watch_remove(struct watch *w, struct watcher *who)
{
    struct watcher *first;

    HASH_FIND_STR(w->by_id, who->id, first);
    if (first == who) {
        HASH_DEL(w->by_id, who);
        if (who->next)
            HASH_ADD_STR(w->by_id, id, who->next);
    } else {
        while (first && first->next != who)
            first = first->next;
        if (first)
            first->next = who->next;
    }
    free(who);
}
