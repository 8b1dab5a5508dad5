/* Actions on two requests at once, in the order it happens:
 *
 *   pair_begin -> pair_read -> pair_other_read -> (pair_followers_read) -> pair_decide
 *       ^                                                                    |
 *       |      one of them moved on meanwhile: read again, decide again      v
 *       +-------------------------------------------------------------- pair_moved -> the resource
 *                                                                            |
 *   a link's other half lives in another partition: half_store_mend ---------+-> pair_mended
 *
 * Merging, joining and undoing change all requests concerned in one step of the store, on the
 * version that each had. A link is one step for each of its two requests: the first one notes that
 * the second is due (half_store.h), so the answer may leave when the first is on disk. */
#include "daemon/pair.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/named.h"
#include "daemon/refusal.h"
#include "daemon/resource.h"
#include "protocol/merge.h"
#include "protocol/relation.h"
#include "protocol/view.h"
#include "store/half_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 16 };

struct pair {
    struct task *task; /* held */
    enum action action;
    json_t *doc; /* owned, NULL: no body; input borrows from it */
    struct transition_input input;
    char operation[OPERATION_BYTES];
    unsigned rounds;
    struct stored own, other; /* owned: as read, then as they will be */
    struct stored *followers; /* owned, with its elements */
    size_t followers_n;
    struct record own_before, blocking;
    bool blocked; /* blocking is set: not the request of the path is in the way */
    struct err refusal;
};

static void pair_again(struct pair *op);
static void pair_read(void *arg, struct stored *stored, const struct err *e);
static void pair_other_read(void *arg, struct stored *stored, const char *fault,
                            const struct err *e);
static void pair_followers_read(void *arg, struct stored *list, size_t n, const struct err *e);
static void pair_decide(struct pair *op);
static void pair_link(struct pair *op);
static void pair_moved(void *arg, enum store_outcome outcome, const struct err *e);
static void pair_mend(struct pair *op, const char *operation);
static void pair_mended(void *arg, bool changed, const struct err *e);
static void pair_refuse(struct pair *op, const struct record *blocking, const struct err *e);
static void pair_seen(void *arg, enum store_outcome outcome, const struct err *e);

bool pair_takes(enum action a)
{
    return a == ACTION_MERGE || a == ACTION_JOIN || a == ACTION_UNMERGE || a == ACTION_LINK;
}

static void pair_forget(struct pair *op)
{
    stored_clear(&op->own);
    stored_clear(&op->other);
    for (size_t i = 0; i < op->followers_n; i++)
        stored_clear(&op->followers[i]);
    free(op->followers);
    op->followers = NULL;
    op->followers_n = 0;
    op->blocked = false;
}

static struct task *pair_end(struct pair *op)
{
    struct task *t = op->task;

    pair_forget(op);
    json_decref(op->doc);
    free(op);
    return t;
}

static void pair_reread(struct pair *op)
{
    struct task *t = pair_end(op);

    resource_reread(t, 200, t->id);
}

/* Something is wrong with the name of the other request. */
static void pair_fault(struct pair *op, const char *code, int64_t max)
{
    struct faults faults = {.n = 0};
    struct fault *fault = fault_add(&faults, "#", "other", code);

    fault->max = max;
    task_faults(pair_end(op), &(struct err){ERR_VALIDATION, "other"}, &faults);
}

void pair_begin(struct task *t, enum action a, json_t *doc, const struct transition_input *input)
{
    struct pair *op = mem_new(1, sizeof *op);

    op->task = t;
    op->action = a;
    op->doc = doc;
    op->input = *input;
    request_store_operation(op->operation);
    pair_again(op);
}

static void pair_again(struct pair *op)
{
    pair_forget(op);
    request_store_read(op->task->app->store, op->task->id, &op->task->who, pair_read, op);
}

static void pair_read(void *arg, struct stored *stored, const struct err *e)
{
    struct pair *op = arg;
    struct task *t = op->task;
    struct err refusal = {0};

    if (!stored) {
        task_problem(pair_end(op), e);
        return;
    }
    op->own = *stored;
    *stored = (struct stored){0};
    op->own_before = op->own.record;
    if (refusal_check_match(t, &op->own_before, &refusal) != ERR_OK) {
        pair_refuse(op, NULL, &refusal);
    } else if (!(transition_allowed(&op->own_before, &t->who, clock_now_ms()) & 1u << op->action)) {
        err_set(&refusal, ERR_STATE, "%s in %s", action_words[op->action],
                state_words[op->own_before.state]);
        pair_refuse(op, NULL, &refusal);
    } else {
        named_read(t, op->input.other ? op->input.other : op->own_before.merged_into,
                   pair_other_read, op);
    }
}

/* Which of the two is merged into which; undoing says so itself. */
static bool own_survives(const struct pair *op)
{
    return op->action != ACTION_UNMERGE && record_is_first(&op->own.record, &op->other.record);
}

