#include "protocol/transition.h"

#include "base/clock.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* --- what an action's body may say ------------------------------------------------------- */

/* clang-format off */
#define IN(member) offsetof(struct transition_input, member)
#define F_TEXT(required, about) {"text", FIELD_TEXT, required, 0, 1, 6000, NULL, NULL, IN(text), about}
#define F_EPOCH {"epoch", FIELD_COUNT, false, 0, 0, INT64_MAX, NULL, NULL, IN(epoch), "the claim's epoch, as its holder knows it"}
#define F_REASON(required) {"reason", FIELD_WORD, required, 0, 0, 0, reason_words, NULL, IN(reason), "why"}
#define F_OUTCOME {"outcome", FIELD_WORD, true, 0, 0, 0, outcome_words, NULL, IN(outcome), "did it help"}
#define END {NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL}

static const struct field says_text[] = {F_TEXT(true, "for the other side to read"), F_EPOCH, END};
#define F_URGENCY {"urgency", FIELD_WORD, false, 0, 0, 0, urgency_words, NULL, IN(urgency), "how urgent it is from now on; time that is used up stays used up"}
static const struct field says_plan[] = {
    F_TEXT(true, "for the other side to read"), F_EPOCH,
    {"due_at", FIELD_DATE, false, 0, 0, 0, NULL, NULL, IN(due), "until when help will have been given"}, END};
static const struct field says_amend[] = {F_TEXT(true, "for the other side to read"), F_URGENCY, END};
static const struct field says_why[] = {F_TEXT(true, "why"), END};
static const struct field may_say_text[] = {F_TEXT(false, "for the other side to read"), END};
static const struct field says_claim[] = {
    {"role", FIELD_WORD, false, 0, 0, 0, offer_role_words, NULL, IN(as), "lead (default) or support"}, END};
static const struct field says_decline[] = {
    F_REASON(true), F_TEXT(false, "in words"),
    {"better", FIELD_SECRETARIAT, false, 0, 0, 0, NULL, NULL, IN(better), "who is better placed"}, END};
static const struct field says_release[] = {F_REASON(false), F_TEXT(false, "in words"), F_EPOCH, END};
static const struct field says_outcome[] = {F_OUTCOME, F_TEXT(false, "what helped, what is still missing"), END};
static const struct field says_route[] = {
    {"lead", FIELD_SECRETARIAT, true, 0, 0, 0, NULL, NULL, IN(lead), "proposed lead"},
    {"support", FIELD_SECRETARIAT, false, 4, 0, 0, NULL, NULL, IN(support), "supporters"},
    {"not_duplicate_of", FIELD_TEXT, false, 10, 1, RECORD_NAME_MAX, NULL, NULL, IN(not_of),
     "which of the listed duplicates are none, by id or reference; all of them when left out"},
    F_URGENCY, F_TEXT(false, "why"), END};
#define F_OTHER(about) {"other", FIELD_TEXT, true, 0, 1, RECORD_NAME_MAX, NULL, NULL, IN(other), about}
static const struct field says_merge[] = {F_OTHER("id or reference of another request of the same country; the one received first survives"), F_TEXT(false, "why"), END};
static const struct field says_join[] = {F_OTHER("id or reference of another open request of the same country"), F_TEXT(false, "why"), END};
static const struct field says_link[] = {
    F_OTHER("id or reference of another request, of any country"),
    {"relation", FIELD_WORD, true, 0, 0, 0, relation_words, NULL, IN(relation), "how they belong together; none takes the link away"},
    F_TEXT(false, "why"), END};
static const struct field says_refer[] = {
    {"body", FIELD_TEXT, true, 0, 2, RECORD_REFERRED_MAX, NULL, NULL, IN(body), "outside body"}, F_TEXT(true, "what was agreed"), END};
/* clang-format on */

const struct transition_input transition_silent = {
    .reason = -1, .as = -1, .epoch = -1, .urgency = -1};

