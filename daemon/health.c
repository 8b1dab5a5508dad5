/* GET /livez, /readyz, /metrics: for machines that watch. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "corpus/corpus.h"
#include "daemon/auth.h"
#include "daemon/event_hub.h"
#include "daemon/gauge.h"
#include "daemon/meter.h"
#include "daemon/task.h"

#include <stdio.h>
#include <string.h>

static const char plain[] = "text/plain; charset=utf-8";

void livez_begin(struct task *t)
{
    task_reply_text(t, 200, plain, "ok\n");
}

/* --- readyz: readyz_begin -> readyz_looked ---------------------------------------------------- */

static bool is_local(const struct task *t)
{
    const char *peer = http_peer(t->http);

    return !strcmp(peer, "unix") || !strncmp(peer, "127.", 4) || !strcmp(peer, "::1");
}

static void readyz_looked(void *arg, const struct health *h, const struct err *e)
{
    struct task *t = arg;
    int64_t now_ms = clock_now_ms();
    int64_t seen_ms = 0;
    char text[320];
    bool mails = *t->app->settings.smtp_url && *t->app->settings.mail_from;

    for (size_t i = 0; i < h->workers_n; i++)
        if (h->workers[i].seen_ms > seen_ms)
            seen_ms = h->workers[i].seen_ms;
    snprintf(text, sizeof text, "[%c]redis %s\n[%c]draining %s\n[%c]workers %s\n[%c]mail %s\n",
             e->code == ERR_OK ? '+' : '-', e->code == ERR_OK ? "ok" : "no answer",
             t->app->draining ? '-' : '+', t->app->draining ? "yes" : "no",
             now_ms - seen_ms < 15000 ? '+' : '-',
             now_ms - seen_ms < 15000 ? "ok" : "none seen for 15 s", mails ? '+' : '-',
             mails ? "set up" : "not set up: smtp_url, mail_from");
    task_reply_text(t, e->code == ERR_OK && !t->app->draining ? 200 : 503, plain, text);
}

void readyz_begin(struct task *t)
{
    bool ready = store_is_ready(t->app->store) && !t->app->draining;
    char verbose[8];

    if (task_query(t, "verbose", verbose, sizeof verbose) &&
        head_query(http_head(t->http), "verbose", verbose, sizeof verbose) == HEAD_MEMBER_FOUND &&
        is_local(t))
        gauge_look(t->app->gauge, readyz_looked, t);
    else
        task_reply_text(t, ready ? 200 : 503, plain, ready ? "ok\n" : "not ready\n");
}

/* --- metrics: metrics_begin -> (metrics_allowed) -> metrics_looked --------------------------- */

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static double age_s(int64_t since_ms, int64_t now_ms)
{
    return since_ms > 0 && since_ms < now_ms ? (double)(now_ms - since_ms) / 1000 : 0;
}

static void write_queue(const struct health *h, int64_t now_ms, struct buf *out)
{
    uint64_t below = 0;

    family(out, "liaison_queue_messages", "gauge", "Entries in the queue.");
    if (h->waiting >= 0)
        buf_printf(out, "liaison_queue_messages{queue=\"route\",state=\"waiting\"} %lld\n",
                   (long long)h->waiting);
    buf_printf(out,
               "liaison_queue_messages{queue=\"route\",state=\"pending\"} %lld\n"
               "liaison_queue_messages{queue=\"route\",state=\"delayed\"} %lld\n"
               "liaison_queue_messages{queue=\"route\",state=\"dead\"} %lld\n",
               (long long)h->pending, (long long)h->delayed, (long long)h->dead);
    family(out, "liaison_queue_oldest_age_seconds", "gauge", "Age of the oldest entry.");
    buf_printf(out,
               "liaison_queue_oldest_age_seconds{queue=\"route\",state=\"waiting\"} %.3f\n"
               "liaison_queue_oldest_age_seconds{queue=\"route\",state=\"pending\"} %.3f\n",
               age_s(h->oldest_waiting_ms, now_ms), age_s(h->oldest_pending_ms, now_ms));
    family(out, "liaison_queue_enqueued_total", "counter", "Entries ever accepted.");
    buf_printf(out, "liaison_queue_enqueued_total{queue=\"route\"} %lld\n", (long long)h->enqueued);
    family(out, "liaison_queue_processed_total", "counter", "Entries finished, by outcome.");
    buf_printf(out,
               "liaison_queue_processed_total{queue=\"route\",outcome=\"ok\"} %lld\n"
               "liaison_queue_processed_total{queue=\"route\",outcome=\"retry\"} %lld\n"
               "liaison_queue_processed_total{queue=\"route\",outcome=\"dead\"} %lld\n",
               (long long)h->processed, (long long)h->retried, (long long)h->dead_total);
    family(out, "liaison_queue_mended_total", "counter", "Entries the reconciler put back.");
    buf_printf(out, "liaison_queue_mended_total{queue=\"route\"} %lld\n", (long long)h->mended);
    family(out, "liaison_queue_wait_seconds", "histogram", "From submit to decision.");
    for (size_t i = 0; i < health_wait_bounds_n; i++) {
        below += (uint64_t)h->waits[i];
        buf_printf(out, "liaison_queue_wait_seconds_bucket{queue=\"route\",le=\"%g\"} %llu\n",
                   health_wait_bounds[i], (unsigned long long)below);
    }
    below += (uint64_t)h->waits[health_wait_bounds_n];
    buf_printf(out,
               "liaison_queue_wait_seconds_bucket{queue=\"route\",le=\"+Inf\"} %llu\n"
               "liaison_queue_wait_seconds_sum{queue=\"route\"} %.3f\n"
               "liaison_queue_wait_seconds_count{queue=\"route\"} %llu\n",
               (unsigned long long)below, (double)h->waited_ms / 1000, (unsigned long long)below);
}

