/* liaison-worker: start and stop order, signals. */
#include "base/clock.h"
#include "base/log.h"
#include "protocol/word.h"
#include "routing/lexicon.h"
#include "store/rights.h"
#include "store/totals.h"
#include "workers/crew.h"
#include "workers/deliver.h"
#include "workers/intake.h"
#include "workers/keeper.h"
#include "workers/ledger.h"
#include "workers/mail_in.h"
#include "workers/mender.h"
#include "workers/pulse.h"
#include "workers/reckoner.h"
#include "workers/resealer.h"
#include "workers/retention.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_CONFIG = 78, STOP_S = 15, SIGNALS_N = 3 };

/* What a worker can do; one process may do several things. */
enum worker_role { WORKER_ROUTE, WORKER_DELIVER, WORKER_CLOCK, WORKER_MAIL_IN, WORKER_AUDIT };
static const char *const worker_role_words[] = {"route",   "deliver", "clock",
                                                "mail-in", "audit",   NULL};
/* Who signs in at the store for it. */
static const char *const worker_role_users[] = {RIGHTS_WORKER, RIGHTS_DELIVER, RIGHTS_WORKER,
                                                RIGHTS_DELIVER, RIGHTS_AUDITOR};

struct process {
    struct crew crew;
    unsigned roles;        /* bit a role */
    struct intake *intake; /* of the role route, as mender */
    struct mender *mender;
    struct deliver *deliver;
    struct mail_in *mail_in;
    struct keeper *keeper; /* of the role clock, as the next three */
    struct reckoner *reckoner;
    struct resealer *resealer;
    struct retention *retention;
    struct ledger *ledger; /* of the role audit */
    struct pulse *pulse;
    unsigned stopping_n; /* roles that have not stopped yet */
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

static void process_switched(void *arg)
{
    const struct process *p = arg;

    if (p->intake)
        intake_switched(p->intake);
    if (p->deliver)
        deliver_switched(p->deliver);
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

    if (--p->stopping_n > 0)
        return;
    totals_flush(store_totals(p->crew.store), p->crew.store);
    queue_store_farewell(p->crew.store, p->crew.slot, process_gone, p);
}

static void process_late(evutil_socket_t fd, short what, void *arg)
{
    struct process *p = arg;

    (void)fd, (void)what;
    event_base_loopbreak(p->crew.base); /* what is unfinished is taken over by others */
}

static bool process_has(const struct process *p, enum worker_role role)
{
    return p->roles & 1u << role;
}

/* NULL: its roles have different users. */
static const char *process_user(const struct process *p)
{
    const char *user = NULL;

    for (int role = 0; worker_role_words[role]; role++) {
        if (!process_has(p, (enum worker_role)role))
            continue;
        if (user && strcmp(user, worker_role_users[role]) != 0)
            return NULL;
        user = worker_role_users[role];
    }
    return user;
}

/* Only who routes needs the engine; the keys are loaded before it. */
static enum err_code engine_load(const struct process *p, const struct config *config,
                                 struct engine **ret_engine, struct err *e)
{
    enum err_code rc;

