/* Contract section 8, row 6 for the worker: how long it takes to take in what was decided before,
 * and what a request costs in memory there and in Redis. Beside it what a draft costs the daemon:
 * taking in one large country on demand, and the longest time that its event loop stood still for
 * it.
 *
 * Requests are made of the labelled cases: title, first and second half of the description each of
 * another case of the language. Their vectors are written straight into an empty Redis.
 *
 *   bench_corpus CONFIG_FOLDER SOCKET REQUESTS CASES.jsonl .. */
#include "figure.h"
#include "mixture.h"

#include "base/clock.h"
#include "base/id.h"
#include "config/load.h"
#include "corpus/corpus.h"
#include "protocol/partition.h"
#include "protocol/seal.h"
#include "store/keys.h"
#include "store/reply.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    COUNTRIES = 190,
    BATCH = 200,
    LARGE = 20000, /* requests of the one country for drafts */
    DRAFTS = 200
};
#define GOAL_REQUESTS 1e6

static const char large_country[] = "QAA"; /* of nobody */

struct bench {
    struct event_base *base;
    struct config *config;
    struct engine *engine;
    struct keyring *ring;
    struct store *store;
    struct corpus *corpus;
    struct mixture mixture;
    struct event *tick;
    int64_t tick_ms, stood_ms; /* last turn of the loop; the longest without one */
    size_t made_n, memory;     /* memory: of Redis, by INFO */
};

static struct reading *reading_make(struct bench *b, const char *country)
{
    struct mixed mixed;

    mixture_make(&b->mixture, &mixed);
    mixed.draft.country = country;
    return reading_new(b->engine, &mixed.draft);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void answered(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct bench *b = arg;

    (void)reply;
    if (e->code != ERR_OK) {
        fprintf(stderr, "bench_corpus: %s\n", e->detail);
        exit(1);
    }
    event_base_loopbreak(b->base);
}

static void call(struct bench *b, unsigned partition, struct args *a)
{
    store_call(b->store, partition, a, 30000, answered, b);
    event_base_dispatch(b->base);
}

/* So many decided requests of a country more; each third is closed. */
static void make(struct bench *b, const char *country, size_t n)
{
    unsigned p = partition_of(country);
    struct args list = {0}, closed = {0};

    args_add(&list, "RPUSH");
    keys_add(&list, p, "decided", country);
    args_add(&closed, "ZADD");
    keys_add(&closed, p, "by", "state:closed");
    for (size_t i = 0; i < n; i++) {
        unsigned char vector[CORPUS_VECTOR_MAX];
        char id[ID_BYTES];
        struct reading *r = reading_make(b, country);
        size_t vector_n = corpus_vector(b->corpus, r, vector), sealed_n;
        const struct seal_place place = {country, id_new("req_", p, clock_now_ms(), id), "vector"};
        uint8_t *sealed = seal_write(b->ring, &place, vector, vector_n, &sealed_n);
        struct buf entry = {0};

        buf_add_text(&entry, id);
        buf_add(&entry, sealed, sealed_n);
        args_add_n(&list, entry.text, entry.bytes);
        if (i % 3 == 0) {
            args_add_int(&closed, clock_now_ms());
            args_add(&closed, id);
        }
        buf_clear(&entry);
        free(sealed);
        reading_free(r);
    }
    call(b, p, &list);
    call(b, p, &closed);
    b->made_n += n;
}

static void memory_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct bench *b = arg;
    const char *text = reply_text(reply);
    const char *used = text ? strstr(text, "used_memory:") : NULL;

    (void)e;
    b->memory = used ? strtoul(used + strlen("used_memory:"), NULL, 10) : 0;
    event_base_loopbreak(b->base);
}

static double redis_bytes(struct bench *b)
{
    struct args a = {0};

    args_add(&a, "INFO");
    args_add(&a, "memory");
    store_call(b->store, STORE_SYSTEM, &a, 0, memory_read, b);
    event_base_dispatch(b->base);
    return (double)b->memory;
}

