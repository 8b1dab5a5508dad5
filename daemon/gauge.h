/* Queue health over time: samples of the store's counters, from which rates and percentiles of
 * the last minutes follow. The store keeps only totals. */
#ifndef DAEMON_GAUGE_H
#define DAEMON_GAUGE_H

#include "daemon/app.h"
#include "protocol/lifecycle.h"
#include "store/control_store.h"
#include "store/info_store.h"
#include "store/queue_store.h"

struct gauge;

struct gauge *gauge_new(struct app *app) __attribute__((returns_nonnull));
void gauge_free(struct gauge *g);
/* After a reload: the secretariats may be others. */
void gauge_rename(struct gauge *g);

/* Where a count stands in health.counts: states first, then the coordinator's inbox, then offers
 * and claims of each secretariat. */
size_t gauge_of_state(enum state s);
size_t gauge_of_coordinator(void);
size_t gauge_of_offers(size_t secretariat);
size_t gauge_of_claims(size_t secretariat);

/* The machine and the store, looked at every few seconds. */
struct gauge_ground {
    int64_t disk_free, disk_size; /* bytes, of the state folder; -1: not known */
    int64_t disk_min;             /* below that nothing is taken in */
    bool has_info;                /* info was told at the last look */
    struct store_info info;
};
const struct gauge_ground *gauge_ground(const struct gauge *g);
/* Whether the disk is so full that nothing more is taken in. */
bool gauge_is_full(const struct gauge *g);

/* A fresh look; borrowed for the call. */
void gauge_look(struct gauge *g, health_fn fn, void *arg);

enum worker_state { WORKER_IDLE, WORKER_BUSY, WORKER_QUIET, WORKER_MISSING };
extern const char *const gauge_state_words[]; /* ends with NULL */
enum worker_state gauge_worker_state(const struct heartbeat *w, int64_t now_ms);
/* Workers of that role seen lately. */
unsigned gauge_live_n(const struct health *h, const char *role, int64_t now_ms);

struct gauge_rates {
    double in_per_s, out_per_s; /* over the last minute or since the start */
    double p50, p95, p99; /* seconds, of what was finished in the last five minutes; -1: none */
};
/* queue: QUEUE_ROUTE or QUEUE_DELIVER. */
void gauge_rates(const struct gauge *g, const struct health *now, enum queue queue,
                 struct gauge_rates *ret_rates);
/* What came into that queue and what was finished, ever. */
struct gauge_totals {
    int64_t in, out;
};
struct gauge_totals gauge_totals(const struct health *h, enum queue queue);

#endif
