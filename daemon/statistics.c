/* GET /v1/statistics: how many requests, by stage, by theme, by region; for anybody.
 *
 *   statistics_begin -> (by_state -> by_theme -> by_country) -> statistics_answer
 *
 * Whoever asks while they are being taken waits for the same counts. Everybody is told the same, so
 * a small count is withheld from all (protocol/suppress.h): it would tell of single requests. */
#include "daemon/statistics.h"

#include "base/clock.h"
#include "daemon/operations.h"
#include "daemon/task.h"
#include "protocol/suppress.h"
#include "store/count_store.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRESH_MS = 60000, REGIONS_MAX = 16, WAITING_MAX = 256 };

struct statistics {
    struct app *app; /* borrowed, while counts are taken */
    struct task *waiting[WAITING_MAX];
    size_t waiting_n;
    int64_t taken_mono_ms, taken_ms; /* 0: never */
    struct suppress_cell stages[STATES_N];
    struct suppress_cell themes[TOPICS_MAX + 1]; /* the last one: none yet */
    size_t themes_n;                             /* with that one */
    char regions[REGIONS_MAX][16];
    struct suppress_cell by_region[REGIONS_MAX];
    size_t regions_n;
    const struct config *config; /* the data that they were taken by; only compared */
    bool has_total;
    int64_t total;
};

struct statistics *statistics_new(void)
{
    return mem_new(1, sizeof(struct statistics));
}

void statistics_free(struct statistics *s)
{
    free(s);
}

static void by_state(void *arg, const int64_t *counts, const struct err *e);
static void by_theme(void *arg, const int64_t *counts, const struct err *e);
static void by_country(void *arg, const int64_t *counts, const struct err *e);

/* --- the answer ------------------------------------------------------------------------------- */

static json_t *cell_json(const struct task *t, const char *kind, const char *code,
                         const struct suppress_cell *cell)
{
    char key[80];

    snprintf(key, sizeof key, "%s.%s", kind, code);
    return json_pack("{s:s, s:s, s:o}", "code", code, "name",
                     words_get(t->app->config->words, key, t->language), "count",
                     cell->is_withheld ? json_null() : json_integer(cell->n));
}

static void statistics_answer(const struct statistics *s, struct task *t)
{
    const struct mandate *m = &t->app->config->mandate;
    json_t *stages = json_array();
    json_t *themes = json_array();
    json_t *regions = json_array();
    char at[CLOCK_TEXT_BYTES];

    for (unsigned i = 0; i < STATES_N; i++)
        json_array_append_new(stages, cell_json(t, "state", state_words[i], &s->stages[i]));
    for (size_t i = 0; i < s->themes_n; i++)
        json_array_append_new(
            themes,
            cell_json(t, "topic", i < m->topics_n ? m->topics[i].code : "none", &s->themes[i]));
    for (size_t i = 0; i < s->regions_n; i++)
        json_array_append_new(regions, cell_json(t, "region", s->regions[i], &s->by_region[i]));
    task_reply_public(t,
                      json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "as_of",
                                clock_text(s->taken_ms, at), "withheld_below", SUPPRESS_BELOW,
                                "total", s->has_total ? json_integer(s->total) : json_null(),
                                "stages", stages, "themes", themes, "regions", regions),
                      "public, max-age=60");
}

static void answer_all(struct statistics *s, const struct err *e)
{
    size_t n = s->waiting_n;

    s->waiting_n = 0;
    for (size_t i = 0; i < n; i++)
        if (e->code == ERR_OK)
            statistics_answer(s, s->waiting[i]);
        else
            task_problem(s->waiting[i], e);
}

/* --- counting --------------------------------------------------------------------------------- */

