#include "protocol/timer.h"

#include "base/clock.h"
#include "protocol/transition.h"
#include "tests/unit/protocol/sample.h"

#define DAY CLOCK_DAY_MS
#define HOUR INT64_C(3600000)

/* Kenya rests on Friday and Saturday here, the others work Monday to Friday; all in UTC. */
static const struct calendar_offset utc_offset = {INT64_MIN, 0};
static const struct calendar_zone utc = {"UTC", &utc_offset, 1};
static const struct calendar list[] = {
    {.of = "KEN", .rest = 1u << 5 | 1u << 6, .zone = &utc},
};
static const struct calendars calendars = {list, 1};

static struct transition_input said(void)
{
    struct transition_input in = transition_silent;

    in.calendars = &calendars;
    return in;
}

static void act_with(struct record *r, enum action a, const struct principal *who,
                     const struct transition_input *in, int64_t now_ms)
{
    const struct lifecycle_row *row;
    struct err e = {0};

    if (transition_apply(r, a, who, in, now_ms, &row, &e) != ERR_OK)
        fail_msg("%s: %s", action_words[a], e.detail);
}

static void act(struct record *r, enum action a, const struct principal *who, int64_t now_ms)
{
    struct transition_input in = said();

    act_with(r, a, who, &in, now_ms);
}

static struct record offered(enum urgency urgency)
{
    struct record r = sample_submitted();
    const struct routed to = {.lead = "ramsar", .support = {"cms"}, .support_n = 1};

    r.urgency = urgency;
    transition_offer(&r, &to);
    act(&r, ACTION_OFFER, &router, SAMPLE_NOW_MS);
    return r;
}

static struct record claimed(enum urgency urgency)
{
    struct record r = offered(urgency);

    act(&r, ACTION_CLAIM, &ramsar, SAMPLE_NOW_MS);
    return r;
}

/* Nothing is due before, and then exactly this; it is done, late by so much. */
static void assert_next(struct record *r, int64_t at_ms, enum action action, int degree,
                        int64_t late_ms)
{
    struct timer_act due;

    if (r->wake_ms != at_ms)
        fail_msg("%s: wakes %lld h off", action_words[action],
                 (long long)((r->wake_ms - at_ms) / HOUR));
    assert_false(timer_due(r, &calendars, at_ms - 1, &due));
    assert_true(timer_due(r, &calendars, at_ms + late_ms, &due));
    if (due.action != action || due.degree != degree)
        fail_msg("%s %d, not %s %d", action_words[due.action], due.degree, action_words[action],
                 degree);
    act(r, due.action, &router, at_ms + late_ms);
}

static void test_a_lease_is_reminded_of_and_ends(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE); /* 10 working days from Monday, 2 March, 10:00 */

    (void)state;
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 14 * DAY);
    assert_int_equal(r.lease_ms, r.due_ms);
    assert_next(&r, SAMPLE_NOW_MS + 7 * DAY, ACTION_REMIND, 50, 0);
    assert_next(&r, SAMPLE_NOW_MS + 10 * DAY, ACTION_REMIND, 80, 0);
    assert_next(&r, SAMPLE_NOW_MS + 14 * DAY, ACTION_RELEASE, 0, 0);
    assert_int_equal(r.state, STATE_OFFERED);
    assert_string_equal(r.lead, "cms");
    assert_int_equal(record_offer_find(&r, "ramsar")->state, OFFER_EXPIRED);
    assert_int_equal(r.epoch, 1);
}

static void test_a_lead_s_message_renews_its_lease(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);

    (void)state;
    assert_next(&r, SAMPLE_NOW_MS + 7 * DAY, ACTION_REMIND, 50, 0);
    act(&r, ACTION_NOTE, &ramsar, SAMPLE_NOW_MS + 8 * DAY);
    assert_next(&r, SAMPLE_NOW_MS + 15 * DAY, ACTION_REMIND, 50, 0);
}

static void test_windows_pass_to_the_pool_and_to_the_desk(void **state)
{
    struct record r = offered(URGENCY_ROUTINE);

    (void)state;
    assert_next(&r, SAMPLE_NOW_MS + 3 * DAY, ACTION_OPEN, 0, 0);
    assert_true(r.is_open);
    assert_true(transition_may_lead(&r, "cms", r.since_ms));
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 10 * DAY); /* 5 more working days */
    assert_int_equal(record_offer_find(&r, "cms")->due_ms, r.due_ms);
    assert_next(&r, SAMPLE_NOW_MS + 10 * DAY, ACTION_EXPIRE, 0, 0);
    assert_int_equal(r.state, STATE_UNMATCHED);
    assert_string_equal(r.lead, "");
}

