#include "protocol/request.h"

#include "base/buf.h"
#include "tests/unit/protocol/parse.h"

static bool is_country(const void *arg, const char *code)
{
    (void)arg;
    return !strcmp(code, "KEN") || !strcmp(code, "UGA");
}

static bool is_secretariat(const void *arg, const char *code)
{
    (void)arg;
    return !strcmp(code, "ramsar") || !strcmp(code, "cms");
}

static const struct field_codes codes = {is_country, is_secretariat, NULL};

static char *repeated(const char *letter, size_t n)
{
    struct buf b = {0};

    for (size_t i = 0; i < n; i++)
        buf_add_text(&b, letter);
    return buf_take(&b);
}

/* A good request; what is in more is added or replaces. */
static json_t *request_with(const char *more)
{
    json_t *doc = parse("{'country':'KEN','language':'en','title':'Wetland restoration'}");
    json_t *extra = parse(more);
    char *description = repeated("x", 50);

    json_object_set_new(doc, "description", json_string(description));
    json_object_update(doc, extra);
    json_decref(extra);
    free(description);
    return doc;
}

/* Decodes and drops doc; the faults as text. */
static const char *verdict(json_t *doc)
{
    static struct faults faults;
    struct request r;
    bool good;

    faults.n = 0;
    good = request_decode(doc, "KEN", &codes, &r, &faults);
    if (good != !faults.n || faults.n > FAULTS_MAX)
        fail_msg("%d with %zu faults", good, faults.n);
    json_decref(doc);
    return faults_text(&faults);
}

static void test_a_minimal_request_has_its_defaults(void **state)
{
    struct faults faults = {.n = 0};
    struct request r;
    json_t *doc = request_with("{}");

    (void)state;
    assert_true(request_decode(doc, "KEN", &codes, &r, &faults));
    assert_string_equal(r.country, "KEN");
    assert_int_equal(r.language, LANGUAGE_EN);
    assert_string_equal(r.title, "Wetland restoration");
    assert_int_equal(strlen(r.description), 50);
    assert_int_equal(r.urgency, URGENCY_ROUTINE);
    assert_int_equal(r.disclosure, DISCLOSURE_ROUTED);
    assert_null(r.themes);
    assert_null(r.preferred_secretariat);
    assert_false(r.beyond_jurisdiction);
    assert_null(r.join);
    json_decref(doc);
}

static void test_what_is_said_replaces_the_defaults(void **state)
{
    struct faults faults = {.n = 0};
    struct request r;
    json_t *doc = request_with(
        "{'urgency':'emergency','disclosure':'open','themes':['water'],"
        "'preferred_secretariat':'ramsar','beyond_jurisdiction':true,'join':'LN-2026-KEN-0001',"
        "'language':'ar'}");

    (void)state;
    assert_true(request_decode(doc, "KEN", &codes, &r, &faults));
    assert_int_equal(r.urgency, URGENCY_EMERGENCY);
    assert_int_equal(r.disclosure, DISCLOSURE_OPEN);
    assert_int_equal(r.language, LANGUAGE_AR);
    assert_int_equal(json_array_size(r.themes), 1);
    assert_string_equal(r.preferred_secretariat, "ramsar");
    assert_true(r.beyond_jurisdiction);
    assert_string_equal(r.join, "LN-2026-KEN-0001");
    json_decref(doc);
}

static void test_lengths_count_characters_of_every_script(void **state)
{
    static const struct {
        const char *member;
        size_t n;
        bool good;
    } cases[] = {
        {"title",       0,    false},
        {"title",       9,    false},
        {"title",       10,   true },
        {"title",       120,  true },
        {"title",       121,  false},
        {"description", 49,   false},
        {"description", 50,   true },
        {"description", 6000, true },
        {"description", 6001, false},
    };
    static const char *const letters[] = {"x", "م", "水", "🌊"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t k = 0; k < sizeof letters / sizeof letters[0]; k++) {
            json_t *doc = request_with("{}");
            char *text = repeated(letters[k], cases[i].n);
            char expected[64] = "";
            const char *faults;

            if (!cases[i].good)
                snprintf(expected, sizeof expected, "#/%s wrong_length", cases[i].member);
            json_object_set_new(doc, cases[i].member, json_string(text));
            faults = verdict(doc);
            if (strcmp(faults, expected) != 0)
                fail_msg("%s of %zu %s: %s", cases[i].member, cases[i].n, letters[k], faults);
            free(text);
        }
}