/* --- the worker's start ----------------------------------------------------------------------- */

static void tick(evutil_socket_t fd, short what, void *arg)
{
    struct bench *b = arg;
    int64_t now_ms = clock_mono_ms();
    struct corpus_figures f;

    (void)fd, (void)what;
    if (now_ms - b->tick_ms > b->stood_ms)
        b->stood_ms = now_ms - b->tick_ms;
    b->tick_ms = now_ms;
    evtimer_add(b->tick, &(struct timeval){.tv_usec = 1000});
    corpus_figures(b->corpus, &f);
    if (f.load_ms >= 0)
        event_base_loopbreak(b->base);
}

static void ticks_begin(struct bench *b)
{
    b->tick_ms = clock_mono_ms();
    b->stood_ms = 0;
    evtimer_add(b->tick, &(struct timeval){0});
}

static void measure_load(struct bench *b)
{
    const struct corpus_options options = {.base = b->base, .store = b->store, .engine = b->engine};
    double begin_mib = figure_rss_mib(), begin_s = figure_cpu_s(), seconds, cpu_s;
    struct corpus_figures f;

    corpus_free(b->corpus);
    b->corpus = corpus_new(&options);
    corpus_load(b->corpus);
    ticks_begin(b);
    event_base_dispatch(b->base);
    evtimer_del(b->tick);
    corpus_figures(b->corpus, &f);
    if (f.requests_n != b->made_n) {
        fprintf(stderr, "bench_corpus: %zu of %zu loaded\n", f.requests_n, b->made_n);
        exit(1);
    }
    seconds = (double)f.load_ms / 1000;
    cpu_s = figure_cpu_s() - begin_s;
    figure_print("corpus", "requests taken in at start", (double)f.requests_n, "", "");
    figure_print("corpus", "time", seconds, "s", "");
    figure_print("corpus", "time for 1,000,000 at this rate",
                 seconds / (double)f.requests_n * GOAL_REQUESTS, "s", "<= 60");
    figure_print("corpus", "of it processor time of the worker",
                 cpu_s / (double)f.requests_n * GOAL_REQUESTS, "s", "");
    figure_print("corpus", "memory a request, worker",
                 (figure_rss_mib() - begin_mib) * 1024 * 1024 / (double)f.requests_n, "bytes",
                 "<= 460");
    figure_print("corpus", "longest stop of the event loop", (double)b->stood_ms, "ms", "");
}

/* --- drafts ----------------------------------------------------------------------------------- */

static void draft_entered(void *arg, struct corpus_place *place, const struct err *e)
{
    struct bench *b = arg;

    if (!place) {
        fprintf(stderr, "bench_corpus: %s\n", e->detail);
        exit(1);
    }
    corpus_leave(place);
    event_base_loopbreak(b->base);
}

struct asked {
    struct bench *bench;
    const struct reading *reading;
    double seconds;
};

static void draft_compared(void *arg, struct corpus_place *place, const struct err *e)
{
    struct asked *asked = arg;
    struct similar_hit hits[SIMILAR_HITS_MAX];
    double begin = figure_cpu_s();
    size_t n = corpus_find(place, asked->reading, hits);

    (void)e;
    asked->seconds = figure_cpu_s() - begin;
    while (n > 0)
        similar_hit_clear(&hits[--n]);
    corpus_leave(place);
    event_base_loopbreak(asked->bench->base);
}

