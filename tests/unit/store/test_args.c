#include "store/args.h"

#include "store/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_words(const struct args *a, size_t n, const char *const *words,
                         const size_t *bytes)
{
    const char *argv[64];
    size_t lengths[64];

    assert_int_equal(a->n, n);
    args_vector(a, argv, lengths);
    for (size_t i = 0; i < n; i++)
        if (lengths[i] != bytes[i] || memcmp(argv[i], words[i], bytes[i]) != 0)
            fail_msg("word %zu: %.*s", i, (int)lengths[i], argv[i]);
}

static void test_words_of_every_kind_come_out_in_order(void **state)
{
    static const char *const words[] = {"SET", "", "a\0b", "-9223372036854775808", "x=7", ""};
    static const size_t bytes[] = {3, 0, 3, 20, 3, 0};
    struct args a = {0};

    (void)state;
    args_add(&a, "SET");
    args_add_n(&a, NULL, 0);
    args_add_n(&a, "a\0b", 3);
    args_add_int(&a, INT64_MIN);
    args_printf(&a, "%s=%d", "x", 7);
    args_add(&a, "");
    assert_words(&a, 6, words, bytes);
    args_clear(&a);
    assert_int_equal(a.n, 0);
    args_clear(&a);
}

static void test_more_words_than_the_first_room_are_kept(void **state)
{
    const char *argv[1000];
    size_t lengths[1000];
    struct args a = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        args_add_int(&a, i);
    args_vector(&a, argv, lengths);
    for (int i = 0; i < 1000; i++) {
        char text[8];
        size_t n = (size_t)snprintf(text, sizeof text, "%d", i);

        if (lengths[i] != n || memcmp(argv[i], text, n) != 0)
            fail_msg("word %d", i);
    }
    args_clear(&a);
}

static void test_one_list_is_appended_to_another(void **state)
{
    static const char *const words[] = {"EVAL", "k1", "", "k\0", "z"};
    static const size_t bytes[] = {4, 2, 0, 2, 1};
    struct args all = {0};
    struct args part = {0};
    struct args none = {0};

    (void)state;
    args_add(&all, "EVAL");
    args_add(&part, "k1");
    args_add(&part, "");
    args_add_n(&part, "k\0", 2);
    args_append(&all, &part);
    args_append(&all, &none);
    args_add(&all, "z");
    assert_words(&all, 5, words, bytes);
    assert_int_equal(part.n, 3);
    args_clear(&part);
    args_clear(&all);
}

static void test_keys_carry_the_tag_of_their_partition(void **state)
{
    static const char *const words[] = {"lia:{p00}:work", "lia:{p15}:req:req_1",
                                        "lia:{sys}:barrier", "lia:{sys}:token:abc"};
    static const size_t bytes[] = {14, 19, 17, 19};
    struct args a = {0};

    (void)state;
    keys_add(&a, 0, "work", NULL);
    keys_add(&a, 15, "req", "req_1");
    keys_add_system(&a, "barrier", NULL);
    keys_add_system(&a, "token", "abc");
    assert_words(&a, 4, words, bytes);
    args_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_every_kind_come_out_in_order),
        cmocka_unit_test(test_more_words_than_the_first_room_are_kept),
        cmocka_unit_test(test_one_list_is_appended_to_another),
        cmocka_unit_test(test_keys_carry_the_tag_of_their_partition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
