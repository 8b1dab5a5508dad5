#include "routing/aside.h"

#include "base/err.h"

#include <stdlib.h>

enum { CUE_TOKENS_MAX = 6 }; /* longer cues are cut */

struct cue {
    uint64_t folds[CUE_TOKENS_MAX];
    size_t n;
};

struct asides {
    struct cue *cues[LANGUAGES_N]; /* owned */
    size_t cues_n[LANGUAGES_N];
    uint64_t first[LANGUAGES_N]; /* a bit for each first word: most tokens begin no cue */
};

static uint64_t first_bit(uint64_t fold)
{
    return UINT64_C(1) << (fold & 63);
}

static void cue_add(struct asides *a, int language, const char *term)
{
    struct cue cue = {.n = 0};
    struct text t;

    text_read(term, language, &t);
    for (size_t i = 0; i < t.tokens_n && cue.n < CUE_TOKENS_MAX; i++)
        cue.folds[cue.n++] = t.tokens[i].fold;
    text_clear(&t);
    if (cue.n == 0)
        return;
    a->cues[language] =
        mem_grow(a->cues[language], a->cues_n[language] + 1, sizeof *a->cues[language]);
    a->cues[language][a->cues_n[language]++] = cue;
    a->first[language] |= first_bit(cue.folds[0]);
}

struct asides *asides_new(const struct terms *t)
{
    struct asides *a = mem_new(1, sizeof *a);

    for (size_t i = 0; i < t->concepts_n; i++) {
        const struct concept *c = &t->concepts[i];
        if (c->evidence_n == 0 || c->evidence[0].kind != TARGET_ASIDE)
            continue;
        for (int l = 0; l < LANGUAGES_N; l++)
            for (size_t k = 0; c->terms[l] && c->terms[l][k]; k++)
                cue_add(a, l, c->terms[l][k]);
    }
    return a;
}

void asides_free(struct asides *a)
{
    if (!a)
        return;
    for (size_t l = 0; l < LANGUAGES_N; l++)
        free(a->cues[l]);
    free(a);
}

static bool cue_stands(const struct cue *cue, const struct text *t, size_t at)
{
    if (at + cue->n > t->tokens_n)
        return false;
    for (size_t i = 0; i < cue->n; i++)
        if (t->tokens[at + i].fold != cue->folds[i] ||
            (i > 0 && (t->tokens[at + i].flags & TOKEN_BREAK)))
            return false;
    return true;
}

static bool begins_aside(const struct asides *a, int language, const struct text *t, size_t at)
{
    if (!(a->first[language] & first_bit(t->tokens[at].fold)))
        return false;
    for (size_t i = 0; i < a->cues_n[language]; i++)
        if (cue_stands(&a->cues[language][i], t, at))
            return true;
    return false;
}

void asides_find(const struct asides *a, int language, const struct text *t, bool *ret_aside)
{
    bool aside = false;

    for (size_t i = 0; i < t->tokens_n; i++) {
        if (i > 0 && t->tokens[i].sentence != t->tokens[i - 1].sentence)
            aside = false;
        aside = aside || (t->tokens[i].sentence > 0 && begins_aside(a, language, t, i));
        ret_aside[i] = aside;
    }
}
