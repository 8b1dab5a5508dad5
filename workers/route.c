/* One submitted request, from its work entry to offers or triage, in the order it happens:
 *
 *   route_begin -> route_read -> (route_wish_read) -> route_entered -> route_compared
 *                      ^                                                     |
 *     another one of   |                                                     v
 *     the country came +------------------------------------------------ route_decided
 *     first                                                                  |
 *                                                                            v
 *                                                                        route_done
 *
 * The decision itself is pure (routing/). It is written on the record's version and the country's
 * epoch, so two workers never decide twice, nor each miss the other's half of a duplicate. What
 * fails for a reason of its own is tried again later, eight times in all. */
#include "workers/route.h"

#include "base/clock.h"
#include "base/log.h"
#include "corpus/compare.h"
#include "protocol/merge.h"
#include "protocol/view.h"
#include "routing/decision.h"
#include "routing/draft.h"
#include "store/candidate_store.h"
#include "store/totals.h"

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
    struct stored wish; /* owned; the request that its country wished to join */
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
static void route_wish_read(void *arg, struct stored *stored, const struct err *e);
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
    stored_clear(&op->wish);
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
    if (*op->before.join)
        request_store_read(op->crew->store, op->before.join, NULL, route_wish_read, op);
    else
        corpus_enter(op->corpus, op->before.country, route_entered, op);
}