    if (!process_has(p, WORKER_ROUTE))
        return ERR_OK;
    rc = engine_new(config, ret_engine, e);
    if (rc != ERR_OK)
        return rc;
    engine_set_secret(*ret_engine,
                      keyring_key(p->crew.ring, keyring_active(p->crew.ring), KEY_FINGERPRINT));
    log_info("lexicon", "from=\"%s\"", lexicon_about(engine_lexicon(*ret_engine)));
    return ERR_OK;
}

/* Parse fully, then swap; a fault changes nothing. */
static void process_reload(struct process *p)
{
    struct settings fresh;
    struct config *config = NULL;
    struct engine *engine = NULL;
    struct contacts contacts = {.n = 0};
    struct err e = {0};
    const char *later;

    if (settings_load(p->settings_path, &fresh, &e) != ERR_OK ||
        config_load(fresh.data, &config, &e) != ERR_OK ||
        contacts_load(fresh.contacts, &contacts, &e) != ERR_OK ||
        engine_load(p, config, &engine, &e) != ERR_OK) {
        log_error("reload_refused", "why=\"%s\"", e.detail);
        contacts_clear(&contacts);
        config_free(config);
        return;
    }
    later = settings_adopt(&p->crew.settings, &fresh);
    if (later)
        log_warning("waits_for_restart", "setting=%s", later);
    log_set_level((enum log_level)log_level_of(p->crew.settings.log_level));
    contacts_clear(&p->crew.contacts);
    p->crew.contacts = contacts;
    if (p->intake) {
        intake_renew(p->intake, config, engine);
        return;
    }
    config_free(p->crew.config);
    p->crew.config = config;
    log_info("reloaded", "ruleset=%s", config->ruleset);
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
    p->crew.stopping = true;
    log_info("stopping", "in_work=%u",
             (p->intake ? intake_busy(p->intake) : 0) +
                 (p->deliver ? deliver_busy(p->deliver) : 0));
    evtimer_add(p->deadline, &(struct timeval){.tv_sec = STOP_S});
    p->stopping_n = 1 + (p->intake ? 1u : 0) + (p->deliver ? 1u : 0) + (p->mail_in ? 1u : 0);
    if (p->intake)
        intake_stop(p->intake, process_stopped, p);
    if (p->deliver)
        deliver_stop(p->deliver, process_stopped, p);
    if (p->mail_in)
        mail_in_stop(p->mail_in, process_stopped, p);
    process_stopped(p); /* what the clock still writes is before the farewell on the same link */
}

/* What routes: a link for blocking reads, the intake, the mender, the events that they hear. */
static enum err_code route_start(struct process *p, const struct store_options *store,
                                 struct err *e)
{
    struct crew *crew = &p->crew;
    enum err_code rc;

    if ((rc = store_new(crew->base, store, &crew->reader, e)) != ERR_OK)
        return rc;
    p->intake = intake_new(crew);
    p->mender = mender_new(crew);
    return follow_new(crew->base, store, &(struct follow_calls){process_placed, process_heard, p},
                      &crew->follow, e);
}

/* Where no Maildir is set the role has nothing to do. */
static enum err_code mail_in_start(struct process *p, struct err *e)
{
    if (*p->crew.settings.mail_in)
        return mail_in_new(&p->crew, &p->mail_in, e);
    log_warning("no_mail_in", "why=\"mail_in is not set\"");
    return ERR_OK;
}

static enum err_code process_start(struct process *p, struct err *e)
{
    struct crew *crew = &p->crew;
    struct store_options store = {.where = crew->settings.store,
                                  .user = process_user(p),
                                  .passwords = crew->settings.store_passwords,
                                  .timeout_ms = crew->settings.store_timeout_ms,
                                  .check = crew->settings.check_store,
                                  .unfit = process_unfit,
                                  .changed = process_ready,
                                  .arg = p};
    static const int signals[SIGNALS_N] = {SIGTERM, SIGINT, SIGHUP};
    enum err_code rc;

