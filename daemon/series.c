/* GET /v1/queue/history: what series_take has stored.
 *
 *   history_of_queues_begin -> series_came (route, then deliver) -> the answer */
#include "daemon/series.h"

#include "base/clock.h"
#include "daemon/figures.h"
#include "daemon/operations.h"
#include "daemon/task.h"

#include <stdlib.h>
#include <string.h>

/* --- gathering -------------------------------------------------------------------------------- */

static double most(double a, double b)
{
    return a > b ? a : b;
}

static void gathering_begin(struct series_gathering *g, int64_t begin_ms, int64_t now_ms,
                            const struct series_look *look)
{
    bool is_first = g->last_ms == 0;

    g->point = (struct series_point){begin_ms, -1, -1, -1, -1, 0, 0, 0};
    g->first_ms = is_first ? now_ms : g->last_ms; /* what came in between counts, too */
    g->first = is_first ? *look : g->last;
}

bool series_gather(struct series_gathering *g, int64_t step_ms, int64_t now_ms,
                   const struct series_look *look, struct series_point *ret_point)
{
    int64_t begin_ms = now_ms - now_ms % step_ms;
    bool has_passed = g->last_ms && begin_ms != g->point.at_ms;
    double s = (double)(g->last_ms - g->first_ms) / 1000;

    if (has_passed) {
        *ret_point = g->point;
        ret_point->in_per_s = s > 0 ? (double)(g->last.in - g->first.in) / s : 0;
        ret_point->out_per_s = s > 0 ? (double)(g->last.out - g->first.out) / s : 0;
        ret_point->dead = (double)g->last.dead;
    }
    if (has_passed || !g->last_ms)
        gathering_begin(g, begin_ms, now_ms, look);
    g->point.depth = most(g->point.depth, look->depth);
    g->point.oldest_s = most(g->point.oldest_s, look->oldest_s);
    g->point.p50_s = most(g->point.p50_s, look->p50_s);
    g->point.p95_s = most(g->point.p95_s, look->p95_s);
    g->last = *look;
    g->last_ms = now_ms;
    return has_passed;
}

struct series {
    struct series_gathering of[QUEUES_N][SERIES_SPANS_N];
};

struct series *series_new(void)
{
    return mem_new(1, sizeof(struct series));
}

void series_free(struct series *s)
{
    free(s);
}

static struct series_look look_at(const struct app *app, const struct health *h, enum queue queue,
                                  int64_t now_ms)
{
    struct figures f = figures_of(h, queue);
    struct gauge_totals totals = gauge_totals(h, queue);
    struct gauge_rates rates;

    gauge_rates(app->gauge, h, queue, &rates);
    return (struct series_look){.depth = (double)figures_depth(&f),
                                .oldest_s = figures_age_s(f.oldest_ms, now_ms),
                                .p50_s = rates.p50,
                                .p95_s = rates.p95,
                                .in = totals.in,
                                .out = totals.out,
                                .dead = f.dead};
}

void series_take(struct series *s, const struct app *app, const struct health *h)
{
    int64_t now_ms = clock_now_ms();

    for (enum queue q = QUEUE_ROUTE; q < QUEUES_N; q++) {
        struct series_look look = look_at(app, h, q, now_ms);

        for (enum series_span span = 0; span < SERIES_SPANS_N; span++) {
            struct series_point passed;

            if (series_gather(&s->of[q][span], series_rules[span].step_ms, now_ms, &look, &passed))
                series_store_add(app->store, q, span, &passed);
        }
    }
}

/* --- telling ---------------------------------------------------------------------------------- */

static const char *const range_words[] = {"1h", "24h", "7d", "90d", NULL};
static const struct range {
    int64_t ms;
    enum series_span span;
} ranges[] = {
    {CLOCK_DAY_MS / 24, SERIES_MINUTE     },
    {CLOCK_DAY_MS,      SERIES_TEN_MINUTES},
    {7 * CLOCK_DAY_MS,  SERIES_TEN_MINUTES},
    {90 * CLOCK_DAY_MS, SERIES_TWO_HOURS  },
};

struct telling {
    struct task *task; /* held */
    int range;
    enum queue queue;
    int64_t now_ms;
    json_t *queues; /* owned */
};

static void series_came(void *arg, const struct series_point *points, size_t n,
                        const struct err *e);

static void telling_go_on(struct telling *op)
{
    const struct range *range = &ranges[op->range];

    series_store_read(op->task->app->store, op->queue, range->span, op->now_ms - range->ms,
                      series_came, op);
}

void history_of_queues_begin(struct task *t)
{
    struct faults faults = {.n = 0};
    struct telling *op;
    char text[8];
    int range = 0;

    if (!task_query(t, "range", text, sizeof text) ||
        (*text && (range = word_index(range_words, text)) < 0)) {
        struct fault *f = fault_add(&faults, "#", "range", "unknown_word");

        if (f)
            fault_words(f, range_words);
        task_faults(t, &(struct err){ERR_VALIDATION, "range"}, &faults);
        return;
    }
    op = mem_new(1, sizeof *op);
    *op = (struct telling){t, range, QUEUE_ROUTE, clock_now_ms(), json_array()};
    telling_go_on(op);
}

static json_t *known(double value)
{
    return value < 0 ? json_null() : json_real(value);
}

static void series_came(void *arg, const struct series_point *points, size_t n, const struct err *e)
{
    struct telling *op = arg;
    struct task *t = op->task;
    json_t *samples = json_array();
    char now[CLOCK_TEXT_BYTES];
    json_t *doc;

    for (size_t i = 0; i < n; i++) {
        const struct series_point *p = &points[i];

        json_array_append_new(samples,
                              json_pack("[I, o, o, o, o, o, o, o]", (json_int_t)(p->at_ms / 1000),
                                        known(p->depth), known(p->oldest_s), known(p->p50_s),
                                        known(p->p95_s), known(p->in_per_s), known(p->out_per_s),
                                        known(p->dead)));
    }
    json_array_append_new(
        op->queues, json_pack("{s:s, s:o}", "name", queue_words[op->queue], "samples", samples));
    if (e->code == ERR_OK && ++op->queue < QUEUES_N) {
        telling_go_on(op);
        return;
    }
    doc = json_pack("{s:s, s:s, s:I, s:[s, s, s, s, s, s, s, s], s:o}", "as_of",
                    clock_text(op->now_ms, now), "range", range_words[op->range], "step_seconds",
                    (json_int_t)(series_rules[ranges[op->range].span].step_ms / 1000), "columns",
                    "at", "depth", "oldest_age_seconds", "wait_p50_seconds", "wait_p95_seconds",
                    "in_rate", "out_rate", "dead_letters", "queues", op->queues);
    free(op);
    if (e->code == ERR_OK) {
        task_reply_json(t, 200, doc, NULL);
        return;
    }
    json_decref(doc);
    task_problem(t, e);
}
