#include "config/calendars.h"

#include "base/clock.h"
#include "config/load.h"
#include "tests/unit/config/folder.h"

#include <time.h>

static struct config *config;

static int load(void **state)
{
    struct err e = {0};

    (void)state;
    if (config_load(LIAISON_SOURCE_DIR "/config", &config, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

static const struct calendar *of(const char *code)
{
    const struct calendar *c = calendars_find(&config->calendars.all, code);

    if (strcmp(c->of, code) != 0)
        fail_msg("%s has no calendar", code);
    return c;
}

static void test_every_actor_has_a_calendar(void **state)
{
    (void)state;
    assert_true(config->calendars.has_zones);
    of("coordinator");
    for (size_t i = 0; i < config->mandate.secretariats_n; i++) {
        const struct calendar *c = of(config->mandate.secretariats[i].code);

        assert_string_equal(c->zone->name, config->mandate.secretariats[i].zone);
        if (!c->holidays_n)
            fail_msg("%s knows no holidays", c->of);
    }
    for (size_t i = 0; i < config->world.countries_n; i++)
        of(config->world.countries[i].iso3);
}

static void test_weeks_are_the_countries_own(void **state)
{
    static const struct {
        const char *of;
        unsigned rest;
    } cases[] = {
        {"EGY", 1u << 5 | 1u << 6},
        {"KEN", 1u << 6 | 1u << 0},
        {"IRN", 1u << 5          },
        {"whc", 1u << 6 | 1u << 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(of(cases[i].of)->rest, cases[i].rest);
}

static void test_offsets_are_those_of_the_system_at_any_time(void **state)
{
    static const char *const codes[] = {"EGY", "MAR", "PRY", "NPL", "AUS", "USA", "cbd",
                                        "iwc", "CHL", "KAZ", "MEX", "LBN", "FJI", "NZL"};
    int64_t start = clock_now_ms() - 200 * CLOCK_DAY_MS;
    unsigned seed = 3;

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct calendar *c = of(codes[i]);

        setenv("TZ", c->zone->name, 1);
        tzset();
        for (int k = 0; k < 3000; k++) {
            int64_t ms = start + (int64_t)rand_r(&seed) % (8 * 365 * 24) * 3600000 +
                         (int64_t)rand_r(&seed) % 3600000;
            time_t s = (time_t)(ms / 1000);
            struct tm t, midnight;
            int32_t day = calendar_day(c, ms);

            localtime_r(&s, &t);
            midnight = (struct tm){.tm_year = t.tm_year, .tm_mon = t.tm_mon, .tm_mday = t.tm_mday};
            if (day != (int32_t)(timegm(&midnight) / 86400))
                fail_msg("%s: the day of %lld", c->of, (long long)ms);
            if (calendar_day_begins(c, day) > ms || calendar_day_begins(c, day + 1) <= ms)
                fail_msg("%s: the bounds of the day of %lld", c->of, (long long)ms);
        }
    }
    unsetenv("TZ");
    tzset();
}

static void test_the_setting_of_the_zone_is_left_as_it_was(void **state)
{
    struct calendar_book book;
    struct err e = {0};

    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    assert_int_equal(calendars_load(LIAISON_SOURCE_DIR "/config", &config->mandate, &book, &e),
                     ERR_OK);
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    calendars_clear(&book);
    unsetenv("TZ");
    assert_int_equal(calendars_load(LIAISON_SOURCE_DIR "/config", &config->mandate, &book, &e),
                     ERR_OK);
    assert_null(getenv("TZ"));
    calendars_clear(&book);
}

static void test_faults_name_file_and_line(void **state)
{
    static const char good[] = "of,zone,rest,source\nKEN,Africa/Nairobi,sat;sun,x\n";
    static const struct {
        const char *calendars, *holidays, *fault;
    } cases[] = {
        {"of,zone,rest,source\nKEN,Africa/Nowhere,sat;sun,x\n",          "of,year,days,source\n",
         "calendars.csv:2: the tz database has no zone Africa/Nowhere"    },
        {"of,zone,rest,source\nKEN,../../etc/passwd,sat,x\n",            "of,year,days,source\n",
         "calendars.csv:2: \"../../etc/passwd\" is no name of a time zone"},
        {"of,zone,rest,source\nKEN,UTC,sat;son,x\n",                     "of,year,days,source\n",
         "calendars.csv:2: rest: \"son\" is no weekday"                   },
        {"of,zone,rest,source\nKEN,UTC,sun;mon;tue;wed;thu;fri;sat,x\n", "of,year,days,source\n",
         "calendars.csv:2: rest: nobody would ever work"                  },
        {"of,zone,rest,source\nKEN,UTC,sun,x\nKEN,UTC,sun,x\n",          "of,year,days,source\n",
         "calendars.csv:3: \"KEN\" twice"                                 },
        {good,                                                           "of,year,days,source\nKEN,2026,02-30,x\n",
         "holidays.csv:2: \"02-30\" is no day of 2026 as MM-DD"           },
        {good,                                                           "of,year,days,source\nKEN,2026,1-1,x\n",
         "holidays.csv:2: \"1-1\" is no day of 2026 as MM-DD"             },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct folder f;
        struct mandate none = {.secretariats_n = 0};
        struct calendar_book book;
        struct err e = {0};

        folder_make(&f);
        folder_write(&f, "calendars.csv", cases[i].calendars);
        folder_write(&f, "holidays.csv", cases[i].holidays);
        assert_int_equal(calendars_load(f.path, &none, &book, &e), ERR_CONFIG);
        if (!strstr(e.detail, cases[i].fault))
            fail_msg("row %zu: %s", i, e.detail);
        folder_remove(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_actor_has_a_calendar),
        cmocka_unit_test(test_weeks_are_the_countries_own),
        cmocka_unit_test(test_offsets_are_those_of_the_system_at_any_time),
        cmocka_unit_test(test_the_setting_of_the_zone_is_left_as_it_was),
        cmocka_unit_test(test_faults_name_file_and_line),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