static void pair_other_read(void *arg, struct stored *stored, const char *fault,
                            const struct err *e)
{
    struct pair *op = arg;
    char ids[MERGE_MAX][ID_BYTES];
    size_t n;

    if (e->code != ERR_OK) {
        task_problem(pair_end(op), e);
        return;
    }
    if (!stored || !strcmp(stored->record.id, op->own.record.id)) {
        pair_fault(op, stored ? "same_request" : fault, 0);
        return;
    }
    op->other = *stored;
    *stored = (struct stored){0};
    if (op->action == ACTION_LINK) {
        pair_link(op);
        return;
    }
    if (strcmp(op->other.record.country, op->own.record.country) != 0) {
        pair_fault(op, "other_country", 0);
        return;
    }
    n = op->action == ACTION_UNMERGE
            ? merge_returners(op->other.inner, op->own.record.id, ids)
            : merge_followers((own_survives(op) ? &op->other : &op->own)->inner, ids);
    if (n)
        request_store_read_many(op->task->app->store, (const char(*)[ID_BYTES])ids, n,
                                pair_followers_read, op);
    else
        pair_decide(op);
}

static void pair_followers_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct pair *op = arg;

    if (e->code != ERR_OK) {
        task_problem(pair_end(op), e);
        return;
    }
    op->followers = mem_new(n, sizeof *op->followers);
    for (size_t i = 0; i < n; i++) {
        op->followers[i] = list[i];
        list[i] = (struct stored){0};
    }
    op->followers_n = n;
    pair_decide(op);
}

/* --- merge, join, unmerge --------------------------------------------------------------------- */

static struct merge_part part_of(struct stored *s)
{
    return (struct merge_part){.record = &s->record, .body = s->body, .inner = s->inner};
}

static struct change change_of(const struct merge_part *p, bool follows)
{
    return (struct change){.before = &p->before,
                           .after = p->record,
                           .inner = follows ? NULL : p->inner,
                           .history = p->line};
}

static void pair_write(struct pair *op, const struct merge *m, int64_t now_ms)
{
    struct task *t = op->task;
    const struct merge_part *own = own_survives(op) ? &m->survivor : &m->moved;
    const struct merge_part *other = own == &m->survivor ? &m->moved : &m->survivor;
    struct change changes[2 + MERGE_MAX] = {change_of(own, false), change_of(other, false)};
    struct judgement judgement;
    struct movement what = {.changes = changes,
                            .changes_n = 2 + m->followers_n,
                            .action = op->action,
                            .who = &t->who,
                            .judgements = &judgement,
                            .judgements_n = 1,
                            .idempotency = &t->idempotency,
                            .operation = op->operation};

    for (size_t i = 0; i < m->followers_n; i++)
        changes[2 + i] = change_of(&m->followers[i], true);
    judgement_make(own->record->id, own->inner, other->record->id, other->inner,
                   op->action == ACTION_UNMERGE ? VERDICT_NOT : VERDICT_DUPLICATE, &t->who, now_ms,
                   &judgement);
    request_store_move(t->app->store, &what, pair_moved, op);
}

static void pair_decide(struct pair *op)
{
    struct merge *m = mem_new(1, sizeof *m);
    bool survives = own_survives(op);
    int64_t now_ms = clock_now_ms();
    struct err refusal = {0};
    enum err_code rc;

    m->action = op->action;
    m->who = &op->task->who;
    m->calendars = &op->task->app->config->calendars.all;
    m->text = op->input.text;
    m->undo_ms = now_ms + op->task->app->settings.unmerge_days * CLOCK_DAY_MS;
    m->survivor = part_of(survives ? &op->own : &op->other);
    m->moved = part_of(survives ? &op->other : &op->own);
    for (size_t i = 0; i < op->followers_n; i++)
        m->followers[i] = part_of(&op->followers[i]);
    m->followers_n = op->followers_n;
    rc = merge_apply(m, now_ms, &refusal);
    if (rc == ERR_OK)
        pair_write(op, m, now_ms);
    else if (rc == ERR_TOO_LARGE)
        pair_fault(op, "too_many_items", MERGE_MAX);
    else
        pair_refuse(op, m->refused ? &m->refused->before : NULL, &refusal);
    merge_clear(m);
    free(m);
}

/* --- link ------------------------------------------------------------------------------------- */

