#include "protocol/etag.h"

#include "tests/unit/protocol/sample.h"

static void test_a_tag_is_the_version_in_quotes(void **state)
{
    char out[ETAG_BYTES];

    (void)state;
    assert_string_equal(etag_write(1, "", out), "\"r1\"");
    assert_string_equal(etag_write(1, "fr", out), "\"r1-fr\"");
    assert_string_equal(etag_write(INT64_MAX, "", out), "\"r9223372036854775807\"");
    assert_string_equal(etag_write(INT64_MIN, "zh", out), "\"r-9223372036854775808-zh\"");
}

static void test_matching_follows_rfc_9110(void **state)
{
    static const struct {
        const char *header;
        bool match, none_match; /* version 7: If-Match holds; If-None-Match names it */
    } cases[] = {
        {"\"r7\"",               true,  true },
        {"*",                    true,  true },
        {" \t\"r7\"",            true,  true },
        {"\"r6\", \"r7\"",       true,  true },
        {"\"r6\",\"r7\",\"r8\"", true,  true },
        {",, \"r7\"",            true,  true },
        {"\"r7-gzip\"",          true,  true },
        {"\"r7-br\"",            true,  true },
        {"W/\"r7\"",             false, true },
        {"W/\"r7-gzip\"",        false, true },
        {"W/\"r6\", \"r7\"",     true,  true },
        {"\"r7-fr\"",            true,  false}, /* the same request in other words */
        {"\"r7-fr-gzip\"",       true,  false},
        {"W/\"r7-fr\"",          false, false},
        {"\"r8-fr\"",            false, false},
        {"\"r7-de\"",            false, false},
        {"\"r7-frx\"",           false, false},
        {"\"r7-\"",              false, false},
        {"\"r70\"",              false, false},
        {"\"r\"",                false, false},
        {"\"r8\"",               false, false},
        {"\"R7\"",               false, false},
        {"\"r7-zip\"",           false, false},
        {"\"r7-gzip-br\"",       false, false},
        {"r7",                   false, false},
        {"\"r7",                 false, false},
        {"r7\"",                 false, false},
        {"'r7'",                 false, false},
        {"w/\"r7\"",             false, false},
        {"W/*",                  false, false},
        {"W/",                   false, false},
        {"W",                    false, false},
        {"",                     false, false},
        {" , ",                  false, false},
        {"\"",                   false, false},
        {"\"\"",                 false, false},
        {"\"a,\"r7\"",           false, false},
        {"\"x\" junk \"r7\"",    false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (etag_matches(cases[i].header, 7) != cases[i].match ||
            etag_none_matches(cases[i].header, 7, "") != cases[i].none_match)
            fail_msg("%s", cases[i].header);
}

static void test_each_version_matches_its_own_tag_only(void **state)
{
    char out[ETAG_BYTES];

    (void)state;
    for (int64_t version = 1; version < 130; version++)
        for (int64_t other = 1; other < 130; other++)
            if (etag_matches(etag_write(version, "", out), other) != (version == other))
                fail_msg("%s and %lld", out, (long long)other);
}

static void test_an_answer_in_one_language_is_not_known_by_the_tag_of_another(void **state)
{
    static const char *const languages[] = {"", "ar", "en", "es", "fr", "ru", "zh"};
    char tag[ETAG_BYTES];

    (void)state;
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < 7; k++)
            if (etag_none_matches(etag_write(7, languages[i], tag), 7, languages[k]) != (i == k) ||
                !etag_matches(tag, 7))
                fail_msg("%s and \"%s\"", tag, languages[k]);
    assert_true(etag_none_matches("\"r7-fr-gzip\"", 7, "fr"));
    assert_true(etag_none_matches("W/\"r7-fr-br\"", 7, "fr"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tag_is_the_version_in_quotes),
        cmocka_unit_test(test_matching_follows_rfc_9110),
        cmocka_unit_test(test_an_answer_in_one_language_is_not_known_by_the_tag_of_another),
        cmocka_unit_test(test_each_version_matches_its_own_tag_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
