/* GET /metrics: Prometheus' text format (names: conventions section 5), from four sources: the
 * queues' health, counters of all programs in the store (store/totals.h), what this process counts,
 * and the machine.
 *
 *   metrics_begin -> (metrics_allowed) -> metrics_looked -> metrics_told */
#include "daemon/operations.h"

#include "base/clock.h"
#include "corpus/corpus.h"
#include "daemon/auth.h"
#include "daemon/control.h"
#include "daemon/event_hub.h"
#include "daemon/gauge.h"
#include "daemon/meter.h"
#include "daemon/resealing.h"
#include "daemon/task.h"
#include "daemon/tls.h"
#include "store/totals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static double age_s(int64_t since_ms, int64_t now_ms)
{
    return since_ms > 0 && since_ms < now_ms ? (double)(now_ms - since_ms) / 1000 : 0;
}

/* A histogram whose counts stand in a list, not cumulative, the last one beyond all bounds. */
static void write_counts(const char *name, const char *label, const double *bounds, size_t n,
                         const int64_t *counts, double sum, struct buf *out)
{
    int64_t below = 0;

    for (size_t i = 0; i < n; i++) {
        below += counts[i];
        buf_printf(out, "%s_bucket{%s,le=\"%.15g\"} %lld\n", name, label, bounds[i],
                   (long long)below);
    }
    below += counts[n];
    buf_printf(out, "%s_bucket{%s,le=\"+Inf\"} %lld\n%s_sum{%s} %.3f\n%s_count{%s} %lld\n", name,
               label, (long long)below, name, label, sum, name, label, (long long)below);
}

static void write_number(struct buf *out, const char *name, const char *queue, const char *key,
                         const char *word, int64_t n)
{
    if (n >= 0) /* what is not known is not said */
        buf_printf(out, "%s{queue=\"%s\",%s=\"%s\"} %lld\n", name, queue, key, word, (long long)n);
}

static void write_queue(const struct app *app, const struct health *h, int64_t now_ms,
                        struct buf *out)
{
    static const char messages[] = "liaison_queue_messages";
    static const char ages[] = "liaison_queue_oldest_age_seconds";
    static const char processed[] = "liaison_queue_processed_total";
    const int64_t(*n)[2] = h->notices;
    const char *queue = queue_words[QUEUE_ROUTE], *tell = queue_words[QUEUE_DELIVER];
    int64_t tell_waits = h->tell.events_waiting < 0 ? -1 : h->tell.events_waiting + h->tell.due;