static void test_an_open_pool_is_not_closed_by_a_decline(void **state)
{
    struct record r = offered(URGENCY_ROUTINE);
    struct transition_input in = said();
    int64_t due_ms;

    (void)state;
    assert_next(&r, SAMPLE_NOW_MS + 3 * DAY, ACTION_OPEN, 0, 0);
    due_ms = r.due_ms;
    in.reason = 2;
    act_with(&r, ACTION_DECLINE, &ramsar, &in, SAMPLE_NOW_MS + 4 * DAY);
    assert_string_equal(r.lead, "cms");
    assert_true(r.is_open);
    assert_int_equal(r.due_ms, due_ms);
}

static void test_an_emergency_unclaimed_after_its_window_is_heard_by_all(void **state)
{
    struct record r = offered(URGENCY_EMERGENCY);

    (void)state;
    assert_next(&r, SAMPLE_NOW_MS + 4 * HOUR, ACTION_OPEN, 0, 0);
    assert_next(&r, SAMPLE_NOW_MS + 4 * HOUR, ACTION_ESCALATE, 3, 0);
    assert_int_equal(r.level, 3);
    assert_next(&r, SAMPLE_NOW_MS + 12 * HOUR, ACTION_EXPIRE, 0, 0);
}

static void test_triage_is_escalated_in_three_steps(void **state)
{
    struct record r = sample_submitted();

    (void)state;
    act(&r, ACTION_HOLD, &router, SAMPLE_NOW_MS);
    assert_next(&r, SAMPLE_NOW_MS + 3 * DAY, ACTION_ESCALATE, 1, 0);
    assert_next(&r, SAMPLE_NOW_MS + 4 * DAY + 12 * HOUR, ACTION_ESCALATE, 2, 0);
    assert_next(&r, SAMPLE_NOW_MS + 8 * DAY, ACTION_ESCALATE, 3, 0);
    assert_int_equal(r.wake_ms, 0);
}

static void test_of_missed_escalations_the_highest_is_sent(void **state)
{
    struct record r = sample_submitted();
    struct timer_act due;

    (void)state;
    act(&r, ACTION_HOLD, &router, SAMPLE_NOW_MS);
    assert_true(timer_due(&r, &calendars, SAMPLE_NOW_MS + 30 * DAY, &due));
    assert_int_equal(due.degree, 3);
    act(&r, due.action, &router, SAMPLE_NOW_MS + 30 * DAY);
    assert_int_equal(r.level, 3);
    assert_false(timer_due(&r, &calendars, SAMPLE_NOW_MS + 300 * DAY, &due));
}

static void test_a_level_that_people_have_reached_is_not_sent_again(void **state)
{
    struct record r = sample_submitted();

    (void)state;
    act(&r, ACTION_HOLD, &router, SAMPLE_NOW_MS);
    act(&r, ACTION_ESCALATE, &kenya, SAMPLE_NOW_MS);
    act(&r, ACTION_ESCALATE, &desk, SAMPLE_NOW_MS);
    assert_int_equal(r.level, 2);
    assert_next(&r, SAMPLE_NOW_MS + 8 * DAY, ACTION_ESCALATE, 3, 0);
}

static void test_a_country_s_clock_keeps_its_own_week(void **state)
{
    struct record r = claimed(URGENCY_PRIORITY);

    (void)state;
    /* Asked on Thursday: 5 working days of a week from Sunday to Thursday. */
    act(&r, ACTION_ASK, &ramsar, SAMPLE_NOW_MS + 2 * DAY);
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 2 * DAY + 7 * DAY);
    assert_next(&r, SAMPLE_NOW_MS + 2 * DAY + 4 * DAY + 12 * HOUR, ACTION_REMIND, 50, 0);
    assert_next(&r, SAMPLE_NOW_MS + 2 * DAY + 6 * DAY + 12 * HOUR, ACTION_REMIND, 90, 0);
    assert_next(&r, SAMPLE_NOW_MS + 9 * DAY, ACTION_LAPSE, 0, 0);
    assert_int_equal(r.state, STATE_WITHDRAWN);
    assert_int_equal(r.outcome, OUTCOME_NO_REPLY);
    act(&r, ACTION_REOPEN, &kenya, SAMPLE_NOW_MS + 100 * DAY);
    assert_int_equal(r.state, STATE_TRIAGE);
    assert_int_equal(r.claimed_ms, 0);
}

