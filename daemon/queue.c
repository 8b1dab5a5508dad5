/* GET /v1/queue: queue health in one document (contract section 7). No content, only counts.
 *
 *   queue_begin -> queue_looked */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/control.h"
#include "daemon/figures.h"
#include "daemon/gauge.h"
#include "daemon/task.h"

#include <string.h>

static void queue_looked(void *arg, const struct health *h, const struct err *e);

void queue_begin(struct task *t)
{
    gauge_look(t->app->gauge, queue_looked, t);
}

static json_t *time_or_null(int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    return ms > 0 ? json_string(clock_text(ms, text)) : json_null();
}

static json_t *number_or_null(double value)
{
    return value >= 0 ? json_real(value) : json_null();
}

static json_t *queue_json(const struct app *app, const struct health *h, const struct figures *f,
                          int64_t now_ms)
{
    struct gauge_totals totals = gauge_totals(h, f->queue);
    int64_t paused_ms = control_paused_ms(app, f->queue);
    int64_t depth = figures_depth(f);
    struct gauge_rates r;
    double net;

    gauge_rates(app->gauge, h, f->queue, &r);
    net = r.in_per_s - r.out_per_s;
    return json_pack(
        "{s:s, s:o, s:o, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:{s:o, s:o, s:o}, s:I, s:I, s:I, "
        "s:I, s:b, s:o, s:b}",
        "name", queue_words[f->queue], "depth", depth < 0 ? json_null() : json_integer(depth),
        "waiting", f->waiting < 0 ? json_null() : json_integer(f->waiting), "pending",
        (json_int_t)f->pending, "delayed", (json_int_t)f->delayed, "dead_letters",
        (json_int_t)f->dead, "oldest_age_seconds", figures_age_s(f->oldest_ms, now_ms), "in_rate",
        r.in_per_s, "out_rate", r.out_per_s, "net_growth", net, "time_to_clear_seconds",
        depth == 0                  ? json_real(0)
        : depth > 0 && net < -0.001 ? json_real((double)depth / -net)
                                    : json_null(),
        "wait_seconds", "p50", number_or_null(r.p50), "p95", number_or_null(r.p95), "p99",
        number_or_null(r.p99), "enqueued_total", (json_int_t)totals.in, "processed_total",
        (json_int_t)totals.out, "retries", (json_int_t)f->retries, "mended", (json_int_t)f->mended,
        "paused", paused_ms != 0, "paused_since", time_or_null(paused_ms), "stalled",
        figures_work(f) > 0 && !paused_ms && !gauge_live_n(h, queue_words[f->queue], now_ms));
}

/* Whether nothing comes in and nothing is left to do, but notices to be tried again later; null:
 * not known. */
static json_t *drained_json(const struct app *app, const struct figures *route,
                            const struct figures *deliver)
{
    int64_t left = figures_depth(route) < 0 || figures_work(deliver) < 0
                       ? -1
                       : figures_depth(route) + figures_work(deliver);

    if (!control_paused_ms(app, QUEUE_INTAKE))
        return json_false();
    return left < 0 ? json_null() : json_boolean(left == 0);
}

static json_t *roles_json(const struct heartbeat *w)
{
    json_t *list = json_array();

    for (const char *at = w->roles; *at; at += strcspn(at, ","), at += *at == ',')
        json_array_append_new(list, json_stringn(at, strcspn(at, ",")));
    return list;
}

static json_t *workers_json(const struct health *h, int64_t now_ms)
{
    json_t *list = json_array();

    for (size_t i = 0; i < h->workers_n; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:f, s:I}", "slot", h->workers[i].slot,
                            "state", gauge_state_words[gauge_worker_state(&h->workers[i], now_ms)],
                            "roles", roles_json(&h->workers[i]), "started_at",
                            time_or_null(h->workers[i].started_ms), "last_heartbeat_at",
                            time_or_null(h->workers[i].seen_ms), "heartbeat_age_seconds",
                            figures_age_s(h->workers[i].seen_ms, now_ms), "decided_total",
                            (json_int_t)h->workers[i].done_n));
    return list;
}

