/* Contract section 8, rows 4 and 5: the whole duplicate check among so many stored requests of 190
 * countries. What is measured: read the text, find the nearest of the country among all of its
 * requests and of the other countries by the strongest terms, compare, explain; and what it costs
 * to put one more request into the index, in time and memory.
 *
 * Countries are of unequal size, the n-th has 1/n of what the first one has: of a million requests
 * 170,000 are of one country. Who asks is distributed as what is stored.
 *
 *   bench_similar CONFIG_FOLDER REQUESTS TEXTS CASES.jsonl ..
 *
 * Figures are taken at 1,000, 10,000 .. REQUESTS. TEXTS: what was stored and asked is written
 * there, a line each (asked or number, title, description; parted by tabs), for other engines. */
#include "figure.h"
#include "mixture.h"

#include "routing/similar.h"

#include <math.h>
#include <sodium.h>

enum { COUNTRIES = 190, QUERIES = 1000, FIRST = 1000, STEP = 10 };

struct bench {
    struct config *config;
    struct engine *engine;
    struct similar_index *index;
    struct mixture mixture;
    FILE *texts;              /* owned */
    double shares[COUNTRIES]; /* of all up to and with that country, ascending to 1 */
    double *insertions;       /* owned: seconds of those since the last figures */
    size_t insertions_n;
    double begin_mib;
};

static double wall_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void shares_init(struct bench *b)
{
    double sum = 0;

    for (size_t i = 0; i < COUNTRIES; i++)
        b->shares[i] = sum += 1.0 / (double)(i + 1);
    for (size_t i = 0; i < COUNTRIES; i++)
        b->shares[i] /= sum;
}

static const char *country_any(struct bench *b)
{
    double at = mixture_below(&b->mixture, 1u << 30) / (double)(1u << 30);
    size_t i = 0;

    while (i + 1 < COUNTRIES && b->shares[i] < at)
        i++;
    return b->config->world.countries[i].iso3;
}

/* name: 32 digits, or "asked" for what is only asked. */
static struct reading *reading_make(struct bench *b, const char *name, const char **ret_country)
{
    struct mixed mixed;

    mixture_make(&b->mixture, &mixed);
    *ret_country = mixed.draft.country = country_any(b);
    fprintf(b->texts, "%s\t%s\t%s\n", name, mixed.draft.title, mixed.draft.description);
    return reading_new(b->engine, &mixed.draft);
}

static void store(struct bench *b, size_t number)
{
    const char *country;
    char id[40];
    struct reading *r;
    double begin;

    snprintf(id, sizeof id, "req_%032zx", number * (size_t)0x9e3779b97f4a7c15);
    r = reading_make(b, id, &country);
    begin = figure_cpu_s();
    similar_add(b->index, country, id, r);
    b->insertions[b->insertions_n++] = figure_cpu_s() - begin;
    reading_free(r);
}

static size_t hits_clear(struct similar_hit *hits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        similar_hit_clear(&hits[i]);
    return n;
}

static void check(struct bench *b, double *ret_cpu_s, double *ret_read_s, double *ret_wall_s,
                  size_t *hits_n)
{
    struct similar_hit hits[SIMILAR_CHECK_MAX];
    size_t own_n;
    struct mixed mixed;
    double begin_s, begin_wall_s;
    struct reading *r;

    mixture_make(&b->mixture, &mixed);
    mixed.draft.country = country_any(b);
    fprintf(b->texts, "asked\t%s\t%s\n", mixed.draft.title, mixed.draft.description);
    begin_s = figure_cpu_s();
    begin_wall_s = wall_s();
    r = reading_new(b->engine, &mixed.draft);
    *ret_read_s = figure_cpu_s() - begin_s;
    *hits_n += hits_clear(hits, similar_check(b->index, mixed.draft.country, r, hits, &own_n));
    *ret_cpu_s = figure_cpu_s() - begin_s;
    *ret_wall_s = wall_s() - begin_wall_s;
    reading_free(r);
}