static void test_a_reminder_that_came_late_moves_what_comes_after_it(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);

    (void)state;
    act(&r, ACTION_ANSWER, &ramsar, SAMPLE_NOW_MS); /* 30 working days of Kenya's week */
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 42 * DAY);
    assert_next(&r, SAMPLE_NOW_MS + 21 * DAY, ACTION_REMIND, 50, 5000);
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 42 * DAY); /* seconds do not count */
    assert_next(&r, SAMPLE_NOW_MS + 37 * DAY, ACTION_REMIND, 90, 7 * DAY); /* 5 of them working */
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 49 * DAY);
    assert_next(&r, SAMPLE_NOW_MS + 49 * DAY, ACTION_CLOSE, 0, 0);
    assert_int_equal(r.outcome, OUTCOME_NO_REPLY);
}

static void test_a_reply_lets_the_lease_go_on(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);

    (void)state;
    assert_next(&r, SAMPLE_NOW_MS + 7 * DAY, ACTION_REMIND, 50, 0);
    act(&r, ACTION_ASK, &ramsar, SAMPLE_NOW_MS + 8 * DAY); /* 6 of 10 are used up */
    act(&r, ACTION_REPLY, &kenya, SAMPLE_NOW_MS + 21 * DAY);
    assert_int_equal(r.state, STATE_CLAIMED);
    assert_int_equal(timer_percent(&r, &calendars, SAMPLE_NOW_MS + 21 * DAY), 59);
    assert_next(&r, SAMPLE_NOW_MS + 23 * DAY, ACTION_REMIND, 80, 0);
    assert_next(&r, SAMPLE_NOW_MS + 25 * DAY, ACTION_RELEASE, 0, 0);
}

static void test_another_urgency_keeps_what_is_used_up(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);
    struct transition_input in = said();

    (void)state;
    act(&r, ACTION_PLAN, &ramsar, SAMPLE_NOW_MS + 2 * DAY); /* 2 of 10 */
    in.urgency = URGENCY_PRIORITY;
    act_with(&r, ACTION_AMEND, &kenya, &in, SAMPLE_NOW_MS + 7 * DAY);
    assert_int_equal(r.urgency, URGENCY_PRIORITY);
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 8 * DAY); /* 2 of 3 */
    act(&r, ACTION_PLAN, &ramsar, SAMPLE_NOW_MS + 7 * DAY);
    in.urgency = URGENCY_PLANNED;
    act_with(&r, ACTION_AMEND, &kenya, &in, SAMPLE_NOW_MS + 7 * DAY);
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS + 7 * DAY + 18 * DAY + 6 * DAY);
}

static void test_delivery_lasts_until_the_date_of_the_plan(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);
    struct transition_input in = said();

    (void)state;
    in.due = "2026-06-10";
    act_with(&r, ACTION_PLAN, &ramsar, &in, SAMPLE_NOW_MS);
    act(&r, ACTION_AGREE, &kenya, SAMPLE_NOW_MS + DAY);
    assert_int_equal(r.state, STATE_DELIVERING);
    assert_int_equal(r.due_ms, SAMPLE_NOW_MS - 10 * HOUR + 100 * DAY);
    assert_next(&r, SAMPLE_NOW_MS + DAY + (r.due_ms - SAMPLE_NOW_MS - DAY) / 100 * 80,
                ACTION_REMIND, 80, 0);
    assert_next(&r, SAMPLE_NOW_MS - 10 * HOUR + 100 * DAY, ACTION_ESCALATE, 1, 0);
}

static void test_a_contribution_is_asked_for_before_and_when_it_is_late(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);
    struct transition_input in = said();
    struct timer_act due;

    (void)state;
    in.as = OFFER_SUPPORT;
    act_with(&r, ACTION_CLAIM, &cms, &in, SAMPLE_NOW_MS); /* 7 working days */
    assert_int_equal(record_offer_find(&r, "cms")->due_ms, SAMPLE_NOW_MS + 9 * DAY);
    assert_next(&r, SAMPLE_NOW_MS + 7 * DAY, ACTION_REMIND, 50, 0);
    assert_next(&r, SAMPLE_NOW_MS + 9 * DAY / 100 * 80, ACTION_REMIND, 80, 0);
    assert_true(timer_due(&r, &calendars, SAMPLE_NOW_MS + 9 * DAY, &due));
    assert_string_equal(due.whom, "secretariat:cms");
    assert_next(&r, SAMPLE_NOW_MS + 9 * DAY, ACTION_REMIND, 100, 0);
    assert_next(&r, SAMPLE_NOW_MS + 10 * DAY, ACTION_REMIND, 80, 0);
}

