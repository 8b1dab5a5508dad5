#include "corpus/compare.h"

#include "base/clock.h"
#include "store/candidate_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* compare_begin -> compare_read */
enum { HITS_MAX = 2 * SIMILAR_HITS_MAX };

struct compare {
    compared_fn fn;
    void *arg;
    struct similar_hit hits[HITS_MAX]; /* owned; first those of the same country */
    size_t own_n, hits_n;
};

/* Takes the hit when there is room for it. */
static void match_add(struct match *list, size_t *n, size_t max, struct similar_hit *hit,
                      struct stored *stored)
{
    if (*n == max)
        return;
    list[(*n)++] = (struct match){*hit, *stored};
    *hit = (struct similar_hit){.verdict = SIMILAR_NONE};
    *stored = (struct stored){0};
}

static void matches_clear(struct match *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        similar_hit_clear(&list[i].hit);
        stored_clear(&list[i].stored);
    }
}

/* list: the records of the hits, in their order. */
static void compare_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct compare *op = arg;
    struct comparison *c = mem_new(1, sizeof *c);
    int64_t now_ms = clock_now_ms();

    for (size_t i = 0; i < n; i++) {
        if (!*list[i].record.id || !candidate_is(&list[i].record, now_ms))
            continue;
        if (i < op->own_n)
            match_add(c->duplicates, &c->duplicates_n, COMPARE_DUPLICATES_MAX, &op->hits[i],
                      &list[i]);
        else
            match_add(c->related, &c->related_n, COMPARE_RELATED_MAX, &op->hits[i], &list[i]);
    }
    for (size_t i = 0; i < c->duplicates_n; i++)
        if (c->duplicates[i].hit.verdict > c->best)
            c->best = c->duplicates[i].hit.verdict;
    op->fn(op->arg, e->code == ERR_OK ? c : NULL, e);
    matches_clear(c->duplicates, c->duplicates_n);
    matches_clear(c->related, c->related_n);
    free(c);
    for (size_t i = 0; i < op->hits_n; i++)
        similar_hit_clear(&op->hits[i]);
    free(op);
}

void compare_begin(const struct corpus_place *p, struct store *store, const struct reading *r,
                   enum compare_depth depth, compared_fn fn, void *arg)
{
    struct compare *op = mem_new(1, sizeof *op);
    char ids[HITS_MAX][ID_BYTES];

    op->fn = fn;
    op->arg = arg;
    op->own_n = op->hits_n = corpus_find(p, r, op->hits);
    if (depth == COMPARE_ALL)
        op->hits_n += corpus_related(p, r, op->hits + op->own_n);
    for (size_t i = 0; i < op->hits_n; i++)
        snprintf(ids[i], ID_BYTES, "%s", op->hits[i].id);
    if (!op->hits_n)
        compare_read(op, NULL, 0, &(struct err){0});
    else if (depth == COMPARE_ALL)
        request_store_read_records(store, (const char(*)[ID_BYTES])ids, op->hits_n, compare_read,
                                   op);
    else
        request_store_read_many(store, (const char(*)[ID_BYTES])ids, op->hits_n, compare_read, op);
}

json_t *compare_json(const struct match *m)
{
    json_t *pair = similar_hit_json(&m->hit);

    json_object_set_new(pair, "reference", json_string(m->stored.record.reference));
    json_object_set_new(pair, "country", json_string(m->stored.record.country));
    return pair;
}
