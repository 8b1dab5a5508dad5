#include "protocol/transition.h"

#include "base/clock.h"
#include "protocol/norm.h"
#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

#define silent transition_silent
#define plain calendars_find(NULL, "") /* UTC, Monday to Friday */
#define OTHER_ID "req_0199f3c2a1b47c3d9f245ab6c7d8e203"

/* --- the whole table, walked ------------------------------------------------------------------ */

/* What sets one request apart from another. */
enum trait {
    PLAIN,      /* nobody is close to it, nothing is said of its kind */
    HEAVY,      /* help that needs a plan */
    LIGHT,      /* help that is an answer */
    UNWILLING,  /* its lead would not go on */
    DECLINING,  /* the desk would decline .. */
    REFERRING,  /* .. or refer it */
    DISSENTING, /* a supporter contradicts */
    PIECEWISE,  /* two items, both taken */
    TRAITS_N
};

/* One corner of the space: a request in a state, and the circumstances that guards ask for. */
struct scene {
    enum state state;
    bool late;           /* the first window has passed */
    bool alone;          /* nobody but the lead is left */
    enum state asked_in; /* awaiting_country: where the question was asked */
    bool old;            /* closed more than 180 days ago, merged too long ago to undo */
    enum state from;     /* merged: in which state */
    int level;           /* 2: reached by its country */
    enum trait trait;
    const struct principal *who;
};

static bool scene_is_claimed(const struct scene *s)
{
    return s->state == STATE_CLAIMED || s->state == STATE_PLANNED || s->state == STATE_DELIVERING ||
           s->state == STATE_ANSWERED || s->state == STATE_CLOSED || s->state == STATE_WITHDRAWN ||
           (s->state == STATE_AWAITING_COUNTRY && s->asked_in != STATE_TRIAGE);
}

static bool scene_dissents(const struct scene *s)
{
    return s->trait == DISSENTING && !s->alone && scene_is_claimed(s);
}

static void add_trait(const struct scene *s, struct record *r)
{
    if (s->trait != PLAIN)
        memcpy(r->closest, "whc", 4);
    if (s->trait == HEAVY)
        r->kinds = 1u << KIND_ADVICE | 1u << KIND_MISSION;
    if (s->trait == LIGHT)
        r->kinds = 1u << KIND_ADVICE;
    r->is_unwilling = s->trait == UNWILLING;
    if (s->trait == DECLINING && s->state == STATE_TRIAGE)
        r->proposal = PROPOSAL_DECLINE;
    if (s->trait == REFERRING && s->state == STATE_TRIAGE) {
        r->proposal = PROPOSAL_REFERRAL;
        memcpy(r->referred, "climate", 8);
    }
    if (scene_dissents(s)) {
        r->dissent = DISSENT_UNSEEN;
        r->offers[1].dissents = true;
    }
    if (s->trait != PIECEWISE)
        return;
    r->items_n = 2;
    for (size_t i = 0; i < 2; i++) {
        r->items[i].kind = -1;
        r->items[i].state = scene_is_claimed(s) ? ITEM_TAKEN : ITEM_OPEN;
        if (scene_is_claimed(s))
            memcpy(r->items[i].holder, "ramsar", 7);
    }
}

/* ramsar leads or is proposed, cms has accepted to support, cbd is invited, whc has declined. */
static struct record scene_record(const struct scene *s)
{
    struct record r = sample_submitted();
    enum offer_state others = s->alone || s->state == STATE_UNMATCHED ? OFFER_DECLINED : 0;

    if (s->state == STATE_MERGED) {
        struct scene then = *s;

        then.state = s->from;
        r = scene_record(&then);
        for (size_t i = 0; i < r.offers_n; i++) {
            r.offers[i].was = r.offers[i].state;
            if (r.offers[i].state == OFFER_PENDING || r.offers[i].state == OFFER_ACCEPTED)
                r.offers[i].state = OFFER_WITHDRAWN;
        }
        snprintf(r.merged_into, sizeof r.merged_into, "%s", SAMPLE_ID);
        r.merged_from = s->from;
        r.undo_ms = SAMPLE_NOW_MS + 14 * CLOCK_DAY_MS;
        r.due_ms = 0;
        r.state = STATE_MERGED;
        return r;
    }
    r.state = s->state;
    r.version = 5;
    r.due_ms = SAMPLE_NOW_MS + CLOCK_DAY_MS;
    r.return_state = s->asked_in;
    r.timer.done_n = s->late && s->state != STATE_OFFERED ? 2 : 0; /* reminders were sent */
    r.is_open = s->state == STATE_OFFERED && s->late;
    r.unmatched_n = 1;
    r.level = s->level;
    r.is_raised = s->level == 2;
    if (s->state == STATE_CLOSED)
        r.outcome = OUTCOME_RESOLVED;
    if (s->state == STATE_WITHDRAWN && s->alone)
        r.outcome = OUTCOME_NO_REPLY;
    if (s->state != STATE_OFFERED && s->state != STATE_UNMATCHED && !scene_is_claimed(s)) {
        add_trait(s, &r);
        return r;
    }
    sample_offer(&r, "ramsar", OFFER_LEAD,
                 scene_is_claimed(s)
                     ? OFFER_ACCEPTED
                     : (s->state == STATE_OFFERED ? OFFER_PENDING : OFFER_DECLINED));
    sample_offer(&r, "cms", OFFER_SUPPORT, others ? others : OFFER_ACCEPTED);
    r.offers[1].contributed_ms = SAMPLE_NOW_MS;
    sample_offer(&r, "cbd", OFFER_SUPPORT, others ? others : OFFER_PENDING);
    sample_offer(&r, "whc", OFFER_SUPPORT, OFFER_DECLINED);
    if (s->state != STATE_UNMATCHED)
        memcpy(r.lead, "ramsar", 7);
    if (scene_is_claimed(s)) {
        r.claimed_ms = SAMPLE_NOW_MS;
        r.epoch = 3;
    }
    for (size_t i = 0; s->state == STATE_WITHDRAWN && i < r.offers_n; i++)
        if (r.offers[i].state != OFFER_DECLINED)
            r.offers[i].state = OFFER_WITHDRAWN;
    add_trait(s, &r);
    return r;
}

static int64_t scene_now_ms(const struct scene *s)
{
    if (s->old)
        return SAMPLE_NOW_MS + 180 * CLOCK_DAY_MS + 1;
    return s->late ? SAMPLE_NOW_MS + CLOCK_DAY_MS : SAMPLE_NOW_MS + CLOCK_DAY_MS - 1;
}

static bool scene_stands(const struct scene *s, enum standing standing)
{
    bool offered = s->state == STATE_OFFERED || (scene_is_claimed(s));
    bool lead = scene_is_claimed(s) && s->who == &ramsar;
    bool supporter = offered && !s->alone && s->who == &cms;
    bool invited = offered && !s->alone && s->who == &cbd;

    switch (standing) {
    case STANDING_ANY:
        return true;
    case STANDING_PROPOSED:
        return s->state == STATE_OFFERED &&
               (s->who == &ramsar || ((s->late || s->old) && (supporter || invited)));
    case STANDING_INVITED:
        return invited;
    case STANDING_LEAD:
        return lead;
    case STANDING_SUPPORTER:
        return supporter;
    case STANDING_TEAM:
        return lead || supporter;
    case STANDING_ROUTED:
        return lead || supporter || invited || (s->state == STATE_OFFERED && s->who == &ramsar);
    case STANDING_CLOSEST:
        return s->trait != PLAIN && s->who == &whc;
    }
    return false;
}

static bool scene_comes_back(const struct scene *s, const struct transition_input *in)
{
    return !s->old && in->merging && in->merging->side == SIDE_YIELDS;
}

/* What the clock demands half a year later: of one that was warned, the end of its patience. */
static enum action scene_demand(const struct scene *s)
{
    bool can_escalate = s->level < LEVEL_MAX;

    if (!s->old)
        return ACTIONS_N;
    switch (s->state) {
    case STATE_TRIAGE:
    case STATE_UNMATCHED:
        return can_escalate ? ACTION_ESCALATE : ACTIONS_N;
    case STATE_PLANNED:
    case STATE_DELIVERING:
        if (s->late)
            return can_escalate ? ACTION_ESCALATE : ACTIONS_N;
        return ACTION_REMIND;
    case STATE_OFFERED:
        return s->late ? ACTION_EXPIRE : ACTION_OPEN;
    case STATE_CLAIMED:
        return s->late ? ACTION_RELEASE : ACTION_REMIND;
    case STATE_AWAITING_COUNTRY:
        return s->late ? ACTION_LAPSE : ACTION_REMIND;
    case STATE_ANSWERED:
        return s->late ? ACTION_CLOSE : ACTION_REMIND;
    case STATE_SUBMITTED:
    case STATE_CLOSED:
    case STATE_WITHDRAWN:
    case STATE_MERGED:
    case STATE_DECLINED:
    case STATE_REFERRED:
    case STATES_N:
        break;
    }
    return ACTIONS_N;
}

