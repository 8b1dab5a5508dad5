#include "corpus/compare.h"

#include "base/clock.h"
#include "store/candidate_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* compare_begin -> compare_read -> (compare_survivors_read) -> compare_end */

struct compare {
    struct store *store; /* borrowed */
    enum compare_depth depth;
    compared_fn fn;
    void *arg;
    struct similar_hit hits[SIMILAR_CHECK_MAX]; /* owned; first those of the same country */
    size_t own_n, hits_n;
    struct stored found[SIMILAR_CHECK_MAX]; /* owned; of the hits, in their order */
};

static void compare_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void compare_survivors_read(void *arg, struct stored *list, size_t n, const struct err *e);

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

static bool is_matched(const struct match *list, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].stored.record.id, id))
            return true;
    return false;
}

/* What a hit stands for: itself, or the request that it is merged into. NULL: not to be had. */
static struct stored *meant(struct stored *found, struct stored *survivors, size_t n)
{
    if (!*found->record.merged_into)
        return *found->record.id ? found : NULL;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(survivors[i].record.id, found->record.merged_into))
            return &survivors[i];
    return NULL;
}

/* Hits come best first, so of several that mean one request the best one counts. */
static void compare_sort(struct compare *op, struct stored *survivors, size_t n,
                         struct comparison *c)
{
    int64_t now_ms = clock_now_ms();

    for (size_t i = 0; i < op->hits_n; i++) {
        struct stored *s = meant(&op->found[i], survivors, n);
        struct similar_hit *hit = &op->hits[i];

        if (!s || !candidate_is(&s->record, now_ms) ||
            is_matched(c->duplicates, c->duplicates_n, s->record.id) ||
            is_matched(c->related, c->related_n, s->record.id))
            continue;
        snprintf(hit->id, sizeof hit->id, "%s", s->record.id);
        if (i < op->own_n)
            match_add(c->duplicates, &c->duplicates_n, COMPARE_DUPLICATES_MAX, hit, s);
        else
            match_add(c->related, &c->related_n, COMPARE_RELATED_MAX, hit, s);
    }
    for (size_t i = 0; i < c->duplicates_n; i++)
        if (c->duplicates[i].hit.verdict > c->best)
            c->best = c->duplicates[i].hit.verdict;
}

static void compare_end(struct compare *op, struct stored *survivors, size_t n, const struct err *e)
{
    struct comparison *c = mem_new(1, sizeof *c);

    if (e->code == ERR_OK)
        compare_sort(op, survivors, n, c);
    op->fn(op->arg, e->code == ERR_OK ? c : NULL, e);
    matches_clear(c->duplicates, c->duplicates_n);
    matches_clear(c->related, c->related_n);
    free(c);
    for (size_t i = 0; i < op->hits_n; i++) {
        similar_hit_clear(&op->hits[i]);
        stored_clear(&op->found[i]);
    }
    free(op);
}

static void compare_look_up(struct compare *op, const char (*ids)[ID_BYTES], size_t n,
                            read_many_fn fn)
{
    if (op->depth == COMPARE_ALL)
        request_store_read_records(op->store, ids, n, fn, op);
    else
        request_store_read_many(op->store, ids, n, fn, op);
}

/* list: the records of the hits, in their order. */
static void compare_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct compare *op = arg;
    char ids[SIMILAR_CHECK_MAX][ID_BYTES];
    size_t survivors_n = 0;

    for (size_t i = 0; i < n; i++) {
        op->found[i] = list[i];
        list[i] = (struct stored){0};
        if (*op->found[i].record.merged_into)
            memcpy(ids[survivors_n++], op->found[i].record.merged_into, ID_BYTES);
    }
    if (survivors_n)
        compare_look_up(op, (const char(*)[ID_BYTES])ids, survivors_n, compare_survivors_read);
    else
        compare_end(op, NULL, 0, e);
}

static void compare_survivors_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    compare_end(arg, list, n, e);
}

void compare_begin(const struct corpus_place *p, struct store *store, const struct reading *r,
                   enum compare_depth depth, compared_fn fn, void *arg)
{
    struct compare *op = mem_new(1, sizeof *op);
    char ids[SIMILAR_CHECK_MAX][ID_BYTES];

    op->store = store;
    op->depth = depth;
    op->fn = fn;
    op->arg = arg;
    if (depth == COMPARE_ALL)
        op->hits_n = corpus_check(p, r, op->hits, &op->own_n);
    else
        op->own_n = op->hits_n = corpus_find(p, r, op->hits);
    for (size_t i = 0; i < op->hits_n; i++)
        snprintf(ids[i], ID_BYTES, "%s", op->hits[i].id);
    if (op->hits_n)
        compare_look_up(op, (const char(*)[ID_BYTES])ids, op->hits_n, compare_read);
    else
        compare_end(op, NULL, 0, &(struct err){0});
}

json_t *compare_json(const struct match *m)
{
    json_t *pair = similar_hit_json(&m->hit);

    json_object_set_new(pair, "reference", json_string(m->stored.record.reference));
    json_object_set_new(pair, "country", json_string(m->stored.record.country));
    return pair;
}
