#include "daemon/figures.h"

double figures_age_s(int64_t since_ms, int64_t now_ms)
{
    return since_ms > 0 && since_ms < now_ms ? (double)(now_ms - since_ms) / 1000 : 0;
}

static struct figures route_figures(const struct health *h)
{
    struct figures f = {.queue = QUEUE_ROUTE,
                        .waiting = h->waiting,
                        .pending = h->pending,
                        .delayed = h->delayed,
                        .dead = h->dead,
                        .oldest_ms = h->oldest_waiting_ms,
                        .retries = h->retried,
                        .mended = h->mended};

    if (h->oldest_pending_ms && (!f.oldest_ms || h->oldest_pending_ms < f.oldest_ms))
        f.oldest_ms = h->oldest_pending_ms;
    return f;
}

/* Events that nobody was told of yet, and notices whose time has come, wait alike. */
static struct figures deliver_figures(const struct health *h)
{
    return (struct figures){
        .queue = QUEUE_DELIVER,
        .waiting = h->tell.events_waiting < 0 ? -1 : h->tell.events_waiting + h->tell.due,
        .pending = h->tell.events_pending,
        .delayed = h->tell.later,
        .dead = h->tell.dead,
        .oldest_ms = h->tell.oldest_ms,
        .retries = h->notices[NOTICE_COUNT_LATER][0] + h->notices[NOTICE_COUNT_LATER][1]};
}

int64_t figures_depth(const struct figures *f)
{
    return f->waiting < 0 ? -1 : f->waiting + f->pending + f->delayed;
}

/* What could be done now. */
int64_t figures_work(const struct figures *f)
{
    return f->waiting < 0 ? -1 : f->waiting + f->pending;
}

struct figures figures_of(const struct health *h, enum queue queue)
{
    return queue == QUEUE_ROUTE ? route_figures(h) : deliver_figures(h);
}