static bool scene_holds(const struct scene *s, const struct lifecycle_row *row,
                        const struct transition_input *in)
{
    switch (row->guard) {
    case GUARD_NONE:
        return true;
    case GUARD_AS_SUPPORT:
        return in->as == OFFER_SUPPORT;
    case GUARD_AS_LEAD:
        return in->as != OFFER_SUPPORT;
    case GUARD_NEXT_LEAD:
        return !s->alone;
    case GUARD_NO_LEAD:
        return s->alone;
    case GUARD_FROM_TRIAGE:
        return s->asked_in == STATE_TRIAGE;
    case GUARD_FROM_CLAIMED:
        return s->asked_in == STATE_CLAIMED;
    case GUARD_FROM_DELIVERY:
        return s->asked_in == STATE_DELIVERING;
    case GUARD_RESOLVED:
        return in->outcome == OUTCOME_RESOLVED;
    case GUARD_UNRESOLVED:
        return in->outcome != OUTCOME_RESOLVED;
    case GUARD_WILLING:
        return !s->old && s->trait != UNWILLING;
    case GUARD_RECENT:
        return !s->old;
    case GUARD_IN_PART:
        return in->in_part;
    case GUARD_YIELDS:
        return in->merging && in->merging->side == SIDE_YIELDS;
    case GUARD_SURVIVES:
    case GUARD_RECEIVES:
        return in->merging && in->merging->side == SIDE_RECEIVES;
    case GUARD_FOLLOWS:
        return in->merging && in->merging->side == SIDE_FOLLOWS;
    case GUARD_WAS_TRIAGE:
        return scene_comes_back(s, in) && (s->from == STATE_TRIAGE || s->from == STATE_SUBMITTED);
    case GUARD_WAS_AWAITING:
        return scene_comes_back(s, in) && s->from == STATE_AWAITING_COUNTRY;
    case GUARD_WAS_OFFERED:
        return scene_comes_back(s, in) && s->from == STATE_OFFERED;
    case GUARD_WAS_CLAIMED:
        return scene_comes_back(s, in) && s->from == STATE_CLAIMED;
    case GUARD_WAS_UNMATCHED:
        return scene_comes_back(s, in) && s->from == STATE_UNMATCHED;
    case GUARD_BELOW_TOP:
        return s->level < LEVEL_MAX;
    case GUARD_FIRST_HERE:
        return s->level < 2; /* 2: raised by its country */
    case GUARD_DUE:
        return scene_demand(s) == row->action;
    case GUARD_DUE_NEXT_LEAD:
        return scene_demand(s) == row->action && !s->alone;
    case GUARD_DUE_NO_LEAD:
        return scene_demand(s) == row->action && s->alone;
    case GUARD_LAPSED:
        return s->alone && !s->old; /* alone: it was withdrawn for want of a reply */
    case GUARD_CYCLES:
        return s->late || s->old;
    case GUARD_ANEW:
        return s->late || s->old || strcmp(in->lead, "ramsar") != 0;
    case GUARD_NOBODY_CLOSE:
        return s->trait == PLAIN;
    case GUARD_SOMEBODY_CLOSE:
        return s->trait != PLAIN;
    case GUARD_DECLINE_PROPOSED:
        return s->trait == DECLINING;
    case GUARD_REFERRAL_PROPOSED:
        return s->trait == REFERRING;
    case GUARD_PLANNABLE:
        return s->trait != LIGHT || in->due;
    case GUARD_SIMPLE:
        return s->trait != HEAVY && !scene_dissents(s);
    case GUARD_ACCOUNTED:
        return !scene_dissents(s) && (s->trait != PIECEWISE || in->done);
    case GUARD_DISSENT:
        return scene_dissents(s);
    }
    return false;
}

static const struct lifecycle_row *scene_row(const struct scene *s, enum action a,
                                             const struct transition_input *in)
{
    if (s->who == &uganda)
        return NULL;
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        if (row->action == a && (row->from & 1u << s->state) && row->role == s->who->role &&
            scene_stands(s, row->standing) && scene_holds(s, row, in))
            return row;
    }
    return NULL;
}

static const char *scene_text(const struct scene *s, enum action a,
                              const struct transition_input *in)
{
    static char text[260];
    char who[PRINCIPAL_TEXT_BYTES];

    snprintf(text, sizeof text,
             "%s by %s in %s%s%s%s level %d trait %d asked in %s, merged in %s, as %d, outcome %d, "
             "side %d",
             action_words[a], principal_text(s->who, who), state_words[s->state],
             s->late ? " late" : "", s->alone ? " alone" : "", s->old ? " old" : "", s->level,
             (int)s->trait, state_words[s->asked_in], state_words[s->from], in->as, in->outcome,
             in->merging ? (int)in->merging->side : -1);
    return text;
}

static unsigned accepted_leads(const struct record *r)
{
    unsigned n = 0;

    for (size_t i = 0; i < r->offers_n; i++)
        n += r->offers[i].role == OFFER_LEAD && r->offers[i].state == OFFER_ACCEPTED;
    return n;
}

/* What holds after any step. */
static void assert_moved(const struct record *before, const struct record *r,
                         const struct lifecycle_row *row, int64_t now_ms, const char *what)
{
    enum state to = row->to == STATE_SAME ? before->state : row->to;
    enum norm_step step;
    bool has_clock = norm_of_state(to, &step);
    bool restarted = to != before->state || r->is_open != before->is_open ||
                     (strcmp(before->lead, r->lead) != 0 && !r->is_open) ||
                     (row->action == ACTION_NOTE && to == STATE_CLAIMED && r->since_ms == now_ms);
    bool counted = restarted || strcmp(before->lead, r->lead) != 0 || r->urgency != before->urgency;
    int64_t from_ms = restarted ? now_ms : before->since_ms;
    int64_t due_ms = 0;

    if (r->state != to)
        fail_msg("%s: went to %s", what, state_words[r->state]);
    if (r->version != before->version + 1 || r->updated_ms != now_ms)
        fail_msg("%s: version %lld", what, (long long)r->version);
    if (r->submitted_ms != before->submitted_ms || strcmp(r->id, before->id) != 0 ||
        strcmp(r->country, before->country) != 0 || strcmp(r->reference, before->reference) != 0)
        fail_msg("%s: changed what never changes", what);
    if (r->since_ms != (counted ? now_ms : before->since_ms))
        fail_msg("%s: clock of the state", what);
    step = has_clock && r->is_open ? NORM_OPEN_WINDOW : step;
    if (has_clock) /* what is used up stays so, under another urgency, too */
        due_ms = norm_due(step, r->urgency, plain, from_ms);
    if (row->action == ACTION_LINK) /* no matter for a clock */
        due_ms = before->due_ms;
    if (!r->timer.grace_ms && r->due_ms != (due_ms && due_ms < r->since_ms ? r->since_ms : due_ms))
        fail_msg("%s: due", what);
    if (r->epoch != before->epoch + (r->claimed_ms && !before->claimed_ms))
        fail_msg("%s: epoch %lld", what, (long long)r->epoch);
    if (accepted_leads(r) > 1)
        fail_msg("%s: two leads", what);
    if (!lifecycle_is_terminal(to) && (accepted_leads(r) == 1) != (r->claimed_ms != 0))
        fail_msg("%s: %u leads, claimed at %lld", what, accepted_leads(r),
                 (long long)r->claimed_ms);
    if (row->action != ACTION_OFFER && /* its offers are made before, by transition_offer */
        (to == STATE_OFFERED || r->claimed_ms) && !record_offer_find(r, r->lead))
        fail_msg("%s: lead \"%s\" has no offer", what, r->lead);
}

static void assert_refused(const struct record *before, const struct record *r, enum action a,
                           enum err_code rc, const struct err *e, const struct scene *s,
                           const struct transition_input *in)
{
    bool is_taken =
        a == ACTION_CLAIM && before->claimed_ms && !lifecycle_is_terminal(before->state);

    if (rc != (is_taken ? ERR_CLAIMED : ERR_STATE) || e->code != rc)
        fail_msg("%s: code %d", scene_text(s, a, in), (int)rc);
    if (is_taken && !strstr(e->detail, "ramsar"))
        fail_msg("%s: %s", scene_text(s, a, in), e->detail);
    if (memcmp(before, r, sizeof *r) != 0)
        fail_msg("%s: refused, and changed the record", scene_text(s, a, in));
}

static unsigned hits[128];

/* A body's other way to say it: a plan far away, a part of a reply, each item, the old route. */
static bool has_other_way(enum action a)
{
    return a == ACTION_PLAN || a == ACTION_REPLY || a == ACTION_ANSWER || a == ACTION_ROUTE;
}

/* One action, said in one way. */
static void walk_way(const struct scene *s, const struct record *before, enum action a,
                     unsigned side, bool otherwise, int as, bool unresolved, const json_t *numbers,
                     const json_t *others, unsigned *possible)
{
    int64_t now_ms = scene_now_ms(s);
    const struct merging merging = {.side = (enum side)(side - 1),
                                    .into = OTHER_ID,
                                    .undo_ms = now_ms + CLOCK_DAY_MS,
                                    .urgency = URGENCY_PRIORITY};
    struct transition_input in = {.text = "text",
                                  .reason = 0,
                                  .as = as,
                                  .outcome = unresolved ? OUTCOME_PARTLY : OUTCOME_RESOLVED,
                                  .epoch = -1,
                                  .urgency = -1,
                                  .lead = otherwise ? "ramsar" : "cites",
                                  .support = otherwise ? others : NULL,
                                  .due = otherwise ? "2027-05-01" : NULL,
                                  .in_part = otherwise,
                                  .done = otherwise ? numbers : NULL,
                                  .body = "climate",
                                  .merging = side ? &merging : NULL};
    const struct lifecycle_row *expected;
    const struct lifecycle_row *row = NULL;
    struct err e = {0};
    struct record r;
    enum err_code rc;

    expected = scene_row(s, a, &in);
    memcpy(&r, before, sizeof r);
    rc = transition_apply(&r, a, s->who, &in, now_ms, &row, &e);
    if ((rc == ERR_OK) != (expected != NULL) || row != expected)
        fail_msg("%s: %s, row %td, not %td", scene_text(s, a, &in), rc ? e.detail : "ok",
                 row ? row - lifecycle_rows : -1, expected ? expected - lifecycle_rows : -1);
    if (!row) {
        assert_refused(before, &r, a, rc, &e, s, &in);
        return;
    }
    assert_moved(before, &r, row, now_ms, scene_text(s, a, &in));
    if (row->guard != GUARD_RECEIVES && row->guard != GUARD_FOLLOWS && /* only concerned */
        row->guard != GUARD_DUE && row->guard != GUARD_DUE_NEXT_LEAD &&
        row->guard != GUARD_DUE_NO_LEAD) /* the clock asks timer_due, not what is allowed */
        *possible |= 1u << a;
    hits[row - lifecycle_rows]++;
}

