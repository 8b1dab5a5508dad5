/* One submitted request, from its work entry to offers or triage, in the order it happens:
 *
 *   route_begin -> route_read -> route_entered -> route_compared -> route_decided -> route_done
 *                                     ^                                   |
 *                                     +-----------------------------------+  another one of the
 *                                                                            country came first
 *
 * The decision itself is pure (routing/). It is written on the record's version and the country's
 * epoch, so two workers never decide twice, nor each miss the other's half of a duplicate. What
 * fails for a reason of its own is tried again later, eight times in all. */
#include "workers/route.h"

#include "base/clock.h"
#include "base/log.h"
#include "corpus/compare.h"
#include "protocol/view.h"
#include "routing/decision.h"
#include "routing/draft.h"
#include "store/candidate_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 16 };

struct route {
    struct crew *crew;     /* borrowed */
    struct corpus *corpus; /* borrowed */
    struct work work;
    route_done_fn fn;
    void *arg;
    struct stored stored; /* owned */
    struct record before;
    struct draft draft; /* borrows from stored.body */
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct reading *reading;    /* owned */
    struct corpus_place *place; /* entered, or NULL */
    unsigned char vector[CORPUS_VECTOR_MAX];
    size_t vector_n;
    unsigned rounds;
    int64_t began_mono_ms;
};

static void route_read(void *arg, struct stored *stored, const struct err *e);
static void route_entered(void *arg, struct corpus_place *place, const struct err *e);
static void route_compared(void *arg, const struct comparison *c, const struct err *e);
static void route_decided(void *arg, enum store_outcome outcome, const struct err *e);
static void route_failed(struct route *op, const struct err *e);

static const struct principal router = {.role = ROLE_SYSTEM};

void route_begin(struct crew *crew, struct corpus *corpus, const struct work *work,
                 route_done_fn fn, void *arg)
{
    struct route *op = mem_new(1, sizeof *op);

    op->crew = crew;
    op->corpus = corpus;
    op->work = *work;
    op->fn = fn;
    op->arg = arg;
    op->began_mono_ms = clock_mono_ms();
    request_store_read(crew->store, work->id, NULL, route_read, op);
}

static void route_done(struct route *op)
{
    route_done_fn fn = op->fn;
    void *arg = op->arg;

    if (op->place)
        corpus_leave(op->place);
    reading_free(op->reading);
    stored_clear(&op->stored);
    free(op);
    fn(arg);
}

static void route_read(void *arg, struct stored *stored, const struct err *e)
{
    struct route *op = arg;

    if (!stored) {
        route_failed(op, e);
        return;
    }
    op->stored = *stored;
    *stored = (struct stored){0};
    op->before = op->stored.record;
    corpus_enter(op->corpus, op->before.country, route_entered, op);
}

/* --- the decision ----------------------------------------------------------------------------- */

static json_t *matches_json(const struct match *list, size_t n)
{
    json_t *pairs = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(pairs, compare_json(&list[i]));
    return pairs;
}

/* The offers of a decision, in order of score. */
static void offers_of(const struct mandate *m, const struct decision *d, struct routed *to)
{
    to->lead = d->lead >= 0 ? m->secretariats[d->lead].code : "";
    for (size_t i = 0; i < d->outcome.candidates_n; i++) {
        const struct rule_candidate *c = &d->outcome.candidates[i];
        const char *code = m->secretariats[c->secretariat].code;

        if (c->role == RULE_SUPPORT && to->support_n < RECORD_OFFERS_MAX - 1)
            to->support[to->support_n++] = code;
        else if (c->role == RULE_INFORMED && to->informed_n < RECORD_OFFERS_MAX)
            to->informed[to->informed_n++] = code;
    }
    to->restricted = decision_is_restricted(m, d);
}

/* A lead and no likely twin: offered. Anything else waits for a person. */
static enum action route_apply(struct route *op, const struct decision *d, bool twin,
                               int64_t now_ms)
{
    struct record *r = &op->stored.record;
    enum action action = d->lead >= 0 && !twin ? ACTION_OFFER : ACTION_HOLD;
    const struct transition_input nothing = {.reason = -1, .as = -1, .epoch = -1};
    const struct lifecycle_row *row;
    struct routed to = {.lead = ""};
    struct err e = {0};

    offers_of(&op->crew->config->mandate, d, &to);
    if (action == ACTION_OFFER)
        transition_offer(r, &to, now_ms);
    r->restricted = to.restricted;
    if (transition_apply(r, action, &router, &nothing, now_ms, &row, &e) != ERR_OK)
        bug("the router may not %s from %s", action_words[action], state_words[op->before.state]);
    return action;
}

