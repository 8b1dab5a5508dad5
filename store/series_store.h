/* What queue health was: of each queue three streams in lia:{sys}, an entry for each span of time,
 * its id the span's beginning. Of several daemons the first one writes a span; for the others it is
 * there already. Each stream keeps a fixed number of entries. docs/decisions/033 */
#ifndef STORE_SERIES_STORE_H
#define STORE_SERIES_STORE_H

#include "store/control_store.h"
#include "store/store.h"

enum series_span { SERIES_MINUTE, SERIES_TEN_MINUTES, SERIES_TWO_HOURS, SERIES_SPANS_N };

struct series_rule {
    int64_t step_ms;
    int64_t kept; /* entries */
};
extern const struct series_rule series_rules[SERIES_SPANS_N];

/* One span. Below zero: not known. */
struct series_point {
    int64_t at_ms;              /* its beginning */
    double depth, oldest_s;     /* the most that was seen */
    double p50_s, p95_s;        /* of waits, the most that was seen */
    double in_per_s, out_per_s; /* mean */
    double dead;                /* at its end */
};

/* Nobody waits for it: a point that cannot be written leaves a gap. */
void series_store_add(struct store *s, enum queue queue, enum series_span span,
                      const struct series_point *point);

/* Points from since_ms on, oldest first; borrowed for the call, none with e. fn is never called
 * before this returned. */
typedef void (*series_fn)(void *arg, const struct series_point *points, size_t n,
                          const struct err *e);
void series_store_read(struct store *s, enum queue queue, enum series_span span, int64_t since_ms,
                       series_fn fn, void *arg);

#endif