static void test_each_wrong_member_is_named_with_its_pointer(void **state)
{
    static const struct {
        const char *more, *faults;
    } cases[] = {
        {"{'colour':'red'}",                                            "#/colour unknown_member"                     },
        {"{'Title':'x'}",                                               "#/Title unknown_member"                      },
        {"{'id':'req_1'}",                                              "#/id unknown_member"                         },
        {"{'state':'closed'}",                                          "#/state unknown_member"                      },
        {"{'version':7}",                                               "#/version unknown_member"                    },
        {"{'a/b':1}",                                                   "#/a~1b unknown_member"                       },
        {"{'a~b':1}",                                                   "#/a~0b unknown_member"                       },
        {"{'n\u00e9 <b>':1}",                                           "#/n%C3%A9%20%3Cb%3E unknown_member"          },
        {"{'水':1}",                                                   "#/%E6%B0%B4 unknown_member"                  },
        {"{'':1}",                                                      "#/ unknown_member"                           },
        {"{'country':'XXX'}",                                           "#/country unknown_country"                   },
        {"{'country':'UGA'}",                                           "#/country foreign_country"                   },
        {"{'country':'ken'}",                                           "#/country unknown_country"                   },
        {"{'country':null}",                                            "#/country not_text"                          },
        {"{'country':['KEN']}",                                         "#/country not_text"                          },
        {"{'language':'de'}",                                           "#/language unknown_word"                     },
        {"{'language':'EN'}",                                           "#/language unknown_word"                     },
        {"{'language':0}",                                              "#/language not_text"                         },
        {"{'title':7}",                                                 "#/title not_text"                            },
        {"{'title':null}",                                              "#/title not_text"                            },
        {"{'title':'Wetland\\u0007 restoration'}",                      "#/title control_character"                   },
        {"{'description':{'text':'x'}}",                                "#/description not_text"                      },
        {"{'urgency':'URGENT'}",                                        "#/urgency unknown_word"                      },
        {"{'urgency':1}",                                               "#/urgency not_text"                          },
        {"{'urgency':null}",                                            ""                                            },
        {"{'disclosure':'secret'}",                                     "#/disclosure unknown_word"                   },
        {"{'themes':'water'}",                                          "#/themes not_an_array"                       },
        {"{'themes':{}}",                                               "#/themes not_an_array"                       },
        {"{'themes':['water',3,'']}",                                   "#/themes/1 not_text; #/themes/2 wrong_length"},
        {"{'themes':['a','b','c','d','e','f','g','h','i','j']}",        ""                                            },
        {"{'themes':['a','b','c','d','e','f','g','h','i','j','k']}",    "#/themes too_many_items"                     },
        {"{'preferred_secretariat':'iwc'}",                             "#/preferred_secretariat unknown_word"        },
        {"{'preferred_secretariat':7}",                                 "#/preferred_secretariat not_text"            },
        {"{'beyond_jurisdiction':'yes'}",                               "#/beyond_jurisdiction not_a_boolean"         },
        {"{'beyond_jurisdiction':1}",                                   "#/beyond_jurisdiction not_a_boolean"         },
        {"{'needed_by':'31.03.2027'}",                                  "#/needed_by not_a_date"                      },
        {"{'needed_by':'2027-03-31'}",                                  ""                                            },
        {"{'other_countries':['UGA','XXX']}",                           "#/other_countries/1 unknown_country"         },
        {"{'deputy_contact':'Amina'}",                                  "#/deputy_contact not_an_object"              },
        {"{'deputy_contact':{'name':''}}",                              "#/deputy_contact/name wrong_length"          },
        {"{'deputy_contact':{'fax':'1'}}",                              "#/deputy_contact/fax unknown_member"         },
        {"{'sites':[{'name':''}]}",                                     "#/sites/0/name wrong_length"                 },
        {"{'sites':[{'name':'Tana'},{'name':5}]}",                      "#/sites/1/name not_text"                     },
        {"{'sites':[{'latitude':91}]}",                                 "#/sites/0/latitude out_of_range"             },
        {"{'sites':[{'longitude':-180.5}]}",                            "#/sites/0/longitude out_of_range"            },
        {"{'sites':[{'latitude':-1.5,'longitude':40}]}",                ""                                            },
        {"{'sites':[{'a/b~c':1}]}",                                     "#/sites/0/a~1b~0c unknown_member"            },
        {"{'sites':[7]}",                                               "#/sites/0 not_an_object"                     },
        {"{'items':[{'quantity':1.5}]}",                                "#/items/0/quantity not_a_whole_number"       },
        {"{'items':[{'quantity':0}]}",                                  "#/items/0/quantity out_of_range"             },
        {"{'items':[{'kind':'MONEY'}]}",                                "#/items/0/kind unknown_word"                 },
        {"{'assistance_kind':['ADVICE','x']}",                          "#/assistance_kind/1 unknown_word"            },
        {"{'budget_wanted':{}}",
         "#/budget_wanted/amount required; #/budget_wanted/currency required"                                         },
        {"{'budget_wanted':{'amount':1000000000001,'currency':'USD'}}",
         "#/budget_wanted/amount out_of_range"                                                                        },
        {"{'budget_wanted':{'amount':5,'currency':'EURO'}}",
         "#/budget_wanted/currency wrong_length"                                                                      },
        {"{'publish_ok':'no'}",                                         "#/publish_ok not_a_boolean"                  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *faults = verdict(request_with(cases[i].more));

        if (strcmp(faults, cases[i].faults) != 0)
            fail_msg("%s: %s", cases[i].more, faults);
    }
}

static void test_all_that_is_missing_is_said_at_once(void **state)
{
    (void)state;
    assert_string_equal(verdict(json_object()),
                        "#/country required; #/language required; #/title required; "
                        "#/description required");
}

/* Each row of the form refuses a value of a kind that it cannot have. */
static void test_every_member_refuses_the_wrong_type(void **state)
{
    (void)state;
    for (const struct field *f = request_fields; f->name; f++) {
        bool is_list = f->list_max > 0;
        json_t *wrong[] = {json_integer(7), json_array(), json_object(), json_true(),
                           json_string("\xf0\x9f\x8c\x8a")};

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            json_t *doc = request_with("{}");
            bool fits =
                (is_list && json_is_array(wrong[i])) ||
                (!is_list && f->kind == FIELD_BOOL && json_is_boolean(wrong[i])) ||
                (!is_list && f->kind == FIELD_TEXT && json_is_string(wrong[i]) && f->min <= 1) ||
                (!is_list && f->kind == FIELD_OBJECT && json_is_object(wrong[i]));
            const char *faults;
            char start[80];

            snprintf(start, sizeof start, "#/%s", f->name);
            json_object_set(doc, f->name, wrong[i]);
            faults = verdict(doc);
            if (!fits && strncmp(faults, start, strlen(start)) != 0)
                fail_msg("%s, value %zu: \"%s\"", f->name, i, faults);
            json_decref(wrong[i]);
        }
    }
}

