#include "store/series_store.h"

#include "store/keys.h"
#include "store/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)

/* Three hours, a week, ninety days. */
const struct series_rule series_rules[SERIES_SPANS_N] = {
    [SERIES_MINUTE] = {MINUTE_MS,       180 },
    [SERIES_TEN_MINUTES] = {10 * MINUTE_MS,  1008},
    [SERIES_TWO_HOURS] = {120 * MINUTE_MS, 1080},
};

static void add_key(struct args *a, enum queue queue, enum series_span span)
{
    char rest[40];

    snprintf(rest, sizeof rest, "%s:%" PRId64, queue_words[queue], series_rules[span].step_ms);
    keys_add_system(a, "series", rest);
}

static void added(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e; /* refused where another daemon was faster */
}

void series_store_add(struct store *s, enum queue queue, enum series_span span,
                      const struct series_point *point)
{
    struct args a = {0};

    args_add(&a, "XADD");
    add_key(&a, queue, span);
    args_add(&a, "MAXLEN");
    args_add_int(&a, series_rules[span].kept);
    args_printf(&a, "%" PRId64 "-1", point->at_ms);
    args_add(&a, "v");
    args_printf(&a, "%.6g %.6g %.6g %.6g %.6g %.6g %.6g", point->depth, point->oldest_s,
                point->p50_s, point->p95_s, point->in_per_s, point->out_per_s, point->dead);
    store_call(s, STORE_SYSTEM, &a, 0, added, NULL);
}

struct read_op {
    series_fn fn;
    void *arg;
};

/* False: not one of ours. */
static bool point_read(const struct redisReply *entry, struct series_point *ret_point)
{
    const char *id = reply_text(reply_at(entry, 0));
    const char *v = reply_text(reply_at(reply_at(entry, 1), 1));
    struct series_point p;

    if (!id || !v ||
        sscanf(v, "%lf %lf %lf %lf %lf %lf %lf", &p.depth, &p.oldest_s, &p.p50_s, &p.p95_s,
               &p.in_per_s, &p.out_per_s, &p.dead) != 7)
        return false;
    p.at_ms = strtoll(id, NULL, 10);
    *ret_point = p;
    return true;
}

static void points_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct read_op op = *(struct read_op *)arg;
    size_t entries_n = e->code == ERR_OK ? reply_count(reply) : 0;
    struct series_point *points = mem_new(entries_n + 1, sizeof *points);
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i < entries_n; i++)
        n += point_read(reply_at(reply, i), &points[n]);
    op.fn(op.arg, points, n, e);
    free(points);
}

void series_store_read(struct store *s, enum queue queue, enum series_span span, int64_t since_ms,
                       series_fn fn, void *arg)
{
    struct read_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct read_op){fn, arg};
    args_add(&a, "XRANGE");
    add_key(&a, queue, span);
    args_add_int(&a, since_ms > 0 ? since_ms : 0);
    args_add(&a, "+");
    args_add(&a, "COUNT");
    args_add_int(&a, series_rules[span].kept);
    store_call(s, STORE_SYSTEM, &a, 0, points_read, op);
}
