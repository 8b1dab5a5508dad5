#include "protocol/document.h"

#include "base/buf.h"
#include "tests/unit/protocol/parse.h"

/* Parses exactly n bytes; the fault's code, "" when good. */
static const char *verdict(const void *bytes, size_t n)
{
    struct faults faults = {.n = 0};
    struct err e = {0};
    json_t *doc = NULL;
    char *exact = malloc(n ? n : 1); /* so that the sanitizer sees a step beyond */
    enum err_code rc;

    if (n)
        memcpy(exact, bytes, n);
    rc = document_parse(exact, n, &doc, &faults, &e);
    free(exact);
    if (rc == ERR_OK) {
        if (!json_is_object(doc) || faults.n)
            fail_msg("good, and not an object or with faults");
        json_decref(doc);
        return "";
    }
    if (rc != ERR_MALFORMED || e.code != rc || doc || faults.n != 1 ||
        strcmp(faults.list[0].pointer, "#") != 0 || !strstr(e.detail, faults.list[0].code))
        fail_msg("code %d, %zu faults, detail %s", (int)rc, faults.n, e.detail);
    return faults.list[0].code;
}

static void test_only_one_sound_object_is_a_document(void **state)
{
    static const struct {
        const char *what, *text, *code;
    } cases[] = {
        {"empty object",                  "{}",                                            ""                 },
        {"blanks around",                 " \n\t{\"a\":1}\r\n ",                           ""                 },
        {"all kinds",                     "{\"a\":[1,-2.5e3,true,false,null,\"x\",{}]}",   ""                 },
        {"escapes",                       "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"}", ""                 },
        {"surrogate pair",                "{\"a\":\"\\ud83c\\udf0a\"}",                    ""                 },
        {"nothing",                       "",                                              "empty_body"       },
        {"blanks only",                   "  \n",                                          "not_json"         },
        {"words",                         "hello",                                         "not_json"         },
        {"XML",                           "<request/>",                                    "not_json"         },
        {"single quotes",                 "{'a':1}",                                       "not_json"         },
        {"bare name",                     "{a:1}",                                         "not_json"         },
        {"comma at the end",              "{\"a\":1,}",                                    "not_json"         },
        {"comment",                       "{\"a\":1}//x",                                  "not_json"         },
        {"NaN",                           "{\"a\":NaN}",                                   "not_json"         },
        {"leading zero",                  "{\"a\":01}",                                    "not_json"         },
        {"plus sign",                     "{\"a\":+1}",                                    "not_json"         },
        {"hexadecimal",                   "{\"a\":0x1}",                                   "not_json"         },
        {"number too large",              "{\"a\":1e999}",                                 "not_json"         },
        {"integer too large",             "{\"a\":9223372036854775808}",                   "not_json"         },
        {"two objects",                   "{}{}",                                          "not_json"         },
        {"open object",                   "{\"a\":1",                                      "not_json"         },
        {"open string",                   "{\"a\":\"b",                                    "not_json"         },
        {"ends within an escape",         "{\"a\":\"\\",                                   "not_json"         },
        {"wrong bracket",                 "{\"a\":[1}",                                    "not_json"         },
        {"closing brackets first",        "]]]]}}",                                        "not_json"         },
        {"unknown escape",                "{\"a\":\"\\x41\"}",                             "not_json"         },
        {"raw newline in a string",       "{\"a\":\"b\nc\"}",                              "not_json"         },
        {"raw control in a string",       "{\"a\":\"\x01\"}",                              "not_json"         },
        {"byte order mark",               "\xef\xbb\xbf{}",                                "not_json"         },
        {"high surrogate alone",          "{\"a\":\"\\ud800\"}",                           "not_json"         },
        {"low surrogate alone",           "{\"a\":\"\\udc00\"}",                           "not_json"         },
        {"surrogates in the wrong order", "{\"a\":\"\\udf0a\\ud83c\"}",                    "not_json"         },
        {"surrogate before a letter",     "{\"a\":\"\\ud800x\"}",                          "not_json"         },
        {"surrogate in a name",           "{\"\\ud800\":1}",                               "not_json"         },
        {"array",                         "[]",                                            "not_an_object"    },
        {"array of objects",              "[{\"a\":1}]",                                   "not_an_object"    },
        {"text",                          "\"a\"",                                         "not_json"         },
        {"number",                        "7",                                             "not_json"         },
        {"null",                          "null",                                          "not_json"         },
        {"NUL escape in a value",         "{\"a\":\"x\\u0000y\"}",                         "control_character"},
        {"NUL escape in a name",          "{\"a\\u0000b\":1}",                             "control_character"},
        {"same name twice",               "{\"a\":1,\"a\":2}",                             "duplicate_member" },
        {"same name twice, nested",       "{\"a\":{\"b\":1,\"c\":2,\"b\":1}}",             "duplicate_member" },
        {"same name twice, in an array",  "{\"a\":[{\"b\":1,\"b\":1}]}",                   "duplicate_member" },
        {"same name, once escaped",       "{\"a\":1,\"\\u0061\":2}",                       "duplicate_member" },
        {"same name at two levels",       "{\"a\":{\"a\":{\"a\":1}}}",                     ""                 },
        {"byte ff",                       "{\"a\":\"\xff\"}",                              "invalid_utf8"     },
        {"overlong",                      "{\"a\":\"\xc0\xaf\"}",                          "invalid_utf8"     },
        {"surrogate as bytes",            "{\"a\":\"\xed\xa0\x80\"}",                      "invalid_utf8"     },
        {"cut character",                 "{\"a\":\"\xe6\xb0",                             "invalid_utf8"     },
        {"Latin 1 in a name",             "{\"\xe9\":1}",                                  "invalid_utf8"     },
        {"invalid and not JSON",          "\xff",                                          "invalid_utf8"     },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *code = verdict(cases[i].text, strlen(cases[i].text));

        if (strcmp(code, cases[i].code) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].what, code, cases[i].code);
    }
}