    family(out, messages, "gauge", "Entries in the queue.");
    write_number(out, messages, queue, "state", "waiting", h->waiting);
    write_number(out, messages, queue, "state", "pending", h->pending);
    write_number(out, messages, queue, "state", "delayed", h->delayed);
    write_number(out, messages, queue, "state", "dead", h->dead);
    write_number(out, messages, tell, "state", "waiting", tell_waits);
    write_number(out, messages, tell, "state", "pending", h->tell.events_pending);
    write_number(out, messages, tell, "state", "delayed", h->tell.later);
    write_number(out, messages, tell, "state", "dead", h->tell.dead);
    family(out, ages, "gauge", "Age of the oldest entry.");
    buf_printf(out,
               "%s{queue=\"route\",state=\"waiting\"} %.3f\n"
               "%s{queue=\"route\",state=\"pending\"} %.3f\n"
               "%s{queue=\"deliver\",state=\"waiting\"} %.3f\n",
               ages, age_s(h->oldest_waiting_ms, now_ms), ages, age_s(h->oldest_pending_ms, now_ms),
               ages, age_s(h->tell.oldest_ms, now_ms));
    family(out, "liaison_queue_paused", "gauge", "An operator has paused it.");
    for (unsigned q = 0; q < QUEUES_N; q++)
        buf_printf(out, "liaison_queue_paused{queue=\"%s\"} %d\n", queue_words[q],
                   control_paused_ms(app, q) != 0);
    family(out, "liaison_queue_enqueued_total", "counter", "Entries ever accepted.");
    buf_printf(out,
               "liaison_queue_enqueued_total{queue=\"route\"} %lld\n"
               "liaison_queue_enqueued_total{queue=\"deliver\"} %lld\n",
               (long long)gauge_totals(h, QUEUE_ROUTE).in,
               (long long)gauge_totals(h, QUEUE_DELIVER).in);
    family(out, processed, "counter", "Entries finished or tried, by outcome.");
    write_number(out, processed, queue, "outcome", "ok", h->processed);
    write_number(out, processed, queue, "outcome", "retry", h->retried);
    write_number(out, processed, queue, "outcome", "dead", h->dead_total);
    write_number(out, processed, tell, "outcome", "ok",
                 n[NOTICE_COUNT_SENT][0] + n[NOTICE_COUNT_SENT][1]);
    write_number(out, processed, tell, "outcome", "retry",
                 n[NOTICE_COUNT_LATER][0] + n[NOTICE_COUNT_LATER][1]);
    write_number(out, processed, tell, "outcome", "dead",
                 n[NOTICE_COUNT_DEAD][0] + n[NOTICE_COUNT_DEAD][1]);
    family(out, "liaison_queue_mended_total", "counter", "Entries the reconciler put back.");
    buf_printf(out, "liaison_queue_mended_total{queue=\"route\"} %lld\n", (long long)h->mended);
    family(out, "liaison_queue_wait_seconds", "histogram",
           "From submit to decision; from a notice's time until it was sent.");
    write_counts("liaison_queue_wait_seconds", "queue=\"route\"", health_wait_bounds,
                 health_wait_bounds_n, h->waits, (double)h->waited_ms / 1000, out);
    write_counts("liaison_queue_wait_seconds", "queue=\"deliver\"", health_wait_bounds,
                 health_wait_bounds_n, h->told, (double)h->told_ms / 1000, out);
}

static void write_workers(const struct health *h, int64_t now_ms, struct buf *out)
{
    static const char *const roles[] = {"route", "deliver", "clock", "mail-in", "audit"};
    unsigned n[WORKER_MISSING + 1] = {0};

    for (size_t i = 0; i < h->workers_n; i++)
        n[gauge_worker_state(&h->workers[i], now_ms)]++;
    family(out, "liaison_workers", "gauge", "Workers seen in the last 15 s.");
    for (unsigned s = WORKER_IDLE; s < WORKER_MISSING; s++)
        buf_printf(out, "liaison_workers{state=\"%s\"} %u\n", gauge_state_words[s], n[s]);
    family(out, "liaison_workers_live", "gauge", "Workers of a role seen in the last 15 s.");
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        buf_printf(out, "liaison_workers_live{role=\"%s\"} %u\n", roles[i],
                   gauge_live_n(h, roles[i], now_ms));
    family(out, "liaison_worker_last_heartbeat_timestamp_seconds", "gauge", "Last heartbeat.");
    for (size_t i = 0; i < h->workers_n; i++)
        buf_printf(out, "liaison_worker_last_heartbeat_timestamp_seconds{worker=\"%s\"} %.3f\n",
                   h->workers[i].slot, (double)h->workers[i].seen_ms / 1000);
}

/* One gauge of each worker. */
static void write_of_workers(const struct health *h, const char *name, const char *help,
                             double (*of)(const struct heartbeat *w), struct buf *out)
{
    family(out, name, "gauge", help);
    for (size_t i = 0; i < h->workers_n; i++)
        buf_printf(out, "%s{worker=\"%s\"} %.15g\n", name, h->workers[i].slot, of(&h->workers[i]));
}

static double corpus_requests(const struct heartbeat *w)
{
    return (double)w->corpus_requests_n;
}

static double corpus_countries(const struct heartbeat *w)
{
    return (double)w->corpus_countries_n;
}

static double corpus_is_loaded(const struct heartbeat *w)
{
    return w->corpus_load_ms >= 0;
}

static double corpus_load_s(const struct heartbeat *w)
{
    return w->corpus_load_ms > 0 ? (double)w->corpus_load_ms / 1000 : 0;
}

