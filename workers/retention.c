#include "workers/retention.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/audit_store.h"

#include <event2/event.h>
#include <stdlib.h>

/* All streams once in reconcile_ms; one with more to take goes on at once. */
enum { AT_ONCE = 200, MORE_MS = 20 };

struct retention {
    struct crew *crew;   /* borrowed */
    struct event *timer; /* owned */
    unsigned stream;
    int64_t taken_n; /* of this stream, in this round */
};

static void retention_wait(struct retention *r, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(r->timer, &tv);
}

static void retention_taken(void *arg, int64_t n, bool has_more, const struct err *e)
{
    struct retention *r = arg;
    char name[AUDIT_NAME_BYTES];

    if (r->crew->stopping)
        return;
    r->taken_n += n;
    if (e->code == ERR_OK && has_more) {
        retention_wait(r, MORE_MS);
        return;
    }
    if (r->taken_n)
        log_info("events_retired", "stream=%s n=%lld", audit_stream_name(r->stream, name),
                 (long long)r->taken_n);
    r->taken_n = 0;
    r->stream = (r->stream + 1) % AUDIT_STREAMS_N;
    retention_wait(r, r->crew->settings.reconcile_ms / AUDIT_STREAMS_N);
}

static void retention_look(evutil_socket_t fd, short what, void *arg)
{
    struct retention *r = arg;
    int64_t kept_ms = r->crew->settings.event_days * CLOCK_DAY_MS;

    (void)fd, (void)what;
    if (r->crew->stopping)
        return;
    if (store_is_ready(r->crew->store))
        audit_store_retire(r->crew->store, r->stream, clock_now_ms() - kept_ms, AT_ONCE,
                           retention_taken, r);
    else
        retention_wait(r, 1000);
}

struct retention *retention_new(struct crew *crew)
{
    struct retention *r = mem_new(1, sizeof *r);

    r->crew = crew;
    r->timer = evtimer_new(crew->base, retention_look, r);
    if (!r->timer)
        bug("out of memory");
    retention_wait(r, MORE_MS);
    return r;
}

void retention_free(struct retention *r)
{
    if (!r)
        return;
    event_free(r->timer);
    free(r);
}
