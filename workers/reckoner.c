#include "workers/reckoner.h"

#include "base/log.h"
#include "protocol/timer.h"
#include "store/deadline_store.h"
#include "store/request_store.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

/* reckoner_look -> reckoner_listed -> reckoner_read -> (reckoner_mended ..) -> wait for the next
 * page */
enum { PAGE_MS = 20 };

struct reckoner {
    struct crew *crew;   /* borrowed */
    struct event *timer; /* owned */
    unsigned open_n;     /* calls that have not been answered */
    unsigned partition, list;
    int64_t rank;
    struct deadline page[DEADLINES_MAX];
    size_t page_n;
};

static void reckoner_listed(void *arg, const struct deadline *list, size_t n, const struct err *e);
static void reckoner_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void reckoner_mended(void *arg, bool changed, const struct err *e);

static void reckoner_wait(struct reckoner *r, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(r->timer, &tv);
}

/* Behind a full page the same list goes on, behind the last list the next partition. */
static void reckoner_next(struct reckoner *r)
{
    int64_t pause_ms = PAGE_MS;

    if (r->page_n == DEADLINES_MAX) {
        r->rank += DEADLINES_MAX;
    } else {
        r->rank = 0;
        r->list = (r->list + 1) % DEADLINE_LISTS_N;
        if (r->list == 0) {
            r->partition = (r->partition + 1) % ID_PARTITIONS;
            pause_ms = r->crew->settings.reconcile_ms / ID_PARTITIONS;
        }
    }
    reckoner_wait(r, pause_ms);
}

static void reckoner_look(evutil_socket_t fd, short what, void *arg)
{
    struct reckoner *r = arg;

    (void)fd, (void)what;
    if (r->crew->stopping)
        return;
    if (r->open_n || !store_is_ready(r->crew->store)) {
        reckoner_wait(r, PAGE_MS);
        return;
    }
    r->open_n++;
    deadline_store_list(r->crew->store, r->partition, r->list, r->rank, reckoner_listed, r);
}

static void reckoner_listed(void *arg, const struct deadline *list, size_t n, const struct err *e)
{
    struct reckoner *r = arg;
    char ids[DEADLINES_MAX][ID_BYTES];

    r->open_n--;
    if (r->crew->stopping)
        return;
    r->page_n = e->code == ERR_OK ? n : 0;
    if (!r->page_n) {
        reckoner_next(r);
        return;
    }
    memcpy(r->page, list, n * sizeof *list);
    for (size_t i = 0; i < n; i++)
        memcpy(ids[i], list[i].id, ID_BYTES);
    r->open_n++;
    request_store_read_records(r->crew->store, (const char(*)[ID_BYTES])ids, n, reckoner_read, r);
}

/* One that cannot be read keeps its place: the store takes out only what is not there at all. */
static void reckoner_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct reckoner *r = arg;

    r->open_n--;
    if (r->crew->stopping)
        return;
    for (size_t i = 0; e->code == ERR_OK && i < n && i < r->page_n; i++) {
        struct record *record = &list[i].record;
        int64_t wake_ms = 0;

        if (*record->id) {
            timer_set(record, &r->crew->config->calendars.all);
            wake_ms = record->wake_ms;
        }
        if (wake_ms == r->page[i].wake_ms)
            continue;
        log_warning("deadline_wrong", "request=%s at_ms=%lld right_ms=%lld", r->page[i].id,
                    (long long)r->page[i].wake_ms, (long long)wake_ms);
        r->open_n++;
        deadline_store_mend(r->crew->store, &r->page[i], *record->id ? record->version : 0, wake_ms,
                            reckoner_mended, r);
    }
    reckoner_next(r);
}

static void reckoner_mended(void *arg, bool changed, const struct err *e)
{
    struct reckoner *r = arg;

    (void)e; /* looked at again in the next round */
    r->open_n--;
    if (changed)
        log_info("deadline_mended", "partition=%u", r->partition);
}

struct reckoner *reckoner_new(struct crew *crew)
{
    struct reckoner *r = mem_new(1, sizeof *r);

    r->crew = crew;
    r->timer = evtimer_new(crew->base, reckoner_look, r);
    if (!r->timer)
        bug("out of memory");
    reckoner_wait(r, PAGE_MS);
    return r;
}

void reckoner_free(struct reckoner *r)
{
    if (!r)
        return;
    event_free(r->timer);
    free(r);
}
