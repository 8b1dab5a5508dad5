/* The invariants of domain reference 5.11, after every step of people, router and clock at random.
 * LIFE_SEEDS and LIFE_STEPS ask for more than the daily run: worlds, and steps in each. */
#include "base/clock.h"
#include "protocol/merge.h"
#include "protocol/timer.h"
#include "protocol/view.h"
#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

enum { REQUESTS = 5, PEOPLE = 9, SUPPORTERS = 3 };

#define HOUR INT64_C(3600000)

static const struct calendar_offset utc_offset = {INT64_MIN, 0};
static const struct calendar_zone utc = {"UTC", &utc_offset, 1};
static const struct calendar_offset bonn_offsets[] = {
    {INT64_MIN,              1 * HOUR},
    {INT64_C(1774746000000), 2 * HOUR},
    {INT64_C(1792890000000), 1 * HOUR}
};
static const struct calendar_zone bonn = {"Europe/Berlin", bonn_offsets, 3};
static const int32_t holidays[] = {20546, 20549, 20574};
static const struct calendar calendar_list[] = {
    {.of = "KEN",      .rest = 1u << 5 | 1u << 6, .zone = &utc },
    {.of = "cms",      .rest = 1u << 0 | 1u << 6, .zone = &bonn, .holidays = holidays, .holidays_n = 3},
    {.of = "coordinator", .rest = 1u << 0 | 1u << 6,                          .zone = &bonn                    },
};
static const struct calendars calendars = {calendar_list, 3};

enum { BODIES = 4 };
#define BODY                                                                                       \
    "{'title':'Wetland restoration','description':'secret words','language':'en','themes':['a'],"  \
    "'contact_name':'A'"
static const char *const bodies[BODIES] = {
    BODY "}", BODY ",'assistance_kind':['MISSION']}", BODY ",'assistance_kind':['ADVICE']}",
    BODY ",'items':[{'kind':'MISSION','text':'a'},{'kind':'ADVICE','text':'b'},{'text':'c'}]}"};

struct request {
    struct record record;
    json_t *body, *inner; /* owned */
    int64_t received_ms;
    int64_t told_n; /* events: one a version */
};

struct world {
    unsigned number, seed;
    int64_t now_ms;
    struct request all[REQUESTS];
    unsigned step;
    unsigned long long moved_n, clock_n;
};

static const struct principal *const people[PEOPLE] = {&kenya, &uganda, &ramsar, &cms,      &cbd,
                                                       &whc,   &iwc,    &desk,   &operator_};

static unsigned dice(struct world *w, unsigned n)
{
    return (unsigned)rand_r(&w->seed) % n;
}

static _Noreturn void broken(const struct world *w, const struct request *q, const char *what)
{
    fail_msg("seed %u, step %u, %s in %s: %s", w->number, w->step, q->record.reference,
             state_words[q->record.state], what);
    abort();
}

/* --- what must hold --------------------------------------------------------------------------- */

static unsigned leads_of(const struct record *r)
{
    unsigned n = 0;

    for (size_t i = 0; i < r->offers_n; i++)
        n += r->offers[i].role == OFFER_LEAD && r->offers[i].state == OFFER_ACCEPTED;
    return n;
}

/* 1 and 2: one ball-holder, named where it is a secretariat; at most one lead. */
static void check_ball(const struct world *w, const struct request *q)
{
    const struct record *r = &q->record;
    enum ball ball = lifecycle_ball(r->state);

    if (r->state >= STATES_N || (ball == BALL_NONE) != lifecycle_is_terminal(r->state))
        broken(w, q, "nobody has the ball");
    if (ball == BALL_SECRETARIAT && (!*r->lead || !record_offer_find(r, r->lead)))
        broken(w, q, "a secretariat has the ball, but none in particular");
    if (leads_of(r) > 1)
        broken(w, q, "two leads");
    if (!lifecycle_is_terminal(r->state) && (leads_of(r) == 1) != (r->claimed_ms != 0))
        broken(w, q, "a claim without lead, or a lead without claim");
}