/* All actions with all that an input may say; compares with transition_allowed too. */
static void walk_scene(const struct scene *s, const json_t *numbers, const json_t *others)
{
    const struct record before = scene_record(s);
    int64_t now_ms = scene_now_ms(s);
    unsigned allowed = transition_allowed(&before, s->who, now_ms);
    unsigned possible = 0;

    for (unsigned k = 0; k < ACTIONS_N * 3 * 2 * 4 * 2; k++) {
        enum action a = (enum action)(k % ACTIONS_N);
        unsigned side = k / ACTIONS_N / 6 % 4;
        bool otherwise = k / ACTIONS_N / 24;
        int as = (int)(k / ACTIONS_N % 3) - 1;
        bool unresolved = k / ACTIONS_N / 3 % 2;
        /* Other actions do not look at it. */
        if ((side && a != ACTION_MERGE && a != ACTION_JOIN && a != ACTION_UNMERGE) ||
            (otherwise && !has_other_way(a)) ||
            (as >= 0 && a != ACTION_CLAIM && a != ACTION_DECLINE) ||
            (unresolved && a != ACTION_CONFIRM && a != ACTION_CLOSE))
            continue;
        walk_way(s, &before, a, side, otherwise, as, unresolved, numbers, others, &possible);
    }
    if (allowed != possible)
        fail_msg("%s: allowed %x, possible %x", scene_text(s, ACTION_NOTE, &silent), allowed,
                 possible);
}

static void test_the_table_and_nothing_else_decides_in_every_corner(void **state)
{
    static const struct principal *const people[] = {&kenya, &uganda, &ramsar, &cms,       &cbd,
                                                     &whc,   &iwc,    &desk,   &operator_, &router};
    static const enum state asked[] = {STATE_TRIAGE, STATE_CLAIMED, STATE_DELIVERING};
    static const int levels[] = {0, 2, LEVEL_MAX};
    static const enum state froms[] = {STATE_SUBMITTED, STATE_TRIAGE,  STATE_AWAITING_COUNTRY,
                                       STATE_OFFERED,   STATE_CLAIMED, STATE_UNMATCHED};

    json_t *numbers = json_pack("[i, i]", 1, 2);
    json_t *others = json_pack("[s, s, s]", "cms", "cbd", "whc");

    (void)state;
    assert_in_range(lifecycle_rows_n, 1, sizeof hits / sizeof hits[0]);
    for (unsigned s = 0; s < STATES_N; s++)
        for (unsigned k = 0; k < 24 * (s == STATE_MERGED ? 3 * 6 : 3 + TRAITS_N); k++)
            for (size_t p = 0; p < sizeof people / sizeof people[0]; p++) {
                struct scene scene = {.state = s,
                                      .asked_in = asked[k % 3],
                                      .late = k / 3 & 1u,
                                      .alone = k / 6 & 1u,
                                      .old = k / 12 & 1u,
                                      .level = levels[s == STATE_MERGED || k < 72 ? k / 24 % 3 : 0],
                                      .from = froms[s == STATE_MERGED ? k / 72 : 0],
                                      .trait = s == STATE_MERGED || k < 72 ? PLAIN : k / 24 - 3,
                                      .who = people[p]};

                walk_scene(&scene, numbers, others);
            }
    json_decref(numbers);
    json_decref(others);
    for (size_t i = 0; i < lifecycle_rows_n; i++)
        if (!hits[i])
            fail_msg("row %zu was never taken: %s", i, action_words[lifecycle_rows[i].action]);
}

/* --- stories ---------------------------------------------------------------------------------- */

static const struct lifecycle_row *act_with(struct record *r, enum action a,
                                            const struct principal *who,
                                            const struct transition_input *in, int64_t now_ms)
{
    const struct lifecycle_row *row = NULL;
    struct err e = {0};

    if (transition_apply(r, a, who, in, now_ms, &row, &e) != ERR_OK)
        fail_msg("%s: %s", action_words[a], e.detail);
    return row;
}

static void act(struct record *r, enum action a, const struct principal *who)
{
    act_with(r, a, who, &silent, SAMPLE_NOW_MS);
}

static void assert_refuses(const struct record *r, enum action a, const struct principal *who,
                           const struct transition_input *in, int64_t now_ms, enum err_code code)
{
    const struct lifecycle_row *row = NULL;
    struct err e = {0};
    struct record copy;

    memcpy(&copy, r, sizeof copy);
    if (transition_apply(&copy, a, who, in, now_ms, &row, &e) != code)
        fail_msg("%s: code %d, not %d: %s", action_words[a], (int)e.code, (int)code, e.detail);
    assert_memory_equal(&copy, r, sizeof copy);
    assert_null(row);
}

static struct record offered(void)
{
    struct record r = sample_submitted();
    struct routed to = {
        .lead = "ramsar",
        .support = {"cms", "cbd"},
        .support_n = 2,
        .informed = {"whc"    },
        .informed_n = 1
    };

    transition_offer(&r, &to);
    act(&r, ACTION_OFFER, &router);
    return r;
}

static struct record claimed(void)
{
    struct record r = offered();

    act(&r, ACTION_CLAIM, &ramsar);
    return r;
}

static struct record answered(void)
{
    struct record r = claimed();

    act(&r, ACTION_ANSWER, &ramsar);
    return r;
}

static struct record closed(void)
{
    struct record r = answered();
    struct transition_input resolved = silent;

    resolved.outcome = OUTCOME_RESOLVED;
    act_with(&r, ACTION_CONFIRM, &kenya, &resolved, SAMPLE_NOW_MS);
    return r;
}

static void test_the_router_offers_to_lead_and_supporters_in_order(void **state)
{
    struct record r = offered();

    (void)state;
    assert_int_equal(r.state, STATE_OFFERED);
    assert_string_equal(r.lead, "ramsar");
    assert_int_equal(r.offers_n, 3);
    assert_string_equal(r.offers[0].secretariat, "ramsar");
    assert_int_equal(r.offers[0].role, OFFER_LEAD);
    assert_string_equal(r.offers[1].secretariat, "cms");
    assert_int_equal(r.offers[1].role, OFFER_SUPPORT);
    assert_string_equal(r.offers[2].secretariat, "cbd");
    assert_int_equal(r.informed_n, 1);
    assert_string_equal(r.informed[0], "whc");
    assert_int_equal(r.due_ms, norm_due(NORM_FIRST_WINDOW, r.urgency, plain, SAMPLE_NOW_MS));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(r.offers[i].state, OFFER_PENDING);
        assert_int_equal(r.offers[i].due_ms, r.due_ms);
        assert_int_equal(r.offers[i].reason, -1);
    }
}

static void test_offers_are_made_once_each_and_never_beyond_their_room(void **state)
{
    static char codes[RECORD_OFFERS_MAX][8];
    struct routed to = {.lead = "s0"};
    struct record r = sample_submitted();

    (void)state;
    for (size_t i = 0; i < RECORD_OFFERS_MAX; i++) {
        snprintf(codes[i], sizeof codes[i], "s%zu", i);
        to.support[i] = to.informed[i] = codes[i];
    }
    to.support_n = to.informed_n = RECORD_OFFERS_MAX;
    transition_offer(&r, &to); /* s0 is lead and named as supporter again */
    assert_int_equal(r.offers_n, RECORD_OFFERS_MAX);
    assert_int_equal(r.offers[0].role, OFFER_LEAD);
    for (size_t i = 0; i < RECORD_OFFERS_MAX; i++)
        assert_string_equal(r.offers[i].secretariat, codes[i]);
    to.lead = "x";
    transition_offer(&r, &to);
    assert_int_equal(r.offers_n, RECORD_OFFERS_MAX);
    assert_string_equal(r.offers[RECORD_OFFERS_MAX - 1].secretariat, "s14");
    assert_int_equal(r.informed_n, RECORD_OFFERS_MAX);
}

static void test_without_a_lead_the_request_goes_to_triage(void **state)
{
    struct record r = sample_submitted();

    (void)state;
    transition_offer(&r, &(struct routed){.lead = ""});
    assert_int_equal(r.offers_n, 0);
    act(&r, ACTION_HOLD, &router);
    assert_int_equal(r.state, STATE_TRIAGE);
    assert_string_equal(r.lead, "");
    assert_int_equal(r.due_ms, norm_due(NORM_TRIAGE, r.urgency, plain, SAMPLE_NOW_MS));
}

static void test_a_claim_raises_the_epoch_and_starts_the_lease(void **state)
{
    struct record r = offered();
    int64_t now_ms = SAMPLE_NOW_MS + 5000;

    (void)state;
    act_with(&r, ACTION_CLAIM, &ramsar, &silent, now_ms);
    assert_int_equal(r.state, STATE_CLAIMED);
    assert_int_equal(r.epoch, 1);
    assert_int_equal(r.claimed_ms, now_ms);
    assert_int_equal(r.lease_ms, norm_due(NORM_LEASE, r.urgency, plain, now_ms));
    assert_int_equal(r.due_ms, r.lease_ms);
    assert_int_equal(r.offers[0].state, OFFER_ACCEPTED);
    assert_int_equal(r.offers[1].state, OFFER_PENDING);
}

static void test_claim_of_a_claimed_request_names_the_holder(void **state)
{
    static const struct principal *const others[] = {&cms, &cbd, &whc, &iwc, &ramsar};
    struct record r = claimed();

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const struct lifecycle_row *row;
        struct err e = {0};

        assert_int_equal(transition_apply(&r, ACTION_CLAIM, others[i], &silent,
                                          SAMPLE_NOW_MS + 30 * CLOCK_DAY_MS, &row, &e),
                         ERR_CLAIMED);
        assert_string_equal(e.detail, "claimed by ramsar");
    }
}