const struct field *transition_fields(enum action a)
{
    static const struct field nothing[] = {END};
    static const struct field *const says[ACTIONS_N] = {
        [ACTION_CLAIM] = says_claim,      [ACTION_DECLINE] = says_decline,
        [ACTION_RELEASE] = says_release,  [ACTION_ASK] = says_text,
        [ACTION_REPLY] = says_text,       [ACTION_PLAN] = says_plan,
        [ACTION_AGREE] = may_say_text,    [ACTION_AMEND] = says_amend,
        [ACTION_NOTE] = says_text,        [ACTION_CONTRIBUTE] = says_text,
        [ACTION_ANSWER] = says_text,      [ACTION_CONFIRM] = says_outcome,
        [ACTION_CLOSE] = says_outcome,    [ACTION_REOPEN] = says_text,
        [ACTION_WITHDRAW] = may_say_text, [ACTION_ROUTE] = says_route,
        [ACTION_REFER] = says_refer,      [ACTION_MERGE] = says_merge,
        [ACTION_UNMERGE] = may_say_text,  [ACTION_LINK] = says_link,
        [ACTION_JOIN] = says_join,        [ACTION_ESCALATE] = says_why,
    };

    return says[a] ? says[a] : nothing;
}

bool transition_decode(enum action a, const json_t *doc, const struct field_codes *codes,
                       struct transition_input *ret_input, struct faults *faults)
{
    struct transition_input in = transition_silent;
    json_t *empty = doc ? NULL : json_object();
    bool good = field_decode(doc ? doc : empty, "#", transition_fields(a), codes, &in, faults);

    json_decref(empty);
    if (good && (a == ACTION_CONFIRM || a == ACTION_CLOSE) && in.outcome == OUTCOME_NO_REPLY) {
        fault_add(faults, "#", "outcome", "unknown_word");
        good = false;
    }
    /* "Partly" and "not" need words: the secretariat must know what is missing. */
    if (good && a == ACTION_CONFIRM && in.outcome != OUTCOME_RESOLVED && !in.text) {
        fault_add(faults, "#", "text", "required");
        good = false;
    }
    *ret_input = in;
    return good;
}

/* --- who stands where --------------------------------------------------------------------- */

static bool is_lead(const struct record *r, const char *code)
{
    return r->claimed_ms && !strcmp(r->lead, code);
}

static bool is_supporter(const struct record *r, const char *code)
{
    const struct offer *o = record_offer_find(r, code);

    return o && o->role == OFFER_SUPPORT && o->state == OFFER_ACCEPTED;
}

bool transition_may_lead(const struct record *r, const char *secretariat, int64_t now_ms)
{
    const struct offer *o = record_offer_find(r, secretariat);

    if (r->state != STATE_OFFERED || !o ||
        (o->state != OFFER_PENDING && !(o->role == OFFER_SUPPORT && o->state == OFFER_ACCEPTED)))
        return false;
    return !strcmp(r->lead, secretariat) || r->is_open || now_ms >= r->due_ms;
}

static bool stands(const struct record *r, enum standing s, const char *code, int64_t now_ms)
{
    const struct offer *o = record_offer_find(r, code);

    switch (s) {
    case STANDING_ANY:
        return true;
    case STANDING_PROPOSED:
        return transition_may_lead(r, code, now_ms);
    case STANDING_INVITED:
        return o && o->role == OFFER_SUPPORT && o->state == OFFER_PENDING;
    case STANDING_LEAD:
        return is_lead(r, code);
    case STANDING_SUPPORTER:
        return is_supporter(r, code);
    case STANDING_TEAM:
        return is_lead(r, code) || is_supporter(r, code);
    case STANDING_ROUTED:
        return is_lead(r, code) || (o && (o->state == OFFER_PENDING || o->state == OFFER_ACCEPTED));
    }
    return false;
}

/* The next secretariat to propose when `but` is out, as an index of offers; -1: none. Offers stand
 * in order of score. */
static int next_lead(const struct record *r, const char *but)
{
    for (size_t i = 0; i < r->offers_n; i++)
        if (strcmp(r->offers[i].secretariat, but) != 0 &&
            (r->offers[i].state == OFFER_PENDING || r->offers[i].state == OFFER_ACCEPTED))
            return (int)i;
    return -1;
}

static bool is_side(const struct transition_input *in, enum side side)
{
    return in && in->merging && in->merging->side == side;
}

static bool came_from(const struct record *r, enum state s, const struct transition_input *in,
                      int64_t now_ms)
{
    enum state from = r->merged_from == STATE_SUBMITTED ? STATE_TRIAGE : r->merged_from;

    return from == s && now_ms <= r->undo_ms && (!in || is_side(in, SIDE_YIELDS));
}

/* Whether the clock demands this action now. */
static bool is_due(const struct record *r, enum action a, const struct transition_input *in,
                   int64_t now_ms)
{
    struct timer_act act;

    return in && timer_due(r, in->calendars, now_ms, &act) && act.action == a;
}