/* 2: an item has one responder, who is at work on it: a supporter, or who leads. */
static void check_items(const struct world *w, const struct request *q)
{
    const struct record *r = &q->record;

    for (size_t i = 0; i < r->items_n; i++) {
        const struct item *item = &r->items[i];
        const struct offer *o = record_offer_find(r, item->holder);
        bool is_left = item->state == ITEM_OPEN || item->state == ITEM_OFFERED;

        if (is_left == (*item->holder != '\0'))
            broken(w, q, "an item without responder, or one that nobody took with one");
        if (lifecycle_is_terminal(r->state))
            continue;
        if (is_left && r->claimed_ms)
            broken(w, q, "an item that nobody has, though somebody leads");
        if ((item->state == ITEM_OFFERED) != (is_left && r->state == STATE_OFFERED))
            broken(w, q, "an item is offered when its request is");
        if (item->state == ITEM_TAKEN &&
            (!o || o->state != OFFER_ACCEPTED || (o->role == OFFER_LEAD && !r->claimed_ms)))
            broken(w, q, "an item with somebody who is not at work");
    }
}

/* What waits for another one's word is in triage, and somebody can give it. */
static void check_consent(const struct world *w, const struct request *q)
{
    const struct record *r = &q->record;

    if (r->proposal && r->state != STATE_TRIAGE && r->state != STATE_MERGED &&
        r->state != STATE_DECLINED && r->state != STATE_REFERRED)
        broken(w, q, "a proposal that waits where nobody looks");
    if (r->proposal == PROPOSAL_DECLINE && !*r->closest)
        broken(w, q, "nobody can agree to it");
    if (r->state == STATE_TRIAGE && (r->proposal == PROPOSAL_REFERRAL) != (*r->referred != '\0'))
        broken(w, q, "referred to nobody");
}

/* An unseen disagreement is somebody's. */
static void check_dissent(const struct world *w, const struct request *q)
{
    const struct record *r = &q->record;
    bool any = false;

    for (size_t i = 0; i < r->offers_n; i++)
        any |= r->offers[i].dissents && r->offers[i].state == OFFER_ACCEPTED;
    if (r->dissent && !any && !lifecycle_is_terminal(r->state))
        broken(w, q, "a disagreement of nobody");
    if (r->dissent == DISSENT_UNSEEN && r->state == STATE_ANSWERED)
        broken(w, q, "answered, and the desk has not seen the disagreement");
}

/* What an earlier release left out is read as it was meant; what is written is read the same. */
static void check_kept(const struct world *w, const struct request *q)
{
    json_t *meta = record_meta(&q->record);
    struct record read;
    struct err e = {0};
    json_t *again;

    memset(&read, 0, sizeof read);
    memcpy(read.id, q->record.id, sizeof read.id);
    if (record_read_meta(&read, meta, &e) != ERR_OK)
        broken(w, q, "written, and unreadable");
    again = record_meta(&read);
    if (!json_equal(meta, again))
        broken(w, q, "read otherwise than written");
    json_decref(meta);
    json_decref(again);
}

/* 9: whom it is merged into is not merged itself. */
static void check_chain(const struct world *w, const struct request *q)
{
    bool is_merged = q->record.state == STATE_MERGED;

    if (is_merged != (*q->record.merged_into != '\0'))
        broken(w, q, "merged into nothing");
    for (size_t i = 0; is_merged && i < REQUESTS; i++)
        if (!strcmp(w->all[i].record.id, q->record.merged_into) &&
            w->all[i].record.state == STATE_MERGED)
            broken(w, q, "a chain of merges");
}

/* The clock wakes when something is due, and not before. */
static void check_wake(const struct world *w, const struct request *q)
{
    struct timer_act act;
    int64_t wake_ms = q->record.wake_ms;

    if (wake_ms && timer_due(&q->record, &calendars, wake_ms - 1, &act) && w->now_ms < wake_ms)
        broken(w, q, "due before it wakes");
    if (wake_ms && !timer_due(&q->record, &calendars, wake_ms, &act))
        broken(w, q, "it wakes for nothing");
    if (!wake_ms && timer_due(&q->record, &calendars, w->now_ms + 4000 * CLOCK_DAY_MS, &act))
        broken(w, q, "due, and never wakes");
}

/* 6 and 7: a list and a page agree; restricted words are for the lead and the country alone. */
static void check_views(struct world *w, struct request *q)
{
    static const char *const both[] = {"state",   "ball",  "holder",          "due_at",
                                       "outcome", "claim", "allowed_actions", NULL};
    const struct principal *who = people[dice(w, PEOPLE)];
    json_t *page, *line;

    if (record_view_of(&q->record, who) == RECORD_HIDDEN)
        return;
    page = view_resource(&q->record, q->body, q->inner, who, w->now_ms, false);
    line = view_resource(&q->record, q->body, q->inner, who, w->now_ms, true);
    for (size_t i = 0; both[i]; i++)
        if (!json_equal(json_object_get(page, both[i]), json_object_get(line, both[i])))
            broken(w, q, both[i]);
    if (q->record.disclosure == DISCLOSURE_RESTRICTED && who->role != ROLE_COUNTRY &&
        strcmp(who->of, q->record.lead) != 0 &&
        (json_object_get(page, "description") || json_object_get(page, "title") ||
         json_object_get(line, "title") || json_object_get(page, "answer")))
        broken(w, q, "restricted words for somebody else");
    json_decref(page);
    json_decref(line);
}