static json_t *secretariats_json(const struct app *app, const struct health *h)
{
    const struct mandate *m = &app->config->mandate;
    json_t *list = json_array();

    for (size_t i = 0; i < m->secretariats_n; i++) {
        size_t offers = gauge_of_offers(i);
        size_t claims = gauge_of_claims(i);

        if (!m->secretariats[i].enabled)
            continue;
        json_array_append_new(
            list,
            json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:I}", "secretariat", m->secretariats[i].code,
                      "offers_pending", (json_int_t)h->counts[offers], "earliest_offer_due_at",
                      time_or_null(h->oldest_ms[offers]), "offers_overdue",
                      (json_int_t)h->overdue[offers], "claims_open", (json_int_t)h->counts[claims],
                      "leases_ending", (json_int_t)h->ending[claims], "claims_overdue",
                      (json_int_t)h->overdue[claims]));
    }
    return list;
}

static json_t *requests_json(const struct health *h)
{
    json_t *by_state = json_object();
    json_t *by_ball = json_object();
    int64_t balls[BALL_SECRETARIAT + 1] = {0};

    for (unsigned s = 0; s < STATES_N; s++) {
        int64_t n = h->counts[gauge_of_state((enum state)s)];

        json_object_set_new(by_state, state_words[s], json_integer(n));
        balls[lifecycle_ball((enum state)s)] += n;
    }
    for (unsigned b = BALL_SYSTEM; b <= BALL_SECRETARIAT; b++)
        json_object_set_new(by_ball, ball_words[b], json_integer(balls[b]));
    return json_pack("{s:o, s:o}", "by_state", by_state, "by_ball", by_ball);
}

/* Of the pairs on which somebody has the last word: how many the engine had right. What it had not
 * listed has no precision; its duplicates are those that it missed. */
static json_t *judgements_json(const struct health *h)
{
    json_t *all = json_object();

    for (int engine = ENGINE_CERTAIN; engine >= ENGINE_NONE; engine--) {
        const int64_t *n = h->judged[engine];
        int64_t right = n[engine == ENGINE_RELATED ? VERDICT_RELATED : VERDICT_DUPLICATE];
        int64_t sum = n[VERDICT_DUPLICATE] + n[VERDICT_RELATED] + n[VERDICT_NOT];
        json_t *one = json_object();

        for (unsigned v = VERDICT_DUPLICATE; v < VERDICTS_N; v++)
            json_object_set_new(one, verdict_words[v], json_integer(n[v]));
        json_object_set_new(
            one, "precision",
            number_or_null(engine == ENGINE_NONE || sum == 0 ? -1 : (double)right / (double)sum));
        json_object_set_new(all, engine_words[engine], one);
    }
    return all;
}

static void queue_looked(void *arg, const struct health *h, const struct err *e)
{
    struct task *t = arg;
    int64_t now_ms = clock_now_ms();
    size_t desk = gauge_of_coordinator();
    struct figures route = figures_of(h, QUEUE_ROUTE);
    struct figures deliver = figures_of(h, QUEUE_DELIVER);
    int64_t intake_ms = control_paused_ms(t->app, QUEUE_INTAKE);
    json_t *doc;

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    doc = json_pack(
        "{s:o, s:{s:b, s:o}, s:o, s:[o, o], s:o, s:o, s:{s:I, s:o, s:I}, s:o, s:{s:I, s:I, s:I, "
        "s:I}}",
        "as_of", time_or_null(now_ms), "intake", "paused", intake_ms != 0, "paused_since",
        time_or_null(intake_ms), "drained", drained_json(t->app, &route, &deliver), "queues",
        queue_json(t->app, h, &route, now_ms), queue_json(t->app, h, &deliver, now_ms), "workers",
        workers_json(h, now_ms), "secretariats", secretariats_json(t->app, h), "coordinator",
        "waiting", (json_int_t)h->counts[desk], "earliest_due_at", time_or_null(h->oldest_ms[desk]),
        "overdue", (json_int_t)h->overdue[desk], "requests", requests_json(h), "duplicate_verdicts",
        "none", (json_int_t)h->verdicts[0], "possible", (json_int_t)h->verdicts[1], "likely",
        (json_int_t)h->verdicts[2], "certain", (json_int_t)h->verdicts[3]);
    if (!doc)
        bug("queue_looked");
    json_object_set_new(doc, "duplicate_judgements", judgements_json(h));
    task_reply_json(t, 200, doc, NULL);
}
