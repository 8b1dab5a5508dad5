#include "protocol/waits.h"

#include "base/clock.h"
#include "tests/unit/protocol/sample.h"

#define HOUR INT64_C(3600000)

static void test_each_length_lies_in_its_bucket(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < 500 * CLOCK_DAY_MS; ms += ms / 50 + 1) {
        int b = waits_bucket(ms);

        if (ms > waits_bound(b) || (b && ms <= waits_bound(b - 1)))
            fail_msg("%lld ms in bucket %d", (long long)ms, b);
    }
    for (int b = 0; b < WAIT_BUCKETS; b++)
        assert_int_equal(waits_bucket(waits_bound(b)), b);
    assert_int_equal(waits_bucket(-5), 0);
    assert_int_equal(waits_bucket(INT64_MAX), WAIT_BUCKETS - 1);
}

static void test_few_measured_waits_are_not_enough_data(void **state)
{
    struct waits w = {0};
    int64_t n, p50, p90;

    (void)state;
    w.counts[WAIT_CLAIM][URGENCY_ROUTINE][30] = WAIT_MEASURED_MIN - 1;
    w.counts[WAIT_CLAIM][URGENCY_PLANNED][30] = 1000; /* of another urgency */
    w.counts[WAIT_ANSWER][URGENCY_ROUTINE][30] = 1000;
    assert_false(waits_range(&w, WAIT_CLAIM, URGENCY_ROUTINE, 0, &n, &p50, &p90));
    assert_int_equal(n, WAIT_MEASURED_MIN - 1);
    w.counts[WAIT_CLAIM][URGENCY_ROUTINE][31]++;
    assert_true(waits_range(&w, WAIT_CLAIM, URGENCY_ROUTINE, 0, &n, &p50, &p90));
    assert_int_equal(p50, waits_bound(30));
}

static void test_the_range_is_the_middle_to_nine_of_ten(void **state)
{
    struct waits w = {0};
    int64_t n, p50, p90;

    (void)state;
    for (int h = 1; h <= 100; h++) /* one of each: 1 to 100 hours */
        w.counts[WAIT_CLAIM][URGENCY_ROUTINE][waits_bucket(h * HOUR)]++;
    assert_true(waits_range(&w, WAIT_CLAIM, URGENCY_ROUTINE, 0, &n, &p50, &p90));
    assert_int_equal(n, 100);
    assert_in_range(p50, 50 * HOUR, 60 * HOUR); /* a bucket is at most a fifth longer */
    assert_in_range(p90, 90 * HOUR, 108 * HOUR);
    /* Who has waited 60 hours is compared with those who waited longer. */
    assert_true(waits_range(&w, WAIT_CLAIM, URGENCY_ROUTINE, 60 * HOUR, &n, &p50, &p90));
    assert_in_range(n, 40, 50);
    assert_in_range(p50, 75 * HOUR, 96 * HOUR);
    assert_false(waits_range(&w, WAIT_CLAIM, URGENCY_ROUTINE, 99 * HOUR, &n, &p50, &p90));
}

static void test_the_first_claim_and_the_first_answer_are_measured(void **state)
{
    struct record before = sample_submitted();
    struct record after;
    enum wait_step step;
    int64_t ms, since;

    (void)state;
    before.state = STATE_OFFERED;
    after = before;
    after.state = STATE_CLAIMED;
    after.epoch = 1;
    after.claimed_ms = SAMPLE_NOW_MS + 5 * HOUR;
    assert_true(waits_ended(&before, &after, &step, &ms));
    assert_int_equal(step, WAIT_CLAIM);
    assert_int_equal(ms, 5 * HOUR);
    assert_true(waits_running(&before, &step, &since));
    assert_int_equal(since, SAMPLE_NOW_MS);
    after.epoch = 2; /* taken over from another one */
    assert_false(waits_ended(&before, &after, &step, &ms));
    before = after;
    assert_true(waits_running(&before, &step, &since));
    assert_int_equal(step, WAIT_ANSWER);
    assert_int_equal(since, SAMPLE_NOW_MS + 5 * HOUR);
    after.state = STATE_ANSWERED;
    after.since_ms = SAMPLE_NOW_MS + 8 * HOUR;
    assert_true(waits_ended(&before, &after, &step, &ms));
    assert_int_equal(ms, 3 * HOUR);
    assert_false(waits_running(&after, &step, &since));
    after.reopened_n = 1;
    assert_false(waits_ended(&before, &after, &step, &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_length_lies_in_its_bucket),
        cmocka_unit_test(test_few_measured_waits_are_not_enough_data),
        cmocka_unit_test(test_the_range_is_the_middle_to_nine_of_ten),
        cmocka_unit_test(test_the_first_claim_and_the_first_answer_are_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