/* 8: what is used up of a clock never gets less, whatever happens to the urgency. */
static void check_clock(const struct world *w, const struct request *q, const struct record *before,
                        enum action a, bool by_lead)
{
    const struct record *r = &q->record;
    int64_t used = timer_stopped(before, &calendars, w->now_ms).used_ms;
    int64_t now = timer_stopped(r, &calendars, w->now_ms).used_ms;
    bool restarts = r->is_open != before->is_open ||
                    (strcmp(r->lead, before->lead) != 0 && !r->is_open) ||
                    (a == ACTION_NOTE && by_lead && r->state == STATE_CLAIMED);

    if (r->state == before->state && !restarts && now != used)
        broken(w, q, "time that was used up is lost");
    if ((a == ACTION_REPLY || a == ACTION_AMEND) && r->timer.used_ms != before->kept.used_ms)
        broken(w, q, "the clock did not go on where it stopped");
    if ((r->state == STATE_MERGED || before->state == STATE_MERGED) && r->state != before->state &&
        r->timer.used_ms != used)
        broken(w, q, "a merge lost time");
}

/* 3, 4, 5 and 10: received when it was received; one line, with all it must say, and one event for
 * each version; still one of us. */
static void check_step(struct world *w, struct request *q, const struct record *before,
                       enum action a, const struct principal *who,
                       const struct transition_input *in)
{
    const struct record *r = &q->record;
    json_t *line;

    if (r->submitted_ms != q->received_ms)
        broken(w, q, "received at another time");
    if (r->version != before->version + 1 || r->version != ++q->told_n)
        broken(w, q, "an event twice, or none");
    if (r->updated_ms < before->updated_ms)
        broken(w, q, "changed before it was changed");
    line = view_history(before, r, a, who, in, w->now_ms);
    if (!json_is_string(json_object_get(line, "at")) ||
        !json_is_string(json_object_get(line, "actor")) ||
        strcmp(json_string_value(json_object_get(line, "from")), state_words[before->state]) != 0 ||
        strcmp(json_string_value(json_object_get(line, "to")), state_words[r->state]) != 0 ||
        json_integer_value(json_object_get(line, "version")) != r->version ||
        (in->reason >= 0 && !json_object_get(line, "reason")))
        broken(w, q, "its line in the log");
    json_decref(line);
    check_clock(w, q, before, a, !strcmp(who->of, before->lead));
    w->moved_n++;
}

static void check_all(struct world *w)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        check_ball(w, &w->all[i]);
        check_chain(w, &w->all[i]);
        check_items(w, &w->all[i]);
        check_consent(w, &w->all[i]);
        check_dissent(w, &w->all[i]);
    }
    if (!dice(w, 16))
        check_kept(w, &w->all[dice(w, REQUESTS)]);
    check_wake(w, &w->all[dice(w, REQUESTS)]);
    check_views(w, &w->all[dice(w, REQUESTS)]);
}

/* --- what people do --------------------------------------------------------------------------- */

static void requests_init(struct world *w)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct request *q = &w->all[i];

        q->record = sample_submitted();
        snprintf(q->record.id, sizeof q->record.id, "req_0199f3c2a1b47c3d9f245ab6c7d8%03x3", i);
        snprintf(q->record.reference, sizeof q->record.reference, "LN-2026-KEN-%04u", i + 1);
        q->record.urgency = (enum urgency)dice(w, 4);
        q->record.disclosure = (enum disclosure)dice(w, 3);
        q->record.submitted_ms = q->record.updated_ms = q->record.since_ms = w->now_ms + i * 60000;
        q->received_ms = q->record.submitted_ms;
        q->told_n = 1;
        q->body = parse(bodies[dice(w, BODIES)]);
        item_begin(&q->record, q->body);
        q->inner = json_object();
    }
}

static void world_init(struct world *w, unsigned seed)
{
    memset(w, 0, sizeof *w);
    w->number = w->seed = seed;
    w->now_ms = SAMPLE_NOW_MS;
    requests_init(w);
}