/* What workers compare new requests with, and this process drafts. */
static void write_corpus(const struct app *app, const struct health *h, struct buf *out)
{
    struct corpus_figures f;

    write_of_workers(h, "liaison_corpus_requests", "Requests that a worker compares new ones with.",
                     corpus_requests, out);
    write_of_workers(h, "liaison_corpus_countries", "Countries that they are of.", corpus_countries,
                     out);
    write_of_workers(h, "liaison_corpus_loaded", "All of them were taken in since its start.",
                     corpus_is_loaded, out);
    write_of_workers(h, "liaison_corpus_load_seconds", "How long that took.", corpus_load_s, out);
    corpus_figures(app->corpus, &f);
    family(out, "liaison_assess_requests", "gauge", "Requests in memory to compare drafts with.");
    buf_printf(out, "liaison_assess_requests %zu\n", f.requests_n);
    family(out, "liaison_assess_countries", "gauge", "Countries that they are of.");
    buf_printf(out, "liaison_assess_countries %zu\n", f.countries_n);
    family(out, "liaison_assess_bytes", "gauge", "Bytes of them, as the store keeps them.");
    buf_printf(out, "liaison_assess_bytes %zu\n", f.bytes);
}

static void write_overdue(const struct app *app, const struct health *h, struct buf *out)
{
    int64_t offers = 0, claims = 0, ending = 0;

    for (size_t i = 0; i < app->config->mandate.secretariats_n; i++) {
        offers += h->overdue[gauge_of_offers(i)];
        claims += h->overdue[gauge_of_claims(i)];
        ending += h->ending[gauge_of_offers(i)];
    }
    family(out, "liaison_requests_overdue", "gauge", "Requests whose clock has run out.");
    buf_printf(out,
               "liaison_requests_overdue{clock=\"offer\"} %lld\n"
               "liaison_requests_overdue{clock=\"claim\"} %lld\n"
               "liaison_requests_overdue{clock=\"triage\"} %lld\n",
               (long long)offers, (long long)claims, (long long)h->overdue[gauge_of_coordinator()]);
    family(out, "liaison_offers_ending", "gauge", "Offers that run out within a day.");
    buf_printf(out, "liaison_offers_ending %lld\n", (long long)ending);
}

static void write_requests(const struct app *app, const struct health *h, struct buf *out)
{
    static const char *const verdicts[] = {"none", "possible", "likely", "certain"};
    const struct mandate *m = &app->config->mandate;

    family(out, "liaison_requests", "gauge", "Requests by state.");
    for (unsigned s = 0; s < STATES_N; s++)
        buf_printf(out, "liaison_requests{state=\"%s\"} %lld\n", state_words[s],
                   (long long)h->counts[gauge_of_state((enum state)s)]);
    family(out, "liaison_offers_pending", "gauge", "Offers that wait for a secretariat.");
    for (size_t i = 0; i < m->secretariats_n; i++)
        buf_printf(out, "liaison_offers_pending{secretariat=\"%s\"} %lld\n",
                   m->secretariats[i].code, (long long)h->counts[gauge_of_offers(i)]);
    family(out, "liaison_claims_open", "gauge", "Claims at work.");
    for (size_t i = 0; i < m->secretariats_n; i++)
        buf_printf(out, "liaison_claims_open{secretariat=\"%s\"} %lld\n", m->secretariats[i].code,
                   (long long)h->counts[gauge_of_claims(i)]);
    write_overdue(app, h, out);
    family(out, "liaison_duplicate_findings_total", "counter",
           "The engine's best on new requests.");
    for (size_t i = 0; i < 4; i++)
        buf_printf(out, "liaison_duplicate_findings_total{verdict=\"%s\"} %lld\n", verdicts[i],
                   (long long)h->verdicts[i]);
}

static void write_judgements(const struct health *h, struct buf *out)
{
    family(out, "liaison_duplicate_verdicts_total", "counter",
           "What people said of pairs, by what the engine had said.");
    for (unsigned e = 0; e < ENGINE_VERDICTS_N; e++)
        for (unsigned v = VERDICT_DUPLICATE; v < VERDICTS_N; v++)
            buf_printf(out, "liaison_duplicate_verdicts_total{engine=\"%s\",verdict=\"%s\"} %lld\n",
                       engine_words[e], verdict_words[v], (long long)h->given[e][v]);
}

