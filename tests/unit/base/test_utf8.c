#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_only_well_formed_utf8_is_valid(void **state)
{
    static const struct {
        const char *what, *text;
        bool is_valid;
    } cases[] = {
        {"empty",                       "",                     true },
        {"ASCII",                       "abc\x7f\t\n",          true },
        {"two bytes, least",            "\xc2\x80",             true },
        {"two bytes, most",             "\xdf\xbf",             true },
        {"three bytes, least",          "\xe0\xa0\x80",         true },
        {"before the surrogates",       "\xed\x9f\xbf",         true },
        {"after the surrogates",        "\xee\x80\x80",         true },
        {"U+FFFF",                      "\xef\xbf\xbf",         true },
        {"four bytes, least",           "\xf0\x90\x80\x80",     true },
        {"U+10FFFF",                    "\xf4\x8f\xbf\xbf",     true },
        {"Arabic and Chinese",          "\xd9\x85\xe6\xb0\xb4", true },
        {"continuation alone",          "\x80",                 false},
        {"overlong slash",              "\xc0\xaf",             false},
        {"overlong, two bytes",         "\xc1\xbf",             false},
        {"overlong, three bytes",       "\xe0\x9f\xbf",         false},
        {"overlong, four bytes",        "\xf0\x8f\xbf\xbf",     false},
        {"first surrogate",             "\xed\xa0\x80",         false},
        {"last surrogate",              "\xed\xbf\xbf",         false},
        {"U+110000",                    "\xf4\x90\x80\x80",     false},
        {"lead byte f5",                "\xf5\x80\x80\x80",     false},
        {"lead byte ff",                "\xff",                 false},
        {"five bytes",                  "\xf8\x88\x80\x80\x80", false},
        {"cut after one of two",        "a\xc3",                false},
        {"cut after one of three",      "a\xe6",                false},
        {"cut after two of three",      "a\xe6\xb0",            false},
        {"cut after three of four",     "a\xf0\x90\x80",        false},
        {"ASCII where two belong",      "\xc3z",                false},
        {"ASCII where three belong",    "\xe6\xb0z",            false},
        {"lead where the tail belongs", "\xe6\xb0\xe6\xb0\xb4", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* Of exact size, so that the sanitizer sees a step beyond it. */
        size_t n = strlen(cases[i].text);
        char *text = malloc(n ? n : 1);

        memcpy(text, cases[i].text, n);
        if (utf8_is_valid(text, n) != cases[i].is_valid)
            fail_msg("%s", cases[i].what);
        free(text);
    }
}

static void test_nul_is_a_character_like_others(void **state)
{
    (void)state;
    assert_true(utf8_is_valid("a\0b", 3));
    assert_int_equal(utf8_length("a\0b", 3), 3);
    assert_true(utf8_has_control("a\0b", 3));
}

static void test_length_counts_code_points(void **state)
{
    static const struct {
        const char *text;
        size_t n;
    } cases[] = {
        {"",                                 0},
        {"abc",                              3},
        {"\xc3\xa9t\xc3\xa9",                3},
        {"\xd9\x85\xd9\x8a\xd8\xa7\xd9\x87", 4},
        {"\xe6\xb0\xb4\xe6\xb2\xbc",         2},
        {"\xf0\x9f\x8c\x8a",                 1},
        {"e\xcc\x81",                        2}, /* combining accents count */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (utf8_length(cases[i].text, strlen(cases[i].text)) != cases[i].n)
            fail_msg("row %zu: %zu", i, utf8_length(cases[i].text, strlen(cases[i].text)));
}

static void test_controls_other_than_newline_and_tab_are_found(void **state)
{
    static const struct {
        const char *what, *text;
        bool has;
    } cases[] = {
        {"newline and tab",   "a\n\tb",       false},
        {"carriage return",   "a\r\nb",       true },
        {"escape",            "\x1b[31m",     true },
        {"unit separator",    "a\x1f",        true },
        {"blank",             " ",            false},
        {"delete",            "a\x7f",        true },
        {"first C1",          "\xc2\x80",     true },
        {"next line",         "a\xc2\x85",    true },
        {"last C1",           "\xc2\x9f",     true },
        {"no-break space",    "\xc2\xa0",     false},
        {"0x80 as tail byte", "\xe4\xb8\x80", false},
        {"0x85 as tail byte", "\xd9\x85",     false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (utf8_has_control(cases[i].text, strlen(cases[i].text)) != cases[i].has)
            fail_msg("%s", cases[i].what);
}

static void test_a_cut_never_splits_a_character(void **state)
{
    static const char text[] = "a\xc3\xa9\xe6\xb0\xb4\xf0\x9f\x8c\x8az";
    static const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    size_t n = sizeof text - 1;

    (void)state;
    for (size_t limit = 0; limit < sizeof cuts / sizeof cuts[0]; limit++) {
        if (utf8_cut(text, n, limit) != cuts[limit])
            fail_msg("limit %zu: %zu", limit, utf8_cut(text, n, limit));
        assert_true(utf8_is_valid(text, utf8_cut(text, n, limit)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_well_formed_utf8_is_valid),
        cmocka_unit_test(test_nul_is_a_character_like_others),
        cmocka_unit_test(test_length_counts_code_points),
        cmocka_unit_test(test_controls_other_than_newline_and_tab_are_found),
        cmocka_unit_test(test_a_cut_never_splits_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
