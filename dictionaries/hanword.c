/* Runs of two to four characters are counted by sentences, and so is how often each stands beside
 * an English word. A run is a word when it goes with some English word (Dice's coefficient) better
 * than chance, unless a run one longer says the same (then it is a part) or a run one shorter goes
 * better with that English word (then something hangs on). */
#include "dictionaries/hanword.h"

#include "base/err.h"
#include "config/hash.h"
#include "routing/lexicon_inside.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_MIN = 2, RUN_MAX = 4, SENTENCES_MIN = 3, TOGETHER_MIN = 2 };

static const double dice_min = 0.25;
static const double part_share = 0.8; /* of its sentences have the longer run too */

struct run {
    uint64_t key;
    uint32_t number, sentences_n, last_sentence;
    uint64_t inner[2]; /* keys of the runs one shorter, 0 for single characters */
    uint32_t partner;  /* English word it goes with best */
    double dice;
    bool is_word;
    UT_hash_handle hh;
};

struct hanwords {
    struct run *runs;
    uint32_t runs_n;
};

static struct run *run_find(const struct hanwords *h, uint64_t key)
{
    struct run *r;

    HASH_FIND(hh, h->runs, &key, sizeof key, r);
    return r;
}

/* Tokens from i on that may be one run. */
static size_t run_room(const struct text *t, size_t i)
{
    size_t n = 0;

    while (n < RUN_MAX && i + n < t->tokens_n && (t->tokens[i + n].flags & TOKEN_HAN) &&
           (n == 0 || !(t->tokens[i + n].flags & TOKEN_BREAK)))
        n++;
    return n;
}

static void runs_count(struct hanwords *h, const struct text *t, uint32_t sentence)
{
    for (size_t i = 0; i < t->tokens_n; i++) {
        size_t room = run_room(t, i);
        for (size_t n = RUN_MIN; n <= room; n++) {
            uint64_t key = lexicon_phrase(t->tokens + i, n);
            struct run *r = run_find(h, key);
            if (!r) {
                r = mem_new(1, sizeof *r);
                r->key = key;
                r->number = h->runs_n++;
                r->last_sentence = UINT32_MAX;
                if (n > RUN_MIN) {
                    r->inner[0] = lexicon_phrase(t->tokens + i, n - 1);
                    r->inner[1] = lexicon_phrase(t->tokens + i + 1, n - 1);
                }
                HASH_ADD(hh, h->runs, key, sizeof r->key, r);
            }
            r->sentences_n += r->last_sentence != sentence;
            r->last_sentence = sentence;
        }
    }
}

/* --- company --------------------------------------------------------------------------- */

struct company {
    struct run **by_number; /* owned */
    uint64_t *pairs;        /* owned: run << 32 | English word, once a sentence */
    size_t pairs_n, room;
    uint32_t *english_n; /* owned: sentences of each English word */
};

static int by_pair(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void pair_add(struct company *c, uint64_t pair)
{
    if (c->pairs_n == c->room) {
        c->room = c->room ? c->room * 2 : 4096;
        c->pairs = mem_grow(c->pairs, c->room, sizeof *c->pairs);
    }
    c->pairs[c->pairs_n++] = pair;
}

/* Whether the English word stands earlier in the sentence. */
static bool is_again(const struct hansentence *s, size_t e)
{
    for (size_t i = 0; i < e; i++)
        if (s->english[i] == s->english[e])
            return true;
    return false;
}

static void company_add(struct company *c, struct hanwords *h, const struct hansentence *s,
                        uint32_t sentence)
{
    const struct text *t = s->text;

    for (size_t e = 0; e < s->english_n; e++)
        c->english_n[s->english[e]] += !is_again(s, e);
    for (size_t i = 0; i < t->tokens_n; i++) {
        size_t room = run_room(t, i);
        for (size_t n = RUN_MIN; n <= room; n++) {
            struct run *r = run_find(h, lexicon_phrase(t->tokens + i, n));
            if (r->sentences_n < SENTENCES_MIN || r->last_sentence == sentence)
                continue;
            r->last_sentence = sentence;
            for (size_t e = 0; e < s->english_n; e++)
                if (!is_again(s, e))
                    pair_add(c, (uint64_t)r->number << 32 | s->english[e]);
        }
    }
}

static void partners_find(struct company *c)
{
    if (c->pairs_n > 0)
        qsort(c->pairs, c->pairs_n, sizeof *c->pairs, by_pair);
    for (size_t i = 0, end; i < c->pairs_n; i = end) {
        struct run *r = c->by_number[c->pairs[i] >> 32];
        uint32_t english = (uint32_t)(c->pairs[i] & UINT32_MAX);
        double dice;
        for (end = i + 1; end < c->pairs_n && c->pairs[end] == c->pairs[i];)
            end++;
        dice = 2.0 * (double)(end - i) / (double)(r->sentences_n + c->english_n[english]);
        if (end - i >= TOGETHER_MIN && dice > r->dice) {
            r->dice = dice;
            r->partner = english;
        }
    }
}

/* --- words ----------------------------------------------------------------------------- */

static bool goes_better(const struct hanwords *h, const struct run *r, uint64_t inner)
{
    const struct run *shorter = inner ? run_find(h, inner) : NULL;

    return shorter && shorter->partner == r->partner && shorter->dice > r->dice;
}

static void words_choose(struct hanwords *h)
{
    for (struct run *r = h->runs; r; r = r->hh.next)
        r->is_word = r->dice >= dice_min && !goes_better(h, r, r->inner[0]) &&
                     !goes_better(h, r, r->inner[1]);
    for (struct run *r = h->runs; r; r = r->hh.next) {
        for (size_t i = 0; r->is_word && i < 2; i++) {
            struct run *part = r->inner[i] ? run_find(h, r->inner[i]) : NULL;
            if (part && r->sentences_n >= part_share * part->sentences_n)
                part->is_word = false;
        }
    }
}

struct hanwords *hanwords_learn(const struct hansentence *sentences, size_t n)
{
    struct hanwords *h = mem_new(1, sizeof *h);
    struct company c = {0};
    uint32_t english_kinds = 0;

    for (size_t i = 0; i < n; i++) {
        runs_count(h, sentences[i].text, (uint32_t)i);
        for (size_t e = 0; e < sentences[i].english_n; e++)
            if (sentences[i].english[e] >= english_kinds)
                english_kinds = sentences[i].english[e] + 1;
    }
    c.by_number = mem_new(h->runs_n + 1UL, sizeof(struct run *));
    c.english_n = mem_new(english_kinds + 1UL, sizeof *c.english_n);
    for (struct run *r = h->runs; r; r = r->hh.next) {
        c.by_number[r->number] = r;
        r->last_sentence = UINT32_MAX;
    }
    for (size_t i = 0; i < n; i++)
        company_add(&c, h, &sentences[i], (uint32_t)i);
    partners_find(&c);
    words_choose(h);
    free(c.by_number);
    free(c.pairs);
    free(c.english_n);
    return h;
}

void hanwords_free(struct hanwords *h)
{
    struct run *r, *next;

    if (!h)
        return;
    HASH_ITER (hh, h->runs, r, next) {
        HASH_DEL(h->runs, r);
        free(r);
    }
    free(h);
}

size_t hanwords_longest(const struct hanwords *h, const struct text *t, size_t i)
{
    for (size_t n = run_room(t, i); n >= RUN_MIN; n--) {
        const struct run *r = run_find(h, lexicon_phrase(t->tokens + i, n));
        if (r && r->is_word)
            return n;
    }
    return 1;
}
