#include "store/totals.h"

#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const double totals_run_bounds[] = {.01, .025, .05, .1,  .25,  .5,   1,     2.5,   5,
                                    10,  30,   60,  300, 1800, 3600, 21600, 86400, 0};
const double totals_days_bounds[] = {60,      300,     1800,    3600,    14400,
                                     43200,   86400,   172800,  432000,  864000,
                                     1728000, 2592000, 5184000, 7776000, 0};

struct totals {
    struct count {
        char name[TOTALS_NAME_BYTES];
        int64_t n;
    } * list; /* owned */
    size_t n, room;
};

struct totals *totals_new(void)
{
    return mem_new(1, sizeof(struct totals));
}

void totals_free(struct totals *t)
{
    if (!t)
        return;
    free(t->list);
    free(t);
}

static void count_add(struct totals *t, const char *name, int64_t n)
{
    size_t i = 0;

    while (i < t->n && strcmp(t->list[i].name, name) != 0)
        i++;
    if (i == t->n) {
        if (t->n == TOTALS_NAMES_MAX)
            return;
        if (t->n == t->room) {
            t->room = t->room ? 2 * t->room : 16;
            t->list = mem_grow(t->list, t->room, sizeof *t->list);
        }
        t->list[t->n].n = 0;
        snprintf(t->list[t->n++].name, TOTALS_NAME_BYTES, "%s", name);
    }
    t->list[i].n += n;
}

void totals_add(struct totals *t, int64_t n, const char *fmt, ...)
{
    char name[TOTALS_NAME_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    count_add(t, name, n);
}

void totals_time(struct totals *t, const char *family, const char *label, const double *bounds,
                 int64_t ms)
{
    double s = ms > 0 ? (double)ms / 1000 : 0;

    while (*bounds > 0 && s > *bounds)
        bounds++;
    if (*bounds > 0)
        totals_add(t, 1, "%s:%s:%.15g", family, label, *bounds);
    else
        totals_add(t, 1, "%s:%s:+Inf", family, label);
    totals_add(t, ms > 0 ? ms : 0, "%s:%s:ms", family, label);
}

/* An offer that was not there, or stands otherwise than before. */
static void offers_totals(struct totals *t, const struct record *before, const struct record *after)
{
    for (size_t i = 0; i < after->offers_n; i++) {
        const struct offer *is = &after->offers[i];
        const struct offer *was = record_offer_find(before, is->secretariat);

        if (was && was->state == is->state)
            continue;
        totals_add(t, 1, "offer:%s:%s", is->secretariat, offer_state_words[is->state]);
        if (was && was->state == OFFER_PENDING && before->state == STATE_OFFERED &&
            (is->state == OFFER_ACCEPTED || is->state == OFFER_DECLINED))
            totals_time(t, "responded", is->secretariat, totals_days_bounds,
                        after->updated_ms - before->since_ms);
    }
}

void totals_step(struct totals *t, const struct record *before, const struct record *after,
                 enum action action)
{
    int64_t age_ms = after->updated_ms - after->submitted_ms;

    offers_totals(t, before, after);
    if (action == ACTION_CLAIM && before->epoch == 0 && after->epoch > 0)
        totals_time(t, "first", after->lead, totals_days_bounds, age_ms);
    if (action == ACTION_ANSWER)
        totals_time(t, "answered", after->lead, totals_days_bounds, age_ms);
    if (before->state == STATE_SUBMITTED &&
        (action == ACTION_OFFER || action == ACTION_HOLD || action == ACTION_JOIN))
        totals_add(t, 1, "routed:%s",
                   action != ACTION_OFFER ? "unrouted"
                   : after->offers_n == 1 ? "single"
                                          : "joint");
}

void totals_move(struct totals *into, struct totals *from)
{
    for (size_t i = 0; i < from->n; i++)
        count_add(into, from->list[i].name, from->list[i].n);
    from->n = 0;
}

static void ignored(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e;
}

void totals_flush(struct totals *t, struct store *s)
{
    struct args a = {0};

    if (!t->n)
        return;
    args_add(&a, "FCALL");
    args_add(&a, "totals_v1");
    args_add(&a, "1");
    keys_add_system(&a, "totals", NULL);
    for (size_t i = 0; i < t->n; i++) {
        args_add(&a, t->list[i].name);
        args_add_int(&a, t->list[i].n);
    }
    t->n = 0;
    store_call(s, STORE_SYSTEM, &a, 0, ignored, NULL);
}

struct totals_op {
    void (*fn)(void *arg, json_t *counts, const struct err *e);
    void *arg;
};

static void counts_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct totals_op op = *(struct totals_op *)arg;
    json_t *counts = json_object();

    free(arg);
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2)
        json_object_set_new(counts, reply_text(reply_at(reply, i)),
                            json_integer(reply_int(reply_at(reply, i + 1))));
    op.fn(op.arg, counts, e);
    json_decref(counts);
}

void totals_read(struct store *s, void (*fn)(void *arg, json_t *counts, const struct err *e),
                 void *arg)
{
    struct totals_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct totals_op){fn, arg};
    args_add(&a, "HGETALL");
    keys_add_system(&a, "totals", NULL);
    store_call(s, STORE_SYSTEM, &a, 0, counts_read, op);
}
