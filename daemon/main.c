/* liaisond: start and stop order, signals, reload. */
#include "base/clock.h"
#include "base/log.h"
#include "corpus/corpus.h"
#include "daemon/app.h"
#include "daemon/auth.h"
#include "daemon/event_hub.h"
#include "daemon/gauge.h"
#include "daemon/http.h"
#include "daemon/meter.h"
#include "daemon/notify.h"
#include "daemon/offload.h"
#include "daemon/outlook.h"
#include "daemon/pages.h"
#include "daemon/quota.h"
#include "daemon/resealing.h"
#include "daemon/route.h"
#include "daemon/series.h"
#include "daemon/statistics.h"
#include "daemon/tls.h"
#include "daemon/vault.h"
#include "daemon/watch.h"
#include "routing/engine.h"
#include "routing/lexicon.h"
#include "store/control_store.h"
#include "store/rights.h"

#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 };

struct process {
    struct app app;
    struct event *signals[4];
    struct event *sweep; /* of attachments */
    int exit_code;
    bool announced;
};

static bool is_country(const void *arg, const char *code)
{
    const struct app *app = arg;

    return world_country(&app->config->world, code) != NULL;
}

static bool is_secretariat(const void *arg, const char *code)
{
    const struct app *app = arg;
    int i = mandate_secretariat(&app->config->mandate, code);

    return i >= 0 && app->config->mandate.secretariats[i].enabled;
}

static void process_unfit(void *arg, const char *why)
{
    struct process *p = arg;

    (void)why; /* the store has logged it */
    if (p->announced)
        return; /* running: not ready until it is mended */
    p->exit_code = EXIT_CONFIG;
    event_base_loopbreak(p->app.base);
}

/* Requests are accepted from now on: say so to people and to systemd, once. */
static void process_ready(void *arg, bool is_ready)
{
    struct process *p = arg;

    log_info(is_ready ? "store_ready" : "store_lost", "%s", "");
    if (!is_ready || p->announced)
        return;
    p->announced = true;
    log_info("ready", "listen=%s port=%d ruleset=%s", p->app.settings.listen,
             http_server_port(p->app.http), p->app.config->ruleset);
    printf("listening %d\n", http_server_port(p->app.http));
    fflush(stdout);
    notify_send("READY=1\nSTATUS=accepting requests");
}

static void process_heard(void *arg, const struct event *event)
{
    const struct process *p = arg;

    corpus_hear(p->app.corpus, event);
    event_hub_hear(p->app.events, event);
}

static void process_placed(void *arg, const struct event_position *at)
{
    const struct process *p = arg;

    event_hub_place(p->app.events, at);
}

/* For drafts: a few countries at a time, loaded when one is asked about. */
static struct corpus *process_corpus(const struct app *app)
{
    enum { COUNTRY_MAX = 20000 }; /* one look through so many takes milliseconds */
    const struct corpus_options options = {.base = app->base,
                                           .store = app->store,
                                           .engine = app->engine,
                                           .bytes_max = (size_t)app->settings.assess_bytes,
                                           .country_max = COUNTRY_MAX};

    return corpus_new(&options);
}

/* Who waits for the old corpus finds the new one. */
static void process_adopt(struct app *app, struct config *config, struct engine *engine)
{
    struct config *old_config = app->config;
    struct engine *old_engine = app->engine;
    struct corpus *old_corpus = app->corpus;

    app->config = config;
    app->engine = engine;
    app->corpus = process_corpus(app);
    corpus_free(old_corpus);
    engine_free(old_engine);
    config_free(old_config);
}

/* *ret_tls stays NULL where none is wanted. */
static enum err_code process_tls(const struct settings *s, struct tls **ret_tls, struct err *e)
{
    if (!*s->tls_certificate && !*s->tls_key)
        return ERR_OK;
    if (!*s->tls_certificate || !*s->tls_key)
        return err_set(e, ERR_CONFIG, "tls_certificate and tls_key belong together");
    return tls_new(s->tls_certificate, s->tls_key, ret_tls, e);
}

/* Connections keep what they began with. */
static void process_use_tls(struct process *p, struct tls *fresh)
{
    http_server_use_tls(p->app.http, fresh);
    tls_free(p->app.tls);
    p->app.tls = fresh;
}