static void write_streams(const struct app *app, struct buf *out)
{
    struct event_hub_stats s;

    event_hub_stats(app->events, &s);
    family(out, "liaison_sse_clients", "gauge", "Event streams open now.");
    buf_printf(out, "liaison_sse_clients %u\n", s.clients_n);
    family(out, "liaison_sse_events_total", "counter", "Events written to streams.");
    buf_printf(out, "liaison_sse_events_total %llu\n", (unsigned long long)s.told_n);
    family(out, "liaison_sse_resets_total", "counter", "Streams told to begin anew.");
    buf_printf(out, "liaison_sse_resets_total %llu\n", (unsigned long long)s.reset_n);
    family(out, "liaison_sse_cut_total", "counter", "Streams ended because nobody read them.");
    buf_printf(out, "liaison_sse_cut_total %llu\n", (unsigned long long)s.slow_n);
}

/* Mails and calls of webhooks: attempts by outcome, and how many wait for the next one. */
static void write_notices(const struct health *h, struct buf *out)
{
    static const struct {
        const char *name, *about;
    } kinds[] = {
        {"mail",    "Mails"            },
        {"webhook", "Calls of webhooks"}
    };
    static const struct {
        const char *word;
        enum notice_count count;
    } outcomes[] = {
        {"ok",      NOTICE_COUNT_SENT   },
        {"retry",   NOTICE_COUNT_LATER  },
        {"dead",    NOTICE_COUNT_DEAD   },
        {"dropped", NOTICE_COUNT_DROPPED}
    };

    for (unsigned k = 0; k < 2; k++) {
        char name[48], help[64];
        int64_t waiting = h->notices[NOTICE_COUNT_MADE][k] + h->notices[NOTICE_COUNT_AGAIN][k] -
                          h->notices[NOTICE_COUNT_SENT][k] - h->notices[NOTICE_COUNT_DEAD][k] -
                          h->notices[NOTICE_COUNT_DROPPED][k];

        snprintf(name, sizeof name, "liaison_%s_deliveries_total", kinds[k].name);
        snprintf(help, sizeof help, "%s, by outcome.", kinds[k].about);
        family(out, name, "counter", help);
        for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
            buf_printf(out, "%s{outcome=\"%s\"} %lld\n", name, outcomes[i].word,
                       (long long)h->notices[outcomes[i].count][k]);
        snprintf(name, sizeof name, "liaison_%s_backlog", kinds[k].name);
        snprintf(help, sizeof help, "%s that wait for their next attempt.", kinds[k].about);
        family(out, name, "gauge", help);
        buf_printf(out, "%s %lld\n", name, (long long)waiting);
    }
}

/* --- what all programs count (store/totals.h) --------------------------------------------------
 */