static int compare_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void measure_drafts(struct bench *b)
{
    const struct corpus_options options = {.base = b->base,
                                           .store = b->store,
                                           .engine = b->engine,
                                           .bytes_max = 64u << 20u,
                                           .country_max = LARGE};
    double seconds[DRAFTS];
    int64_t began_ms;

    for (size_t n = 0; n < LARGE; n += BATCH)
        make(b, large_country, BATCH);
    corpus_free(b->corpus);
    b->corpus = corpus_new(&options);
    began_ms = clock_mono_ms();
    corpus_enter(b->corpus, large_country, draft_entered, b);
    ticks_begin(b);
    event_base_dispatch(b->base);
    evtimer_del(b->tick);
    figure_print("corpus", "first draft of a country of 20,000: load",
                 (double)(clock_mono_ms() - began_ms), "ms", "");
    figure_print("corpus", "longest stop of the event loop meanwhile", (double)b->stood_ms, "ms",
                 "");
    for (size_t i = 0; i < DRAFTS; i++) {
        struct reading *r = reading_make(b, large_country);
        struct asked asked = {.bench = b, .reading = r};

        corpus_enter(b->corpus, large_country, draft_compared, &asked);
        event_base_dispatch(b->base);
        seconds[i] = asked.seconds;
        reading_free(r);
    }
    qsort(seconds, DRAFTS, sizeof *seconds, compare_seconds);
    figure_print("corpus", "further drafts: comparing, p50", seconds[DRAFTS / 2] * 1000, "ms", "");
    figure_print("corpus", "further drafts: comparing, p99", seconds[DRAFTS * 99 / 100] * 1000,
                 "ms", "");
}

/* --- all -------------------------------------------------------------------------------------- */

static void ready(void *arg, bool is_ready)
{
    struct bench *b = arg;

    if (is_ready)
        event_base_loopbreak(b->base);
}

static enum err_code begin(struct bench *b, const char *folder, const char *socket, struct err *e)
{
    char where[256], keys[300];
    struct store_options options = {
        .where = where, .timeout_ms = 30000, .changed = ready, .arg = b};
    struct corpus_options corpus = {.base = b->base};
    enum err_code rc;

    snprintf(where, sizeof where, "unix:%s", socket);
    snprintf(keys, sizeof keys, "%s.keys", socket);
    if ((rc = config_load(folder, &b->config, e)) != ERR_OK ||
        (rc = engine_new(b->config, &b->engine, e)) != ERR_OK ||
        (rc = keyring_create(keys, e)) != ERR_OK ||
        (rc = keyring_load(keys, &b->ring, e)) != ERR_OK)
        return rc;
    unlink(keys);
    options.ring = b->ring;
    if ((rc = store_new(b->base, &options, &b->store, e)) != ERR_OK)
        return rc;
    event_base_dispatch(b->base);
    corpus.store = b->store;
    corpus.engine = b->engine;
    b->corpus = corpus_new(&corpus);
    b->tick = evtimer_new(b->base, tick, b);
    return ERR_OK;
}

static void end(struct bench *b)
{
    store_free(b->store);
    corpus_free(b->corpus);
    event_free(b->tick);
    mixture_clear(&b->mixture);
    keyring_free(b->ring);
    engine_free(b->engine);
    config_free(b->config);
    event_base_free(b->base);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct err e = {0};
    double empty;
    size_t n;

    if (argc < 5 || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_corpus CONFIG_FOLDER SOCKET REQUESTS CASES.jsonl ..\n");
        return 2;
    }
    b.base = event_base_new();
    if (begin(&b, argv[1], argv[2], &e) != ERR_OK) {
        fprintf(stderr, "bench_corpus: %s\n", e.detail);
        return 1;
    }
    randombytes_buf(&b.mixture.seed, sizeof b.mixture.seed);
    for (int i = 4; i < argc; i++)
        mixture_read(&b.mixture, &b.config->mandate, argv[i]);
    n = strtoul(argv[3], NULL, 10);
    empty = redis_bytes(&b);
    while (b.made_n < n) /* as they come: a few of each country at a time */
        for (size_t i = 0; i < COUNTRIES && b.made_n < n; i++)
            make(&b, b.config->world.countries[i].iso3,
                 n - b.made_n < BATCH ? n - b.made_n : BATCH);
    figure_print("corpus", "memory a vector, Redis", (redis_bytes(&b) - empty) / (double)n, "bytes",
                 "");
    measure_load(&b);
    measure_drafts(&b);
    end(&b);
    return 0;
}