/* Parse fully, then swap; a fault changes nothing (conventions section 9). */
static void process_reload(struct process *p)
{
    struct settings fresh;
    struct config *config = NULL;
    struct engine *engine = NULL;
    struct tls *tls = NULL;
    struct err e = {0};
    const char *later;

    notify_reloading();
    if (settings_load(p->app.settings_path, &fresh, &e) != ERR_OK ||
        process_tls(&fresh, &tls, &e) != ERR_OK || config_load(fresh.data, &config, &e) != ERR_OK ||
        engine_new(config, &engine, &e) != ERR_OK) {
        log_error("reload_refused", "why=\"%s\"", e.detail);
        tls_free(tls);
        config_free(config);
        p->app.reload_failed = true;
        notify_send("READY=1\nSTATUS=reload refused, running on");
        return;
    }
    later = settings_adopt(&p->app.settings, &fresh);
    engine_set_secret(engine,
                      keyring_key(p->app.ring, keyring_active(p->app.ring), KEY_FINGERPRINT));
    process_adopt(&p->app, config, engine);
    process_use_tls(p, tls);
    log_info("lexicon", "from=\"%s\"", lexicon_about(engine_lexicon(engine)));
    gauge_rename(p->app.gauge);
    log_set_level((enum log_level)log_level_of(p->app.settings.log_level));
    p->app.reload_failed = false;
    p->app.reloaded_ms = clock_now_ms();
    log_info("reloaded", "ruleset=%s%s%s", config->ruleset, later ? " waits_for_restart=" : "",
             later ? later : "");
    notify_send("READY=1\nSTATUS=accepting requests");
}

static void process_drained(void *arg)
{
    struct process *p = arg;

    event_base_loopbreak(p->app.base);
}

static void process_signal(evutil_socket_t signal, short what, void *arg)
{
    struct process *p = arg;

    (void)what;
    if (signal == SIGHUP) {
        process_reload(p);
        return;
    }
    if (p->app.draining) { /* asked twice: at once */
        event_base_loopbreak(p->app.base);
        return;
    }
    log_info("draining", "%s", "");
    notify_send("STOPPING=1\nSTATUS=draining");
    p->app.draining = true;
    event_hub_end(p->app.events);
    http_server_drain(p->app.http, process_drained, p);
}

static void process_sweep(evutil_socket_t fd, short what, void *arg)
{
    const struct process *p = arg;

    (void)fd, (void)what;
    vault_sweep(p->app.vault, p->app.settings.attachment_hours * 3600000);
}

/* Everything else works without it: whoever sends a file is told that it cannot be taken now. */
static void process_vault(struct process *p)
{
    struct app *app = &p->app;
    struct err e = {0};

    if (vault_new(app->settings.state, app->ring, &app->vault, &e) != ERR_OK) {
        log_warning("no_attachments", "why=\"%s\"", e.detail);
        return;
    }
    p->sweep = event_new(app->base, -1, EV_PERSIST, process_sweep, p);
    if (!p->sweep)
        bug("out of memory");
    evtimer_add(p->sweep, &(struct timeval){.tv_sec = 3600});
    event_active(p->sweep, EV_TIMEOUT, 0); /* what broke off when we did */
}

static enum err_code process_start(struct process *p, struct err *e)
{
    struct app *app = &p->app;
    struct http_limits limits;
    struct store_options store = {.where = app->settings.store,
                                  .user = RIGHTS_DAEMON,
                                  .passwords = app->settings.store_passwords,
                                  .timeout_ms = app->settings.store_timeout_ms,
                                  .check = app->settings.check_store,
                                  .unfit = process_unfit,
                                  .changed = process_ready,
                                  .arg = p};
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    enum err_code rc;

    if ((rc = config_load(app->settings.data, &app->config, e)) != ERR_OK ||
        (rc = engine_new(app->config, &app->engine, e)) != ERR_OK ||
        (rc = keyring_load(app->settings.keys, &app->ring, e)) != ERR_OK ||
        (rc = pages_load(app->settings.pages, &app->pages, e)) != ERR_OK)
        return rc;
    engine_set_secret(app->engine,
                      keyring_key(app->ring, keyring_active(app->ring), KEY_FINGERPRINT));
    log_info("lexicon", "from=\"%s\"", lexicon_about(engine_lexicon(app->engine)));
    app->codes = (struct field_codes){is_country, is_secretariat, app};
    app->base = event_base_new();
    if (!app->base)
        return err_set(e, ERR_IO, "no event base");
    app->started_ms = app->reloaded_ms = clock_now_ms();
    app->meter = meter_new();
    app->auth = auth_new(app);
    app->quota = quota_new(app);
    http_limits_default(&limits);
    limits.body_bytes = (size_t)app->settings.body_bytes;
    limits.connections_n = (unsigned)app->settings.connections;
    limits.peer_connections_n = (unsigned)app->settings.connections_per_address;
    app->http = http_server_new(app->base, &limits, route_dispatch, app);
    if ((rc = process_tls(&app->settings, &app->tls, e)) != ERR_OK)
        return rc;
    http_server_use_tls(app->http, app->tls);
    if (app->settings.proxy_protocol)
        http_server_use_proxy(app->http);
    http_server_on_admit(app->http, route_admit);
    http_server_on_problem(app->http, route_problem);
    store.ring = app->ring;
    if ((rc = store_new(app->base, &store, &app->store, e)) != ERR_OK)
        return rc;
    app->controls = control_watch_new(app->base, app->store, NULL, NULL);
    app->corpus = process_corpus(app);
    app->events = event_hub_new(app);
    if ((rc = watch_new(app->base, &store, &(struct watch_calls){process_placed, process_heard, p},
                        &app->watch, e)) != ERR_OK)
        return rc;
    app->series = series_new();
    app->gauge = gauge_new(app);
    app->statistics = statistics_new();
    if ((rc = offload_new(app->base, &app->offload, e)) != ERR_OK)
        return rc;
    process_vault(p);
    app->resealing = resealing_new(app);
    app->outlook = outlook_new(app);
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        p->signals[i] = evsignal_new(app->base, signals[i], process_signal, p);
        evsignal_add(p->signals[i], NULL);
    }
    return notify_listen(app->http, app->settings.listen, e);
}

