#include "routing/assess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static json_t *line_of(const char *id, const char *country)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:[s]}", "id", id, "country", country, "language",
                     "en", "title", "Fruit fly in mango orchards of the coast", "description",
                     "A quarantine pest, the oriental fruit fly, spreads in 12 orchards. We ask "
                     "for advice on eradication and phytosanitary measures.",
                     "themes", "plant health");
}

static json_t *assess(struct assess *a, json_t *line)
{
    struct err e = {0};
    json_t *result = NULL;

    if (assess_one(a, line, &result, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    json_decref(line);
    return result;
}

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static void test_line_gets_lead_reasons_and_confidence(void **state)
{
    struct assess *a = assess_new(engine, -1);
    json_auto_t *result = assess(a, line_of("one", "KEN"));
    const json_t *reason = json_array_get(json_object_get(result, "reasons"), 0);

    (void)state;
    assert_string_equal(text_of(result, "id"), "one");
    assert_string_equal(text_of(result, "lead"), "ippc");
    assert_true(json_is_null(json_object_get(result, "duplicate_of")));
    assert_true(json_is_real(json_object_get(result, "confidence")));
    assert_true(json_is_array(json_object_get(result, "support")));
    assert_int_equal(json_array_size(json_object_get(result, "duplicates")), 0);
    assert_string_equal(text_of(reason, "factor"), "base_main");
    assert_non_null(text_of(reason, "text"));
    assess_free(a);
}

static void test_second_line_of_the_same_country_is_a_duplicate(void **state)
{
    struct assess *a = assess_new(engine, -1);
    json_auto_t *first = assess(a, line_of("one", "KEN"));
    json_auto_t *abroad = assess(a, line_of("two", "TZA"));
    json_auto_t *second = assess(a, line_of("three", "KEN"));

    (void)state;
    assert_true(json_is_null(json_object_get(first, "duplicate_of")));
    assert_true(json_is_null(json_object_get(abroad, "duplicate_of")));
    assert_string_equal(text_of(second, "duplicate_of"), "one");
    assert_string_equal(
        text_of(json_array_get(json_object_get(second, "duplicates"), 0), "verdict"), "certain");
    assess_free(a);
}

static void test_triage_says_why(void **state)
{
    struct assess *a = assess_new(engine, -1);
    json_t *line = line_of("one", "KEN");
    json_auto_t *result = NULL;

    (void)state;
    json_object_set_new(line, "title", json_string("Please help us soon"));
    json_object_set_new(line, "description", json_string("We would be very grateful."));
    json_object_del(line, "themes");
    result = assess(a, line);
    assert_true(json_is_null(json_object_get(result, "lead")));
    assert_string_equal(text_of(json_array_get(json_object_get(result, "reasons"), 0), "factor"),
                        "too_little");
    assess_free(a);
}

static void test_line_with_a_missing_or_wrong_member_is_refused(void **state)
{
    static const char *const members[] = {"id", "country", "language", "title", "description"};
    struct assess *a = assess_new(engine, -1);

    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct err e = {0};
        json_auto_t *line = line_of("one", "KEN");
        json_t *result = NULL;
        json_object_set_new(line, members[i], json_integer(7));
        assert_int_equal(assess_one(a, line, &result, &e), ERR_VALIDATION);
        assert_non_null(strstr(e.detail, members[i]));
        assert_null(result);
    }
    {
        struct err e = {0};
        json_auto_t *line = line_of("one", "KEN");
        json_t *result = NULL;
        json_object_set_new(line, "language", json_string("de"));
        assert_int_equal(assess_one(a, line, &result, &e), ERR_VALIDATION);
    }
    assess_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_gets_lead_reasons_and_confidence),
        cmocka_unit_test(test_second_line_of_the_same_country_is_a_duplicate),
        cmocka_unit_test(test_triage_says_why),
        cmocka_unit_test(test_line_with_a_missing_or_wrong_member_is_refused),
    };
    return cmocka_run_group_tests_name("assess", tests, load_engine, free_engine);
}
