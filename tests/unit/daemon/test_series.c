#include "daemon/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { STEP = 60000 };
static const int64_t begin = INT64_C(1800000000000); /* of a minute */

static struct series_look look(double depth, double p50, int64_t in)
{
    return (struct series_look){depth, depth * 2, p50, p50, in, in / 2, 1};
}

static bool gather(struct series_gathering *g, int64_t after_ms, struct series_look l,
                   struct series_point *ret_point)
{
    return series_gather(g, STEP, begin + after_ms, &l, ret_point);
}

static void test_a_span_that_has_passed_has_its_most_and_its_mean_rates(void **state)
{
    struct series_gathering g = {.last_ms = 0};
    struct series_point p;

    (void)state;
    assert_false(gather(&g, 10000, look(1, -1, 100), &p));
    assert_false(gather(&g, 30000, look(9, 0.5, 150), &p));
    assert_false(gather(&g, 50000, look(4, -1, 180), &p));
    assert_true(gather(&g, 62000, look(2, -1, 190), &p));
    assert_int_equal(p.at_ms, begin);
    assert_float_equal(p.depth, 9, 0);
    assert_float_equal(p.oldest_s, 18, 0);
    assert_float_equal(p.p50_s, 0.5, 0);
    assert_float_equal(p.in_per_s, 2, 1e-9); /* 80 in the 40 s between the looks */
    assert_float_equal(p.out_per_s, 1, 1e-9);
    assert_float_equal(p.dead, 1, 0);
}

static void test_what_came_in_between_two_spans_counts_in_the_later_one(void **state)
{
    struct series_gathering g = {.last_ms = 0};
    struct series_point p;

    (void)state;
    gather(&g, 55000, look(1, -1, 100), &p);
    assert_true(gather(&g, 65000, look(1, -1, 200), &p));
    assert_float_equal(p.in_per_s, 0, 0); /* of one look nothing follows */
    assert_true(gather(&g, 125000, look(1, -1, 200), &p));
    assert_int_equal(p.at_ms, begin + STEP);
    assert_float_equal(p.in_per_s, 10, 1e-9);
    assert_float_equal(p.p95_s, -1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_span_that_has_passed_has_its_most_and_its_mean_rates),
        cmocka_unit_test(test_what_came_in_between_two_spans_counts_in_the_later_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