static void test_a_nul_byte_ends_nothing(void **state)
{
    (void)state;
    assert_string_equal(verdict("{}\0", 3), "not_json");
    assert_string_equal(verdict("{\"a\":\"\0\"}", 9), "not_json");
    assert_string_equal(verdict("\0", 1), "not_json");
}

/* {"a":[[..]]}: depth brackets in all. */
static const char *nested(unsigned depth, char open)
{
    struct buf b = {0};
    const char *code;

    for (unsigned i = 0; i < depth; i++)
        buf_add_text(&b, i == 0 || open == '{' ? "{\"a\":" : "[");
    buf_add_text(&b, "1");
    for (unsigned i = depth; i > 0; i--)
        buf_add_text(&b, i == 1 || open == '{' ? "}" : "]");
    code = verdict(b.text, b.bytes);
    buf_clear(&b);
    return code;
}

static void test_sixteen_levels_are_taken_and_seventeen_refused(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth <= 16; depth++) {
        assert_string_equal(nested(depth, '{'), "");
        assert_string_equal(nested(depth, '['), "");
    }
    assert_string_equal(nested(17, '{'), "too_deep");
    assert_string_equal(nested(17, '['), "too_deep");
    assert_string_equal(nested(5000, '['), "too_deep");
}

static void test_levels_beside_each_other_do_not_add_up(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add_text(&b, "{\"a\":[");
    for (unsigned i = 0; i < 500; i++)
        buf_printf(&b, "%s[{}]", i ? "," : "");
    buf_add_text(&b, "]}");
    assert_string_equal(verdict(b.text, b.bytes), "");
    buf_clear(&b);
}

static const char *with_commas(unsigned n, const char *item)
{
    struct buf b = {0};
    const char *code;

    buf_add_text(&b, "{\"a\":[");
    for (unsigned i = 0; i <= n; i++)
        buf_printf(&b, "%s%s", i ? "," : "", item);
    buf_add_text(&b, "]}");
    code = verdict(b.text, b.bytes);
    buf_clear(&b);
    return code;
}

static void test_1024_separators_are_taken_and_1025_refused(void **state)
{
    (void)state;
    assert_string_equal(with_commas(1024, "1"), "");
    assert_string_equal(with_commas(1025, "1"), "too_many_items");
    assert_string_equal(with_commas(511, "{\"a\":1,\"b\":2}"), "");
    assert_string_equal(with_commas(512, "{\"a\":1,\"b\":2}"), "too_many_items");
}

static void test_brackets_and_commas_inside_strings_do_not_count(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add_text(&b, "{\"a\":\"");
    for (unsigned i = 0; i < 2000; i++)
        buf_add_text(&b, "[{,\\\"\\\\");
    buf_add_text(&b, "\",\"[[[[[[[[[[[[[[[[[[[[[[\":1}");
    assert_string_equal(verdict(b.text, b.bytes), "");
    buf_clear(&b);
    /* An escaped backslash ends no escape: here the string is over, and brackets count again. */
    buf_add_text(&b, "{\"a\\\\\":");
    for (unsigned i = 0; i < 16; i++)
        buf_add_text(&b, "[");
    assert_string_equal(verdict(b.text, b.bytes), "too_deep");
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_one_sound_object_is_a_document),
        cmocka_unit_test(test_a_nul_byte_ends_nothing),
        cmocka_unit_test(test_sixteen_levels_are_taken_and_seventeen_refused),
        cmocka_unit_test(test_levels_beside_each_other_do_not_add_up),
        cmocka_unit_test(test_1024_separators_are_taken_and_1025_refused),
        cmocka_unit_test(test_brackets_and_commas_inside_strings_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
