#include "dictionaries/aligner.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 8 };

/* Every pair of words that stand in one sentence. Either side has one word more, "nothing", the
 * last of its kinds, for words without a counterpart. */
struct aligner {
    const struct bisentence *sentences; /* borrowed */
    size_t sentences_n;
    uint32_t foreign_kinds, english_kinds; /* with "nothing" */
    uint64_t *pairs;                       /* owned, sorted: foreign << 32 | english */
    size_t pairs_n;
    uint32_t *cells;                   /* owned: number of the pair, sentence by sentence */
    double *forward, *backward;        /* owned, a pair */
    double *forward_n, *backward_n;    /* owned, a pair: expected counts of this round */
    double *foreign_sum, *english_sum; /* owned, a word */
};

static uint32_t word_at(const uint32_t *words, size_t n, size_t i, uint32_t kinds)
{
    return i < n ? words[i] : kinds - 1;
}

static uint64_t pair_at(const struct aligner *a, const struct bisentence *s, size_t f, size_t e)
{
    return (uint64_t)word_at(s->foreign, s->foreign_n, f, a->foreign_kinds) << 32 |
           word_at(s->english, s->english_n, e, a->english_kinds);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void aligner_init(struct aligner *a)
{
    size_t cells_n = 0, n = 0;

    for (size_t i = 0; i < a->sentences_n; i++)
        cells_n += (a->sentences[i].foreign_n + 1) * (a->sentences[i].english_n + 1);
    a->pairs = mem_new(cells_n + 1, sizeof *a->pairs);
    a->cells = mem_new(cells_n + 1, sizeof *a->cells);
    for (size_t i = 0; i < a->sentences_n; i++)
        for (size_t f = 0; f <= a->sentences[i].foreign_n; f++)
            for (size_t e = 0; e <= a->sentences[i].english_n; e++)
                a->pairs[n++] = pair_at(a, &a->sentences[i], f, e);
    qsort(a->pairs, n, sizeof *a->pairs, by_number);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || a->pairs[i] != a->pairs[a->pairs_n - 1])
            a->pairs[a->pairs_n++] = a->pairs[i];
    n = 0;
    for (size_t i = 0; i < a->sentences_n; i++)
        for (size_t f = 0; f <= a->sentences[i].foreign_n; f++)
            for (size_t e = 0; e <= a->sentences[i].english_n; e++) {
                uint64_t pair = pair_at(a, &a->sentences[i], f, e);
                const uint64_t *found =
                    bsearch(&pair, a->pairs, a->pairs_n, sizeof *a->pairs, by_number);
                a->cells[n++] = (uint32_t)(found - a->pairs);
            }
    a->forward = mem_new(a->pairs_n + 1, sizeof *a->forward);
    a->backward = mem_new(a->pairs_n + 1, sizeof *a->backward);
    a->forward_n = mem_new(a->pairs_n + 1, sizeof *a->forward_n);
    a->backward_n = mem_new(a->pairs_n + 1, sizeof *a->backward_n);
    a->foreign_sum = mem_new(a->foreign_kinds, sizeof *a->foreign_sum);
    a->english_sum = mem_new(a->english_kinds, sizeof *a->english_sum);
    for (size_t i = 0; i < a->pairs_n; i++)
        a->forward[i] = a->backward[i] = 1;
}

static void aligner_clear(struct aligner *a)
{
    free(a->pairs);
    free(a->cells);
    free(a->forward);
    free(a->backward);
    free(a->forward_n);
    free(a->backward_n);
    free(a->foreign_sum);
    free(a->english_sum);
}

/* One sentence: each English word is shared out among the foreign ones and the other way. */
static void sentence_count(struct aligner *a, const struct bisentence *s, const uint32_t *cells)
{
    size_t columns = s->english_n + 1;

    for (size_t e = 0; e < s->english_n; e++) {
        double sum = 0;
        for (size_t f = 0; f <= s->foreign_n; f++)
            sum += a->forward[cells[f * columns + e]];
        for (size_t f = 0; f <= s->foreign_n; f++)
            a->forward_n[cells[f * columns + e]] += a->forward[cells[f * columns + e]] / sum;
    }
    for (size_t f = 0; f < s->foreign_n; f++) {
        double sum = 0;
        for (size_t e = 0; e <= s->english_n; e++)
            sum += a->backward[cells[f * columns + e]];
        for (size_t e = 0; e <= s->english_n; e++)
            a->backward_n[cells[f * columns + e]] += a->backward[cells[f * columns + e]] / sum;
    }
}

static void aligner_round(struct aligner *a)
{
    const uint32_t *cells = a->cells;

    memset(a->forward_n, 0, a->pairs_n * sizeof *a->forward_n);
    memset(a->backward_n, 0, a->pairs_n * sizeof *a->backward_n);
    memset(a->foreign_sum, 0, a->foreign_kinds * sizeof *a->foreign_sum);
    memset(a->english_sum, 0, a->english_kinds * sizeof *a->english_sum);
    for (size_t i = 0; i < a->sentences_n; i++) {
        sentence_count(a, &a->sentences[i], cells);
        cells += (a->sentences[i].foreign_n + 1) * (a->sentences[i].english_n + 1);
    }
    for (size_t i = 0; i < a->pairs_n; i++) {
        a->foreign_sum[a->pairs[i] >> 32] += a->forward_n[i];
        a->english_sum[a->pairs[i] & UINT32_MAX] += a->backward_n[i];
    }
    for (size_t i = 0; i < a->pairs_n; i++) {
        double foreign = a->foreign_sum[a->pairs[i] >> 32];
        double english = a->english_sum[a->pairs[i] & UINT32_MAX];
        a->forward[i] = foreign > 0 ? a->forward_n[i] / foreign : 0;
        a->backward[i] = english > 0 ? a->backward_n[i] / english : 0;
    }
}

static struct link *links_take(const struct aligner *a, size_t *ret_links_n)
{
    struct link *links = mem_new(a->pairs_n + 1, sizeof *links);
    size_t n = 0;

    for (size_t i = 0; i < a->pairs_n; i++) {
        uint32_t foreign = (uint32_t)(a->pairs[i] >> 32);
        uint32_t english = (uint32_t)(a->pairs[i] & UINT32_MAX);
        if (foreign == a->foreign_kinds - 1 || english == a->english_kinds - 1)
            continue;
        links[n++] = (struct link){.foreign = foreign,
                                   .english = english,
                                   .forward = a->forward[i],
                                   .backward = a->backward[i],
                                   .count = a->forward_n[i] < a->backward_n[i] ? a->forward_n[i]
                                                                               : a->backward_n[i]};
    }
    *ret_links_n = n;
    return links;
}

struct link *aligner_run(const struct bisentence *sentences, size_t n, uint32_t foreign_kinds,
                         uint32_t english_kinds, size_t *ret_links_n)
{
    struct aligner a = {.sentences = sentences,
                        .sentences_n = n,
                        .foreign_kinds = foreign_kinds + 1,
                        .english_kinds = english_kinds + 1};
    struct link *links;

    aligner_init(&a);
    for (int i = 0; i < ROUNDS; i++)
        aligner_round(&a);
    links = links_take(&a, ret_links_n);
    aligner_clear(&a);
    return links;
}