static int64_t total_of(const json_t *counts, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int64_t total_of(const json_t *counts, const char *fmt, ...)
{
    char name[TOTALS_NAME_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return json_integer_value(json_object_get(counts, name));
}

/* what:of as a histogram of the metric name{key="of"}; key NULL: without a label. */
static void write_tallied(const json_t *counts, const char *what, const char *of,
                          const double *bounds, const char *name, const char *key, struct buf *out)
{
    char labels[64] = "";
    const char *comma = key ? "," : "";
    int64_t below = 0;

    if (key)
        snprintf(labels, sizeof labels, "%s=\"%s\"", key, of);
    for (; *bounds > 0; bounds++) {
        below += total_of(counts, "%s:%s:%.15g", what, of, *bounds);
        buf_printf(out, "%s_bucket{%s%sle=\"%.15g\"} %lld\n", name, labels, comma, *bounds,
                   (long long)below);
    }
    below += total_of(counts, "%s:%s:+Inf", what, of);
    buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", name, labels, comma, (long long)below);
    buf_printf(out, key ? "%s_sum{%s} %.3f\n" : "%s_sum%s %.3f\n", name, labels,
               (double)total_of(counts, "%s:%s:ms", what, of) / 1000);
    buf_printf(out, key ? "%s_count{%s} %lld\n" : "%s_count%s %lld\n", name, labels,
               (long long)below);
}

static void write_totals(const struct app *app, const json_t *counts, struct buf *out)
{
    static const char *const results[] = {"single", "joint", "unrouted"};
    static const struct {
        const char *what, *name, *help;
    } times[] = {
        {"responded", "liaison_offer_response_seconds", "From an offer to its yes or no."},
        {"first",     "liaison_first_response_seconds", "From submit to the first claim."},
        {"answered",  "liaison_answer_seconds",         "From submit to an answer."      },
    };
    const struct mandate *m = &app->config->mandate;

    family(out, "liaison_queue_run_seconds", "histogram", "Work on an entry.");
    write_tallied(counts, "run", "route", totals_run_bounds, "liaison_queue_run_seconds", "queue",
                  out);
    write_tallied(counts, "run", "deliver", totals_run_bounds, "liaison_queue_run_seconds", "queue",
                  out);
    family(out, "liaison_routing_decisions_total", "counter", "Decisions of the router.");
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        buf_printf(out, "liaison_routing_decisions_total{result=\"%s\"} %lld\n", results[i],
                   (long long)total_of(counts, "routed:%s", results[i]));
    family(out, "liaison_routing_duration_seconds", "histogram", "Work on one decision.");
    write_tallied(counts, "run", "route", totals_run_bounds, "liaison_routing_duration_seconds",
                  NULL, out);
    family(out, "liaison_offers_total", "counter", "Offers, by what became of them.");
    for (size_t i = 0; i < m->secretariats_n; i++)
        for (unsigned o = 0; offer_state_words[o]; o++)
            buf_printf(out, "liaison_offers_total{secretariat=\"%s\",outcome=\"%s\"} %lld\n",
                       m->secretariats[i].code, o == OFFER_PENDING ? "made" : offer_state_words[o],
                       (long long)total_of(counts, "offer:%s:%s", m->secretariats[i].code,
                                           offer_state_words[o]));
    for (size_t t = 0; t < sizeof times / sizeof times[0]; t++) {
        family(out, times[t].name, "histogram", times[t].help);
        for (size_t i = 0; i < m->secretariats_n; i++)
            write_tallied(counts, times[t].what, m->secretariats[i].code, totals_days_bounds,
                          times[t].name, "secretariat", out);
    }
}

/* --- this process and the machine ------------------------------------------------------------- */

static void write_store_times(const struct app *app, struct buf *out)
{
    static const char name[] = "liaison_redis_command_duration_seconds";
    size_t n;
    const struct store_time *times = store_times(app->store, &n);

    family(out, name, "histogram", "Calls of the store from this process, with their wait.");
    for (size_t i = 0; i < n; i++) {
        int64_t counts[STORE_TIME_BOUNDS_N + 1];
        char label[48];

        if (!times[i].n)
            continue;
        for (size_t b = 0; b <= STORE_TIME_BOUNDS_N; b++)
            counts[b] = (int64_t)times[i].took[b];
        snprintf(label, sizeof label, "command=\"%s\"", times[i].command);
        write_counts(name, label, store_time_bounds, STORE_TIME_BOUNDS_N, counts, times[i].took_s,
                     out);
    }
}

static void write_gauge(struct buf *out, const char *name, const char *help, double value)
{
    family(out, name, "gauge", help);
    buf_printf(out, "%s %.15g\n", name, value);
}

static void write_ground(const struct app *app, struct buf *out)
{
    const struct gauge_ground *g = gauge_ground(app->gauge);

    if (g->disk_free >= 0) {
        write_gauge(out, "liaison_disk_free_bytes", "Room on the state folder's disk.",
                    (double)g->disk_free);
        write_gauge(out, "liaison_disk_size_bytes", "Size of that disk.", (double)g->disk_size);
        write_gauge(out, "liaison_disk_least_bytes", "Below that nothing is taken in.",
                    (double)g->disk_min);
    }
    if (!g->has_info)
        return;
    write_gauge(out, "liaison_redis_memory_bytes", "Memory that the store uses.",
                (double)g->info.memory_bytes);
    write_gauge(out, "liaison_redis_memory_max_bytes", "Memory that it may use; 0: no limit.",
                (double)g->info.memory_max);
    write_gauge(out, "liaison_redis_aof_bytes", "Its append-only file.", (double)g->info.aof_bytes);
    write_gauge(out, "liaison_redis_aof_good", "Its last write to disk went well.",
                g->info.aof_on && g->info.aof_good);
    write_gauge(out, "liaison_clock_apart_seconds", "The store's clock before this machine's.",
                (double)g->info.apart_ms / 1000);
}

static void write_process(const struct app *app, bool is_up, struct buf *out)
{
    struct http_stats http;
    struct auth_stats auth;

    http_server_stats(app->http, &http);
    family(out, "liaison_build_info", "gauge", "What runs here.");
    buf_printf(out, "liaison_build_info{version=\"%s\",revision=\"%s\",ruleset=\"%s\"} 1\n",
               LIAISON_VERSION, LIAISON_REVISION, app->config->ruleset);
    if (app->tls)
        write_gauge(out, "liaison_tls_certificate_expiry_timestamp_seconds",
                    "When the certificate in use ends.", (double)tls_expires_ms(app->tls) / 1000);
    write_gauge(out, "liaison_redis_up", "The store answers.", is_up);
    write_gauge(out, "liaison_mail_configured", "Mail can be sent.",
                *app->settings.smtp_url && *app->settings.mail_from);
    write_gauge(out, "liaison_http_in_flight_requests", "Requests in work.", http.in_flight_n);
    auth_stats(app->auth, &auth);
    family(out, "liaison_auth_failures_total", "counter", "Credentials that were not valid.");
    buf_printf(out,
               "liaison_auth_failures_total{answer=\"401\"} %llu\n"
               "liaison_auth_failures_total{answer=\"429\"} %llu\n",
               auth.failed_n - auth.refused_n, auth.refused_n);
    write_gauge(out, "liaison_config_last_reload_successful", "The last reload was taken.",
                !app->reload_failed);
    write_gauge(out, "liaison_config_last_reload_success_timestamp_seconds", "When.",
                (double)app->reloaded_ms / 1000);
}

struct metrics {
    struct task *task; /* held */
    struct buf text;   /* owned */
};

static void metrics_told(void *arg, json_t *counts, const struct err *e)
{
    struct metrics *op = arg;
    struct task *t = op->task;
    struct buf out BUF_AUTO = op->text;

    free(op);
    if (e->code == ERR_OK)
        write_totals(t->app, counts, &out);
    write_ground(t->app, &out);
    write_streams(t->app, &out);
    write_store_times(t->app, &out);
    resealing_write(t->app->resealing, &out);
    meter_write(t->app->meter, &out);
    task_reply_text(t, 200, "text/plain; version=0.0.4; charset=utf-8", buf_text(&out));
}

static void metrics_looked(void *arg, const struct health *h, const struct err *e)
{
    struct metrics *op = mem_new(1, sizeof *op);
    int64_t now_ms = clock_now_ms();
    struct task *t = arg;

    op->task = t;
    write_process(t->app, e->code == ERR_OK, &op->text);
    if (e->code != ERR_OK) {
        metrics_told(op, NULL, e);
        return;
    }
    write_queue(t->app, h, now_ms, &op->text);
    write_workers(h, now_ms, &op->text);
    write_corpus(t->app, h, &op->text);
    write_requests(t->app, h, &op->text);
    write_judgements(h, &op->text);
    write_notices(h, &op->text);
    totals_read(t->app->store, metrics_told, op);
}

static void metrics_allowed(struct task *t, const struct err *e)
{
    if (e->code != ERR_OK)
        task_problem(t, e);
    else if (t->who.role != ROLE_OPERATOR)
        task_problem(t, &(struct err){ERR_FORBIDDEN, "metrics from afar are for operators"});
    else
        gauge_look(t->app->gauge, metrics_looked, t);
}

/* From this machine anybody, from elsewhere an operator. */
void metrics_begin(struct task *t)
{
    if (task_is_local(t))
        gauge_look(t->app->gauge, metrics_looked, t);
    else
        auth_check(t->app->auth, t, metrics_allowed);
}
