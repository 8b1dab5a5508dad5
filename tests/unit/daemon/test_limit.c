/* The buckets, with the time given. */
#include "daemon/limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static void test_a_full_bucket_gives_its_quota_then_one_each_interval(void **state)
{
    struct limit *l = limit_new(60000, 10);

    (void)state;
    for (int i = 9; i >= 0; i--) {
        struct limit_state s = limit_take(l, "a", 10, 1000);

        assert_false(s.is_over);
        assert_int_equal(s.left, i);
    }
    for (int i = 0; i < 100; i++)
        assert_true(limit_take(l, "a", 10, 1000).is_over);
    assert_int_equal(limit_take(l, "a", 10, 1000).wait_ms, 6000);
    assert_true(limit_take(l, "a", 10, 6999).is_over);
    assert_false(limit_take(l, "a", 10, 7000).is_over);
    assert_true(limit_take(l, "a", 10, 7000).is_over);
    assert_int_equal(limit_look(l, "a", 10, 67000).left, 10);
    limit_free(l);
}

static void test_in_any_span_no_more_than_quota_and_its_share_go_through(void **state)
{
    enum { SPAN_MS = 600000 };
    static const int64_t quotas[] = {1, 7, 10, 600, 60000};

    (void)state;
    for (size_t k = 0; k < sizeof quotas / sizeof quotas[0]; k++) {
        struct limit *l = limit_new(60000, 10);
        int64_t n = 0;

        for (int64_t now = 5; now < SPAN_MS; now += 3)
            for (int i = 0; i < 5; i++)
                n += !limit_take(l, "a", quotas[k], now).is_over;
        assert_true(n <= quotas[k] + quotas[k] * SPAN_MS / 60000 + 1);
        if (quotas[k] < 60000)
            assert_true(n >= quotas[k] * SPAN_MS / 60000);
        limit_free(l);
    }
}

static void test_callers_do_not_share(void **state)
{
    struct limit *l = limit_new(1000, 10);

    (void)state;
    assert_false(limit_take(l, "a", 1, 0).is_over);
    assert_true(limit_take(l, "a", 1, 0).is_over);
    assert_false(limit_take(l, "b", 1, 0).is_over);
    limit_return(l, "a", 1, 0);
    assert_false(limit_take(l, "a", 1, 0).is_over);
    limit_free(l);
}

static void test_closing_holds_as_long_as_said(void **state)
{
    struct limit *l = limit_new(60000, 10);

    (void)state;
    limit_close(l, "a", 10, 25000, 0);
    assert_int_equal(limit_look(l, "a", 10, 0).wait_ms, 25000);
    assert_true(limit_take(l, "a", 10, 24999).is_over);
    assert_false(limit_take(l, "a", 10, 25000).is_over);
    limit_free(l);
}

static void test_a_crowd_takes_no_more_room_and_frees_nobody_early(void **state)
{
    struct limit *l = limit_new(60000, 100);
    char who[20];

    (void)state;
    for (int i = 0; i < 50; i++) /* these are full again at 60 s */
        limit_take(l, (snprintf(who, sizeof who, "old %d", i), who), 1, 0);
    for (int i = 0; i < 50; i++)
        limit_take(l, (snprintf(who, sizeof who, "young %d", i), who), 1, 50000);
    for (int i = 0; i < 50; i++) /* room comes from the old ones */
        limit_take(l, (snprintf(who, sizeof who, "new %d", i), who), 1, 61000);
    for (int i = 0; i < 50; i++) {
        snprintf(who, sizeof who, "young %d", i);
        assert_true(limit_look(l, who, 1, 61000).is_over);
        snprintf(who, sizeof who, "new %d", i);
        assert_true(limit_look(l, who, 1, 61000).is_over);
    }
    limit_take(l, "one more", 1, 61000); /* now the oldest goes, whoever that is */
    assert_false(limit_look(l, "young 0", 1, 61000).is_over);
    assert_true(limit_look(l, "young 1", 1, 61000).is_over);
    limit_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_bucket_gives_its_quota_then_one_each_interval),
        cmocka_unit_test(test_in_any_span_no_more_than_quota_and_its_share_go_through),
        cmocka_unit_test(test_callers_do_not_share),
        cmocka_unit_test(test_closing_holds_as_long_as_said),
        cmocka_unit_test(test_a_crowd_takes_no_more_room_and_frees_nobody_early),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