static void test_in_the_first_window_only_the_proposed_lead_may_claim(void **state)
{
    struct record r = offered();

    (void)state;
    assert_true(transition_may_lead(&r, "ramsar", SAMPLE_NOW_MS));
    assert_false(transition_may_lead(&r, "cms", r.due_ms - 1));
    assert_false(transition_may_lead(&r, "whc", r.due_ms));
    assert_refuses(&r, ACTION_CLAIM, &cms, &silent, r.due_ms - 1, ERR_STATE);
    assert_refuses(&r, ACTION_CLAIM, &whc, &silent, r.due_ms, ERR_STATE);
    act_with(&r, ACTION_CLAIM, &cms, &silent, r.due_ms);
    assert_string_equal(r.lead, "cms");
    assert_int_equal(record_offer(&r, "cms")->role, OFFER_LEAD);
    assert_int_equal(record_offer(&r, "cms")->state, OFFER_ACCEPTED);
    assert_int_equal(record_offer(&r, "ramsar")->role, OFFER_SUPPORT); /* may still help */
    assert_int_equal(record_offer(&r, "ramsar")->state, OFFER_PENDING);
}

static void test_a_supporter_accepts_without_moving_anything(void **state)
{
    struct transition_input support = silent;
    struct record r = offered();

    (void)state;
    support.as = OFFER_SUPPORT;
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS + 7);
    assert_int_equal(r.state, STATE_OFFERED);
    assert_string_equal(r.lead, "ramsar");
    assert_int_equal(r.epoch, 0);
    assert_int_equal(r.since_ms, SAMPLE_NOW_MS);
    assert_int_equal(record_offer(&r, "cms")->state, OFFER_ACCEPTED);
    assert_refuses(&r, ACTION_CLAIM, &ramsar, &support, SAMPLE_NOW_MS, ERR_STATE);
    assert_refuses(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS, ERR_STATE); /* once */
}

static void test_declines_walk_down_the_offers_until_unmatched(void **state)
{
    struct transition_input no = silent;
    struct record r = offered();
    int64_t now_ms = SAMPLE_NOW_MS;

    (void)state;
    no.reason = 2;
    now_ms += 1000;
    act_with(&r, ACTION_DECLINE, &ramsar, &no, now_ms);
    assert_int_equal(r.state, STATE_OFFERED);
    assert_string_equal(r.lead, "cms");
    assert_int_equal(record_offer(&r, "ramsar")->state, OFFER_DECLINED);
    assert_int_equal(record_offer(&r, "ramsar")->reason, 2);
    assert_int_equal(record_offer(&r, "cms")->role, OFFER_LEAD);
    assert_int_equal(r.since_ms, now_ms);
    assert_refuses(&r, ACTION_DECLINE, &ramsar, &no, now_ms, ERR_STATE); /* said no already */
    assert_refuses(&r, ACTION_CLAIM, &ramsar, &silent, r.due_ms, ERR_STATE);
    now_ms += 1000;
    act_with(&r, ACTION_DECLINE, &cms, &no, now_ms);
    assert_string_equal(r.lead, "cbd");
    now_ms += 1000;
    act_with(&r, ACTION_DECLINE, &cbd, &no, now_ms);
    assert_int_equal(r.state, STATE_UNMATCHED);
    assert_string_equal(r.lead, "");
    assert_int_equal(r.due_ms, norm_due(NORM_UNMATCHED, r.urgency, plain, now_ms));
    for (size_t i = 0; i < r.offers_n; i++)
        assert_int_equal(r.offers[i].state, OFFER_DECLINED);
}

static void test_the_next_proposed_lead_gets_a_window_of_its_own(void **state)
{
    struct transition_input no = silent;
    struct record r = offered();
    int64_t now_ms = r.due_ms - 1000;

    (void)state;
    no.reason = 0;
    act_with(&r, ACTION_DECLINE, &ramsar, &no, now_ms);
    assert_int_equal(r.due_ms, norm_due(NORM_FIRST_WINDOW, r.urgency, plain, now_ms));
    assert_int_equal(record_offer(&r, "cms")->due_ms, r.due_ms);
    assert_int_equal(record_offer(&r, "cbd")->due_ms, r.due_ms);
}

static void test_a_supporter_s_decline_leaves_the_lead_alone(void **state)
{
    struct transition_input no = silent;
    struct record r = offered();
    int64_t due_ms = r.due_ms;

    (void)state;
    no.reason = 1;
    act_with(&r, ACTION_DECLINE, &cms, &no, SAMPLE_NOW_MS + 1);
    assert_int_equal(r.state, STATE_OFFERED);
    assert_string_equal(r.lead, "ramsar");
    assert_int_equal(r.due_ms, due_ms);
    assert_int_equal(record_offer(&r, "cms")->state, OFFER_DECLINED);
    act_with(&r, ACTION_DECLINE, &cbd, &no, due_ms); /* also when it could take the lead itself */
    assert_string_equal(r.lead, "ramsar");
    assert_int_equal(r.state, STATE_OFFERED);
    assert_int_equal(record_offer(&r, "ramsar")->state, OFFER_PENDING);
}

static void test_a_release_proposes_the_next_and_ends_the_claim(void **state)
{
    struct transition_input support = silent;
    struct transition_input back = silent;
    struct record r = claimed();

    (void)state;
    support.as = OFFER_SUPPORT;
    back.reason = 3;
    back.epoch = 1;
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    act_with(&r, ACTION_RELEASE, &ramsar, &back, SAMPLE_NOW_MS + 9);
    assert_int_equal(r.state, STATE_OFFERED);
    assert_int_equal(r.claimed_ms, 0);
    assert_int_equal(r.lease_ms, 0);
    assert_int_equal(r.epoch, 1); /* the next claim raises it */
    assert_string_equal(r.lead, "cms");
    assert_int_equal(record_offer(&r, "cms")->state,
                     OFFER_PENDING); /* to lead is another question */
    assert_int_equal(record_offer(&r, "ramsar")->reason, 3);
    act(&r, ACTION_CLAIM, &cms);
    assert_int_equal(r.epoch, 2);
    assert_refuses(&r, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE);
}

static void test_a_release_with_nobody_left_is_unmatched(void **state)
{
    struct transition_input no = silent;
    struct record r = claimed();

    (void)state;
    no.reason = 0;
    act_with(&r, ACTION_DECLINE, &cms, &no, SAMPLE_NOW_MS);
    act_with(&r, ACTION_DECLINE, &cbd, &no, SAMPLE_NOW_MS);
    act(&r, ACTION_RELEASE, &ramsar);
    assert_int_equal(r.state, STATE_UNMATCHED);
    assert_int_equal(r.claimed_ms, 0);
    assert_string_equal(r.lead, "");
}

static void test_an_old_epoch_is_refused(void **state)
{
    static const int64_t wrong[] = {0, 2, 3, INT64_MAX};
    struct transition_input in = silent;
    struct record r = claimed();

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        in.epoch = wrong[i];
        assert_refuses(&r, ACTION_ANSWER, &ramsar, &in, SAMPLE_NOW_MS, ERR_CLAIMED);
    }
    in.epoch = 1;
    act_with(&r, ACTION_ANSWER, &ramsar, &in, SAMPLE_NOW_MS);
    assert_int_equal(r.state, STATE_ANSWERED);
}

static void test_a_reply_goes_back_to_where_it_was_asked(void **state)
{
    struct record triage = sample_submitted();
    struct record work = claimed();

    (void)state;
    act(&triage, ACTION_HOLD, &router);
    act(&triage, ACTION_ASK, &desk);
    assert_int_equal(triage.state, STATE_AWAITING_COUNTRY);
    act(&triage, ACTION_REPLY, &kenya);
    assert_int_equal(triage.state, STATE_TRIAGE);

    act(&work, ACTION_ASK, &ramsar);
    assert_refuses(&work, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE);
    act(&work, ACTION_REPLY, &kenya);
    assert_int_equal(work.state, STATE_CLAIMED);
    assert_int_equal(work.epoch, 1); /* still the same claim */
    assert_int_equal(work.lease_ms, work.due_ms);
    act(&work, ACTION_PLAN, &ramsar);
    act(&work, ACTION_AGREE, &kenya);
    act(&work, ACTION_ASK, &ramsar);
    act(&work, ACTION_REPLY, &kenya);
    assert_int_equal(work.state, STATE_DELIVERING);
}

static void test_a_plan_is_agreed_or_sent_back(void **state)
{
    struct record r = claimed();

    (void)state;
    act(&r, ACTION_PLAN, &ramsar);
    assert_int_equal(r.state, STATE_PLANNED);
    act(&r, ACTION_AMEND, &kenya);
    assert_int_equal(r.state, STATE_CLAIMED);
    assert_string_equal(r.lead, "ramsar");
    act(&r, ACTION_PLAN, &ramsar);
    act(&r, ACTION_AGREE, &kenya);
    assert_int_equal(r.state, STATE_DELIVERING);
    assert_int_equal(r.due_ms, norm_due(NORM_ANSWER, r.urgency, plain, SAMPLE_NOW_MS));
    act(&r, ACTION_NOTE, &ramsar);
    assert_int_equal(r.state, STATE_DELIVERING);
    act(&r, ACTION_ANSWER, &ramsar);
    assert_int_equal(r.state, STATE_ANSWERED);
}