static void world_clear(struct world *w)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        json_decref(w->all[i].body);
        json_decref(w->all[i].inner);
    }
}

/* When all have come to an end, others come. */
static void world_renew(struct world *w)
{
    for (size_t i = 0; i < REQUESTS; i++)
        if (!lifecycle_is_terminal(w->all[i].record.state))
            return;
    world_clear(w);
    requests_init(w);
}

static bool step_apply(struct world *w, struct request *q, enum action a,
                       const struct principal *who, struct transition_input *in)
{
    const struct record before = q->record;
    const struct lifecycle_row *row;
    struct err e = {0};

    in->calendars = &calendars;
    if (transition_apply(&q->record, a, who, in, w->now_ms, &row, &e) != ERR_OK) {
        if (memcmp(&before, &q->record, sizeof before) != 0)
            broken(w, q, "refused, and changed");
        return false;
    }
    view_remember(q->inner, &q->record, a, who, in, w->now_ms);
    check_step(w, q, &before, a, who, in);
    return true;
}

static void route(struct world *w, struct request *q)
{
    struct transition_input in = transition_silent;
    struct routed to = {.lead = dice(w, 5) ? people[2 + dice(w, 4)]->of : ""};

    for (unsigned i = dice(w, SUPPORTERS + 1); i > 0; i--)
        to.support[to.support_n++] = people[2 + dice(w, 4)]->of;
    if (*to.lead)
        transition_offer(&q->record, &to);
    else if (to.support_n)
        snprintf(q->record.closest, sizeof q->record.closest, "%s", to.support[0]);
    step_apply(w, q, *to.lead ? ACTION_OFFER : ACTION_HOLD, &router, &in);
}

/* Everything that is due, as the workers would do it; they may have been away for a while. */
static void run_clock(struct world *w)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        struct request *q = &w->all[i];
        struct timer_act act;

        for (unsigned n = 0; timer_due(&q->record, &calendars, w->now_ms, &act); n++) {
            struct transition_input in = transition_silent;

            in.act = &act;
            if (n > 16 || !step_apply(w, q, act.action, &router, &in))
                broken(w, q, "the clock cannot do what is due");
            w->clock_n++;
        }
    }
}

static enum action pick_action(struct world *w, const struct request *q,
                               const struct principal *who)
{
    unsigned allowed = transition_allowed(&q->record, who, w->now_ms);
    unsigned from = dice(w, ACTIONS_N);

    if (!dice(w, 8)) /* whatever comes to mind */
        return (enum action)dice(w, ACTIONS_N);
    for (unsigned i = 0; i < ACTIONS_N; i++)
        if (allowed & 1u << (from + i) % ACTIONS_N)
            return (enum action)((from + i) % ACTIONS_N);
    return (enum action)from;
}

static void act_on_two(struct world *w, struct request *one, enum action a,
                       const struct principal *who)
{
    struct request *other = &w->all[dice(w, REQUESTS)];
    bool undoes = a == ACTION_UNMERGE;
    struct merge *m = calloc(1, sizeof *m);
    char ids[MERGE_MAX][ID_BYTES];
    struct err e = {0};
    size_t n;

    if (undoes)
        for (size_t i = 0; i < REQUESTS; i++)
            if (!strcmp(w->all[i].record.id, one->record.merged_into))
                other = &w->all[i];
    if (other != one && (!undoes || one->record.state == STATE_MERGED)) {
        struct request *survivor =
            undoes || record_is_first(&other->record, &one->record) ? other : one;
        struct request *moved = survivor == other ? one : other;

        m->action = a;
        m->who = who;
        m->calendars = &calendars;
        m->undo_ms = w->now_ms + 14 * CLOCK_DAY_MS;
        m->survivor = (struct merge_part){
            .record = &survivor->record, .body = survivor->body, .inner = survivor->inner};
        m->moved = (struct merge_part){
            .record = &moved->record, .body = moved->body, .inner = moved->inner};
        n = undoes ? merge_returners(survivor->inner, moved->record.id, ids)
                   : merge_followers(moved->inner, ids);
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < REQUESTS; k++)
                if (!strcmp(ids[i], w->all[k].record.id))
                    m->followers[m->followers_n++] =
                        (struct merge_part){.record = &w->all[k].record, .inner = w->all[k].inner};
        if (merge_apply(m, w->now_ms, &e) == ERR_OK) {
            struct transition_input in = transition_silent;

            check_step(w, survivor, &m->survivor.before, a, who, &in);
            check_step(w, moved, &m->moved.before, a, who, &in);
            for (size_t i = 0; i < m->followers_n; i++)
                for (size_t k = 0; k < REQUESTS; k++)
                    if (m->followers[i].record == &w->all[k].record)
                        check_step(w, &w->all[k], &m->followers[i].before, a, who, &in);
        }
        merge_clear(m);
    }
    free(m);
}