/* in NULL: would it hold with a fitting body? */
static bool guard_holds(const struct record *r, const struct lifecycle_row *row, const char *who,
                        const struct transition_input *in, int64_t now_ms)
{
    const int64_t reopen_ms = 180 * CLOCK_DAY_MS;

    switch (row->guard) {
    case GUARD_NONE:
        return true;
    case GUARD_AS_SUPPORT:
        return !in || in->as == OFFER_SUPPORT;
    case GUARD_AS_LEAD:
        return !in || in->as != OFFER_SUPPORT;
    case GUARD_NEXT_LEAD:
        return next_lead(r, who) >= 0;
    case GUARD_NO_LEAD:
        return next_lead(r, who) < 0;
    case GUARD_FROM_TRIAGE:
        return r->return_state == STATE_TRIAGE;
    case GUARD_FROM_CLAIMED:
        return r->return_state == STATE_CLAIMED;
    case GUARD_FROM_DELIVERY:
        return r->return_state == STATE_DELIVERING;
    case GUARD_RESOLVED:
        return !in || in->outcome == OUTCOME_RESOLVED;
    case GUARD_UNRESOLVED:
        return !in || in->outcome != OUTCOME_RESOLVED;
    case GUARD_RECENT:
        return now_ms - r->since_ms <= reopen_ms;
    case GUARD_YIELDS:
        return !in || is_side(in, SIDE_YIELDS);
    case GUARD_SURVIVES:
        return !in || is_side(in, SIDE_RECEIVES);
    case GUARD_RECEIVES:
        return is_side(in, SIDE_RECEIVES);
    case GUARD_FOLLOWS:
        return is_side(in, SIDE_FOLLOWS);
    case GUARD_WAS_TRIAGE:
        return came_from(r, STATE_TRIAGE, in, now_ms);
    case GUARD_WAS_AWAITING:
        return came_from(r, STATE_AWAITING_COUNTRY, in, now_ms);
    case GUARD_WAS_OFFERED:
        return came_from(r, STATE_OFFERED, in, now_ms);
    case GUARD_WAS_CLAIMED:
        return came_from(r, STATE_CLAIMED, in, now_ms);
    case GUARD_WAS_UNMATCHED:
        return came_from(r, STATE_UNMATCHED, in, now_ms);
    case GUARD_BELOW_TOP:
        return r->level < LEVEL_MAX;
    case GUARD_FIRST_HERE:
        return r->level < LEVEL_MAX && !r->is_raised;
    case GUARD_DUE:
        return is_due(r, row->action, in, now_ms);
    case GUARD_DUE_NEXT_LEAD:
        return is_due(r, row->action, in, now_ms) && next_lead(r, r->lead) >= 0;
    case GUARD_DUE_NO_LEAD:
        return is_due(r, row->action, in, now_ms) && next_lead(r, r->lead) < 0;
    case GUARD_LAPSED:
        return r->outcome == OUTCOME_NO_REPLY && now_ms - r->since_ms <= reopen_ms;
    case GUARD_CYCLES:
        return r->unmatched_n >= 2 || now_ms >= r->due_ms;
    }
    return false;
}

static const struct lifecycle_row *find_row(const struct record *r, enum action a,
                                            const struct principal *who,
                                            const struct transition_input *in, int64_t now_ms)
{
    if (who->role == ROLE_COUNTRY && strcmp(who->of, r->country) != 0)
        return NULL; /* no row is for somebody else's request (A-5) */
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        if (row->action == a && row->role == who->role && (row->from & 1u << r->state) &&
            stands(r, row->standing, who->of, now_ms) && guard_holds(r, row, who->of, in, now_ms))
            return row;
    }
    return NULL;
}

unsigned transition_allowed(const struct record *r, const struct principal *who, int64_t now_ms)
{
    unsigned allowed = 0;

    for (unsigned a = 0; a < ACTIONS_N; a++)
        if (find_row(r, (enum action)a, who, NULL, now_ms))
            allowed |= 1u << a;
    return allowed;
}

/* --- what an action does beside moving ---------------------------------------------------- */

