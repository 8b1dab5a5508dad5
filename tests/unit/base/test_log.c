#include "base/log.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char logged[4096];

/* Runs fn with stderr going to a file, whose text is then in logged. */
static void capture(void (*fn)(void))
{
    FILE *f = tmpfile();
    int kept = dup(STDERR_FILENO);
    size_t n;

    assert_non_null(f);
    assert_true(kept >= 0);
    dup2(fileno(f), STDERR_FILENO);
    fn();
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(f);
    n = fread(logged, 1, sizeof logged - 1, f);
    logged[n] = '\0';
    fclose(f);
}

static void log_claim(void)
{
    log_info("claimed", "request=%s by=%s", "req_1", "ramsar");
    log_info("stopped", "%s", "");
}

static void test_a_line_has_time_program_level_event_and_pairs(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_init("liaisond", LOG_INFO);
    clock_set(INT64_C(1772546709123));
    capture(log_claim);
    clock_set(-1);
    assert_non_null(strstr(logged, " liaisond level=info event=claimed request=req_1 by=ramsar\n"));
    assert_memory_equal(logged, "2026-03-03T14:05:", 17);
    assert_non_null(strstr(logged, " liaisond level=info event=stopped\n"));
}

static void test_under_systemd_a_line_has_the_priority_instead(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1", 1);
    log_init("liaisond", LOG_INFO);
    capture(log_claim);
    unsetenv("JOURNAL_STREAM");
    log_init("liaisond", LOG_INFO);
    assert_string_equal(logged, "<6>event=claimed request=req_1 by=ramsar\n<6>event=stopped\n");
}

static void log_forged(void)
{
    log_error("odd", "value=%s", "a\nlevel=error event=forged\r\x1b[31m\x7f\t");
}

static void test_a_value_cannot_start_a_line_of_its_own(void **state)
{
    (void)state;
    capture(log_forged);
    assert_ptr_equal(strchr(logged, '\n'), logged + strlen(logged) - 1);
    assert_null(strpbrk(logged, "\r\x1b\x7f\t"));
    assert_non_null(strstr(logged, "value=a level=error event=forged"));
}

static void log_long(void)
{
    char text[3000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_warning("long", "value=%s", text);
}

static void test_a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    capture(log_long);
    assert_in_range(strlen(logged), 800, 1100);
    assert_int_equal(logged[strlen(logged) - 1], '\n');
}

static void log_all_levels(void)
{
    log_error("a", "%s", "");
    log_warning("b", "%s", "");
    log_info("c", "%s", "");
    log_debug("d", "%s", "");
}

static void test_only_what_is_urgent_enough_is_written(void **state)
{
    static const char *const events[] = {"event=a\n", "event=b\n", "event=c\n", "event=d\n"};

    (void)state;
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        log_set_level((enum log_level)level);
        capture(log_all_levels);
        for (int i = 0; i < 4; i++)
            if ((strstr(logged, events[i]) != NULL) != (i <= level))
                fail_msg("level %d: %s", level, logged);
    }
    log_set_level(LOG_INFO);
}

static void test_levels_have_words(void **state)
{
    (void)state;
    assert_int_equal(log_level_of("error"), LOG_ERROR);
    assert_int_equal(log_level_of("warning"), LOG_WARNING);
    assert_int_equal(log_level_of("info"), LOG_INFO);
    assert_int_equal(log_level_of("debug"), LOG_DEBUG);
    assert_int_equal(log_level_of("Debug"), -1);
    assert_int_equal(log_level_of(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_has_time_program_level_event_and_pairs),
        cmocka_unit_test(test_under_systemd_a_line_has_the_priority_instead),
        cmocka_unit_test(test_a_value_cannot_start_a_line_of_its_own),
        cmocka_unit_test(test_a_long_line_is_cut_and_still_ends),
        cmocka_unit_test(test_only_what_is_urgent_enough_is_written),
        cmocka_unit_test(test_levels_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