static void write_workers(const struct health *h, int64_t now_ms, struct buf *out)
{
    unsigned idle = 0;
    unsigned busy = 0;

    for (size_t i = 0; i < h->workers_n; i++)
        if (now_ms - h->workers[i].seen_ms <= 15000)
            h->workers[i].busy ? busy++ : idle++;
    family(out, "liaison_workers", "gauge", "Workers seen in the last 15 s.");
    buf_printf(out, "liaison_workers{state=\"idle\"} %u\nliaison_workers{state=\"busy\"} %u\n",
               idle, busy);
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

static void metrics_looked(void *arg, const struct health *h, const struct err *e)
{
    struct task *t = arg;
    struct app *app = t->app;
    struct http_stats http;
    struct auth_stats auth;
    struct buf out BUF_AUTO = {0};
    int64_t now_ms = clock_now_ms();

    http_server_stats(app->http, &http);
    family(&out, "liaison_build_info", "gauge", "What runs here.");
    buf_printf(&out, "liaison_build_info{version=\"%s\",ruleset=\"%s\"} 1\n", LIAISON_VERSION,
               app->config->ruleset);
    family(&out, "liaison_redis_up", "gauge", "The store answers.");
    buf_printf(&out, "liaison_redis_up %d\n", e->code == ERR_OK);
    family(&out, "liaison_http_in_flight_requests", "gauge", "Requests in work.");
    buf_printf(&out, "liaison_http_in_flight_requests %u\n", http.in_flight_n);
    auth_stats(app->auth, &auth);
    family(&out, "liaison_auth_failures_total", "counter", "Credentials that were not valid.");
    buf_printf(&out,
               "liaison_auth_failures_total{answer=\"401\"} %llu\n"
               "liaison_auth_failures_total{answer=\"429\"} %llu\n",
               auth.failed_n - auth.refused_n, auth.refused_n);
    family(&out, "liaison_config_last_reload_successful", "gauge", "The last reload was taken.");
    buf_printf(&out, "liaison_config_last_reload_successful %d\n", !app->reload_failed);
    family(&out, "liaison_config_last_reload_success_timestamp_seconds", "gauge", "When.");
    buf_printf(&out, "liaison_config_last_reload_success_timestamp_seconds %.3f\n",
               (double)app->reloaded_ms / 1000);
    if (e->code == ERR_OK) {
        write_queue(h, now_ms, &out);
        write_workers(h, now_ms, &out);
        write_corpus(app, h, &out);
        write_requests(app, h, &out);
        write_judgements(h, &out);
        write_notices(h, &out);
    }
    write_streams(app, &out);
    meter_write(app->meter, &out);
    task_reply_text(t, 200, "text/plain; version=0.0.4; charset=utf-8", buf_text(&out));
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
    if (is_local(t))
        gauge_look(t->app->gauge, metrics_looked, t);
    else
        auth_check(t->app->auth, t, metrics_allowed);
}