void transition_offer(struct record *r, const struct routed *to)
{
    r->offers_n = 0;
    r->informed_n = 0;
    r->restricted = to->restricted;
    snprintf(r->lead, sizeof r->lead, "%s", to->lead);
    for (size_t i = 0; i <= to->support_n && r->offers_n < RECORD_OFFERS_MAX; i++) {
        const char *code = i ? to->support[i - 1] : to->lead;
        struct offer *o = &r->offers[r->offers_n];

        if (!*code || record_offer_find(r, code))
            continue;
        *o = (struct offer){.role = i ? OFFER_SUPPORT : OFFER_LEAD, .reason = -1};
        snprintf(o->secretariat, sizeof o->secretariat, "%s", code);
        r->offers_n++;
    }
    for (size_t i = 0; i < to->informed_n && i < RECORD_OFFERS_MAX; i++)
        snprintf(r->informed[r->informed_n++], PRINCIPAL_OF_BYTES, "%s", to->informed[i]);
}

/* Its contribution is awaited from now on. */
static void await_contribution(const struct record *r, struct offer *o, const struct calendars *c,
                               int64_t now_ms)
{
    o->due_ms = timer_contribution_ms(r, c, o->secretariat, now_ms);
    o->is_reminded = false;
    o->contributed_ms = 0;
}

static void take_support(const struct record *r, struct offer *mine, const struct calendars *c,
                         int64_t now_ms)
{
    mine->state = OFFER_ACCEPTED;
    if (r->claimed_ms) /* else from the claim on */
        await_contribution(r, mine, c, now_ms);
}

static void take_lead(struct record *r, const char *code, const struct calendars *c, int64_t now_ms)
{
    struct offer *mine = record_offer(r, code);

    for (size_t i = 0; i < r->offers_n; i++)
        if (r->offers[i].role == OFFER_LEAD && &r->offers[i] != mine)
            r->offers[i].role = OFFER_SUPPORT; /* the pool opened: the proposed lead may support */
    mine->role = OFFER_LEAD;
    mine->state = OFFER_ACCEPTED;
    snprintf(r->lead, sizeof r->lead, "%s", code);
    r->epoch++;
    r->claimed_ms = now_ms;
    for (size_t i = 0; i < r->offers_n; i++)
        if (&r->offers[i] != mine && r->offers[i].state == OFFER_ACCEPTED)
            await_contribution(r, &r->offers[i], c, now_ms);
}

/* The lead is out; the best placed of the others is proposed. */
static void pass_lead(struct record *r, enum offer_state as, int reason)
{
    struct offer *mine = record_offer(r, r->lead);
    int index = next_lead(r, r->lead);
    struct offer *next = index < 0 ? NULL : &r->offers[index];

    mine->state = as;
    mine->reason = reason;
    r->claimed_ms = r->lease_ms = 0;
    r->lead[0] = '\0';
    if (!next)
        return;
    next->role = OFFER_LEAD;
    next->state = OFFER_PENDING;
    snprintf(r->lead, sizeof r->lead, "%s", next->secretariat);
}

static void route_by_hand(struct record *r, const struct transition_input *in)
{
    struct routed to = {.lead = in->lead, .restricted = r->restricted};

    for (size_t i = 0; i < json_array_size(in->support); i++)
        to.support[to.support_n++] = json_string_value(json_array_get(in->support, i));
    transition_offer(r, &to);
}

static void settle_offers(struct record *r, enum offer_state accepted, enum offer_state pending)
{
    for (size_t i = 0; i < r->offers_n; i++) {
        if (r->offers[i].state == OFFER_ACCEPTED)
            r->offers[i].state = accepted;
        else if (r->offers[i].state == OFFER_PENDING)
            r->offers[i].state = pending;
    }
}

/* Its offers and its claim end, but what they were is kept: undoing gives them back. */
static void put_away(struct record *r, const struct merging *m)
{
    for (size_t i = 0; i < r->offers_n; i++)
        r->offers[i].was = r->offers[i].state;
    settle_offers(r, OFFER_WITHDRAWN, OFFER_WITHDRAWN);
    snprintf(r->merged_into, sizeof r->merged_into, "%s", m->into);
    r->merged_from = r->state;
    r->undo_ms = m->undo_ms;
}

static void bring_back(struct record *r)
{
    for (size_t i = 0; i < r->offers_n; i++) {
        r->offers[i].state = r->offers[i].was;
        r->offers[i].was = OFFER_PENDING;
    }
    memset(r->merged_into, 0, sizeof r->merged_into);
    r->merged_from = STATE_SUBMITTED;
    r->undo_ms = 0;
}

static void weigh(struct record *r, const struct merging *m)
{
    r->urgency = m->urgency;
    r->disclosure = m->disclosure;
    r->restricted = m->restricted;
}