static void test_a_contribution_in_time_is_not_asked_for(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);
    struct transition_input in = said();

    (void)state;
    in.as = OFFER_SUPPORT;
    act_with(&r, ACTION_CLAIM, &cms, &in, SAMPLE_NOW_MS);
    act(&r, ACTION_CONTRIBUTE, &cms, SAMPLE_NOW_MS + DAY);
    assert_next(&r, SAMPLE_NOW_MS + 7 * DAY, ACTION_REMIND, 50, 0);
    assert_next(&r, SAMPLE_NOW_MS + 10 * DAY, ACTION_REMIND, 80, 0);
}

static void test_those_who_accepted_early_contribute_from_the_claim_on(void **state)
{
    struct record r = offered(URGENCY_ROUTINE);
    struct transition_input in = said();

    (void)state;
    in.as = OFFER_SUPPORT;
    act_with(&r, ACTION_CLAIM, &cms, &in, SAMPLE_NOW_MS);
    act(&r, ACTION_CLAIM, &ramsar, SAMPLE_NOW_MS + DAY);
    assert_int_equal(record_offer_find(&r, "cms")->due_ms, SAMPLE_NOW_MS + 10 * DAY);
}

static void test_a_clock_that_is_set_back_takes_nothing_away(void **state)
{
    struct record r = claimed(URGENCY_ROUTINE);

    (void)state;
    act(&r, ACTION_ASK, &ramsar, SAMPLE_NOW_MS + 3 * DAY);
    act(&r, ACTION_REPLY, &kenya, SAMPLE_NOW_MS + DAY); /* before the question, says the clock */
    assert_int_equal(r.timer.used_ms, 3 * DAY);
    act(&r, ACTION_ASK, &ramsar, SAMPLE_NOW_MS);
    assert_int_equal(r.kept.used_ms, 3 * DAY);
}

static void test_the_clock_may_do_only_what_is_due(void **state)
{
    static const enum action acts[] = {ACTION_REMIND, ACTION_OPEN,    ACTION_EXPIRE,  ACTION_LAPSE,
                                       ACTION_CLOSE,  ACTION_RELEASE, ACTION_ESCALATE};
    struct transition_input in = said();

    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        struct record r = claimed(URGENCY_ROUTINE);
        const struct lifecycle_row *row;
        struct err e = {0};

        assert_int_equal(
            transition_apply(&r, acts[i], &router, &in, SAMPLE_NOW_MS + 7 * DAY - 1, &row, &e),
            ERR_STATE);
        if ((transition_apply(&r, acts[i], &router, &in, SAMPLE_NOW_MS + 7 * DAY, &row, &e) ==
             ERR_OK) != (acts[i] == ACTION_REMIND))
            fail_msg("%s", action_words[acts[i]]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lease_is_reminded_of_and_ends),
        cmocka_unit_test(test_a_lead_s_message_renews_its_lease),
        cmocka_unit_test(test_windows_pass_to_the_pool_and_to_the_desk),
        cmocka_unit_test(test_an_open_pool_is_not_closed_by_a_decline),
        cmocka_unit_test(test_an_emergency_unclaimed_after_its_window_is_heard_by_all),
        cmocka_unit_test(test_triage_is_escalated_in_three_steps),
        cmocka_unit_test(test_of_missed_escalations_the_highest_is_sent),
        cmocka_unit_test(test_a_level_that_people_have_reached_is_not_sent_again),
        cmocka_unit_test(test_a_country_s_clock_keeps_its_own_week),
        cmocka_unit_test(test_a_reminder_that_came_late_moves_what_comes_after_it),
        cmocka_unit_test(test_a_reply_lets_the_lease_go_on),
        cmocka_unit_test(test_another_urgency_keeps_what_is_used_up),
        cmocka_unit_test(test_delivery_lasts_until_the_date_of_the_plan),
        cmocka_unit_test(test_a_contribution_is_asked_for_before_and_when_it_is_late),
        cmocka_unit_test(test_a_contribution_in_time_is_not_asked_for),
        cmocka_unit_test(test_those_who_accepted_early_contribute_from_the_claim_on),
        cmocka_unit_test(test_a_clock_that_is_set_back_takes_nothing_away),
        cmocka_unit_test(test_the_clock_may_do_only_what_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
