#include "workers/mender.h"

#include "base/log.h"
#include "store/half_store.h"

#include <event2/event.h>
#include <stdlib.h>

enum { HALVES_AT_ONCE = 32 };

struct mender {
    struct crew *crew;   /* borrowed */
    struct event *timer; /* owned */
    unsigned partition;
    unsigned open_n; /* calls that have not been answered */
};

static void mender_arm(struct mender *m)
{
    int64_t ms = m->crew->settings.reconcile_ms / ID_PARTITIONS;
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(m->timer, &tv);
}

static void mender_mended(void *arg, bool changed, const struct err *e)
{
    struct mender *m = arg;

    m->open_n--;
    if (e->code == ERR_OK && changed)
        log_warning("half_mended", "partition=%u", m->partition);
}

static void mender_listed(void *arg, const struct half *list, size_t n, const struct err *e)
{
    struct mender *m = arg;

    m->open_n--;
    for (size_t i = 0; e->code == ERR_OK && i < n && !m->crew->stopping; i++) {
        m->open_n++;
        half_store_mend(m->crew->store, &list[i], mender_mended, m);
    }
    if (n < HALVES_AT_ONCE) /* else the same partition goes on */
        m->partition = (m->partition + 1) % ID_PARTITIONS;
}

static void mender_look(evutil_socket_t fd, short what, void *arg)
{
    struct mender *m = arg;

    (void)fd, (void)what;
    if (!m->crew->stopping && m->open_n == 0 && store_is_ready(m->crew->store)) {
        m->open_n++;
        half_store_list(m->crew->store, m->partition, HALVES_AT_ONCE, mender_listed, m);
    }
    mender_arm(m);
}

struct mender *mender_new(struct crew *crew)
{
    struct mender *m = mem_new(1, sizeof *m);

    m->crew = crew;
    m->timer = evtimer_new(crew->base, mender_look, m);
    if (!m->timer)
        bug("out of memory");
    mender_arm(m);
    return m;
}

void mender_free(struct mender *m)
{
    if (!m)
        return;
    event_free(m->timer);
    free(m);
}
