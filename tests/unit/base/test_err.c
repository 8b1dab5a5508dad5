#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_setting_an_error_returns_its_code(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(err_set(&e, ERR_STATE, "%s in %s", "claim", "closed"), ERR_STATE);
    assert_int_equal(e.code, ERR_STATE);
    assert_string_equal(e.detail, "claim in closed");
    assert_int_equal(err_set(NULL, ERR_IO, "%d", 1), ERR_IO);
}

static void test_a_long_detail_is_cut(void **state)
{
    struct err e = {0};
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(err_set(&e, ERR_CONFIG, "%s", text), ERR_CONFIG);
    assert_int_equal(strlen(e.detail), sizeof e.detail - 1);
}

static void test_new_memory_is_zero_and_texts_are_copies(void **state)
{
    unsigned char *p = mem_new(100, 3);
    char source[] = "wetland";
    char *text = mem_text(source);
    char *part = mem_text_n(source, 3);

    (void)state;
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(p[i], 0);
    p = mem_grow(p, 1000, 1);
    assert_int_equal(p[299], 0);
    source[0] = 'x';
    assert_string_equal(text, "wetland");
    assert_string_equal(part, "wet");
    free(part);
    free(text);
    free(p);
    free(mem_new(0, 0));
    free(mem_grow(NULL, 0, 0));
}

static void break_invariant(void)
{
    bug("n is %d", 7);
}

static void assert_ends_with_bug(void (*call)(void), const char *what)
{
    int pipes[2];
    int status;
    char text[512] = {0};
    size_t n = 0;
    ssize_t got;
    pid_t child;

    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        call();
        _exit(0);
    }
    close(pipes[1]);
    while (n < sizeof text - 1 && (got = read(pipes[0], text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)got;
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || !strstr(text, "event=bug at=") || !strstr(text, what))
        fail_msg("status %d: %s", status, text);
}

static void test_a_bug_names_its_place_and_ends_the_process(void **state)
{
    (void)state;
    assert_ends_with_bug(break_invariant, "test_err.c");
    assert_ends_with_bug(break_invariant, "msg=\"n is 7\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setting_an_error_returns_its_code),
        cmocka_unit_test(test_a_long_detail_is_cut),
        cmocka_unit_test(test_new_memory_is_zero_and_texts_are_copies),
        cmocka_unit_test(test_a_bug_names_its_place_and_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