static void test_confirmation_closes_or_gives_the_work_back(void **state)
{
    static const struct {
        int outcome;
        enum state to;
        int64_t reopened;
    } cases[] = {
        {OUTCOME_RESOLVED,     STATE_CLOSED,  0},
        {OUTCOME_PARTLY,       STATE_CLAIMED, 1},
        {OUTCOME_NOT_RESOLVED, STATE_CLAIMED, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct transition_input in = silent;
        struct record r = answered();

        in.outcome = cases[i].outcome;
        act_with(&r, ACTION_CONFIRM, &kenya, &in, SAMPLE_NOW_MS);
        if (r.state != cases[i].to || r.reopened_n != cases[i].reopened ||
            r.outcome != (r.state == STATE_CLOSED ? OUTCOME_RESOLVED : OUTCOME_NONE) ||
            strcmp(r.lead, "ramsar") != 0)
            fail_msg("%s: %s", outcome_words[cases[i].outcome], state_words[r.state]);
    }
}

static void test_closing_keeps_the_outcome_and_settles_all_offers(void **state)
{
    struct transition_input in = silent;
    struct transition_input support = silent;
    struct record r = claimed();

    (void)state;
    support.as = OFFER_SUPPORT;
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    act(&r, ACTION_ANSWER, &ramsar);
    in.outcome = OUTCOME_NOT_RESOLVED;
    act_with(&r, ACTION_CLOSE, &kenya, &in, SAMPLE_NOW_MS);
    assert_int_equal(r.state, STATE_CLOSED);
    assert_int_equal(r.outcome, OUTCOME_NOT_RESOLVED);
    assert_int_equal(r.due_ms, 0);
    assert_int_equal(record_offer(&r, "ramsar")->state, OFFER_COMPLETED);
    assert_int_equal(record_offer(&r, "cms")->state, OFFER_COMPLETED);
    assert_int_equal(record_offer(&r, "cbd")->state, OFFER_EXPIRED);
}

static void test_a_closed_request_is_reopened_within_180_days(void **state)
{
    struct record r = closed();
    int64_t last_ms = r.since_ms + 180 * CLOCK_DAY_MS;

    (void)state;
    assert_refuses(&r, ACTION_REOPEN, &kenya, &silent, last_ms + 1, ERR_STATE);
    assert_refuses(&r, ACTION_REOPEN, &ramsar, &silent, last_ms, ERR_STATE);
    assert_int_equal(transition_allowed(&r, &kenya, last_ms), 1u << ACTION_REOPEN);
    assert_int_equal(transition_allowed(&r, &kenya, last_ms + 1), 0);
    act_with(&r, ACTION_REOPEN, &kenya, &silent, last_ms);
    assert_int_equal(r.state, STATE_CLAIMED);
    assert_int_equal(r.outcome, OUTCOME_NONE);
    assert_int_equal(r.reopened_n, 1);
    assert_int_equal(record_offer(&r, "ramsar")->state, OFFER_ACCEPTED);
    act_with(&r, ACTION_ANSWER, &ramsar, &silent, last_ms);
}

static void test_withdrawal_is_possible_in_every_open_state_and_only_there(void **state)
{
    (void)state;
    for (unsigned s = 0; s < STATES_N; s++) {
        struct scene scene = {.state = s, .asked_in = STATE_CLAIMED, .who = &kenya};
        struct record r = scene_record(&scene);

        if (lifecycle_is_terminal(s)) {
            assert_refuses(&r, ACTION_WITHDRAW, &kenya, &silent, SAMPLE_NOW_MS, ERR_STATE);
            continue;
        }
        assert_refuses(&r, ACTION_WITHDRAW, &uganda, &silent, SAMPLE_NOW_MS, ERR_STATE);
        assert_refuses(&r, ACTION_WITHDRAW, &desk, &silent, SAMPLE_NOW_MS, ERR_STATE);
        act(&r, ACTION_WITHDRAW, &kenya);
        if (r.state != STATE_WITHDRAWN || r.due_ms)
            fail_msg("%s: %s", state_words[s], state_words[r.state]);
        for (size_t i = 0; i < r.offers_n; i++)
            if (r.offers[i].state == OFFER_PENDING || r.offers[i].state == OFFER_ACCEPTED)
                fail_msg("%s: offer %zu is open", state_words[s], i);
    }
}

static void test_the_desk_routes_by_hand_from_triage_and_unmatched(void **state)
{
    json_t *support = json_pack("[s, s]", "whc", "iwc");
    struct transition_input in = silent;
    struct record held = sample_submitted();
    struct scene unmatched = {.state = STATE_UNMATCHED, .asked_in = STATE_TRIAGE, .who = &desk};
    struct record r = scene_record(&unmatched);

    (void)state;
    in.lead = "cites";
    in.support = support;
    act(&held, ACTION_HOLD, &router);
    act_with(&held, ACTION_ROUTE, &desk, &in, SAMPLE_NOW_MS);
    assert_int_equal(held.state, STATE_OFFERED);
    assert_string_equal(held.lead, "cites");
    act_with(&r, ACTION_ROUTE, &desk, &in, SAMPLE_NOW_MS);
    assert_int_equal(r.offers_n, 3); /* the declined offers of the first round are gone */
    assert_string_equal(r.offers[0].secretariat, "cites");
    assert_string_equal(r.offers[2].secretariat, "iwc");
    assert_int_equal(r.offers[2].state, OFFER_PENDING);
    assert_int_equal(r.offers[2].role, OFFER_SUPPORT);
    assert_refuses(&r, ACTION_ROUTE, &desk, &in, SAMPLE_NOW_MS, ERR_STATE);
    json_decref(support);
}

static void test_the_desk_declines_or_refers(void **state)
{
    struct transition_input in = silent;
    struct record declined = sample_submitted();
    struct record referred = sample_submitted();

    (void)state;
    in.reason = 0;
    in.body = "climate";
    act(&declined, ACTION_HOLD, &router);
    act_with(&declined, ACTION_DECLINE, &desk, &in, SAMPLE_NOW_MS);
    assert_int_equal(declined.state, STATE_DECLINED);
    act(&referred, ACTION_HOLD, &router);
    act_with(&referred, ACTION_REFER, &desk, &in, SAMPLE_NOW_MS);
    assert_int_equal(referred.state, STATE_TRIAGE);
    act(&referred, ACTION_AGREE, &kenya);
    assert_int_equal(referred.state, STATE_REFERRED);
    assert_string_equal(referred.referred, "climate");
}

static void test_a_decline_needs_the_closest_secretariat(void **state)
{
    struct transition_input in = silent;
    struct record r = sample_submitted();
    struct record routed;

    (void)state;
    in.reason = 0;
    in.lead = "cms";
    memcpy(r.closest, "whc", 4);
    act(&r, ACTION_HOLD, &router);
    assert_refuses(&r, ACTION_AGREE, &whc, &silent, SAMPLE_NOW_MS, ERR_STATE); /* to what? */
    act_with(&r, ACTION_DECLINE, &desk, &in, SAMPLE_NOW_MS);
    assert_int_equal(r.state, STATE_TRIAGE);
    assert_refuses(&r, ACTION_AGREE, &cms, &silent, SAMPLE_NOW_MS, ERR_STATE);
    assert_refuses(&r, ACTION_AGREE, &kenya, &silent, SAMPLE_NOW_MS, ERR_STATE);
    memcpy(&routed, &r, sizeof r);
    act(&r, ACTION_AMEND, &whc); /* no: it stays where it is */
    assert_int_equal(r.state, STATE_TRIAGE);
    assert_refuses(&r, ACTION_AGREE, &whc, &silent, SAMPLE_NOW_MS, ERR_STATE);
    act_with(&r, ACTION_DECLINE, &desk, &in, SAMPLE_NOW_MS);
    act(&r, ACTION_AGREE, &whc);
    assert_int_equal(r.state, STATE_DECLINED);
    act_with(&routed, ACTION_ROUTE, &desk, &in, SAMPLE_NOW_MS); /* the desk thinks better of it */
    assert_int_equal(routed.proposal, PROPOSAL_NONE);
}

static void test_kinds_of_help_say_whether_a_plan_comes_first(void **state)
{
    static const struct {
        unsigned kinds;
        bool plan, long_plan, answer;
    } cases[] = {
        {0,                                                true,  true, true },
        {1u << KIND_ADVICE,                                false, true, true },
        {1u << KIND_LEGAL | 1u << KIND_DATA_TOOLS,         false, true, true },
        {1u << KIND_MISSION,                               true,  true, false},
        {1u << KIND_FUNDING | 1u << KIND_ADVICE,           true,  true, false},
        {1u << KIND_TRAINING,                              true,  true, false},
        {1u << KIND_EQUIPMENT,                             true,  true, false},
        {1u << KIND_MATCHMAKING | 1u << KIND_COORDINATION, false, true, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record r = claimed();
        struct transition_input in = silent;
        const struct lifecycle_row *row;
        struct err e = {0};
        struct record copy;

        r.kinds = cases[i].kinds;
        memcpy(&copy, &r, sizeof r);
        in.due = "2026-03-16T10:00:00Z"; /* ten working days */
        if ((transition_apply(&copy, ACTION_PLAN, &ramsar, &in, SAMPLE_NOW_MS, &row, &e) ==
             ERR_OK) != cases[i].plan)
            fail_msg("%zu: plan", i);
        memcpy(&copy, &r, sizeof r);
        in.due = "2026-03-16T10:00:01Z";
        if ((transition_apply(&copy, ACTION_PLAN, &ramsar, &in, SAMPLE_NOW_MS, &row, &e) ==
             ERR_OK) != cases[i].long_plan)
            fail_msg("%zu: long plan", i);
        memcpy(&copy, &r, sizeof r);
        if ((transition_apply(&copy, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, &row, &e) ==
             ERR_OK) != cases[i].answer)
            fail_msg("%zu: answer", i);
    }
}

static struct record in_pieces(enum kind first, enum kind second)
{
    json_t *body = json_pack("{s:[{s:s}, {s:s}]}", "items", "kind", kind_words[first], "kind",
                             kind_words[second]);
    struct record r = sample_submitted();
    const struct routed to = {
        .lead = "ramsar", .support = {"cms", "cbd"},
             .support_n = 2
    };

    item_begin(&r, body);
    json_decref(body);
    assert_int_equal(r.items_n, 2);
    assert_int_equal(r.items[1].state, ITEM_OPEN);
    transition_offer(&r, &to);
    act(&r, ACTION_OFFER, &router);
    return r;
}

static void assert_item(const struct record *r, size_t number, enum item_state as, const char *by)
{
    assert_int_equal(r->items[number - 1].state, as);
    assert_string_equal(r->items[number - 1].holder, by);
}

static void test_items_go_from_hand_to_hand_until_done(void **state)
{
    struct record r = in_pieces(KIND_MISSION, KIND_ADVICE);
    struct transition_input support = silent;
    struct transition_input says = silent;
    json_t *one = json_pack("[i]", 1);
    json_t *two = json_pack("[i]", 2);
    json_t *parts = json_pack("[{s:s, s:o}]", "secretariat", "cbd", "items", json_incref(two));

    (void)state;
    assert_item(&r, 1, ITEM_OFFERED, "");
    support.as = OFFER_SUPPORT;
    support.items = two;
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    assert_item(&r, 2, ITEM_TAKEN, "cms");
    act(&r, ACTION_CLAIM, &ramsar);
    assert_item(&r, 1, ITEM_TAKEN, "ramsar");
    assert_item(&r, 2, ITEM_TAKEN, "cms");
    assert_refuses(&r, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE);
    act(&r, ACTION_PLAN, &ramsar);
    act(&r, ACTION_AGREE, &kenya);
    assert_refuses(&r, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE); /* 1? */
    support.items = NULL;
    act_with(&r, ACTION_CLAIM, &cbd, &support, SAMPLE_NOW_MS);
    says.parts = parts;
    act_with(&r, ACTION_NOTE, &ramsar, &says, SAMPLE_NOW_MS);
    assert_item(&r, 2, ITEM_TAKEN, "cbd");
    says.parts = NULL;
    says.done = two;
    act_with(&r, ACTION_CONTRIBUTE, &cms, &says, SAMPLE_NOW_MS); /* no longer its own */
    assert_item(&r, 2, ITEM_TAKEN, "cbd");
    act_with(&r, ACTION_CONTRIBUTE, &cbd, &says, SAMPLE_NOW_MS);
    assert_item(&r, 2, ITEM_DONE, "cbd");
    says.done = one;
    act_with(&r, ACTION_ANSWER, &ramsar, &says, SAMPLE_NOW_MS);
    assert_item(&r, 1, ITEM_DONE, "ramsar");
    says = silent;
    says.outcome = OUTCOME_PARTLY;
    says.items = two;
    act_with(&r, ACTION_CONFIRM, &kenya, &says, SAMPLE_NOW_MS);
    assert_item(&r, 1, ITEM_DONE, "ramsar");
    assert_item(&r, 2, ITEM_TAKEN, "cbd");
    act(&r, ACTION_ANSWER, &ramsar); /* what is left needs no plan, cbd's part follows */
    says.outcome = OUTCOME_NOT_RESOLVED;
    act_with(&r, ACTION_CONFIRM, &kenya, &says, SAMPLE_NOW_MS);
    assert_item(&r, 1, ITEM_TAKEN, "ramsar"); /* all of it */
    act(&r, ACTION_RELEASE, &ramsar);
    assert_item(&r, 1, ITEM_OFFERED, "");
    json_decref(parts);
    json_decref(one);
    json_decref(two);
}

static void test_an_item_is_nobody_s_when_its_responder_is_gone(void **state)
{
    struct record r = in_pieces(KIND_ADVICE, KIND_LEGAL);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        r.items[i].state = ITEM_TAKEN;
        memcpy(r.items[i].holder, "cms", 4);
    }
    record_offer(&r, "cms")->state = OFFER_ACCEPTED;
    item_settle(&r);
    assert_item(&r, 1, ITEM_TAKEN, "cms");
    record_offer(&r, "cms")->state = OFFER_WITHDRAWN;
    item_settle(&r);
    assert_item(&r, 1, ITEM_OFFERED, "");
    r.state = STATE_UNMATCHED;
    item_settle(&r);
    assert_item(&r, 2, ITEM_OPEN, "");
}

static void test_a_claim_is_its_officer_s_until_it_ends(void **state)
{
    struct transition_input anna = silent;
    struct record r = offered();

    (void)state;
    anna.officer = "anna";
    act_with(&r, ACTION_CLAIM, &ramsar, &anna, SAMPLE_NOW_MS);
    assert_string_equal(r.officer, "anna");
    anna.officer = "bob"; /* of the same secretariat: may act, the claim stays hers */
    act_with(&r, ACTION_NOTE, &ramsar, &anna, SAMPLE_NOW_MS);
    assert_string_equal(r.officer, "anna");
    act(&r, ACTION_RELEASE, &ramsar);
    assert_string_equal(r.officer, "");
    act(&r, ACTION_CLAIM, &cms);
    assert_string_equal(r.officer, "");
}

static void test_a_simple_answer_is_the_help_itself(void **state)
{
    struct record r = in_pieces(KIND_ADVICE, KIND_LEGAL);
    struct transition_input says = silent;
    json_t *two = json_pack("[i]", 2);

    (void)state;
    says.dropped = two;
    act(&r, ACTION_CLAIM, &ramsar);
    act_with(&r, ACTION_ANSWER, &ramsar, &says, SAMPLE_NOW_MS);
    assert_item(&r, 1, ITEM_DONE, "ramsar");
    assert_item(&r, 2, ITEM_DROPPED, "ramsar");
    json_decref(two);
}

static struct record joint(void)
{
    struct transition_input support = silent;
    struct record r = claimed();

    support.as = OFFER_SUPPORT;
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    act_with(&r, ACTION_CLAIM, &cbd, &support, SAMPLE_NOW_MS);
    return r;
}

static void test_the_desk_sees_a_disagreement_before_the_answer_goes_out(void **state)
{
    struct transition_input no = silent;
    struct record r = joint();
    struct record settled;

    (void)state;
    no.dissents = true;
    assert_refuses(&r, ACTION_NOTE, &desk, &silent, SAMPLE_NOW_MS, ERR_STATE);
    act_with(&r, ACTION_CONTRIBUTE, &cms, &no, SAMPLE_NOW_MS);
    act(&r, ACTION_CONTRIBUTE, &cbd); /* what another one says settles nothing */
    assert_refuses(&r, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE);
    memcpy(&settled, &r, sizeof r);
    act(&r, ACTION_NOTE, &desk);
    act(&r, ACTION_CONTRIBUTE, &cbd);
    assert_int_equal(r.dissent, DISSENT_SEEN);
    act_with(&r, ACTION_CONTRIBUTE, &cbd, &no, SAMPLE_NOW_MS); /* a new one */
    assert_refuses(&r, ACTION_ANSWER, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE);
    act(&r, ACTION_NOTE, &desk);
    act(&r, ACTION_ANSWER, &ramsar);
    act(&settled, ACTION_CONTRIBUTE, &cms); /* it has come round */
    assert_int_equal(settled.dissent, DISSENT_NONE);
    act(&settled, ACTION_ANSWER, &ramsar);
}

static void test_the_lead_says_until_when_each_contributes(void **state)
{
    struct record r = joint();
    struct transition_input in = silent;
    int64_t usual_ms = record_offer(&r, "cbd")->due_ms;
    int64_t due_ms;
    struct timer_act due;

    (void)state;
    in.parts = json_pack("[{s:s, s:s}]", "secretariat", "cms", "due_at", "2026-03-04T10:00:00Z");
    assert_true(clock_read("2026-03-04T10:00:00Z", &due_ms));
    act(&r, ACTION_CONTRIBUTE, &cms);
    act_with(&r, ACTION_NOTE, &ramsar, &in, SAMPLE_NOW_MS);
    assert_int_equal(record_offer(&r, "cms")->due_ms, due_ms);
    assert_int_equal(record_offer(&r, "cms")->contributed_ms, 0); /* asked anew */
    assert_int_equal(record_offer(&r, "cbd")->due_ms, usual_ms);
    assert_true(timer_due(&r, NULL, due_ms - (due_ms - SAMPLE_NOW_MS) / 10, &due));
    assert_string_equal(due.whom, "secretariat:cms");
    assert_int_equal(due.degree, 80);
    act_with(&r, ACTION_REMIND, &router, &silent, due_ms - (due_ms - SAMPLE_NOW_MS) / 10);
    assert_false(timer_due(&r, NULL, due_ms - 1, &due));
    act_with(&r, ACTION_REMIND, &router, &silent, due_ms);
    assert_int_equal(record_offer(&r, "cms")->reminded_n, CONTRIBUTION_REMINDERS);
    act(&r, ACTION_ANSWER, &ramsar); /* without it: it follows */
    json_decref((json_t *)(uintptr_t)in.parts);
}

static void test_a_reply_may_come_in_parts(void **state)
{
    struct transition_input part = silent;
    struct record r = claimed();
    int64_t due_ms;

    (void)state;
    part.in_part = true;
    act(&r, ACTION_ASK, &ramsar);
    due_ms = r.due_ms;
    act_with(&r, ACTION_REPLY, &kenya, &part, SAMPLE_NOW_MS + 1000);
    assert_int_equal(r.state, STATE_AWAITING_COUNTRY);
    assert_int_equal(r.due_ms, due_ms);
    act(&r, ACTION_REPLY, &kenya);
    assert_int_equal(r.state, STATE_CLAIMED);
    assert_int_equal(r.asked_n, 1);
}

static void test_what_nobody_took_goes_to_others_or_waits_for_a_cycle(void **state)
{
    struct transition_input no = silent;
    struct transition_input route = silent;
    struct record r = offered();
    json_t *same = json_pack("[s, s]", "cbd", "cms");
    json_t *fewer = json_pack("[s]", "cms");
    struct record copy;

    (void)state;
    no.reason = 2;
    act_with(&r, ACTION_DECLINE, &ramsar, &no, SAMPLE_NOW_MS);
    act_with(&r, ACTION_DECLINE, &cms, &no, SAMPLE_NOW_MS);
    act_with(&r, ACTION_DECLINE, &cbd, &no, SAMPLE_NOW_MS);
    assert_int_equal(r.state, STATE_UNMATCHED);
    route.lead = "ramsar";
    route.support = same;
    assert_refuses(&r, ACTION_ROUTE, &desk, &route, r.due_ms - 1, ERR_STATE);
    memcpy(&copy, &r, sizeof r);
    act_with(&copy, ACTION_ROUTE, &desk, &route, r.due_ms);
    assert_int_equal(copy.state, STATE_OFFERED);
    route.support = fewer;
    memcpy(&copy, &r, sizeof r);
    act_with(&copy, ACTION_ROUTE, &desk, &route, SAMPLE_NOW_MS);
    route.lead = "cms";
    act_with(&r, ACTION_ROUTE, &desk, &route, SAMPLE_NOW_MS);
    json_decref(same);
    json_decref(fewer);
}

static void test_an_unwilling_lead_gives_a_reopened_one_to_another(void **state)
{
    struct transition_input support = silent;
    struct transition_input resolved = silent;
    struct record r = claimed();
    struct record alone;

    (void)state;
    support.as = OFFER_SUPPORT;
    resolved.outcome = OUTCOME_RESOLVED;
    memcpy(&alone, &r, sizeof r);
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    act(&r, ACTION_ANSWER, &ramsar);
    act_with(&r, ACTION_CONFIRM, &kenya, &resolved, SAMPLE_NOW_MS);
    act(&r, ACTION_RELEASE, &ramsar);
    assert_int_equal(r.state, STATE_CLOSED);
    assert_refuses(&r, ACTION_RELEASE, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE); /* said once */
    act(&r, ACTION_REOPEN, &kenya);
    assert_int_equal(r.state, STATE_OFFERED);
    assert_string_equal(r.lead, "cms");
    assert_int_equal(r.claimed_ms, 0);
    assert_false(r.is_unwilling);
    act(&alone, ACTION_ANSWER, &ramsar);
    act_with(&alone, ACTION_CONFIRM, &kenya, &resolved, SAMPLE_NOW_MS);
    act(&alone, ACTION_RELEASE, &ramsar);
    act(&alone, ACTION_REOPEN, &kenya);
    assert_string_equal(alone.lead, "ramsar"); /* asked again, in a window of its own */
    assert_int_equal(record_offer(&alone, "ramsar")->state, OFFER_PENDING);
}

static void test_what_a_body_says_fits_the_request(void **state)
{
    static const struct {
        enum action action;
        const struct principal *who;
        const char *body, *pointer, *code;
    } cases[] = {
        {ACTION_DECLINE,    &desk,   "{'reason':'other','next_door':'the port'}",                        NULL,                       NULL             },
        {ACTION_DECLINE,    &desk,   "{'reason':'other'}",                                               "#/next_door",              "required"       },
        {ACTION_DECLINE,    &cms,    "{'reason':'other'}",                                               NULL,                       NULL             },
        {ACTION_NOTE,       &ramsar, "{'text':'x','done':[1]}",                                          NULL,                       NULL             },
        {ACTION_NOTE,       &ramsar, "{'text':'x','done':[3]}",                                          "#/done/0",                 "unknown_item"   },
        {ACTION_NOTE,       &ramsar, "{'text':'x','dropped':[2]}",                                       "#/dropped/0",              "unknown_item"   },
        {ACTION_CONTRIBUTE, &cms,    "{'text':'x','done':[2]}",                                          NULL,                       NULL             },
        {ACTION_CONTRIBUTE, &cms,    "{'text':'x','done':[1]}",                                          "#/done/0",                 "unknown_item"   },
        {ACTION_NOTE,       &cms,    "{'text':'x','contributions':[{'secretariat':'cbd'}]}",
         "#/contributions",                                                                                                          "not_the_lead"   },
        {ACTION_NOTE,       &ramsar,
         "{'text':'x','contributions':[{'secretariat':'cms','due_at':'2026-03-09','items':[1]}]}",       NULL,                       NULL             },
        {ACTION_NOTE,       &ramsar,
         "{'text':'x','contributions':[{'secretariat':'ramsar','items':[2]}]}",                          NULL,                       NULL             },
        {ACTION_NOTE,       &ramsar, "{'text':'x','contributions':[{'secretariat':'iwc','items':[1]}]}",
         "#/contributions/0/secretariat",                                                                                            "not_a_supporter"},
        {ACTION_NOTE,       &ramsar,
         "{'text':'x','contributions':[{'secretariat':'cms','due_at':'2026-03-01'}]}",                   "#/contributions/0/due_at", "in_the_past"    },
        {ACTION_NOTE,       &ramsar, "{'text':'x','contributions':[{'secretariat':'cms','items':[3]}]}",
         "#/contributions/0/items/0",                                                                                                "unknown_item"   },
        {ACTION_CLAIM,      &cbd,    "{'role':'support','items':[1]}",                                   "#/items",                  "unknown_item"   },
        {ACTION_CLAIM,      &cbd,    "{'items':[1]}",                                                    "#/items",                  "unknown_item"   },
        {ACTION_CONFIRM,    &kenya,  "{'outcome':'partly','text':'x','items':[4]}",                      "#/items/0",
         "unknown_item"                                                                                                                               },
    };
    struct record r = in_pieces(KIND_MISSION, KIND_ADVICE);
    const struct field_codes codes = {0};
    struct transition_input support = silent;

    (void)state;
    support.as = OFFER_SUPPORT;
    support.items = json_pack("[i]", 2);
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    act(&r, ACTION_CLAIM, &ramsar);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct transition_input in;
        struct faults faults = {.n = 0};
        json_t *doc = parse(cases[i].body);
        bool good;

        assert_true(transition_decode(cases[i].action, doc, &codes, &in, &faults));
        good = transition_check(&r, cases[i].action, cases[i].who, &in, SAMPLE_NOW_MS, &faults);
        if (good != !cases[i].code || faults.n != !good)
            fail_msg("row %zu: %zu faults, first %s %s", i, faults.n, faults.list[0].pointer,
                     faults.list[0].code);
        if (!good && (strcmp(faults.list[0].pointer, cases[i].pointer) != 0 ||
                      strcmp(faults.list[0].code, cases[i].code) != 0))
            fail_msg("row %zu: %s %s", i, faults.list[0].pointer, faults.list[0].code);
        json_decref(doc);
    }
    json_decref((json_t *)(uintptr_t)support.items);
}