static int compare_seconds(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print(size_t stored, const char *what, double value, const char *unit, const char *goal)
{
    char text[80];

    snprintf(text, sizeof text, "%zu stored: %s", stored, what);
    figure_print("similar", text, value, unit, goal);
}

static void figures(struct bench *b, size_t stored, bool is_last)
{
    static double cpu_s[QUERIES], read_s[QUERIES], waited_s[QUERIES];
    size_t n = b->insertions_n, hits_n = 0;

    for (size_t i = 0; i < QUERIES; i++)
        check(b, &cpu_s[i], &read_s[i], &waited_s[i], &hits_n);
    qsort(cpu_s, QUERIES, sizeof *cpu_s, compare_seconds);
    qsort(read_s, QUERIES, sizeof *read_s, compare_seconds);
    qsort(waited_s, QUERIES, sizeof *waited_s, compare_seconds);
    qsort(b->insertions, n, sizeof *b->insertions, compare_seconds);
    print(stored, "check, processor, p50", cpu_s[QUERIES / 2] * 1e3, "ms", is_last ? "<= 3" : "");
    print(stored, "check, processor, p99", cpu_s[QUERIES * 99 / 100] * 1e3, "ms",
          is_last ? "<= 8" : "");
    print(stored, "of it reading the text, p50", read_s[QUERIES / 2] * 1e3, "ms", "");
    print(stored, "check, by the clock, p50", waited_s[QUERIES / 2] * 1e3, "ms", "");
    print(stored, "check, by the clock, p99", waited_s[QUERIES * 99 / 100] * 1e3, "ms", "");
    print(stored, "listed a check", (double)hits_n / QUERIES, "", "");
    print(stored, "insertion, p50", b->insertions[n / 2] * 1e6, "us", "");
    print(stored, "insertion, p99", b->insertions[n * 99 / 100] * 1e6, "us", "");
    print(stored, "insertion, longest", b->insertions[n - 1] * 1e6, "us", "");
    print(stored, "memory a request, index", (double)similar_bytes(b->index) / (double)stored,
          "bytes", is_last ? "<= 460" : "");
    print(stored, "memory a request, process",
          (figure_rss_mib() - b->begin_mib) * 1024 * 1024 / (double)stored, "bytes", "");
    b->insertions_n = 0;
}

static enum err_code begin(struct bench *b, char **argv, size_t requests, struct err *e)
{
    enum err_code rc;

    if ((rc = config_load(argv[1], &b->config, e)) != ERR_OK ||
        (rc = engine_new(b->config, &b->engine, e)) != ERR_OK)
        return rc;
    if (!(b->texts = fopen(argv[3], "w")))
        return err_set(e, ERR_IO, "cannot write %s", argv[3]);
    b->mixture.seed = 88172645463325252u;
    for (char **path = argv + 4; *path; path++)
        mixture_read(&b->mixture, &b->config->mandate, *path);
    shares_init(b);
    b->insertions = mem_new(requests, sizeof *b->insertions);
    memset(b->insertions, 1, requests * sizeof *b->insertions); /* its pages are there already */
    b->index = similar_new(b->engine);
    return ERR_OK;
}

static void end(struct bench *b)
{
    fclose(b->texts);
    similar_free(b->index);
    free(b->insertions);
    mixture_clear(&b->mixture);
    engine_free(b->engine);
    config_free(b->config);
}

int main(int argc, char **argv)
{
    static struct bench b;
    struct err e = {0};
    size_t requests = argc > 4 ? strtoul(argv[2], NULL, 10) : 0, next = FIRST;

    if (requests < FIRST || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_similar CONFIG_FOLDER REQUESTS TEXTS CASES.jsonl ..\n"
                        "REQUESTS is 1000 or more\n");
        return 2;
    }
    if (begin(&b, argv, requests, &e) != ERR_OK) {
        fprintf(stderr, "bench_similar: %s\n", e.detail);
        return 1;
    }
    b.begin_mib = figure_rss_mib();
    for (size_t n = 1; n <= requests; n++) {
        store(&b, n);
        if (n == next || n == requests) {
            figures(&b, n, n == requests);
            next *= STEP;
        }
    }
    end(&b);
    return 0;
}
