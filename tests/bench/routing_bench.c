/* Contract section 8, row 3: routing decisions a second and core, memory of the loaded data, time
 * to load it. Texts are the labelled cases of one language one behind the other, cut at 150 words
 * (Chinese: 260 characters, what 150 English words come to).
 *
 *   bench_routing CONFIG_FOLDER CASES.jsonl .. */
#include "figure.h"

#include "config/load.h"
#include "routing/decision.h"
#include "routing/draft.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 150, HAN_BYTES = 260 * 3, TEXT_ROOM = 1 << 14, TEXTS_MAX = 4096 };

#define SECONDS_EACH 3.0

struct request_text {
    char country[4];
    int language;
    char *title, *description; /* owned */
};

static struct request_text texts[TEXTS_MAX];
static size_t texts_n;

/* Bytes up to where the text has so many words or, in Chinese, characters. */
static size_t cut(const char *text, int language)
{
    size_t words = 0, i;

    if (strcmp(language_codes[language], "zh") == 0) {
        size_t n = strlen(text);
        for (i = n < HAN_BYTES ? n : HAN_BYTES; i < n && ((unsigned char)text[i] & 0xc0) == 0x80;)
            i++;
        return i;
    }
    for (i = 0; text[i]; i++)
        if (text[i] == ' ' && ++words == WORDS)
            break;
    return i;
}

static void read_cases(const struct config *c, const char *path)
{
    static char rest[LANGUAGES_N][TEXT_ROOM];
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "r");

    while (f && texts_n < TEXTS_MAX && getline(&line, &room, f) > 0) {
        json_auto_t *json = json_loads(line, 0, NULL);
        const char *themes[DRAFT_THEMES_MAX + 1];
        struct request_text *t = &texts[texts_n];
        struct draft d;
        struct err e = {0};
        size_t bytes;

        if (!json || draft_read(&c->mandate, json, themes, &d, &e) != ERR_OK)
            continue;
        snprintf(rest[d.language] + strlen(rest[d.language]), TEXT_ROOM - strlen(rest[d.language]),
                 "%s ", d.description);
        bytes = cut(rest[d.language], d.language);
        if (bytes == strlen(rest[d.language]))
            continue; /* too short yet: the next case of the language continues it */
        snprintf(t->country, sizeof t->country, "%s", d.country);
        t->language = d.language;
        t->title = mem_text_n(d.title, strlen(d.title));
        t->description = mem_text_n(rest[d.language], bytes);
        rest[d.language][0] = '\0';
        texts_n++;
    }
    free(line);
    if (f)
        fclose(f);
}

static void decide(const struct engine *g, const struct request_text *t)
{
    struct draft d = {.country = t->country,
                      .language = t->language,
                      .title = t->title,
                      .description = t->description,
                      .preferred = -1};
    struct grounds grounds;
    struct decision decision;
    struct reading *r = reading_new(g, &d);

    decision_read(g, r, &d, &grounds, &decision);
    reading_free(r);
}

/* Decisions a second over the texts of one language, -1: of all. */
static double rate(const struct engine *g, int language)
{
    double begin = figure_cpu_s(), seconds;
    size_t n = 0;

    do {
        size_t before = n;
        for (size_t i = 0; i < texts_n; i++)
            if (language < 0 || texts[i].language == language) {
                decide(g, &texts[i]);
                n++;
            }
        if (n == before)
            return 0;
        seconds = figure_cpu_s() - begin;
    } while (seconds < SECONDS_EACH);
    return (double)n / seconds;
}

int main(int argc, char **argv)
{
    double before_mib = figure_rss_mib(), begin = figure_cpu_s(), load_s;
    struct config *config = NULL;
    struct engine *engine = NULL;
    struct err e = {0};

    if (argc < 3) {
        fprintf(stderr, "usage: bench_routing CONFIG_FOLDER CASES.jsonl ..\n");
        return 2;
    }
    if (config_load(argv[1], &config, &e) != ERR_OK || engine_new(config, &engine, &e) != ERR_OK) {
        fprintf(stderr, "bench_routing: %s\n", e.detail);
        return 1;
    }
    load_s = figure_cpu_s() - begin;
    figure_print("routing", "load reference data", load_s * 1000, "ms", "<= 500");
    figure_print("routing", "memory of the loaded data", figure_rss_mib() - before_mib, "MiB",
                 "<= 64");
    for (int i = 2; i < argc; i++)
        read_cases(config, argv[i]);
    figure_print("routing", "texts of 150 words", (double)texts_n, "", "");
    figure_print("routing", "decisions a second and core", rate(engine, -1), "1/s", ">= 20000");
    for (int language = 0; language < LANGUAGES_N; language++) {
        char what[40];
        snprintf(what, sizeof what, "decisions, %s", language_codes[language]);
        figure_print("routing", what, rate(engine, language), "1/s", "");
    }
    for (size_t i = 0; i < texts_n; i++) {
        free(texts[i].title);
        free(texts[i].description);
    }
    engine_free(engine);
    config_free(config);
    return 0;
}
