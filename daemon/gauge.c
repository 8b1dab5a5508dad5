#include "daemon/gauge.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "daemon/series.h"
#include "store/totals.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { SAMPLE_S = 5, SAMPLES_N = 60 /* five minutes */, RATE_SAMPLES_N = 12 /* one minute */ };

struct sample {
    int64_t mono_ms;
    struct gauge_totals totals[QUEUES_N];
    int64_t waits[QUEUES_N][HEALTH_BUCKETS_MAX];
};

struct gauge {
    struct app *app;     /* borrowed */
    struct event *timer; /* owned */
    struct sample samples[SAMPLES_N];
    unsigned samples_n; /* ever taken */
    bool looking, asking;
    struct gauge_ground ground;
    char text[HEALTH_NAMES_MAX][40];
    const char *names[HEALTH_NAMES_MAX + 1];
};

size_t gauge_of_state(enum state s)
{
    return (size_t)s;
}

size_t gauge_of_coordinator(void)
{
    return STATES_N;
}

size_t gauge_of_offers(size_t secretariat)
{
    return STATES_N + 1 + 2 * secretariat;
}

size_t gauge_of_claims(size_t secretariat)
{
    return gauge_of_offers(secretariat) + 1;
}

void gauge_rename(struct gauge *g)
{
    const struct mandate *m = &g->app->config->mandate;

    memset(g->names, 0, sizeof g->names);
    for (unsigned s = 0; s < STATES_N; s++)
        snprintf(g->text[s], sizeof g->text[s], "by:state:%s", state_words[s]);
    snprintf(g->text[STATES_N], sizeof g->text[0], "inbox:coordinator");
    for (size_t i = 0; i < m->secretariats_n; i++) {
        snprintf(g->text[gauge_of_offers(i)], sizeof g->text[0], "inbox:offer:%s",
                 m->secretariats[i].code);
        snprintf(g->text[gauge_of_claims(i)], sizeof g->text[0], "inbox:claim:%s",
                 m->secretariats[i].code);
    }
    for (size_t i = 0; i < gauge_of_offers(m->secretariats_n); i++)
        g->names[i] = g->text[i];
}

struct gauge_totals gauge_totals(const struct health *h, enum queue queue)
{
    struct gauge_totals t = {h->enqueued, h->processed};

    if (queue == QUEUE_ROUTE)
        return t;
    t = (struct gauge_totals){0, 0};
    for (unsigned k = 0; k < 2; k++) {
        t.in += h->notices[NOTICE_COUNT_MADE][k] + h->notices[NOTICE_COUNT_AGAIN][k];
        t.out += h->notices[NOTICE_COUNT_SENT][k] + h->notices[NOTICE_COUNT_DEAD][k] +
                 h->notices[NOTICE_COUNT_DROPPED][k];
    }
    return t;
}

static const int64_t *waits_of(const struct health *h, enum queue queue)
{
    return queue == QUEUE_ROUTE ? h->waits : h->told;
}

static void gauge_sampled(void *arg, const struct health *h, const struct err *e)
{
    struct gauge *g = arg;
    struct sample *s = &g->samples[g->samples_n % SAMPLES_N];

    g->looking = false;
    if (e->code != ERR_OK)
        return;
    s->mono_ms = clock_mono_ms();
    for (enum queue q = QUEUE_ROUTE; q < QUEUES_N; q++) {
        s->totals[q] = gauge_totals(h, q);
        memcpy(s->waits[q], waits_of(h, q), sizeof s->waits[q]);
    }
    g->samples_n++;
    series_take(g->app->series, g->app, h);
}

/* Half a promise is worse than none: before the disk is full nothing more is taken in, so that
 * what was accepted can still be worked off. */
static void disk_look(struct gauge *g)
{
    const struct settings *s = &g->app->settings;
    struct gauge_ground *ground = &g->ground;
    bool was_full = gauge_is_full(g);
    struct statvfs disk;

    ground->disk_free = ground->disk_size = -1;
    if (statvfs(s->state, &disk) == 0) {
        ground->disk_free = (int64_t)(disk.f_bavail * disk.f_frsize);
        ground->disk_size = (int64_t)(disk.f_blocks * disk.f_frsize);
    }
    ground->disk_min = s->disk_free_bytes;
    if (s->disk_free_bytes && 2 * ground->info.aof_bytes > ground->disk_min)
        ground->disk_min = 2 * ground->info.aof_bytes;
    if (gauge_is_full(g) != was_full)
        log_event(was_full ? LOG_INFO : LOG_ERROR, was_full ? "disk_has_room" : "disk_full",
                  "free=%lld least=%lld", (long long)ground->disk_free,
                  (long long)ground->disk_min);
}

