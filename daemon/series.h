/* Queue health over the last ninety days: what each look at the store says is gathered for each
 * span of time, and a span that has passed is stored (store/series_store.h). */
#ifndef DAEMON_SERIES_H
#define DAEMON_SERIES_H

#include "daemon/app.h"
#include "daemon/gauge.h"
#include "store/series_store.h"

/* What one look says of a queue. */
struct series_look {
    double depth, oldest_s, p50_s, p95_s; /* below zero: not known */
    int64_t in, out;                      /* ever */
    int64_t dead;
};

/* A span that goes on; all zero: none yet. */
struct series_gathering {
    struct series_point point;
    int64_t first_ms, last_ms; /* looks */
    struct series_look first, last;
};

/* Takes a look into the span it belongs to. True: it began a new one, and *ret_point is the one
 * that has passed. */
bool series_gather(struct series_gathering *g, int64_t step_ms, int64_t now_ms,
                   const struct series_look *look, struct series_point *ret_point);

struct series;

struct series *series_new(void) __attribute__((returns_nonnull));
void series_free(struct series *s); /* NULL is fine */
void series_take(struct series *s, const struct app *app, const struct health *h);

#endif
