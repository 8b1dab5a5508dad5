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

#define F_NUMBERS(name, member, about) {name, FIELD_COUNT, false, ITEMS_MAX, 1, ITEMS_MAX, NULL, NULL, IN(member), about}
#define F_DONE F_NUMBERS("done", done, "which items (their numbers, from 1) are done with this")
#define F_DROPPED F_NUMBERS("dropped", dropped, "which items will not be done; the text says why")
static const struct field part_fields[] = {
    {"secretariat", FIELD_SECRETARIAT, true, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "a supporter; the lead itself takes items back"},
    {"due_at", FIELD_DATE, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "until when its contribution is awaited"},
    {"items", FIELD_COUNT, false, ITEMS_MAX, 1, ITEMS_MAX, NULL, NULL, FIELD_UNSTORED, "which items it takes over"}, END};
#define F_PARTS {"contributions", FIELD_OBJECT, false, RECORD_OFFERS_MAX, 0, 0, NULL, part_fields, IN(parts), "by the lead: who contributes what, until when"}

static const struct field says_text[] = {F_TEXT(true, "for the other side to read"), F_EPOCH, END};
#define F_URGENCY {"urgency", FIELD_WORD, false, 0, 0, 0, urgency_words, NULL, IN(urgency), "how urgent it is from now on; time that is used up stays used up"}
static const struct field says_plan[] = {
    F_TEXT(true, "for the other side to read"), F_EPOCH,
    {"due_at", FIELD_DATE, false, 0, 0, 0, NULL, NULL, IN(due), "until when help will have been given"}, F_PARTS, END};
static const struct field says_reply[] = {
    F_TEXT(true, "for the other side to read"),
    {"more", FIELD_BOOL, false, 0, 0, 0, NULL, NULL, IN(in_part), "true: a part of the reply, more follows"}, END};
static const struct field says_note[] = {
    F_TEXT(true, "for the other side to read"), F_EPOCH, F_DONE, F_DROPPED, F_PARTS, END};
static const struct field says_contribution[] = {
    F_TEXT(true, "for the lead's answer to carry"), F_EPOCH, F_DONE, F_DROPPED,
    {"disagrees", FIELD_BOOL, false, 0, 0, 0, NULL, NULL, IN(dissents), "true: it contradicts what others contribute; the coordinator sees it before the answer goes out"}, END};
static const struct field says_answer[] = {F_TEXT(true, "for the other side to read"), F_EPOCH, F_DONE, F_DROPPED, END};
static const struct field says_amend[] = {F_TEXT(true, "for the other side to read"), F_URGENCY, END};
static const struct field says_why[] = {F_TEXT(true, "why"), END};
static const struct field may_say_text[] = {F_TEXT(false, "for the other side to read"), END};
static const struct field says_claim[] = {
    {"role", FIELD_WORD, false, 0, 0, 0, offer_role_words, NULL, IN(as), "lead (default) or support"},
    F_NUMBERS("items", items, "with support: which items it takes"), END};
static const struct field says_decline[] = {
    F_REASON(true), F_TEXT(false, "in words"),
    {"better", FIELD_SECRETARIAT, false, 0, 0, 0, NULL, NULL, IN(better), "who is better placed; needed with better_elsewhere"},
    {"next_door", FIELD_TEXT, false, 0, 2, 200, NULL, NULL, IN(next_door), "by the coordinator: where else the country may turn"}, END};
static const struct field says_release[] = {F_REASON(false), F_TEXT(false, "in words"), F_EPOCH, END};
#define F_RATING {"rating", FIELD_COUNT, false, 0, 1, 5, NULL, NULL, IN(rating), "how well it helped, 1 to 5"}
static const struct field says_confirm[] = {
    F_OUTCOME, F_TEXT(false, "what helped, what is still missing"), F_RATING,
    F_NUMBERS("items", items, "which items did not help; all when left out"), END};