/* A closed one goes on with those who worked on it; a lapsed one is looked at anew. */
static void reopen(struct record *r)
{
    if (r->state == STATE_WITHDRAWN) {
        r->claimed_ms = r->lease_ms = 0;
        r->lead[0] = '\0';
    }
    for (size_t i = 0; i < r->offers_n; i++)
        if (r->offers[i].state == OFFER_COMPLETED)
            r->offers[i].state = OFFER_ACCEPTED;
    r->outcome = OUTCOME_NONE;
    r->reopened_n++;
}

static void weigh_anew(struct record *r, int urgency)
{
    if (urgency >= 0)
        r->urgency = (enum urgency)urgency;
}

/* A plan that leaves less than a day is given one. */
static void agree(struct record *r, int64_t now_ms)
{
    int64_t left_ms = r->plan_due_ms - now_ms;

    if (r->plan_due_ms)
        r->plan_ms = left_ms > CLOCK_DAY_MS ? left_ms : CLOCK_DAY_MS;
}

static void take_sides(struct record *r, enum action a, const struct merging *m)
{
    bool undoes = a == ACTION_UNMERGE;

    switch (m->side) {
    case SIDE_YIELDS:
        if (undoes) {
            bring_back(r);
            weigh(r, m);
        } else {
            put_away(r, m);
        }
        break;
    case SIDE_RECEIVES:
        weigh(r, m);
        break;
    case SIDE_FOLLOWS:
        snprintf(r->merged_into, sizeof r->merged_into, "%s", m->into);
        break;
    }
}

static void take_effect(struct record *r, const struct lifecycle_row *row,
                        const struct principal *who, const struct transition_input *in,
                        const struct timer_act *act, int64_t now_ms)
{
    struct offer *mine = record_offer(r, who->of);

    switch (row->action) {
    case ACTION_CLAIM:
        if (row->standing == STANDING_INVITED)
            take_support(r, mine, in->calendars, now_ms);
        else
            take_lead(r, who->of, in->calendars, now_ms);
        break;
    case ACTION_DECLINE:
        if (row->standing == STANDING_INVITED ||
            (row->standing == STANDING_PROPOSED && strcmp(r->lead, who->of) != 0)) {
            mine->state = OFFER_DECLINED;
            mine->reason = in->reason;
        } else if (row->standing == STANDING_PROPOSED) {
            pass_lead(r, OFFER_DECLINED, in->reason);
        }
        break;
    case ACTION_RELEASE:
        pass_lead(r, act ? OFFER_EXPIRED : OFFER_DECLINED, in->reason);
        break;
    case ACTION_OPEN:
        r->is_open = true;
        break;
    case ACTION_EXPIRE:
        settle_offers(r, OFFER_WITHDRAWN, OFFER_EXPIRED);
        r->lead[0] = '\0';
        break;
    case ACTION_LAPSE:
        r->outcome = OUTCOME_NO_REPLY;
        settle_offers(r, OFFER_WITHDRAWN, OFFER_WITHDRAWN);
        break;
    case ACTION_ASK:
        r->return_state = r->state;
        break;
    case ACTION_ROUTE:
        weigh_anew(r, in->urgency);
        route_by_hand(r, in);
        break;
    case ACTION_PLAN:
        r->plan_due_ms = r->plan_ms = 0;
        if (in->due && !clock_read(in->due, &r->plan_due_ms))
            bug("the date of a plan was not checked");
        break;
    case ACTION_AGREE:
        agree(r, now_ms);
        break;
    case ACTION_AMEND:
        weigh_anew(r, in->urgency);
        break;
    case ACTION_CONTRIBUTE:
        mine->contributed_ms = now_ms;
        break;
    case ACTION_REFER:
        snprintf(r->referred, sizeof r->referred, "%s", in->body);
        break;
    case ACTION_CONFIRM:
    case ACTION_CLOSE:
        if (row->to == STATE_CLOSED) {
            r->outcome = act ? OUTCOME_NO_REPLY : (enum outcome)in->outcome;
            settle_offers(r, OFFER_COMPLETED, OFFER_EXPIRED);
            break;
        }
        r->reopened_n++;
        break;
    case ACTION_REOPEN:
        reopen(r);
        break;
    case ACTION_WITHDRAW:
        settle_offers(r, OFFER_WITHDRAWN, OFFER_WITHDRAWN);
        break;
    case ACTION_MERGE:
    case ACTION_JOIN:
    case ACTION_UNMERGE:
        take_sides(r, row->action, in->merging);
        break;
    case ACTION_ESCALATE:
        r->level = act ? act->degree : r->level + 1;
        r->is_raised |= who->role == ROLE_COUNTRY;
        break;
    case ACTION_LINK: /* stands in what is sealed (relation.h) */
    case ACTION_SUBMIT:
    case ACTION_OFFER:
    case ACTION_HOLD:
    case ACTION_REMIND:
    case ACTION_REPLY:
    case ACTION_NOTE:
    case ACTION_ANSWER:
    case ACTIONS_N:
        break;
    }
}

