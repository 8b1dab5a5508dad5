#include "protocol/norm.h"

#include "base/clock.h"
#include "tests/unit/protocol/sample.h"

#define HOUR_MS INT64_C(3600000)

static void test_norms_are_those_of_the_domain_reference(void **state)
{
    /* Section 6.2; from a Monday morning. h: hours around the clock, else working days. */
    static const struct {
        enum norm_step step;
        const char *norms[4]; /* emergency priority routine planned */
    } cases[] = {
        {NORM_TRIAGE,        {"4h", "1", "3", "5"}   },
        {NORM_FIRST_WINDOW,  {"4h", "1", "3", "5"}   },
        {NORM_OPEN_WINDOW,   {"8h", "2", "5", "10"}  },
        {NORM_LEASE,         {"12h", "3", "10", "20"}},
        {NORM_CONTRIBUTION,  {"12h", "2", "7", "15"} },
        {NORM_ANSWER,        {"24h", "5", "15", "30"}},
        {NORM_CLARIFICATION, {"48h", "5", "20", "60"}},
        {NORM_AGREEMENT,     {"48h", "5", "20", "60"}},
        {NORM_CONFIRM,       {"20", "20", "30", "30"}},
        {NORM_UNMATCHED,     {"5", "10", "30", "60"} },
    };

    (void)state;
    assert_int_equal(sizeof cases / sizeof cases[0], NORM_STEPS_N);
    for (size_t i = 0; i < NORM_STEPS_N; i++)
        for (unsigned u = URGENCY_EMERGENCY; u <= URGENCY_PLANNED; u++) {
            const char *norm = cases[i].norms[u];
            int n = atoi(norm);
            /* A Monday plus n working days: n / 5 whole weeks and the rest. */
            int64_t expected = strchr(norm, 'h')
                                   ? SAMPLE_NOW_MS + n * HOUR_MS
                                   : SAMPLE_NOW_MS + (n / 5 * 7 + n % 5) * CLOCK_DAY_MS;

            if (norm_due(cases[i].step, u, calendars_find(NULL, ""), SAMPLE_NOW_MS) != expected)
                fail_msg("step %zu, %s", i, urgency_words[u]);
        }
}

static void test_an_emergency_does_not_wait_for_monday(void **state)
{
    int64_t saturday_ms = SAMPLE_NOW_MS + 5 * CLOCK_DAY_MS;

    (void)state;
    assert_int_equal(
        norm_due(NORM_TRIAGE, URGENCY_EMERGENCY, calendars_find(NULL, ""), saturday_ms),
        saturday_ms + 4 * HOUR_MS);
    assert_int_equal(norm_due(NORM_TRIAGE, URGENCY_PRIORITY, calendars_find(NULL, ""), saturday_ms),
                     SAMPLE_NOW_MS - 10 * HOUR_MS + 8 * CLOCK_DAY_MS);
}

static void test_a_clock_runs_where_people_must_act(void **state)
{
    (void)state;
    for (unsigned s = 0; s < STATES_N; s++) {
        enum norm_step step = NORM_STEPS_N;
        enum ball ball = lifecycle_ball(s);
        bool runs = norm_of_state(s, &step);

        if (runs != (ball != BALL_NONE && ball != BALL_SYSTEM) || runs != (step != NORM_STEPS_N))
            fail_msg("%s", state_words[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms_are_those_of_the_domain_reference),
        cmocka_unit_test(test_an_emergency_does_not_wait_for_monday),
        cmocka_unit_test(test_a_clock_runs_where_people_must_act),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