static void route_write(struct route *op, const struct grounds *grounds, const struct decision *d,
                        const struct comparison *c)
{
    json_t *inner = op->stored.inner;
    json_t *routing =
        decision_json(op->crew->engine, d, op->before.country, (int)op->before.language);
    int64_t now_ms = clock_now_ms();
    char at[CLOCK_TEXT_BYTES];
    struct ruling ruling = {.entry = op->work.entry,
                            .epoch = corpus_epoch(op->place),
                            .verdict = similar_verdict_word(c->best),
                            .vector = op->vector};
    json_t *line;

    op->stored.record = op->before;
    ruling.movement.action = route_apply(op, d, c->best >= SIMILAR_LIKELY, now_ms);
    json_object_set_new(routing, "decided_at", json_string(clock_text(now_ms, at)));
    if (ruling.movement.action == ACTION_HOLD)
        json_object_set_new(routing, "outcome", json_string("triage"));
    json_object_set_new(inner, "routing", routing);
    json_object_set_new(
        inner, "grounds",
        grounds_json(&op->crew->config->mandate, op->crew->config->ruleset, grounds));
    json_object_set_new(inner, "duplicates", matches_json(c->duplicates, c->duplicates_n));
    json_object_set_new(inner, "related", matches_json(c->related, c->related_n));
    line = view_history(&op->before, &op->stored.record, ruling.movement.action, &router, NULL,
                        now_ms);
    ruling.movement.before = &op->before;
    ruling.movement.after = &op->stored.record;
    ruling.movement.who = &router;
    ruling.movement.inner = inner;
    ruling.movement.history = line;
    ruling.vector_n = op->vector_n = corpus_vector(op->corpus, op->reading, op->vector);
    request_store_decide(op->crew->store, &ruling, route_decided, op);
    json_decref(line);
}

static void route_entered(void *arg, struct corpus_place *place, const struct err *e)
{
    struct route *op = arg;
    struct err fault = *e;

    op->place = place;
    if (!place) {
        route_failed(op, e);
        return;
    }
    if (op->before.state != STATE_SUBMITTED) { /* settled by another: only acknowledge */
        queue_store_settle(op->crew->store, &op->work);
        route_done(op);
        return;
    }
    fault.code =
        draft_read(&op->crew->config->mandate, op->stored.body, op->themes, &op->draft, &fault);
    if (fault.code != ERR_OK) {
        err_set(&fault, ERR_INTERNAL, "stored body is no draft");
        route_failed(op, &fault);
        return;
    }
    if (!op->reading)
        op->reading = reading_new(op->crew->engine, &op->draft);
    compare_begin(place, op->crew->store, op->reading, COMPARE_ALL, route_compared, op);
}

static void route_compared(void *arg, const struct comparison *c, const struct err *e)
{
    struct route *op = arg;
    struct grounds grounds;
    struct decision d;

    if (!c) {
        route_failed(op, e);
        return;
    }
    decision_read(op->crew->engine, op->reading, &op->draft, &grounds, &d);
    route_write(op, &grounds, &d, c);
}

/* --- what became of it ------------------------------------------------------------------------ */

static void route_decided(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct route *op = arg;
    const struct record *r = &op->stored.record;

    if (e->code != ERR_OK) {
        route_failed(op, e);
        return;
    }
    switch (outcome) {
    case STORE_DONE:
        corpus_add(op->place, r->id, op->vector, candidate_is(r, r->updated_ms) ? op->vector_n : 0);
        op->crew->done_n++;
        log_info("routed", "request=%s to=%s lead=%s offers=%zu wait_ms=%lld took_ms=%lld", r->id,
                 state_words[r->state], *r->lead ? r->lead : "-", r->offers_n,
                 (long long)(r->updated_ms - r->submitted_ms),
                 (long long)(clock_mono_ms() - op->began_mono_ms));
        route_done(op);
        return;
    case STORE_STALE: /* withdrawn, say, meanwhile */
    case STORE_EPOCH:
        if (++op->rounds < ROUNDS_MAX) {
            corpus_leave(op->place);
            op->place = NULL;
            stored_clear(&op->stored);
            request_store_read(op->crew->store, op->work.id, NULL, route_read, op);
            return;
        }
        route_failed(op, &(struct err){ERR_INTERNAL, "the country keeps changing"});
        return;
    case STORE_REPLAYED:
    case STORE_ABSENT: /* the function has acknowledged the entry */
        route_done(op);
        return;
    case STORE_REUSED:
    case STORE_REFUSED:
        route_failed(op, &(struct err){ERR_INTERNAL, "decide: refused"});
        return;
    }
}

static void route_attempted(void *arg, enum attempt_outcome outcome, int64_t attempts,
                            const struct err *e)
{
    struct route *op = arg;

    if (e->code != ERR_OK)
        log_warning("attempt_not_counted", "request=%s why=\"%s\"", op->work.id, e->detail);
    else if (outcome == ATTEMPT_DEAD)
        log_error("dead_letter", "request=%s attempts=%lld", op->work.id, (long long)attempts);
    route_done(op);
}

/* The store is away: the entry stays pending and is taken over later. Anything else is the
 * entry's own trouble: counted, and tried again after a while. */
static void route_failed(struct route *op, const struct err *e)
{
    if (op->place) {
        corpus_leave(op->place);
        op->place = NULL;
    }
    log_warning("route_failed", "request=%s why=\"%s\"", op->work.id, e->detail);
    if (e->code == ERR_UNAVAILABLE)
        route_done(op);
    else if (e->code == ERR_NOT_FOUND) {
        queue_store_settle(op->crew->store, &op->work);
        route_done(op);
    } else
        queue_store_attempt(op->crew->store, &op->work, clock_now_ms(),
                            op->crew->settings.worker_retry_ms, route_attempted, op);
}
