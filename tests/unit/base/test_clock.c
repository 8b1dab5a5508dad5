#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS INT64_C(3600000)

static int64_t at(const char *text)
{
    int64_t ms = -1;

    if (!clock_read(text, &ms))
        fail_msg("%s is not read", text);
    return ms;
}

static void test_instants_are_written_in_utc_with_milliseconds(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0,                        "1970-01-01T00:00:00.000Z"},
        {INT64_C(1),               "1970-01-01T00:00:00.001Z"},
        {INT64_C(951782400000),    "2000-02-29T00:00:00.000Z"},
        {INT64_C(1772546709123),   "2026-03-03T14:05:09.123Z"},
        {INT64_C(4102444799999),   "2099-12-31T23:59:59.999Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
        {INT64_MAX,                "9999-12-31T23:59:59.999Z"},
        {-1,                       "1970-01-01T00:00:00.000Z"},
        {INT64_MIN,                "1970-01-01T00:00:00.000Z"},
    };
    char text[CLOCK_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(clock_text(cases[i].ms, text), cases[i].text) != 0)
            fail_msg("%lld: %s", (long long)cases[i].ms, text);
}

static void test_real_instants_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z",           0                       },
        {"1970-01-02",                     CLOCK_DAY_MS            },
        {"2026-03-03T14:05:09.123Z",       INT64_C(1772546709123)  },
        {"2026-03-03T14:05:09.1Z",         INT64_C(1772546709100)  },
        {"2026-03-03T14:05:09.123456789Z", INT64_C(1772546709123)  },
        {"2024-02-29",                     INT64_C(1709164800000)  },
        {"2000-02-29T23:59:59.999Z",       INT64_C(951868799999)   },
        {"9999-12-31T23:59:59.999Z",       INT64_C(253402300799999)},
        {"1969-12-31T23:59:59Z",           -1000                   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 42;

        if (!clock_read(cases[i].text, &ms) || ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text, (long long)ms);
    }
}

static void test_what_is_no_real_date_is_refused_and_changes_nothing(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-3-3",
        "2026-02-29",
        "2100-02-29",
        "2026-04-31",
        "2026-00-10",
        "2026-13-01",
        "2026-01-00",
        "2026-01-32",
        " 2026-01-01",
        "2026-01-01 ",
        "2026-01-01T",
        "2026-01-01T00:00",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00z",
        "2026-01-01t00:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:60:00Z",
        "2026-01-01T23:59:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.5",
        "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00ZZ",
        "+026-01-01",
        "-026-01-01",
        "2026/01/01",
        "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-01-01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = 42;

        if (clock_read(cases[i], &ms) || ms != 42)
            fail_msg("\"%s\" was read as %lld", cases[i], (long long)ms);
    }
}

static void test_text_and_reading_are_each_other_s_reverse(void **state)
{
    char text[CLOCK_TEXT_BYTES];

    (void)state;
    for (int64_t ms = 7; ms < INT64_C(253402300799999); ms = ms * 3 + 1234567)
        if (at(clock_text(ms, text)) != ms)
            fail_msg("%lld came back from %s as another", (long long)ms, text);
}

static void test_the_year_is_the_one_of_utc(void **state)
{
    (void)state;
    assert_int_equal(clock_year(at("2026-12-31T23:59:59.999Z")), 2026);
    assert_int_equal(clock_year(at("2027-01-01T00:00:00Z")), 2027);
    assert_int_equal(clock_year(0), 1970);
}

static void test_a_set_clock_goes_on_from_there_and_back(void **state)
{
    int64_t real = clock_now_ms();
    int64_t mono = clock_mono_ms();

    (void)state;
    clock_set(at("2031-05-05T00:00:00Z"));
    assert_in_range(clock_now_ms() - at("2031-05-05T00:00:00Z"), 0, HOUR_MS);
    assert_in_range(clock_mono_ms() - mono, 0, HOUR_MS); /* deadlines do not jump */
    clock_set(-1);
    assert_in_range(clock_now_ms() - real, 0, HOUR_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instants_are_written_in_utc_with_milliseconds),
        cmocka_unit_test(test_real_instants_are_read),
        cmocka_unit_test(test_what_is_no_real_date_is_refused_and_changes_nothing),
        cmocka_unit_test(test_text_and_reading_are_each_other_s_reverse),
        cmocka_unit_test(test_the_year_is_the_one_of_utc),
        cmocka_unit_test(test_a_set_clock_goes_on_from_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