void statistics_begin(struct task *t)
{
    struct statistics *s = t->app->statistics;

    if (s->waiting_n == 0 && s->taken_mono_ms && s->config == t->app->config &&
        clock_mono_ms() - s->taken_mono_ms < FRESH_MS) {
        statistics_answer(s, t);
        return;
    }
    if (s->waiting_n == WAITING_MAX) {
        task_problem(t, &(struct err){ERR_UNAVAILABLE, "too many wait for the counts"});
        return;
    }
    s->waiting[s->waiting_n++] = t;
    if (s->waiting_n > 1)
        return;
    s->app = t->app;
    count_store_states(s->app->store, state_words, STATES_N, by_state, s);
}

static void by_state(void *arg, const int64_t *counts, const struct err *e)
{
    struct statistics *s = arg;
    const struct mandate *m = &s->app->config->mandate;
    const char *codes[TOPICS_MAX];

    if (e->code != ERR_OK) {
        answer_all(s, e);
        return;
    }
    s->total = 0;
    for (unsigned i = 0; i < STATES_N; i++) {
        s->stages[i].n = counts[i];
        s->total += counts[i];
    }
    s->config = s->app->config;
    for (size_t i = 0; i < m->topics_n; i++)
        codes[i] = m->topics[i].code;
    count_store_themes(s->app->store, codes, m->topics_n, by_theme, s);
}

static void by_theme(void *arg, const int64_t *counts, const struct err *e)
{
    struct statistics *s = arg;
    const struct world *w = &s->app->config->world;
    const char **codes;
    int64_t known = 0;

    if (e->code != ERR_OK || s->config != s->app->config) {
        answer_all(s, e->code != ERR_OK ? e : &(struct err){ERR_UNAVAILABLE, "reloaded meanwhile"});
        return;
    }
    s->themes_n = s->app->config->mandate.topics_n + 1;
    for (size_t i = 0; i + 1 < s->themes_n; i++) {
        s->themes[i].n = counts[i];
        known += counts[i];
    }
    s->themes[s->themes_n - 1].n = s->total > known ? s->total - known : 0;
    codes = mem_new(w->countries_n, sizeof *codes);
    for (size_t i = 0; i < w->countries_n; i++)
        codes[i] = w->countries[i].iso3;
    count_store_countries(s->app->store, codes, w->countries_n, by_country, s);
    free(codes);
}

static size_t region_find(struct statistics *s, const char *region)
{
    size_t i = 0;

    while (i < s->regions_n && strcmp(s->regions[i], region) != 0)
        i++;
    if (i == s->regions_n && i < REGIONS_MAX - 1) {
        snprintf(s->regions[i], sizeof s->regions[i], "%s", region);
        s->by_region[i] = (struct suppress_cell){0};
        s->regions_n++;
    }
    return i < s->regions_n ? i : s->regions_n - 1;
}

static void withhold_all(struct suppress_cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cells[i].is_withheld = true;
}

/* The three tables have one sum: if one of them cannot stand with it, none of them can. */
static void statistics_suppress(struct statistics *s)
{
    bool stages = suppress_table(s->stages, STATES_N);
    bool themes = suppress_table(s->themes, s->themes_n);
    bool regions = suppress_table(s->by_region, s->regions_n);

    s->has_total = stages && themes && regions && s->total >= SUPPRESS_BELOW;
    if (s->has_total)
        return;
    withhold_all(s->stages, STATES_N);
    withhold_all(s->themes, s->themes_n);
    withhold_all(s->by_region, s->regions_n);
}

static void by_country(void *arg, const int64_t *counts, const struct err *e)
{
    struct statistics *s = arg;
    const struct world *w = &s->app->config->world;

    if (e->code != ERR_OK || s->config != s->app->config) {
        answer_all(s, e->code != ERR_OK ? e : &(struct err){ERR_UNAVAILABLE, "reloaded meanwhile"});
        return;
    }
    s->regions_n = 0;
    for (size_t i = 0; i < w->countries_n; i++) {
        const char *region = *w->countries[i].region ? w->countries[i].region : "none";

        s->by_region[region_find(s, region)].n += counts[i];
    }
    statistics_suppress(s);
    s->taken_ms = clock_now_ms();
    s->taken_mono_ms = clock_mono_ms();
    answer_all(s, e);
}