/* --- its clock -------------------------------------------------------------------------------- */

static const struct timer nothing_used;

/* Another state: a reply or an amendment brings the ball back to a clock that goes on, and so does
 * an undone merge; else it starts anew. */
static void move_clock(struct record *r, const struct record *before, enum action a,
                       const struct calendars *c, int64_t now_ms)
{
    struct timer stopped = timer_stopped(before, c, now_ms);
    struct timer kept = r->kept;
    bool rests = r->state == STATE_MERGED;
    bool is_back = before->state == STATE_MERGED;

    r->level = 0;
    r->is_raised = false;
    if (rests || is_back) {
        timer_start(r, c, stopped, now_ms);
        return;
    }
    r->is_open = false;
    r->unmatched_n += r->state == STATE_UNMATCHED;
    r->kept =
        r->state == STATE_AWAITING_COUNTRY || r->state == STATE_PLANNED ? stopped : nothing_used;
    timer_start(r, c, a == ACTION_REPLY || a == ACTION_AMEND ? kept : nothing_used, now_ms);
}

/* The same state: the clock goes on, unless another secretariat is proposed, the pool opens or the
 * lead's message renews its lease. Another norm or calendar counts from now on. */
static void adjust_clock(struct record *r, const struct record *before, bool is_renewed,
                         const struct calendars *c, int64_t now_ms)
{
    bool has_other_lead = strcmp(r->lead, before->lead) != 0;

    if (is_renewed || r->is_open != before->is_open || (has_other_lead && !r->is_open))
        timer_start(r, c, nothing_used, now_ms);
    else if (has_other_lead || r->urgency != before->urgency)
        timer_start(r, c, timer_stopped(before, c, now_ms), now_ms);
    else
        timer_set(r, c);
}

static bool is_by_clock(const struct lifecycle_row *row)
{
    return row->guard == GUARD_DUE || row->guard == GUARD_DUE_NEXT_LEAD ||
           row->guard == GUARD_DUE_NO_LEAD;
}

/* A lead's message to the country is what a lease is given for (domain reference 5.4). */
static bool renews_lease(const struct record *r, const struct lifecycle_row *row,
                         const struct principal *who)
{
    return row->action == ACTION_NOTE && r->state == STATE_CLAIMED && is_lead(r, who->of);
}

enum err_code transition_apply(struct record *r, enum action a, const struct principal *who,
                               const struct transition_input *in, int64_t now_ms,
                               const struct lifecycle_row **ret_row, struct err *e)
{
    const struct lifecycle_row *row = find_row(r, a, who, in, now_ms);
    const struct calendars *c = in->calendars;
    struct record after = *r;
    struct timer_act act;
    bool by_clock;

    if (!row) {
        if (a == ACTION_CLAIM && r->claimed_ms && !lifecycle_is_terminal(r->state))
            return err_set(e, ERR_CLAIMED, "claimed by %s", r->lead);
        return err_set(e, ERR_STATE, "%s in %s", action_words[a], state_words[r->state]);
    }
    if (in->epoch >= 0 && in->epoch != r->epoch)
        return err_set(e, ERR_CLAIMED, "epoch %lld is not %lld", (long long)in->epoch,
                       (long long)r->epoch);
    by_clock = is_by_clock(row) && timer_due(r, c, now_ms, &act);
    take_effect(&after, row, who, in, by_clock ? &act : NULL, now_ms);
    if (row->to != STATE_SAME)
        after.state = row->to;
    if (after.state != r->state)
        move_clock(&after, r, a, c, now_ms);
    else if (a != ACTION_LINK) /* written without calendars at hand, and no matter for a clock */
        adjust_clock(&after, r, renews_lease(r, row, who), c, now_ms);
    if (by_clock && after.state == r->state && a != ACTION_OPEN)
        timer_done(&after, c, &act, now_ms);
    after.version++;
    after.updated_ms = now_ms > r->updated_ms ? now_ms : r->updated_ms;
    *r = after;
    *ret_row = row;
    return ERR_OK;
}
