/* Any number of requests out of few labelled cases: the title, the first and the second half of the
 * description each of another case of the language. The same seed gives the same requests. */
#ifndef TESTS_BENCH_MIXTURE_H
#define TESTS_BENCH_MIXTURE_H

#include "base/err.h"
#include "config/load.h"
#include "routing/draft.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIXTURE_TEXTS_MAX = 2048 /* of one language */, MIXTURE_TEXT_ROOM = 8192 };

struct mixture {
    struct {
        char *titles[MIXTURE_TEXTS_MAX], *descriptions[MIXTURE_TEXTS_MAX]; /* owned */
        size_t n;
    } languages[LANGUAGES_N];
    uint64_t seed; /* any, not 0 */
};

/* country is set by the caller, title and description stay valid until the next one. */
struct mixed {
    struct draft draft;
    char description[MIXTURE_TEXT_ROOM];
};

static inline uint32_t mixture_below(struct mixture *m, size_t n)
{
    m->seed ^= m->seed << 13; /* G. Marsaglia, "Xorshift RNGs", 2003 */
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return (uint32_t)((m->seed >> 32) % n);
}

static inline void mixture_read(struct mixture *m, const struct mandate *mandate, const char *path)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "r");

    while (f && getline(&line, &room, f) > 0) {
        json_t *json = json_loads(line, 0, NULL);
        const char *themes[DRAFT_THEMES_MAX + 1];
        struct draft d;
        struct err e = {0};

        if (json && draft_read(mandate, json, themes, &d, &e) == ERR_OK &&
            m->languages[d.language].n < MIXTURE_TEXTS_MAX) {
            size_t i = m->languages[d.language].n++;
            m->languages[d.language].titles[i] = mem_text(d.title);
            m->languages[d.language].descriptions[i] = mem_text(d.description);
        }
        json_decref(json);
    }
    free(line);
    if (f)
        fclose(f);
}

static inline void mixture_clear(struct mixture *m)
{
    for (size_t l = 0; l < LANGUAGES_N; l++)
        for (size_t i = 0; i < m->languages[l].n; i++) {
            free(m->languages[l].titles[i]);
            free(m->languages[l].descriptions[i]);
        }
}

/* Where a text may be cut near its middle: not inside a character. */
static inline size_t mixture_middle(const char *text)
{
    size_t at = strlen(text) / 2;

    while (text[at] && ((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static inline void mixture_make(struct mixture *m, struct mixed *ret_mixed)
{
    size_t language = mixture_below(m, LANGUAGES_N), n;
    const char *first, *second;

    while (m->languages[language].n == 0)
        language = mixture_below(m, LANGUAGES_N);
    n = m->languages[language].n;
    first = m->languages[language].descriptions[mixture_below(m, n)];
    second = m->languages[language].descriptions[mixture_below(m, n)];
    snprintf(ret_mixed->description, sizeof ret_mixed->description, "%.*s %s",
             (int)mixture_middle(first), first, second + mixture_middle(second));
    ret_mixed->draft = (struct draft){.language = (int)language,
                                      .title = m->languages[language].titles[mixture_below(m, n)],
                                      .description = ret_mixed->description,
                                      .preferred = -1};
}

#endif