/* A merged request is an alias: its survivor is meant. One that cannot be read takes nothing in. */
static void route_wish_read(void *arg, struct stored *stored, const struct err *e)
{
    struct route *op = arg;

    if (e->code == ERR_UNAVAILABLE) {
        route_failed(op, e);
        return;
    }
    if (stored && *stored->record.merged_into) {
        request_store_read(op->crew->store, stored->record.merged_into, NULL, route_wish_read, op);
        return;
    }
    if (stored) {
        op->wish = *stored;
        *stored = (struct stored){0};
    }
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

/* Who is nearest to one that is left to a person: the lead there would be, else the best placed. */
static void closest_set(struct record *r, const struct routed *to)
{
    const char *code = *to->lead            ? to->lead
                       : to->support_n > 0  ? to->support[0]
                       : to->informed_n > 0 ? to->informed[0]
                                            : "";

    snprintf(r->closest, sizeof r->closest, "%s", code);
}

/* A lead and no likely twin: offered. Anything else waits for a person, a wish to join too. */
static enum action route_apply(struct route *op, const struct decision *d, bool waits,
                               int64_t now_ms)
{
    struct record *r = &op->stored.record;
    enum action action = waits ? ACTION_HOLD : ACTION_OFFER;
    const struct lifecycle_row *row;
    struct transition_input in = transition_silent;
    struct routed to = {.lead = ""};
    struct err e = {0};

    offers_of(&op->crew->config->mandate, d, &to);
    if (action == ACTION_OFFER)
        transition_offer(r, &to);
    else
        closest_set(r, &to);
    r->restricted = to.restricted;
    in.calendars = &op->crew->config->calendars.all;
    if (transition_apply(r, action, &router, &in, now_ms, &row, &e) != ERR_OK)
        bug("the router may not %s from %s", action_words[action], state_words[op->before.state]);
    return action;
}

/* Whether the engine, too, takes it for the same as the one that its country wished to join. */
static bool is_wish_confirmed(const struct route *op, const struct comparison *c)
{
    for (size_t i = 0; i < c->duplicates_n; i++)
        if (!strcmp(c->duplicates[i].hit.id, op->wish.record.id))
            return c->duplicates[i].hit.verdict >= SIMILAR_LIKELY;
    return false;
}

/* What the decision adds to the sealed part. */
static void route_remember(struct route *op, const struct grounds *grounds,
                           const struct decision *d, const struct comparison *c, bool waits,
                           int64_t now_ms)
{
    const struct config *config = op->crew->config;
    json_t *inner = op->stored.inner;
    json_t *routing = decision_json(op->crew->engine, d);
    char at[CLOCK_TEXT_BYTES];

    json_object_set_new(routing, "decided_at", json_string(clock_text(now_ms, at)));
    if (waits)
        json_object_set_new(routing, "outcome", json_string("triage"));
    json_object_set_new(inner, "routing", routing);
    json_object_set_new(inner, "grounds", grounds_json(config, grounds));
    json_object_set_new(inner, "duplicates", matches_json(c->duplicates, c->duplicates_n));
    json_object_set_new(inner, "related", matches_json(c->related, c->related_n));
}

/* Merges it into the wished one. False: not confirmed, or that one takes nothing now; then it
 * waits for a person. merge_clear in both cases. */
static bool route_merge(struct route *op, const struct comparison *c, const struct decision *d,
                        struct merge *m, int64_t now_ms)
{
    struct record *r = &op->stored.record;
    struct err e = {0};

    if (!*op->wish.record.id || !is_wish_confirmed(op, c) || !record_is_first(&op->wish.record, r))
        return false;
    r->restricted = decision_is_restricted(&op->crew->config->mandate, d);
    m->action = ACTION_JOIN;
    m->who = &router;
    m->calendars = &op->crew->config->calendars.all;
    m->undo_ms = now_ms + op->crew->settings.unmerge_days * CLOCK_DAY_MS;
    m->moved = (struct merge_part){.record = r, .body = op->stored.body, .inner = op->stored.inner};
    m->survivor = (struct merge_part){
        .record = &op->wish.record, .body = op->wish.body, .inner = op->wish.inner};
    return merge_apply(m, now_ms, &e) == ERR_OK;
}

/* The country has said that the two are one, the engine agrees. */
static void route_join(struct route *op, const struct merge *m, struct ruling *ruling,
                       int64_t now_ms)
{
    struct principal country = {.role = ROLE_COUNTRY};
    struct change changes[2] = {
        {&op->before,         m->moved.record,    m->moved.inner,    m->moved.line   },
        {&m->survivor.before, m->survivor.record, m->survivor.inner, m->survivor.line}
    };
    struct judgement judgement;

    memcpy(country.of, op->before.country, sizeof op->before.country);
    judgement_make(op->before.id, op->stored.inner, m->survivor.record->id, NULL, VERDICT_DUPLICATE,
                   &country, now_ms, &judgement);
    ruling->movement.changes = changes;
    ruling->movement.changes_n = 2;
    ruling->movement.action = ACTION_JOIN;
    ruling->movement.judgements = &judgement;
    ruling->movement.judgements_n = 1;
    request_store_decide(op->crew->store, ruling, route_decided, op);
}

static void route_offer(struct route *op, const struct decision *d, bool waits,
                        struct ruling *ruling, int64_t now_ms)
{
    enum action action = route_apply(op, d, waits, now_ms);
    json_t *line = view_history(&op->before, &op->stored.record, action, &router, NULL, now_ms);
    struct change change = {&op->before, &op->stored.record, op->stored.inner, line};

    ruling->movement.changes = &change;
    ruling->movement.changes_n = 1;
    ruling->movement.action = action;
    request_store_decide(op->crew->store, ruling, route_decided, op);
    json_decref(line);
}

static const char *main_topic(const struct route *op, const struct decision *d)
{
    const struct mandate *m = &op->crew->config->mandate;

    return d->main_topic < 0 ? "" : m->topics[d->main_topic].code;
}

static void route_write(struct route *op, const struct grounds *grounds, const struct decision *d,
                        const struct comparison *c)
{
    struct merge *m = mem_new(1, sizeof *m);
    int64_t now_ms = clock_now_ms();
    bool waits = d->lead < 0 || c->best >= SIMILAR_LIKELY || *op->before.join;
    struct ruling ruling = {.movement = {.who = &router},
                            .entry = op->work.entry,
                            .epoch = corpus_epoch(op->place),
                            .verdict = similar_verdict_word(c->best),
                            .theme = main_topic(op, d),
                            .vector = op->vector};

    ruling.vector_n = op->vector_n = corpus_vector(op->corpus, op->reading, op->vector);
    route_remember(op, grounds, d, c, waits, now_ms);
    op->stored.record = op->before;
    if (route_merge(op, c, d, m, now_ms)) {
        route_join(op, m, &ruling, now_ms);
    } else {
        op->stored.record = op->before;
        route_offer(op, d, waits, &ruling, now_ms);
    }
    merge_clear(m);
    free(m);
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
        totals_time(store_totals(op->crew->store), "run", "route", totals_run_bounds,
                    clock_mono_ms() - op->began_mono_ms);
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
            stored_clear(&op->wish);
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
                            op->crew->settings.worker_retry_ms, e->detail, route_attempted, op);
}
