#include "workers/pulse.h"

#include "base/clock.h"
#include "store/totals.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEAT_MS = 2000, WAIT_MS = 100 /* until the store is ready */ };

struct pulse {
    struct crew *crew;           /* borrowed */
    const struct intake *intake; /* borrowed, or NULL */
    struct event *timer;         /* owned */
};

static void pulse_beat(const struct pulse *p)
{
    const struct crew *crew = p->crew;
    struct heartbeat beat = {.seen_ms = clock_now_ms(),
                             .started_ms = crew->started_ms,
                             .done_n = crew->done_n,
                             .corpus_load_ms = -1};

    snprintf(beat.slot, sizeof beat.slot, "%s", crew->slot);
    memcpy(beat.roles, crew->roles, sizeof beat.roles);
    beat.quiet = crew_is_quiet(crew);
    if (p->intake)
        intake_tell(p->intake, &beat);
    queue_store_heartbeat(crew->store, &beat);
    totals_flush(store_totals(crew->store), crew->store);
}

static void pulse_tick(evutil_socket_t fd, short what, void *arg)
{
    struct pulse *p = arg;
    bool is_ready = store_is_ready(p->crew->store);
    int64_t ms = is_ready ? BEAT_MS : WAIT_MS;
    struct timeval next = {ms / 1000, (ms % 1000) * 1000};

    (void)fd, (void)what;
    if (is_ready)
        pulse_beat(p);
    evtimer_add(p->timer, &next);
}

struct pulse *pulse_new(struct crew *crew, const struct intake *intake)
{
    struct pulse *p = mem_new(1, sizeof *p);

    p->crew = crew;
    p->intake = intake;
    p->timer = evtimer_new(crew->base, pulse_tick, p);
    if (!p->timer)
        bug("out of memory");
    evtimer_add(p->timer, &(struct timeval){.tv_sec = 0});
    return p;
}

void pulse_free(struct pulse *p)
{
    if (!p)
        return;
    event_free(p->timer);
    free(p);
}