static void info_told(void *arg, const struct store_info *info, const struct err *e)
{
    struct gauge *g = arg;

    g->asking = false;
    g->ground.has_info = e->code == ERR_OK; /* else: it is away, or does not tell us */
    if (g->ground.has_info)
        g->ground.info = *info;
}

static void ground_look(struct gauge *g)
{
    disk_look(g);
    if (g->asking || !store_is_ready(g->app->store))
        return;
    g->asking = true;
    store_info_read(g->app->store, info_told, g);
}

const struct gauge_ground *gauge_ground(const struct gauge *g)
{
    return &g->ground;
}

bool gauge_is_full(const struct gauge *g)
{
    return g->ground.disk_free >= 0 && g->ground.disk_free < g->ground.disk_min;
}

static void gauge_tick(evutil_socket_t fd, short what, void *arg)
{
    struct gauge *g = arg;

    (void)fd, (void)what;
    ground_look(g);
    if (g->looking || !store_is_ready(g->app->store))
        return;
    g->looking = true;
    totals_flush(store_totals(g->app->store), g->app->store);
    gauge_look(g, gauge_sampled, g);
}

struct gauge *gauge_new(struct app *app)
{
    struct gauge *g = mem_new(1, sizeof *g);

    g->app = app;
    gauge_rename(g);
    g->ground.disk_free = g->ground.disk_size = -1;
    g->timer = event_new(app->base, -1, EV_PERSIST, gauge_tick, g);
    if (!g->timer)
        bug("out of memory");
    event_add(g->timer, &(struct timeval){.tv_sec = SAMPLE_S});
    disk_look(g);
    return g;
}

void gauge_free(struct gauge *g)
{
    if (!g)
        return;
    event_free(g->timer);
    free(g);
}

void gauge_look(struct gauge *g, health_fn fn, void *arg)
{
    queue_store_health(g->app->store, g->names, gauge_of_coordinator(), clock_now_ms(), fn, arg);
}

const char *const gauge_state_words[] = {"idle", "busy", "quiet", "missing", NULL};

enum worker_state gauge_worker_state(const struct heartbeat *w, int64_t now_ms)
{
    return !heartbeat_is_live(w, now_ms) ? WORKER_MISSING
           : w->quiet                    ? WORKER_QUIET
           : w->busy                     ? WORKER_BUSY
                                         : WORKER_IDLE;
}

unsigned gauge_live_n(const struct health *h, const char *role, int64_t now_ms)
{
    unsigned n = 0;

    for (size_t i = 0; i < h->workers_n; i++)
        n += heartbeat_is_live(&h->workers[i], now_ms) && heartbeat_has_role(&h->workers[i], role);
    return n;
}

/* The upper bound of the bucket in which that share of all waits lies. */
static double percentile(const int64_t waits[HEALTH_BUCKETS_MAX], double share)
{
    int64_t all = 0;
    int64_t so_far = 0;

    for (size_t i = 0; i <= health_wait_bounds_n; i++)
        all += waits[i];
    if (all <= 0)
        return -1;
    for (size_t i = 0; i < health_wait_bounds_n; i++) {
        so_far += waits[i];
        if ((double)so_far >= share * (double)all)
            return health_wait_bounds[i];
    }
    return health_wait_bounds[health_wait_bounds_n - 1];
}

/* The oldest sample of the last n; NULL: none yet. */
static const struct sample *oldest(const struct gauge *g, unsigned n)
{
    unsigned have = g->samples_n < SAMPLES_N ? g->samples_n : SAMPLES_N;

    if (have == 0)
        return NULL;
    return &g->samples[(g->samples_n - (have < n ? have : n)) % SAMPLES_N];
}

void gauge_rates(const struct gauge *g, const struct health *now, enum queue queue,
                 struct gauge_rates *ret_rates)
{
    struct gauge_totals totals = gauge_totals(now, queue);
    const struct sample *minute = oldest(g, RATE_SAMPLES_N);
    const struct sample *window = oldest(g, SAMPLES_N);
    int64_t waits[HEALTH_BUCKETS_MAX];
    double s = minute ? (double)(clock_mono_ms() - minute->mono_ms) / 1000 : 0;

    ret_rates->in_per_s = s > 0 ? (double)(totals.in - minute->totals[queue].in) / s : 0;
    ret_rates->out_per_s = s > 0 ? (double)(totals.out - minute->totals[queue].out) / s : 0;
    for (size_t i = 0; i < HEALTH_BUCKETS_MAX; i++)
        waits[i] = waits_of(now, queue)[i] - (window ? window->waits[queue][i] : 0);
    ret_rates->p50 = percentile(waits, 0.5);
    ret_rates->p95 = percentile(waits, 0.95);
    ret_rates->p99 = percentile(waits, 0.99);
}