/* Sixty characters of four bytes each: the longest name that the form lets through is kept whole.
 */
static void test_the_longest_outside_body_is_kept_whole(void **state)
{
    struct transition_input in = silent;
    struct record referred = sample_submitted();
    char name[RECORD_REFERRED_BYTES] = "";

    (void)state;
    for (int i = 0; i < RECORD_REFERRED_MAX; i++)
        memcpy(name + strlen(name), "\xf0\x9f\x90\xb3", 5);
    in.body = name;
    act(&referred, ACTION_HOLD, &router);
    act_with(&referred, ACTION_REFER, &desk, &in, SAMPLE_NOW_MS);
    assert_string_equal(referred.referred, name);
}

static void test_only_supporters_that_accepted_contribute(void **state)
{
    struct transition_input support = silent;
    struct record r = claimed();

    (void)state;
    support.as = OFFER_SUPPORT;
    assert_refuses(&r, ACTION_CONTRIBUTE, &cms, &silent, SAMPLE_NOW_MS, ERR_STATE);
    act_with(&r, ACTION_CLAIM, &cms, &support, SAMPLE_NOW_MS);
    act(&r, ACTION_CONTRIBUTE, &cms);
    act(&r, ACTION_NOTE, &cms);
    assert_refuses(&r, ACTION_CONTRIBUTE, &ramsar, &silent, SAMPLE_NOW_MS, ERR_STATE);
    assert_refuses(&r, ACTION_CONTRIBUTE, &iwc, &silent, SAMPLE_NOW_MS, ERR_STATE);
    assert_int_equal(r.state, STATE_CLAIMED);
}

