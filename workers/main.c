/* liaison-worker: start and stop order, signals. */
#include "base/clock.h"
#include "base/log.h"
#include "routing/lexicon.h"
#include "workers/crew.h"
#include "workers/intake.h"
#include "workers/mender.h"

#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78, STOP_S = 15, SIGNALS_N = 3 };

struct process {
    struct crew crew;
    struct intake *intake;
    struct mender *mender;
    struct event *signals[SIGNALS_N];
    struct event *deadline;
    const char *settings_path; /* borrowed, NULL: none */
    int exit_code;
    bool was_ready;
};

static void process_unfit(void *arg, const char *why)
{
    struct process *p = arg;

    (void)why; /* the store has logged it */
    if (p->was_ready)
        return;
    p->exit_code = EXIT_CONFIG;
    event_base_loopbreak(p->crew.base);
}

static void process_ready(void *arg, bool is_ready)
{
    struct process *p = arg;

    if (is_ready && !p->was_ready)
        log_info("ready", "slot=%s ruleset=%s", p->crew.slot, p->crew.config->ruleset);
    p->was_ready |= is_ready;
}

static void process_placed(void *arg)
{
    struct process *p = arg;

    intake_placed(p->intake);
}

static void process_heard(void *arg, const struct event *event)
{
    struct process *p = arg;

    intake_hear(p->intake, event);
}

static void process_gone(void *arg, int64_t first, int64_t second, const struct err *e)
{
    struct process *p = arg;

    (void)first, (void)second, (void)e;
    event_base_loopbreak(p->crew.base);
}

static void process_stopped(void *arg)
{
    struct process *p = arg;

    queue_store_farewell(p->crew.store, p->crew.slot, process_gone, p);
}

static void process_late(evutil_socket_t fd, short what, void *arg)
{
    struct process *p = arg;

    (void)fd, (void)what;
    event_base_loopbreak(p->crew.base); /* what is unfinished is taken over by others */
}

/* Parse fully, then swap; a fault changes nothing. */
static void process_reload(struct process *p)
{
    struct settings fresh;
    struct config *config = NULL;
    struct engine *engine = NULL;
    struct err e = {0};
    const char *later;

    if (settings_load(p->settings_path, &fresh, &e) != ERR_OK ||
        config_load(fresh.data, &config, &e) != ERR_OK ||
        engine_new(config, &engine, &e) != ERR_OK) {
        log_error("reload_refused", "why=\"%s\"", e.detail);
        config_free(config);
        return;
    }
    later = settings_adopt(&p->crew.settings, &fresh);
    if (later)
        log_warning("waits_for_restart", "setting=%s", later);
    log_set_level((enum log_level)log_level_of(p->crew.settings.log_level));
    log_info("lexicon", "from=\"%s\"", lexicon_about(engine_lexicon(engine)));
    intake_renew(p->intake, config, engine);
}

static void process_signal(evutil_socket_t signal, short what, void *arg)
{
    struct process *p = arg;

    (void)what;
    if (signal == SIGHUP) {
        process_reload(p);
        return;
    }
    if (p->crew.stopping) {
        event_base_loopbreak(p->crew.base);
        return;
    }
    log_info("stopping", "in_work=%u", intake_busy(p->intake));
    evtimer_add(p->deadline, &(struct timeval){.tv_sec = STOP_S});
    intake_stop(p->intake, process_stopped, p);
}

static enum err_code process_start(struct process *p, struct err *e)
{
    struct crew *crew = &p->crew;
    struct store_options store = {.where = crew->settings.store,
                                  .timeout_ms = crew->settings.store_timeout_ms,
                                  .check = crew->settings.check_store,
                                  .unfit = process_unfit,
                                  .changed = process_ready,
                                  .arg = p};
    static const int signals[SIGNALS_N] = {SIGTERM, SIGINT, SIGHUP};
    enum err_code rc;

