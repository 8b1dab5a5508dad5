#include "daemon/watch.h"

#include "config/hash.h"

#include <stdio.h>
#include <stdlib.h>

struct watcher {
    UT_hash_handle hh; /* of the first watcher of an id */
    struct watcher *next;
    char id[ID_BYTES];
    watch_fn fn;
    void *arg;
};

struct watch {
    struct follow *follow; /* owned */
    struct watcher *by_id;
    struct watch_calls all;
};

/* Who waits from before has a deadline. */
static void watch_placed(void *arg)
{
    struct watch *w = arg;

    w->all.placed(w->all.arg, follow_position(w->follow));
}

static void watch_came(void *arg, const struct event *event)
{
    struct watch *w = arg;
    struct watcher *who, *next;

    w->all.came(w->all.arg, event);
    HASH_FIND_STR(w->by_id, event->id, who);
    for (; who; who = next) {
        next = who->next; /* fn may remove itself */
        who->fn(who->arg, event);
    }
}

enum err_code watch_new(struct event_base *base, const struct store_options *options,
                        const struct watch_calls *all, struct watch **ret_watch, struct err *e)
{
    struct watch *w = mem_new(1, sizeof *w);
    const struct follow_calls calls = {watch_placed, watch_came, w};
    enum err_code rc = follow_new(base, options, &calls, &w->follow, e);

    if (rc != ERR_OK) {
        free(w);
        return rc;
    }
    w->all = *all;
    *ret_watch = w;
    return ERR_OK;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    follow_free(w->follow);
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