static void test_another_country_may_do_nothing(void **state)
{
    struct record r = claimed();

    (void)state;
    assert_int_equal(transition_allowed(&r, &uganda, SAMPLE_NOW_MS), 0);
    for (unsigned a = ACTION_SUBMIT; a < ACTIONS_N; a++)
        if (a != ACTION_CLAIM)
            assert_refuses(&r, a, &uganda, &silent, SAMPLE_NOW_MS, ERR_STATE);
}

static void test_the_time_of_the_last_change_never_goes_back(void **state)
{
    struct record r = offered();

    (void)state;
    act_with(&r, ACTION_CLAIM, &ramsar, &silent, SAMPLE_NOW_MS - 5000);
    assert_int_equal(r.updated_ms, SAMPLE_NOW_MS);
}

/* --- bodies ----------------------------------------------------------------------------------- */

static void test_bodies_are_decoded_by_the_rows_of_their_action(void **state)
{
    static const struct {
        enum action action;
        const char *body;
        const char *pointer, *code; /* NULL: good */
    } cases[] = {
        {ACTION_CLAIM,      NULL,                                                 NULL,          NULL                },
        {ACTION_CLAIM,      "{'role':'support'}",                                 NULL,          NULL                },
        {ACTION_CLAIM,      "{'role':'boss'}",                                    "#/role",      "unknown_word"      },
        {ACTION_CLAIM,      "{'text':'x'}",                                       "#/text",      "unknown_member"    },
        {ACTION_DECLINE,    "{'reason':'no_funds'}",                              NULL,          NULL                },
        {ACTION_DECLINE,    "{'reason':'better_elsewhere','better':'cites'}",     NULL,          NULL                },
        {ACTION_DECLINE,    "{'reason':'tired'}",                                 "#/reason",    "unknown_word"      },
        {ACTION_DECLINE,    NULL,                                                 "#/reason",    "required"          },
        {ACTION_DECLINE,    "{'reason':null}",                                    "#/reason",    "not_text"          },
        {ACTION_RELEASE,    NULL,                                                 NULL,          NULL                },
        {ACTION_RELEASE,    "{'epoch':1}",                                        NULL,          NULL                },
        {ACTION_RELEASE,    "{'epoch':-1}",                                       "#/epoch",     "out_of_range"      },
        {ACTION_RELEASE,    "{'epoch':1.0}",                                      "#/epoch",     "not_a_whole_number"},
        {ACTION_RELEASE,    "{'epoch':'1'}",                                      "#/epoch",     "not_a_whole_number"},
        {ACTION_ASK,        "{'text':'Which site?'}",                             NULL,          NULL                },
        {ACTION_ASK,        NULL,                                                 "#/text",      "required"          },
        {ACTION_ASK,        "{'text':''}",                                        "#/text",      "wrong_length"      },
        {ACTION_REPLY,      "{}",                                                 "#/text",      "required"          },
        {ACTION_PLAN,       "{}",                                                 "#/text",      "required"          },
        {ACTION_AGREE,      NULL,                                                 NULL,          NULL                },
        {ACTION_AMEND,      NULL,                                                 "#/text",      "required"          },
        {ACTION_NOTE,       NULL,                                                 "#/text",      "required"          },
        {ACTION_CONTRIBUTE, NULL,                                                 "#/text",      "required"          },
        {ACTION_ANSWER,     "{'text':7}",                                         "#/text",      "not_text"          },
        {ACTION_ANSWER,     "{'text':'a\\u001bb'}",                               "#/text",      "control_character" },
        {ACTION_CONFIRM,    "{'outcome':'resolved'}",                             NULL,          NULL                },
        {ACTION_CONFIRM,    "{'outcome':'partly'}",                               "#/text",      "required"          },
        {ACTION_CONFIRM,    "{'outcome':'not_resolved'}",                         "#/text",      "required"          },
        {ACTION_CONFIRM,    "{'outcome':'partly','text':'the map is missing'}",   NULL,          NULL                },
        {ACTION_CONFIRM,    "{'outcome':'no_reply','text':'x'}",                  "#/outcome",   "unknown_word"      },
        {ACTION_CONFIRM,    "{'outcome':''}",                                     "#/outcome",   "unknown_word"      },
        {ACTION_CONFIRM,    NULL,                                                 "#/outcome",   "required"          },
        {ACTION_CLOSE,      "{'outcome':'partly'}",                               NULL,          NULL                },
        {ACTION_CLOSE,      "{'outcome':'no_reply'}",                             "#/outcome",   "unknown_word"      },
        {ACTION_REOPEN,     NULL,                                                 "#/text",      "required"          },
        {ACTION_WITHDRAW,   NULL,                                                 NULL,          NULL                },
        {ACTION_WITHDRAW,   "{'text':'solved'}",                                  NULL,          NULL                },
        {ACTION_ROUTE,      "{'lead':'cites'}",                                   NULL,          NULL                },
        {ACTION_ROUTE,      "{'lead':'cites','support':['cms','whc']}",           NULL,          NULL                },
        {ACTION_DECLINE,    "{'reason':'better_elsewhere'}",                      "#/better",    "required"          },
        {ACTION_DECLINE,    "{'reason':'better_elsewhere','better':'cms'}",       NULL,          NULL                },
        {ACTION_NOTE,       "{'text':'x','dropped':[0]}",                         "#/dropped/0", "out_of_range"      },
        {ACTION_ROUTE,      NULL,                                                 "#/lead",      "required"          },
        {ACTION_ROUTE,      "{'lead':'RAMSAR'}",                                  "#/lead",      "unknown_word"      },
        {ACTION_ROUTE,      "{'lead':''}",                                        "#/lead",      "unknown_word"      },
        {ACTION_ROUTE,      "{'lead':'thirteenchars'}",                           "#/lead",      "unknown_word"      },
        {ACTION_ROUTE,      "{'lead':'cites','support':'cms'}",                   "#/support",   "not_an_array"      },
        {ACTION_ROUTE,      "{'lead':'cites','support':['cms',5]}",               "#/support/1", "not_text"          },
        {ACTION_ROUTE,      "{'lead':'a1','support':['a2','a3','a4','a5','a6']}", "#/support",
         "too_many_items"                                                                                            },
        {ACTION_REFER,      "{'body':'climate','text':'agreed'}",                 NULL,          NULL                },
        {ACTION_REFER,      "{'text':'agreed'}",                                  "#/body",      "required"          },
        {ACTION_OFFER,      "{'text':'x'}",                                       "#/text",      "unknown_member"    },
    };
    const struct field_codes codes = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200] = {0};
        struct transition_input in;
        struct faults faults = {.n = 0};
        json_t *doc = NULL;
        bool good;

        snprintf(text, sizeof text, "%s", cases[i].body ? cases[i].body : "");
        for (char *c = text; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        if (cases[i].body && !(doc = json_loads(text, 0, NULL)))
            fail_msg("row %zu: no JSON: %s", i, text);
        good = transition_decode(cases[i].action, doc, &codes, &in, &faults);
        if (good != !cases[i].code || faults.n != !good)
            fail_msg("row %zu: %s %s: %zu faults, first %s %s", i, action_words[cases[i].action],
                     text, faults.n, faults.list[0].pointer, faults.list[0].code);
        if (!good && (strcmp(faults.list[0].pointer, cases[i].pointer) != 0 ||
                      strcmp(faults.list[0].code, cases[i].code) != 0))
            fail_msg("row %zu: %s %s", i, faults.list[0].pointer, faults.list[0].code);
        json_decref(doc);
    }
}