    if ((rc = config_load(crew->settings.data, &crew->config, e)) != ERR_OK ||
        (rc = engine_new(crew->config, &crew->engine, e)) != ERR_OK ||
        (rc = keyring_load(crew->settings.keys, &crew->ring, e)) != ERR_OK)
        return rc;
    log_info("lexicon", "from=\"%s\"", lexicon_about(engine_lexicon(crew->engine)));
    crew->base = event_base_new();
    if (!crew->base)
        return err_set(e, ERR_IO, "no event base");
    crew->started_ms = clock_now_ms();
    store.ring = crew->ring;
    if ((rc = store_new(crew->base, &store, &crew->store, e)) != ERR_OK)
        return rc;
    store.changed = NULL;
    store.unfit = NULL; /* the first link says it once */
    if ((rc = store_new(crew->base, &store, &crew->reader, e)) != ERR_OK)
        return rc;
    p->intake = intake_new(crew);
    p->mender = mender_new(crew);
    if ((rc = follow_new(crew->base, &store,
                         &(struct follow_calls){process_placed, process_heard, p}, &crew->follow,
                         e)) != ERR_OK)
        return rc;
    p->deadline = evtimer_new(crew->base, process_late, p);
    for (unsigned i = 0; i < SIGNALS_N; i++) {
        p->signals[i] = evsignal_new(crew->base, signals[i], process_signal, p);
        evsignal_add(p->signals[i], NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    return ERR_OK;
}

/* The links first: they call back what is open, which still needs the rest. */
static void process_stop(struct process *p)
{
    struct crew *crew = &p->crew;

    crew->stopping = true;
    follow_free(crew->follow);
    store_free(crew->reader);
    store_free(crew->store);
    intake_free(p->intake);
    mender_free(p->mender);
    if (p->deadline)
        event_free(p->deadline);
    for (unsigned i = 0; i < SIGNALS_N; i++)
        if (p->signals[i])
            event_free(p->signals[i]);
    keyring_free(crew->ring);
    engine_free(crew->engine);
    config_free(crew->config);
    if (crew->base) {
        event_base_loop(crew->base, EVLOOP_NONBLOCK); /* what the links' connections still hold */
        event_base_free(crew->base);
    }
    libevent_global_shutdown();
}

static int usage(FILE *out)
{
    fputs("usage: liaison-worker [-c FILE] [--role route] [--slot NAME] [-V]\n"
          "  -c, --config FILE  settings\n"
          "      --role ROLE    what to do; may be given several times (default: route)\n"
          "      --slot NAME    this worker's name on this machine (default: 1); each needs its "
          "own\n"
          "  -V, --version      print the version\n",
          out);
    return out == stderr ? EXIT_USAGE : 0;
}

static void slot_make(struct crew *crew, const char *name)
{
    char host[32] = "host";

    gethostname(host, sizeof host - 1);
    snprintf(crew->slot, sizeof crew->slot, "%s:%.12s", host, name);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config",  required_argument, NULL, 'c'},
        {"role",    required_argument, NULL, 'r'},
        {"slot",    required_argument, NULL, 's'},
        {"version", no_argument,       NULL, 'V'},
        {"help",    no_argument,       NULL, 'h'},
        {NULL,      0,                 NULL, 0  }
    };
    struct process p = {.exit_code = 0};
    const char *slot = "1";
    struct err e = {0};
    int option;

    log_init("liaison-worker", LOG_INFO);
    while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
        if (option == 'c')
            p.settings_path = optarg;
        else if (option == 's')
            slot = optarg;
        else if (option == 'V')
            return puts("liaison-worker " LIAISON_VERSION), 0;
        else if (option != 'r' || strcmp(optarg, "route") != 0)
            return usage(option == 'h' ? stdout : stderr);
    }
    if (optind < argc)
        return usage(stderr);
    if (sodium_init() < 0)
        return 1;
    if (settings_load(p.settings_path, &p.crew.settings, &e) != ERR_OK) {
        fprintf(stderr, "%s\n", e.detail);
        return EXIT_CONFIG;
    }
    log_set_level((enum log_level)log_level_of(p.crew.settings.log_level));
    slot_make(&p.crew, slot);
    if (process_start(&p, &e) == ERR_OK) {
        event_base_dispatch(p.crew.base);
        log_info("stopped", "decided=%lld", (long long)p.crew.done_n);
    } else {
        log_error("cannot_start", "why=\"%s\"", e.detail);
        p.exit_code = e.code == ERR_CONFIG ? EXIT_CONFIG : 1;
    }
    process_stop(&p);
    return p.exit_code;
}