static void test_no_more_than_fifty_faults_are_kept(void **state)
{
    struct faults faults = {.n = 0};
    struct request r;
    json_t *doc = request_with("{}");

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        char name[16];

        snprintf(name, sizeof name, "extra_%u", i);
        json_object_set_new(doc, name, json_integer(i));
    }
    assert_false(request_decode(doc, "KEN", &codes, &r, &faults));
    assert_int_equal(faults.n, 50);
    assert_false(request_decode(doc, "UGA", &codes, &r, &faults)); /* full already */
    assert_int_equal(faults.n, 50);
    json_decref(doc);
}

static void test_a_refused_request_leaves_the_target_alone(void **state)
{
    struct faults faults = {.n = 0};
    struct request r = {.country = "kept"};
    json_t *doc = request_with("{'urgency':'x'}");

    (void)state;
    assert_false(request_decode(doc, "KEN", &codes, &r, &faults));
    assert_string_equal(r.country, "kept");
    json_decref(doc);
}

static void test_without_a_caller_s_country_any_known_one_goes(void **state)
{
    struct faults faults = {.n = 0};
    struct request r;
    json_t *doc = request_with("{'country':'UGA'}");

    (void)state;
    assert_true(request_decode(doc, NULL, &codes, &r, &faults)); /* the desk assesses drafts */
    assert_string_equal(r.country, "UGA");
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_minimal_request_has_its_defaults),
        cmocka_unit_test(test_what_is_said_replaces_the_defaults),
        cmocka_unit_test(test_lengths_count_characters_of_every_script),
        cmocka_unit_test(test_each_wrong_member_is_named_with_its_pointer),
        cmocka_unit_test(test_all_that_is_missing_is_said_at_once),
        cmocka_unit_test(test_every_member_refuses_the_wrong_type),
        cmocka_unit_test(test_no_more_than_fifty_faults_are_kept),
        cmocka_unit_test(test_a_refused_request_leaves_the_target_alone),
        cmocka_unit_test(test_without_a_caller_s_country_any_known_one_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