static void test_what_a_body_says_lands_in_the_input(void **state)
{
    const struct field_codes codes = {0};
    struct faults faults = {.n = 0};
    struct transition_input in;
    json_t *doc = json_pack("{s:s, s:s, s:s}", "reason", "other", "text", "words", "better", "cms");

    (void)state;
    assert_true(transition_decode(ACTION_DECLINE, doc, &codes, &in, &faults));
    assert_string_equal(reason_words[in.reason], "other");
    assert_string_equal(in.text, "words");
    assert_string_equal(in.better, "cms");
    assert_int_equal(in.epoch, -1);
    assert_int_equal(in.as, -1);
    json_decref(doc);
    assert_true(transition_decode(ACTION_CLAIM, NULL, &codes, &in, &faults));
    assert_int_equal(in.as, -1);
    assert_int_equal(in.reason, -1);
    assert_null(in.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_and_nothing_else_decides_in_every_corner),
        cmocka_unit_test(test_the_router_offers_to_lead_and_supporters_in_order),
        cmocka_unit_test(test_offers_are_made_once_each_and_never_beyond_their_room),
        cmocka_unit_test(test_without_a_lead_the_request_goes_to_triage),
        cmocka_unit_test(test_a_claim_raises_the_epoch_and_starts_the_lease),
        cmocka_unit_test(test_claim_of_a_claimed_request_names_the_holder),
        cmocka_unit_test(test_in_the_first_window_only_the_proposed_lead_may_claim),
        cmocka_unit_test(test_a_supporter_accepts_without_moving_anything),
        cmocka_unit_test(test_declines_walk_down_the_offers_until_unmatched),
        cmocka_unit_test(test_the_next_proposed_lead_gets_a_window_of_its_own),
        cmocka_unit_test(test_a_supporter_s_decline_leaves_the_lead_alone),
        cmocka_unit_test(test_a_release_proposes_the_next_and_ends_the_claim),
        cmocka_unit_test(test_a_release_with_nobody_left_is_unmatched),
        cmocka_unit_test(test_an_old_epoch_is_refused),
        cmocka_unit_test(test_a_reply_goes_back_to_where_it_was_asked),
        cmocka_unit_test(test_a_plan_is_agreed_or_sent_back),
        cmocka_unit_test(test_confirmation_closes_or_gives_the_work_back),
        cmocka_unit_test(test_closing_keeps_the_outcome_and_settles_all_offers),
        cmocka_unit_test(test_a_closed_request_is_reopened_within_180_days),
        cmocka_unit_test(test_withdrawal_is_possible_in_every_open_state_and_only_there),
        cmocka_unit_test(test_the_desk_routes_by_hand_from_triage_and_unmatched),
        cmocka_unit_test(test_the_desk_declines_or_refers),
        cmocka_unit_test(test_a_decline_needs_the_closest_secretariat),
        cmocka_unit_test(test_kinds_of_help_say_whether_a_plan_comes_first),
        cmocka_unit_test(test_items_go_from_hand_to_hand_until_done),
        cmocka_unit_test(test_an_item_is_nobody_s_when_its_responder_is_gone),
        cmocka_unit_test(test_a_claim_is_its_officer_s_until_it_ends),
        cmocka_unit_test(test_a_simple_answer_is_the_help_itself),
        cmocka_unit_test(test_the_desk_sees_a_disagreement_before_the_answer_goes_out),
        cmocka_unit_test(test_the_lead_says_until_when_each_contributes),
        cmocka_unit_test(test_a_reply_may_come_in_parts),
        cmocka_unit_test(test_what_nobody_took_goes_to_others_or_waits_for_a_cycle),
        cmocka_unit_test(test_an_unwilling_lead_gives_a_reopened_one_to_another),
        cmocka_unit_test(test_what_a_body_says_fits_the_request),
        cmocka_unit_test(test_the_longest_outside_body_is_kept_whole),
        cmocka_unit_test(test_only_supporters_that_accepted_contribute),
        cmocka_unit_test(test_another_country_may_do_nothing),
        cmocka_unit_test(test_the_time_of_the_last_change_never_goes_back),
        cmocka_unit_test(test_bodies_are_decoded_by_the_rows_of_their_action),
        cmocka_unit_test(test_what_a_body_says_lands_in_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