    if (!store.user && *crew->settings.store_passwords)
        return err_set(e, ERR_CONFIG,
                       "these roles have different users of the store "
                       "(store_passwords): give each its own process");
    if ((rc = config_load(crew->settings.data, &crew->config, e)) != ERR_OK ||
        (rc = contacts_load(crew->settings.contacts, &crew->contacts, e)) != ERR_OK ||
        (rc = keyring_load(crew->settings.keys, &crew->ring, e)) != ERR_OK ||
        (rc = engine_load(p, crew->config, &crew->engine, e)) != ERR_OK)
        return rc;
    crew->base = event_base_new();
    if (!crew->base)
        return err_set(e, ERR_IO, "no event base");
    crew->started_ms = clock_now_ms();
    store.ring = crew->ring;
    if ((rc = store_new(crew->base, &store, &crew->store, e)) != ERR_OK)
        return rc;
    crew->controls = control_watch_new(crew->base, crew->store, process_switched, p);
    store.changed = NULL;
    store.unfit = NULL; /* the first link says it once */
    if ((process_has(p, WORKER_ROUTE) && (rc = route_start(p, &store, e)) != ERR_OK) ||
        (process_has(p, WORKER_DELIVER) &&
         (rc = deliver_new(crew, &store, &p->deliver, e)) != ERR_OK) ||
        (process_has(p, WORKER_MAIL_IN) && (rc = mail_in_start(p, e)) != ERR_OK))
        return rc;
    if (process_has(p, WORKER_AUDIT) && (rc = ledger_new(crew, &p->ledger, e)) != ERR_OK)
        return rc;
    if (process_has(p, WORKER_CLOCK)) {
        p->keeper = keeper_new(crew);
        p->reckoner = reckoner_new(crew);
        p->resealer = resealer_new(crew);
        p->retention = retention_new(crew);
    }
    p->pulse = pulse_new(crew, p->intake);
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
    deliver_hush(p->deliver);
    store_free(crew->store);
    pulse_free(p->pulse);
    keeper_free(p->keeper);
    reckoner_free(p->reckoner);
    resealer_free(p->resealer);
    retention_free(p->retention);
    ledger_free(p->ledger);
    intake_free(p->intake);
    mender_free(p->mender);
    deliver_free(p->deliver);
    mail_in_free(p->mail_in);
    control_watch_free(crew->controls);
    if (p->deadline)
        event_free(p->deadline);
    for (unsigned i = 0; i < SIGNALS_N; i++)
        if (p->signals[i])
            event_free(p->signals[i]);
    keyring_free(crew->ring);
    engine_free(crew->engine);
    config_free(crew->config);
    contacts_clear(&crew->contacts);
    if (crew->base) {
        event_base_loop(crew->base, EVLOOP_NONBLOCK); /* what the links' connections still hold */
        event_base_free(crew->base);
    }
    libevent_global_shutdown();
}

static int usage(FILE *out)
{
    fputs("usage: liaison-worker [-c FILE] [--role ROLE].. [--slot NAME] [-V]\n"
          "  -c, --config FILE  settings\n"
          "      --role ROLE    route (the default), deliver, clock, mail-in or audit; may\n"
          "                     be given several times\n"
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

static void roles_make(struct process *p)
{
    char *out = p->crew.roles;
    size_t at = 0;

    for (unsigned i = 0; worker_role_words[i]; i++)
        if (process_has(p, (enum worker_role)i))
            at += (size_t)snprintf(out + at, sizeof p->crew.roles - at, "%s%s", at ? "," : "",
                                   worker_role_words[i]);
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
    int option, role;

    log_init("liaison-worker", LOG_INFO);
    while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
        if (option == 'c')
            p.settings_path = optarg;
        else if (option == 's')
            slot = optarg;
        else if (option == 'V')
            return puts("liaison-worker " LIAISON_VERSION), 0;
        else if (option == 'r' && (role = word_index(worker_role_words, optarg)) >= 0)
            p.roles |= 1u << role;
        else
            return usage(option == 'h' ? stdout : stderr);
    }
    if (optind < argc)
        return usage(stderr);
    if (!p.roles)
        p.roles = 1u << WORKER_ROUTE;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 1;
    if (settings_load(p.settings_path, &p.crew.settings, &e) != ERR_OK) {
        fprintf(stderr, "%s\n", e.detail);
        return EXIT_CONFIG;
    }
    log_set_level((enum log_level)log_level_of(p.crew.settings.log_level));
    slot_make(&p.crew, slot);
    roles_make(&p);
    if (process_start(&p, &e) == ERR_OK) {
        event_base_dispatch(p.crew.base);
        log_info("stopped", "done=%lld", (long long)p.crew.done_n);
    } else {
        log_error("cannot_start", "why=\"%s\"", e.detail);
        p.exit_code = e.code == ERR_CONFIG ? EXIT_CONFIG : 1;
    }
    process_stop(&p);
    curl_global_cleanup();
    return p.exit_code;
}