static void act_at_random(struct world *w)
{
    struct request *q = &w->all[dice(w, REQUESTS)];
    const struct principal *who = people[dice(w, PEOPLE)];
    enum action a = pick_action(w, q, who);
    json_t *support = json_pack("[s]", people[2 + dice(w, 4)]->of);
    json_t *numbers = json_pack("[i]", 1 + (int)dice(w, 3));
    json_t *all = json_pack("[i, i, i]", 1, 2, 3);
    json_t *parts = json_pack("[{s:s, s:O, s:s}]", "secretariat", people[2 + dice(w, 4)]->of,
                              "items", numbers, "due_at", dice(w, 2) ? "2026-06-01" : "2028-01-01");
    struct transition_input in = {.text = dice(w, 2) ? "words" : NULL,
                                  .reason = (int)dice(w, REASONS_N + 1) - 1,
                                  .outcome = 1 + (int)dice(w, 3),
                                  .as = (int)dice(w, 3) - 1,
                                  .epoch = dice(w, 20) ? -1 : (int64_t)dice(w, 4),
                                  .urgency = (int)dice(w, 5) - 1,
                                  .lead = people[2 + dice(w, 4)]->of,
                                  .support = support,
                                  .body = "climate",
                                  .due = dice(w, 3) ? NULL : "2026-09-01",
                                  .next_door = "the port",
                                  .in_part = !dice(w, 4),
                                  .dissents = !dice(w, 3),
                                  .rating = dice(w, 6),
                                  .done = dice(w, 2)   ? all
                                          : dice(w, 2) ? numbers
                                                       : NULL,
                                  .dropped = !q->record.items_n || dice(w, 4) ? NULL : numbers,
                                  .items = !q->record.items_n || dice(w, 4) ? NULL : numbers,
                                  .parts = dice(w, 4) ? NULL : parts};
    struct faults faults = {.n = 0};

    if (q->record.state == STATE_SUBMITTED && dice(w, 3))
        route(w, q);
    else if (a == ACTION_MERGE || a == ACTION_JOIN || a == ACTION_UNMERGE)
        act_on_two(w, q, a, who);
    else if (a != ACTION_LINK && a != ACTION_SUBMIT &&
             transition_check(&q->record, a, who, &in, w->now_ms, &faults))
        step_apply(w, q, a, who, &in);
    json_decref(support);
    json_decref(numbers);
    json_decref(all);
    json_decref(parts);
}

static void pass_time(struct world *w)
{
    static const int64_t spans_ms[] = {0, 60000, 5 * HOUR, CLOCK_DAY_MS, 9 * CLOCK_DAY_MS};

    if (!dice(w, 200))
        w->now_ms -= HOUR; /* somebody sets the clock back */
    else
        w->now_ms += spans_ms[dice(w, 5)] / (1 + dice(w, 4));
    if (dice(w, 10)) /* else no worker is there */
        run_clock(w);
}

static unsigned asked(const char *name, unsigned usual)
{
    const char *value = getenv(name);

    return value ? (unsigned)strtoul(value, NULL, 10) : usual;
}

static void test_the_invariants_hold_after_every_step_of_anybody(void **state)
{
    unsigned seeds = asked("LIFE_SEEDS", 1000);
    unsigned steps = asked("LIFE_STEPS", 100);
    unsigned long long moved_n = 0;
    unsigned long long clock_n = 0;

    (void)state;
    for (unsigned seed = 1; seed <= seeds; seed++) {
        struct world w;

        world_init(&w, seed);
        for (w.step = 0; w.step < steps; w.step++) {
            if (!dice(&w, 5))
                world_renew(&w);
            act_at_random(&w);
            pass_time(&w);
            check_all(&w);
        }
        moved_n += w.moved_n;
        clock_n += w.clock_n;
        world_clear(&w);
    }
    printf("%u seeds x %u steps: %llu moves, %llu of them by the clock\n", seeds, steps, moved_n,
           clock_n);
    assert_true(moved_n > (unsigned long long)seeds * steps / 4 && clock_n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_invariants_hold_after_every_step_of_anybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
