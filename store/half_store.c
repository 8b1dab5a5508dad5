#include "store/half_store.h"

#include "base/clock.h"
#include "protocol/relation.h"
#include "protocol/view.h"
#include "store/keys.h"
#include "store/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* half_store_mend -> half_read -> half_moved -> half_noted
 *                        ^             |
 *                        +-------------+  one of the two moved on meanwhile */
enum { ROUNDS_MAX = 8 };

struct mend {
    struct store *store;
    struct half half;
    mended_fn fn;
    void *arg;
    char operation[OPERATION_BYTES];
    unsigned rounds;
    bool changed;
};

static void half_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void half_moved(void *arg, enum store_outcome outcome, const struct err *e);
static void half_noted(void *arg, const struct redisReply *reply, const struct err *e);

static void mend_end(struct mend *op, const struct err *e)
{
    op->fn(op->arg, op->changed, e);
    free(op);
}

static void mend_read(struct mend *op)
{
    char ids[2][ID_BYTES];

    memcpy(ids[0], op->half.first, ID_BYTES);
    memcpy(ids[1], op->half.second, ID_BYTES);
    request_store_read_many(op->store, (const char(*)[ID_BYTES])ids, 2, half_read, op);
}

void half_store_mend(struct store *s, const struct half *half, mended_fn fn, void *arg)
{
    struct mend *op = mem_new(1, sizeof *op);

    op->store = s;
    op->half = *half;
    op->fn = fn;
    op->arg = arg;
    request_store_operation(op->operation);
    mend_read(op);
}

/* Writes what `from` knows of the link into `to`. */
static void half_write(struct mend *op, struct stored *to, const struct stored *from)
{
    const struct principal self = {.role = ROLE_SYSTEM};
    const struct idempotency none = {.name = ""};
    struct transition_input in = transition_silent;
    struct record before = to->record;
    const struct lifecycle_row *row;
    int64_t now_ms = clock_now_ms();
    struct judgement taken_back;
    struct change change = {.before = &before, .after = &to->record, .inner = to->inner};
    struct movement what = {.changes = &change,
                            .changes_n = 1,
                            .action = ACTION_LINK,
                            .who = &self,
                            .judgements = &taken_back,
                            .idempotency = &none,
                            .operation = op->operation};
    struct err e = {0};
    json_t *line;

    in.relation = (int)relation_of(relation_find(to->inner, from->record.id));
    in.counterpart = &from->record;
    if (transition_apply(&to->record, ACTION_LINK, &self, &in, now_ms, &row, &e) != ERR_OK)
        bug("the other half of a link is refused in %s", state_words[before.state]);
    if (in.relation == RELATION_NONE) { /* the verdict may stand on this side */
        judgement_make(before.id, NULL, from->record.id, NULL, VERDICT_NONE, &self, now_ms,
                       &taken_back);
        what.judgements_n = 1;
    }
    line = view_history(&before, &to->record, ACTION_LINK, &self, &in, now_ms);
    change.history = line;
    request_store_move(op->store, &what, half_moved, op);
    json_decref(line);
}

static void half_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct mend *op = arg;
    bool whole = n == 2 && *list[0].record.id && *list[1].record.id;

    if (e->code != ERR_OK)
        mend_end(op, e);
    else if (!whole) /* perhaps it can be read later: the note is left */
        mend_end(op, &(struct err){ERR_INTERNAL, "a linked request cannot be read"});
    else if (relation_mirror(list[1].inner, list[1].record.id, list[0].inner, &list[0].record))
        half_write(op, &list[1], &list[0]);
    else if (relation_mirror(list[0].inner, list[0].record.id, list[1].inner, &list[1].record))
        half_write(op, &list[0], &list[1]);
    else
        half_moved(op, STORE_REPLAYED, e); /* both agree */
}

static void half_moved(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct mend *op = arg;
    struct args a = {0};
    unsigned p = id_partition(op->half.first);

    if (e->code != ERR_OK) {
        mend_end(op, e);
        return;
    }
    if (outcome == STORE_STALE || outcome == STORE_REFUSED) {
        if (++op->rounds < ROUNDS_MAX)
            mend_read(op);
        else
            mend_end(op, &(struct err){ERR_UNAVAILABLE, "a linked request keeps changing"});
        return;
    }
    op->changed = outcome == STORE_DONE;
    args_add(&a, "SREM");
    keys_add(&a, p, "halves", NULL);
    args_printf(&a, "%s %s %s", op->half.first, op->half.second, op->half.operation);
    store_call(op->store, p, &a, 0, half_noted, op);
}

static void half_noted(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)reply;
    mend_end(arg, e);
}

/* --- the notes -------------------------------------------------------------------------------- */

struct list_op {
    halves_fn fn;
    void *arg;
};

static void halves_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_op op = *(struct list_op *)arg;
    struct half *list = mem_new(reply_count(reply) + 1, sizeof *list);
    size_t n = 0;

    free(arg);
    for (size_t i = 0; e->code == ERR_OK && i < reply_count(reply); i++) {
        const char *text = reply_text(reply_at(reply, i));

        if (text &&
            sscanf(text, "%36s %36s %16s", list[n].first, list[n].second, list[n].operation) == 3 &&
            id_is(list[n].first, "req_") && id_is(list[n].second, "req_"))
            n++;
    }
    op.fn(op.arg, list, n, e);
    free(list);
}

void half_store_list(struct store *s, unsigned partition, unsigned n, halves_fn fn, void *arg)
{
    struct list_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    op->fn = fn;
    op->arg = arg;
    args_add(&a, "SRANDMEMBER");
    keys_add(&a, partition, "halves", NULL);
    args_add_int(&a, (int64_t)n);
    store_call(s, partition, &a, 0, halves_read, op);
}
