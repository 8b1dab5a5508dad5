#include "store/follow.h"

#include <event2/event.h>
#include <stdlib.h>

/* follow_begin -> follow_placed -> follow_read <-> follow_came, for as long as the store is there
 */
struct follow {
    struct store *store; /* owned */
    struct follow_calls calls;
    struct event_position position;
    struct event *again; /* owned: after a failed read */
    bool placed;         /* position is known */
    bool reading;
};

static void follow_read(struct follow *f);

static void follow_pause(struct follow *f)
{
    evtimer_add(f->again, &(struct timeval){.tv_usec = 200000});
}

static void follow_came(void *arg, const struct event *list, size_t n, const struct err *e)
{
    struct follow *f = arg;

    for (size_t i = 0; i < n; i++)
        f->calls.came(f->calls.arg, &list[i]);
    f->reading = false;
    if (e->code != ERR_OK)
        follow_pause(f);
    else
        follow_read(f);
}

static void follow_read(struct follow *f)
{
    const int64_t block_ms = 5000;

    f->reading = true;
    event_store_read(f->store, &f->position, block_ms, follow_came, f);
}

static void follow_placed(void *arg, const struct event_position *p, const struct err *e)
{
    struct follow *f = arg;

    f->reading = false;
    if (e->code != ERR_OK) {
        follow_pause(f);
        return;
    }
    f->position = *p;
    f->placed = true;
    f->calls.placed(f->calls.arg);
    follow_read(f);
}

static void follow_begin(evutil_socket_t fd, short what, void *arg)
{
    struct follow *f = arg;

    (void)fd, (void)what;
    if (f->reading)
        return;
    if (f->placed) {
        follow_read(f);
        return;
    }
    f->reading = true;
    event_store_end(f->store, follow_placed, f);
}

enum err_code follow_new(struct event_base *base, const struct store_options *options,
                         const struct follow_calls *calls, struct follow **ret_follow,
                         struct err *e)
{
    struct follow *f = mem_new(1, sizeof *f);
    struct store_options own = *options;
    enum err_code rc;

    own.unfit = NULL; /* the main link says it once */
    own.changed = NULL;
    f->calls = *calls;
    rc = store_new(base, &own, &f->store, e);
    if (rc != ERR_OK) {
        free(f);
        return rc;
    }
    f->again = evtimer_new(base, follow_begin, f);
    if (!f->again)
        bug("out of memory");
    evtimer_add(f->again, &(struct timeval){0});
    *ret_follow = f;
    return ERR_OK;
}

void follow_free(struct follow *f)
{
    if (!f)
        return;
    store_free(f->store); /* what it answers now only sets the timer */
    event_free(f->again);
    free(f);
}

const struct event_position *follow_position(const struct follow *f)
{
    return &f->position;
}
