/* Counters that programs without a /metrics of their own keep for the daemon's: counted in memory,
 * added up in one hash of the store every other second (at most so much is lost when a process
 * dies). Names are "run:route:0.5" and the like; a histogram is one counter a bucket, and ":ms". */
#ifndef STORE_TOTALS_H
#define STORE_TOTALS_H

#include "protocol/lifecycle.h"
#include "protocol/record.h"
#include "store/store.h"

#include <jansson.h>

enum { TOTALS_NAME_BYTES = 56, TOTALS_NAMES_MAX = 1024 };

struct totals;
struct totals *totals_new(void) __attribute__((returns_nonnull));
void totals_free(struct totals *t); /* NULL is fine */
/* A name beyond TOTALS_NAMES_MAX is not counted. */
void totals_add(struct totals *t, int64_t n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One of a histogram: family and label make its names. bounds end with 0. */
void totals_time(struct totals *t, const char *family, const char *label, const double *bounds,
                 int64_t ms);
/* What a step of the life cycle means for the counters: offers, first responses, answers, and the
 * router's decisions. */
void totals_step(struct totals *t, const struct record *before, const struct record *after,
                 enum action action);
/* Adds all of from, which is empty then. */
void totals_move(struct totals *into, struct totals *from);

extern const double totals_run_bounds[];  /* seconds, of work */
extern const double totals_days_bounds[]; /* seconds, of people: to 90 days */

/* Sends what has gathered and forgets it. */
void totals_flush(struct totals *t, struct store *s);
/* {name: count} of all programs together. Borrowed. */
void totals_read(struct store *s, void (*fn)(void *arg, json_t *counts, const struct err *e),
                 void *arg);

#endif