static void pair_link(struct pair *op)
{
    struct task *t = op->task;
    enum relation relation = (enum relation)op->input.relation;
    const json_t *known = relation_find(op->own.inner, op->other.record.id);
    struct record before = op->own.record;
    int64_t now_ms = clock_now_ms();
    struct judgement judgement;
    struct change change = {.before = &before, .after = &op->own.record, .inner = op->own.inner};
    struct movement what = {.changes = &change,
                            .changes_n = 1,
                            .action = ACTION_LINK,
                            .who = &t->who,
                            .judgements = &judgement,
                            .idempotency = &t->idempotency,
                            .operation = op->operation,
                            .half = op->other.record.id};
    const struct lifecycle_row *row;
    struct err refusal = {0};
    json_t *line;

    if (relation_of(known) == relation) { /* said before: only the other half may be missing */
        pair_mend(op, "");
        return;
    }
    if (!relation_has_room(op->own.inner, op->other.record.id) ||
        !relation_has_room(op->other.inner, op->own.record.id)) {
        pair_fault(op, "too_many_items", RELATIONS_MAX);
        return;
    }
    op->input.counterpart = &op->other.record;
    if (op->other.record.state == STATE_MERGED) {
        err_set(&refusal, ERR_STATE, "link to a merged request");
        pair_refuse(op, &op->other.record, &refusal);
        return;
    }
    if (transition_apply(&op->own.record, ACTION_LINK, &t->who, &op->input, now_ms, &row,
                         &refusal) != ERR_OK) {
        pair_refuse(op, NULL, &refusal);
        return;
    }
    if (relation == RELATION_NONE || relation_of(known) == RELATION_NONE) { /* not: another kind */
        judgement_make(before.id, op->own.inner, op->other.record.id, op->other.inner,
                       relation == RELATION_NONE ? VERDICT_NONE : VERDICT_RELATED, &t->who, now_ms,
                       &judgement);
        what.judgements_n = 1;
    }
    relation_set(op->own.inner, &op->other.record, relation, &t->who, op->operation, now_ms);
    line = view_history(&before, &op->own.record, ACTION_LINK, &t->who, &op->input, now_ms);
    change.history = line;
    request_store_move(t->app->store, &what, pair_moved, op);
    json_decref(line);
}

static void pair_mend(struct pair *op, const char *operation)
{
    struct half half;

    memcpy(half.first, op->own_before.id, ID_BYTES);
    memcpy(half.second, op->other.record.id, ID_BYTES);
    snprintf(half.operation, sizeof half.operation, "%s", operation);
    half_store_mend(op->task->app->store, &half, pair_mended, op);
}

static void pair_mended(void *arg, bool changed, const struct err *e)
{
    struct pair *op = arg;

    (void)changed;
    if (e->code != ERR_OK) /* a worker finds the note */
        log_warning("half_linked", "request=%s other=%s why=\"%s\"", op->own_before.id,
                    op->other.record.id, e->detail);
    pair_reread(op);
}

/* --- what became of it ------------------------------------------------------------------------ */

static void pair_done(struct pair *op)
{
    struct task *t = op->task;
    char actor[PRINCIPAL_TEXT_BYTES];
    struct stored own = op->own;

    log_info("moved", "request=%s action=%s other=%s by=%s to=%s via=%s", t->id,
             action_words[op->action], op->other.record.id, principal_text(&t->who, actor),
             state_words[own.record.state], http_request_id(t->http));
    if (op->action == ACTION_LINK) {
        pair_mend(op, op->operation);
        return;
    }
    op->own = (struct stored){0};
    resource_reply(pair_end(op), 200, &own);
}

static void pair_moved(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct pair *op = arg;

    if (e->code != ERR_OK) {
        task_problem(pair_end(op), e);
        return;
    }
    switch (outcome) {
    case STORE_DONE:
        pair_done(op);
        return;
    case STORE_REPLAYED:
        http_add_header(op->task->http, "Idempotent-Replayed", "true");
        if (op->action == ACTION_LINK && *op->other.record.id)
            pair_mend(op, "");
        else
            pair_reread(op);
        return;
    case STORE_STALE:
    case STORE_REFUSED:
        if (++op->rounds < ROUNDS_MAX)
            pair_again(op);
        else
            task_problem(pair_end(op), &(struct err){ERR_UNAVAILABLE, "they keep changing"});
        return;
    case STORE_REUSED:
        task_problem(pair_end(op), &(struct err){ERR_KEY_REUSED, "other body"});
        return;
    case STORE_ABSENT:
    case STORE_EPOCH:
        task_problem(pair_end(op), &(struct err){ERR_NOT_FOUND, "gone"});
        return;
    }
}

/* The refusal may be the echo of this very action's first success: ask before saying no. */
static void pair_refuse(struct pair *op, const struct record *blocking, const struct err *e)
{
    struct task *t = op->task;

    op->refusal = *e;
    op->blocked = blocking != NULL;
    if (blocking)
        op->blocking = *blocking;
    if (*t->idempotency.name)
        request_store_seen(t->app->store, id_partition(t->id), &t->idempotency, pair_seen, op);
    else
        pair_seen(op, STORE_ABSENT, &(struct err){0});
}

static void pair_seen(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct pair *op = arg;
    struct record acted = op->own_before;
    struct record blocking = op->blocking;
    bool blocked = op->blocked;
    struct err refusal = e->code != ERR_OK ? *e : op->refusal;

    if (e->code == ERR_OK && outcome != STORE_ABSENT)
        pair_moved(op, outcome, e);
    else
        refusal_reply(pair_end(op), &acted, blocked ? &blocking : NULL, &refusal);
}