/* The other way round: answers first, then what they needed. */
static void process_stop(struct process *p)
{
    struct app *app = &p->app;

    offload_free(app->offload);
    event_hub_end(app->events);
    store_free(app->store); /* ends what is open, which still needs the others */
    control_watch_free(app->controls);
    watch_free(app->watch); /* ends what waits for an event */
    event_hub_free(app->events);
    corpus_free(app->corpus);
    gauge_free(app->gauge);
    series_free(app->series);
    statistics_free(app->statistics);
    vault_free(app->vault);
    if (p->sweep)
        event_free(p->sweep);
    outlook_free(app->outlook);
    http_server_free(app->http);
    tls_free(app->tls);
    auth_free(app->auth);
    quota_free(app->quota);
    resealing_free(app->resealing);
    meter_free(app->meter);
    pages_free(app->pages);
    for (unsigned i = 0; i < sizeof p->signals / sizeof p->signals[0]; i++)
        if (p->signals[i])
            event_free(p->signals[i]);
    keyring_free(app->ring);
    engine_free(app->engine);
    config_free(app->config);
    if (app->base) {
        event_base_loop(app->base, EVLOOP_NONBLOCK); /* what closed connections still hold */
        event_base_free(app->base);
    }
    libevent_global_shutdown();
}

static int usage(FILE *out)
{
    fputs("usage: liaisond [-c FILE] [-t | -T | -V]\n"
          "  -c FILE  settings (default: none, only defaults and LIAISON_* environment)\n"
          "  -t       check settings and reference data, then exit: 0, or 78 with the fault\n"
          "  -T       print the effective settings\n"
          "  -V       print the version\n",
          out);
    return out == stderr ? EXIT_USAGE : 0;
}

static int fail(const struct err *e)
{
    log_error("cannot_start", "why=\"%s\"", e->detail);
    return e->code == ERR_CONFIG ? EXIT_CONFIG : 1;
}

static int check_only(const struct settings *s)
{
    struct config *config = NULL;
    struct engine *engine = NULL;
    struct tls *tls = NULL;
    struct err e = {0};
    int code = 0;

    if (process_tls(s, &tls, &e) == ERR_OK && config_load(s->data, &config, &e) == ERR_OK &&
        engine_new(config, &engine, &e) == ERR_OK) {
        printf("settings and reference data are good, ruleset %s\n", config->ruleset);
    } else {
        fprintf(stderr, "%s\n", e.detail);
        code = EXIT_CONFIG;
    }
    engine_free(engine);
    config_free(config);
    tls_free(tls);
    return code;
}

int main(int argc, char **argv)
{
    struct process p = {.exit_code = 0};
    struct err e = {0};
    int option;
    int mode = 0;

    log_init("liaisond", LOG_INFO);
    while ((option = getopt(argc, argv, "c:tTVh")) != -1) {
        if (option == 'c')
            p.app.settings_path = optarg;
        else if (option == 't' || option == 'T')
            mode = option;
        else if (option == 'V')
            return puts("liaisond " LIAISON_VERSION), 0;
        else
            return usage(option == 'h' ? stdout : stderr);
    }
    if (optind < argc)
        return usage(stderr);
    if (sodium_init() < 0)
        return 1;
    if (settings_load(p.app.settings_path, &p.app.settings, &e) != ERR_OK) {
        fprintf(stderr, "%s\n", e.detail);
        return EXIT_CONFIG;
    }
    if (mode == 'T')
        return settings_print(&p.app.settings, stdout), 0;
    if (mode == 't')
        return check_only(&p.app.settings);
    log_set_level((enum log_level)log_level_of(p.app.settings.log_level));
    if (process_start(&p, &e) != ERR_OK) {
        p.exit_code = fail(&e);
    } else {
        event_base_dispatch(p.app.base);
        log_info("stopped", "%s", "");
    }
    process_stop(&p);
    return p.exit_code;
}