static const struct field says_close[] = {F_OUTCOME, F_TEXT(false, "what helped, what is still missing"), F_RATING, END};
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
    {"body", FIELD_TEXT, true, 0, 2, RECORD_REFERRED_MAX, NULL, NULL, IN(body), "outside body"}, F_TEXT(true, "what was agreed: that body has acknowledged it"), END};
/* clang-format on */

const struct transition_input transition_silent = {
    .reason = -1, .as = -1, .epoch = -1, .urgency = -1};

const struct field *transition_fields(enum action a)
{
    static const struct field nothing[] = {END};
    static const struct field *const says[ACTIONS_N] = {
        [ACTION_CLAIM] = says_claim,      [ACTION_DECLINE] = says_decline,
        [ACTION_RELEASE] = says_release,  [ACTION_ASK] = says_text,
        [ACTION_REPLY] = says_reply,      [ACTION_PLAN] = says_plan,
        [ACTION_AGREE] = may_say_text,    [ACTION_AMEND] = says_amend,
        [ACTION_NOTE] = says_note,        [ACTION_CONTRIBUTE] = says_contribution,
        [ACTION_ANSWER] = says_answer,    [ACTION_CONFIRM] = says_confirm,
        [ACTION_CLOSE] = says_close,      [ACTION_REOPEN] = says_text,
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
    if (good && a == ACTION_DECLINE && !strcmp(reason_words[in.reason], "better_elsewhere") &&
        !in.better) {
        fault_add(faults, "#", "better", "required");
        good = false;
    }
    if (good && json_array_size(in.dropped) && !in.text) {
        fault_add(faults, "#", "text", "required");
        good = false;
    }
    *ret_input = in;
    return good;
}

static bool is_lead(const struct record *r, const char *code)
{
    return r->claimed_ms && !strcmp(r->lead, code);
}

static void check_numbers(const struct record *r, const char *at, const char *name,
                          const json_t *list, const char *by, struct faults *faults)
{
    char pointer[FAULT_POINTER_BYTES];
    const json_t *one;
    size_t i;

    fault_pointer(at, name, pointer);
    json_array_foreach (list, i, one) {
        char index[24];

        snprintf(index, sizeof index, "%zu", i);
        if (by ? !item_is_of(r, json_integer_value(one), by)
               : json_integer_value(one) > (json_int_t)r->items_n)
            fault_add(faults, pointer, index, "unknown_item");
    }
}

/* What the lead gives to others: to supporters, its own items, until a time to come. */
static void check_parts(const struct record *r, const struct transition_input *in, const char *lead,
                        int64_t now_ms, struct faults *faults)
{
    const json_t *part;
    size_t i;

    json_array_foreach (in->parts, i, part) {
        const char *code = json_string_value(json_object_get(part, "secretariat"));
        const char *due = json_string_value(json_object_get(part, "due_at"));
        const struct offer *o = record_offer_find(r, code);
        bool supports = o && o->role == OFFER_SUPPORT && o->state == OFFER_ACCEPTED;
        char at[FAULT_POINTER_BYTES], list[FAULT_POINTER_BYTES], index[24];
        int64_t due_ms = 0;
        const json_t *number;
        size_t k;

        snprintf(index, sizeof index, "%zu", i);
        fault_pointer(fault_pointer("#", "contributions", list), index, at);
        if (!supports && strcmp(code, lead) != 0)
            fault_add(faults, at, "secretariat", "not_a_supporter");
        if (due && (!supports || !clock_read(due, &due_ms) || due_ms <= now_ms))
            fault_add(faults, at, "due_at", supports ? "in_the_past" : "not_a_supporter");
        fault_pointer(at, "items", list);
        json_array_foreach (json_object_get(part, "items"), k, number) {
            json_int_t n = json_integer_value(number);

            snprintf(index, sizeof index, "%zu", k);
            if (n > (json_int_t)r->items_n || r->items[n - 1].state == ITEM_DONE ||
                r->items[n - 1].state == ITEM_DROPPED)
                fault_add(faults, list, index, "unknown_item");
        }
    }
}

bool transition_check(const struct record *r, enum action a, const struct principal *who,
                      const struct transition_input *in, int64_t now_ms, struct faults *faults)
{
    size_t before = faults->n;
    bool takes = a == ACTION_CLAIM;

    if (a == ACTION_DECLINE && who->role == ROLE_COORDINATOR && !in->next_door)
        fault_add(faults, "#", "next_door", "required");
    if (in->parts && !is_lead(r, who->of))
        fault_add(faults, "#", "contributions", "not_the_lead");
    else
        check_parts(r, in, who->of, now_ms, faults);
    check_numbers(r, "#", "done", in->done, who->of, faults);
    check_numbers(r, "#", "dropped", in->dropped, who->of, faults);
    check_numbers(r, "#", "items", in->items, NULL, faults);
    for (size_t i = 0; takes && faults->n == before && i < json_array_size(in->items); i++) {
        json_int_t n = json_integer_value(json_array_get(in->items, i));

        if (in->as != OFFER_SUPPORT || r->items[n - 1].state > ITEM_OFFERED)
            fault_add(faults, "#", "items", "unknown_item");
    }
    return faults->n == before;
}

/* --- who stands where --------------------------------------------------------------------- */

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
    case STANDING_CLOSEST:
        return !strcmp(r->closest, code);
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

/* More than ten working days of its lead (domain reference 5.3). */
static bool takes_long(const struct record *r, const struct transition_input *in, int64_t now_ms)
{
    const struct norm ten = {.ms = 10 * CLOCK_DAY_MS, .is_work = true};
    int64_t due_ms = 0;

    return in->due && clock_read(in->due, &due_ms) &&
           due_ms > norm_after(ten, calendars_find(in->calendars, r->lead), now_ms, ten.ms);
}

/* Whether it goes to others than those it was offered to. */
static bool is_other_route(const struct record *r, const struct transition_input *in)
{
    size_t named_n = 1;
    const json_t *code;
    size_t i;

    if (!r->offers_n || strcmp(in->lead, r->offers[0].secretariat) != 0)
        return true;
    json_array_foreach (in->support, i, code) {
        if (!record_offer_find(r, json_string_value(code)))
            return true;
        named_n += strcmp(json_string_value(code), in->lead) != 0;
    }
    return named_n != r->offers_n;
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
    case GUARD_WILLING:
        return now_ms - r->since_ms <= reopen_ms && !r->is_unwilling;
    case GUARD_RECENT:
        return now_ms - r->since_ms <= reopen_ms;
    case GUARD_IN_PART:
        return !in || in->in_part;
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
    case GUARD_ANEW:
        return !in || now_ms >= r->due_ms || is_other_route(r, in);
    case GUARD_NOBODY_CLOSE:
        return !*r->closest;
    case GUARD_SOMEBODY_CLOSE:
        return *r->closest;
    case GUARD_DECLINE_PROPOSED:
        return r->proposal == PROPOSAL_DECLINE;
    case GUARD_REFERRAL_PROPOSED:
        return r->proposal == PROPOSAL_REFERRAL;
    case GUARD_PLANNABLE:
        return !in || item_needs_plan(r) || !item_is_kind_known(r) || takes_long(r, in, now_ms);
    case GUARD_SIMPLE:
        return !item_needs_plan(r) && r->dissent != DISSENT_UNSEEN;
    case GUARD_ACCOUNTED:
        return r->dissent != DISSENT_UNSEEN &&
               (!in || item_all_accounted(r, in->done, in->dropped));
    case GUARD_DISSENT:
        return r->dissent == DISSENT_UNSEEN;
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
    o->awaited_ms = now_ms;
    o->reminded_n = 0;
    o->contributed_ms = 0;
    o->dissents = false;
}

static void take_support(const struct record *r, struct offer *mine, const struct calendars *c,
                         int64_t now_ms)
{
    mine->state = OFFER_ACCEPTED;
    if (r->claimed_ms) /* else from the claim on */
        await_contribution(r, mine, c, now_ms);
}

/* What the lead says of who contributes what, until when. One that has contributed is asked anew.
 */
static void share_out(struct record *r, const json_t *parts, int64_t now_ms)
{
    const json_t *part;
    size_t i;

    json_array_foreach (parts, i, part) {
        const char *code = json_string_value(json_object_get(part, "secretariat"));
        const char *due = json_string_value(json_object_get(part, "due_at"));
        struct offer *o = record_offer(r, code);
        int64_t due_ms = 0;

        item_give(r, json_object_get(part, "items"), code);
        if (!due || !o || o->role != OFFER_SUPPORT || !clock_read(due, &due_ms))
            continue;
        o->due_ms = due_ms;
        o->awaited_ms = now_ms;
        o->reminded_n = 0;
        o->contributed_ms = 0;
    }
}

/* Unseen as long as somebody dissents and the desk has not looked. */
static void weigh_dissent(struct record *r, const struct offer *by)
{
    bool any = false;

    for (size_t i = 0; i < r->offers_n; i++)
        any |= r->offers[i].dissents && r->offers[i].state == OFFER_ACCEPTED &&
               r->offers[i].role == OFFER_SUPPORT;
    if (!any)
        r->dissent = DISSENT_NONE;
    else if (by && by->dissents)
        r->dissent = DISSENT_UNSEEN;
}

static void take_lead(struct record *r, const char *code, const char *officer,
                      const struct calendars *c, int64_t now_ms)
{
    struct offer *mine = record_offer(r, code);

    for (size_t i = 0; i < r->offers_n; i++)
        if (r->offers[i].role == OFFER_LEAD && &r->offers[i] != mine)
            r->offers[i].role = OFFER_SUPPORT; /* the pool opened: the proposed lead may support */
    mine->role = OFFER_LEAD;
    mine->state = OFFER_ACCEPTED;
    snprintf(r->lead, sizeof r->lead, "%s", code);
    snprintf(r->officer, sizeof r->officer, "%s", officer ? officer : "");
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

/* The lead of a closed one would not go on: another is proposed, or, where there is none, itself.
 */
static void propose_again(struct record *r)
{
    struct offer *mine = record_offer(r, r->lead);

    if (next_lead(r, r->lead) >= 0) {
        pass_lead(r, OFFER_DECLINED, mine->reason);
        return;
    }
    mine->state = OFFER_PENDING;
    r->claimed_ms = r->lease_ms = 0;
}

/* A closed one goes on with those who worked on it; a lapsed one is looked at anew. */
static void reopen(struct record *r, enum state to)
{
    if (r->state == STATE_WITHDRAWN) {
        r->claimed_ms = r->lease_ms = 0;
        r->lead[0] = '\0';
    }
    for (size_t i = 0; i < r->offers_n; i++)
        if (r->offers[i].state == OFFER_COMPLETED)
            r->offers[i].state = OFFER_ACCEPTED;
    if (to == STATE_OFFERED)
        propose_again(r);
    r->is_unwilling = false;
    r->outcome = OUTCOME_NONE;
    r->reopened_n++;
    item_reopen(r, NULL);
}

static void propose(struct record *r, enum proposal what, int reason, const char *body)
{
    r->proposal = what;
    r->proposed_reason = what ? reason : 0;
    memset(r->referred, 0, sizeof r->referred);
    snprintf(r->referred, sizeof r->referred, "%s", body);
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
        if (row->standing == STANDING_INVITED) {
            take_support(r, mine, in->calendars, now_ms);
            item_give(r, in->items, who->of);
        } else
            take_lead(r, who->of, in->officer, in->calendars, now_ms);
        break;
    case ACTION_DECLINE:
        if (row->guard == GUARD_SOMEBODY_CLOSE)
            propose(r, PROPOSAL_DECLINE, in->reason, "");
        else if (row->standing == STANDING_INVITED ||
                 (row->standing == STANDING_PROPOSED && strcmp(r->lead, who->of) != 0)) {
            mine->state = OFFER_DECLINED;
            mine->reason = in->reason;
        } else if (row->standing == STANDING_PROPOSED) {
            pass_lead(r, OFFER_DECLINED, in->reason);
        }
        break;
    case ACTION_RELEASE:
        if (row->guard == GUARD_WILLING) {
            r->is_unwilling = true;
            mine->reason = in->reason;
            break;
        }
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
        r->asked_n++;
        break;
    case ACTION_ROUTE:
        weigh_anew(r, in->urgency);
        route_by_hand(r, in);
        break;
    case ACTION_PLAN:
        r->plan_due_ms = r->plan_ms = 0;
        if (in->due && !clock_read(in->due, &r->plan_due_ms))
            bug("the date of a plan was not checked");
        share_out(r, in->parts, now_ms);
        break;
    case ACTION_AGREE:
        if (r->state == STATE_PLANNED)
            agree(r, now_ms);
        break;
    case ACTION_AMEND:
        if (r->state == STATE_TRIAGE)
            propose(r, PROPOSAL_NONE, 0, "");
        else
            weigh_anew(r, in->urgency);
        break;
    case ACTION_NOTE:
        if (who->role == ROLE_COORDINATOR)
            r->dissent = DISSENT_SEEN;
        item_finish(r, in->done, ITEM_DONE, who->of);
        item_finish(r, in->dropped, ITEM_DROPPED, who->of);
        share_out(r, in->parts, now_ms);
        break;
    case ACTION_CONTRIBUTE:
        mine->contributed_ms = now_ms;
        mine->dissents = in->dissents;
        item_finish(r, in->done, ITEM_DONE, who->of);
        item_finish(r, in->dropped, ITEM_DROPPED, who->of);
        weigh_dissent(r, mine);
        break;
    case ACTION_ANSWER:
        item_finish(r, in->dropped, ITEM_DROPPED, who->of);
        item_finish(r, in->done, ITEM_DONE, who->of);
        if (row->guard == GUARD_SIMPLE) /* the answer is the help */
            item_finish_rest(r, who->of);
        break;
    case ACTION_REFER:
        propose(r, row->to == STATE_SAME ? PROPOSAL_REFERRAL : PROPOSAL_NONE, -1, in->body);
        break;
    case ACTION_CONFIRM:
    case ACTION_CLOSE:
        if (row->to == STATE_CLOSED) {
            r->outcome = act ? OUTCOME_NO_REPLY : (enum outcome)in->outcome;
            settle_offers(r, OFFER_COMPLETED, OFFER_EXPIRED);
            break;
        }
        r->reopened_n++;
        item_reopen(r, in->outcome == OUTCOME_PARTLY ? in->items : NULL);
        break;
    case ACTION_REOPEN:
        reopen(r, row->to);
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
    case ACTIONS_N:
        break;
    }
}

/* What no step may leave behind. */
static void tidy(struct record *r, const struct record *before)
{
    bool ended_so = r->state == STATE_DECLINED || r->state == STATE_REFERRED;

    if (r->state != before->state && r->proposal && !ended_so && r->state != STATE_MERGED)
        propose(r, PROPOSAL_NONE, 0, "");
    if (!r->claimed_ms)
        memset(r->officer, 0, sizeof r->officer);
    if (r->state == STATE_MERGED || before->state == STATE_MERGED ||
        lifecycle_is_terminal(r->state))
        return;
    weigh_dissent(r, NULL);
    item_settle(r);
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
    tidy(&after, r);
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
