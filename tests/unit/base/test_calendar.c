#include "base/calendar.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)

static int64_t at(const char *text)
{
    int64_t ms = 0;

    assert_true(clock_read(text, &ms));
    return ms;
}

static int32_t day(const char *text)
{
    return (int32_t)(at(text) / CLOCK_DAY_MS);
}

static void assert_after(const struct calendar *c, const char *from, int64_t work_ms,
                         const char *expected)
{
    char text[CLOCK_TEXT_BYTES];

    if (strcmp(clock_text(calendar_after(c, at(from), work_ms), text), expected) != 0)
        fail_msg("%s + %lld h: %s, not %s", from, (long long)(work_ms / HOUR_MS), text, expected);
}

static void test_without_a_calendar_work_is_monday_to_friday_in_utc(void **state)
{
    /* 2026-03-02 is a Monday. */
    static const struct {
        const char *from;
        int n;
        const char *to;
    } cases[] = {
        {"2026-03-02T10:00:00Z", 0,  "2026-03-02T10:00:00.000Z"},
        {"2026-03-02T10:00:00Z", 1,  "2026-03-03T10:00:00.000Z"},
        {"2026-03-02T10:00:00Z", 4,  "2026-03-06T10:00:00.000Z"},
        {"2026-03-02T10:00:00Z", 5,  "2026-03-09T10:00:00.000Z"},
        {"2026-03-06T23:59:59Z", 1,  "2026-03-09T23:59:59.000Z"},
        {"2026-03-07T15:00:00Z", 1,  "2026-03-10T00:00:00.000Z"},
        {"2026-03-08T00:00:00Z", 1,  "2026-03-10T00:00:00.000Z"},
        {"2026-03-02T10:00:00Z", 30, "2026-04-13T10:00:00.000Z"},
        {"2026-12-31T12:00:00Z", 1,  "2027-01-01T12:00:00.000Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_after(calendars_find(NULL, "KEN"), cases[i].from, cases[i].n * CLOCK_DAY_MS,
                     cases[i].to);
}

/* Berlin in 2026: summer time from 29 March 01:00 UTC to 25 October 01:00 UTC. */
static const struct calendar_offset berlin_offsets[] = {
    {INT64_MIN,              1 * HOUR_MS},
    {INT64_C(1774746000000), 2 * HOUR_MS},
    {INT64_C(1792890000000), 1 * HOUR_MS},
};
static const struct calendar_zone berlin = {"Europe/Berlin", berlin_offsets, 3};

static void test_a_day_ends_at_local_midnight(void **state)
{
    const struct calendar c = {.of = "cms", .rest = 1u << 0 | 1u << 6, .zone = &berlin};

    (void)state;
    assert_int_equal(calendar_day(&c, at("2026-03-02T22:59:59Z")), day("2026-03-02"));
    assert_int_equal(calendar_day(&c, at("2026-03-02T23:00:00Z")), day("2026-03-03"));
    assert_int_equal(calendar_day_begins(&c, day("2026-03-03")), at("2026-03-02T23:00:00Z"));
    assert_int_equal(calendar_day_begins(&c, day("2026-07-01")), at("2026-06-30T22:00:00Z"));
    /* Friday's last hour is Saturday in Berlin. */
    assert_int_equal(calendar_worked(&c, at("2026-03-06T22:00:00Z"), at("2026-03-09T00:00:00Z")),
                     2 * HOUR_MS);
}

static void test_a_day_without_an_hour_has_23(void **state)
{
    const struct calendar sundays = {.of = "x", .rest = 1u << 3, .zone = &berlin};

    (void)state;
    assert_int_equal(calendar_day_begins(&sundays, day("2026-03-30")) -
                         calendar_day_begins(&sundays, day("2026-03-29")),
                     23 * HOUR_MS);
    assert_int_equal(calendar_day_begins(&sundays, day("2026-10-26")) -
                         calendar_day_begins(&sundays, day("2026-10-25")),
                     25 * HOUR_MS);
    /* One working day is 24 hours of work, so it ends an hour later by the local clock. */
    assert_after(&sundays, "2026-03-28T23:00:00Z", 24 * HOUR_MS, "2026-03-29T23:00:00.000Z");
}

static void test_where_midnight_is_left_out_the_day_begins_with_the_change(void **state)
{
    /* Cairo, 24 April 2026: at 22:00 UTC 00:00 becomes 01:00. */
    static const struct calendar_offset offsets[] = {
        {INT64_MIN,              2 * HOUR_MS},
        {INT64_C(1776981600000), 3 * HOUR_MS},
    };
    static const struct calendar_zone cairo = {"Africa/Cairo", offsets, 2};
    const struct calendar c = {.of = "EGY", .rest = 1u << 5 | 1u << 6, .zone = &cairo};

    (void)state;
    assert_int_equal(calendar_day_begins(&c, day("2026-04-24")), INT64_C(1776981600000));
    assert_int_equal(calendar_day(&c, INT64_C(1776981600000) - 1), day("2026-04-23"));
    assert_false(calendar_is_working(&c, day("2026-04-24"))); /* a Friday */
    assert_true(calendar_is_working(&c, day("2026-04-26")));  /* a Sunday */
}

static void test_holidays_and_days_of_rest_do_not_count(void **state)
{
    const int32_t holidays[] = {day("2026-04-03"), day("2026-04-06")};
    const struct calendar c = {.of = "cites",
                               .rest = 1u << 0 | 1u << 6,
                               .zone = &berlin,
                               .holidays = holidays,
                               .holidays_n = 2};

    (void)state;
    /* Thursday 2 April, then Good Friday, the weekend and Easter Monday. */
    assert_after(&c, "2026-04-02T10:00:00Z", 24 * HOUR_MS, "2026-04-07T10:00:00.000Z");
    assert_int_equal(calendar_worked(&c, at("2026-04-03T10:00:00Z"), at("2026-04-06T20:00:00Z")),
                     0);
}

static void test_what_was_worked_after_an_amount_is_that_amount(void **state)
{
    const int32_t holidays[] = {day("2026-03-27"), day("2026-05-01"), day("2026-12-25")};
    const struct calendar c = {.of = "cms",
                               .rest = 1u << 0 | 1u << 6,
                               .zone = &berlin,
                               .holidays = holidays,
                               .holidays_n = 3};
    unsigned seed = 7;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t from = at("2026-01-01") + (int64_t)rand_r(&seed) % (330 * 24 * 3600) * 1000;
        int64_t work = 1 + (int64_t)rand_r(&seed) % (20 * 24 * 3600) * 1000;
        int64_t to = calendar_after(&c, from, work);
        int64_t half = calendar_after(&c, from, work / 2);

        if (calendar_worked(&c, from, to) != work || calendar_worked(&c, from, to - 1) >= work)
            fail_msg("%lld + %lld", (long long)from, (long long)work);
        if (calendar_after(&c, half, work - work / 2) != to)
            fail_msg("in two parts: %lld + %lld", (long long)from, (long long)work);
    }
}

static void test_nothing_is_worked_backwards(void **state)
{
    const struct calendar *c = calendars_find(NULL, "");

    (void)state;
    assert_int_equal(calendar_worked(c, at("2026-03-03"), at("2026-03-02")), 0);
    assert_int_equal(calendar_after(c, at("2026-03-03"), -5), at("2026-03-03"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_calendar_work_is_monday_to_friday_in_utc),
        cmocka_unit_test(test_a_day_ends_at_local_midnight),
        cmocka_unit_test(test_a_day_without_an_hour_has_23),
        cmocka_unit_test(test_where_midnight_is_left_out_the_day_begins_with_the_change),
        cmocka_unit_test(test_holidays_and_days_of_rest_do_not_count),
        cmocka_unit_test(test_what_was_worked_after_an_amount_is_that_amount),
        cmocka_unit_test(test_nothing_is_worked_backwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
