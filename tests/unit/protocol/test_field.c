#include "protocol/field.h"

#include "protocol/word.h"
#include "tests/unit/protocol/parse.h"

static const char *const size_words[] = {"", "small", "large", NULL};

struct target {
    const char *text, *date, *country, *secretariat;
    const json_t *list, *object;
    int64_t count;
    double number;
    int word;
    bool flag;
};

#define IN(member) offsetof(struct target, member)
#define END                                                                                        \
    {                                                                                              \
        NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL                                      \
    }

static const struct field inner_rows[] = {
    {"name", FIELD_TEXT, true, 0, 1, 5, NULL, NULL, FIELD_UNSTORED, ""},
    END
};
/* clang-format off */
static const struct field rows[] = {
    {"text", FIELD_TEXT, false, 0, 2, 4, NULL, NULL, IN(text), ""},
    {"word", FIELD_WORD, false, 0, 0, 0, size_words, NULL, IN(word), ""},
    {"flag", FIELD_BOOL, false, 0, 0, 0, NULL, NULL, IN(flag), ""},
    {"count", FIELD_COUNT, false, 0, -5, 10, NULL, NULL, IN(count), ""},
    {"number", FIELD_NUMBER, false, 0, -90, 90, NULL, NULL, IN(number), ""},
    {"date", FIELD_DATE, false, 0, 0, 0, NULL, NULL, IN(date), ""},
    {"country", FIELD_COUNTRY, false, 0, 0, 0, NULL, NULL, IN(country), ""},
    {"secretariat", FIELD_SECRETARIAT, false, 0, 0, 0, NULL, NULL, IN(secretariat), ""},
    {"object", FIELD_OBJECT, false, 0, 0, 0, NULL, inner_rows, IN(object), ""},
    {"list", FIELD_TEXT, false, 3, 1, 2, NULL, NULL, IN(list), ""},
    {"objects", FIELD_OBJECT, false, 3, 0, 0, NULL, inner_rows, FIELD_UNSTORED, ""},
    END};
static const struct field one_required[] = {
    {"word", FIELD_WORD, true, 0, 0, 0, size_words, NULL, IN(word), ""}, END};
/* clang-format on */

static bool only_kenya(const void *arg, const char *code)
{
    return arg == rows && !strcmp(code, "KEN");
}

static bool only_cms(const void *arg, const char *code)
{
    return arg == rows && !strcmp(code, "cms");
}

static const struct field_codes codes = {only_kenya, only_cms, rows};
static const struct field_codes no_codes = {0};

static void test_each_kind_takes_its_own_and_refuses_the_rest(void **state)
{
    static const struct {
        const char *doc, *faults;
    } cases[] = {
        {"{}",                                      ""                                                        },
        {"{'text':'ab'}",                           ""                                                        },
        {"{'text':'abcd'}",                         ""                                                        },
        {"{'text':'a'}",                            "#/text wrong_length"                                     },
        {"{'text':'abcde'}",                        "#/text wrong_length"                                     },
        {"{'text':'水水水水'}",                 ""                                                        },
        {"{'text':'水水水水水'}",              "#/text wrong_length"                                     },
        {"{'text':'a\\nb\\t'}",                     ""                                                        },
        {"{'text':'a\\rb'}",                        "#/text control_character"                                },
        {"{'text':'a\\u0085b'}",                    "#/text control_character"                                },
        {"{'text':5}",                              "#/text not_text"                                         },
        {"{'text':[]}",                             "#/text not_text"                                         },
        {"{'text':{}}",                             "#/text not_text"                                         },
        {"{'text':true}",                           "#/text not_text"                                         },
        {"{'text':null}",                           ""                                                        },
        {"{'word':'small'}",                        ""                                                        },
        {"{'word':'Small'}",                        "#/word unknown_word"                                     },
        {"{'word':''}",                             "#/word unknown_word"                                     },
        {"{'word':1}",                              "#/word not_text"                                         },
        {"{'word':['small']}",                      "#/word not_text"                                         },
        {"{'flag':true}",                           ""                                                        },
        {"{'flag':false}",                          ""                                                        },
        {"{'flag':0}",                              "#/flag not_a_boolean"                                    },
        {"{'flag':'true'}",                         "#/flag not_a_boolean"                                    },
        {"{'count':10}",                            ""                                                        },
        {"{'count':-5}",                            ""                                                        },
        {"{'count':11}",                            "#/count out_of_range"                                    },
        {"{'count':-6}",                            "#/count out_of_range"                                    },
        {"{'count':1.0}",                           "#/count not_a_whole_number"                              },
        {"{'count':1e0}",                           "#/count not_a_whole_number"                              },
        {"{'count':'1'}",                           "#/count not_a_whole_number"                              },
        {"{'count':true}",                          "#/count not_a_whole_number"                              },
        {"{'number':90}",                           ""                                                        },
        {"{'number':-89.5}",                        ""                                                        },
        {"{'number':90.0001}",                      "#/number out_of_range"                                   },
        {"{'number':1e300}",                        "#/number out_of_range"                                   },
        {"{'number':'1'}",                          "#/number out_of_range"                                   },
        {"{'date':'2027-03-31'}",                   ""                                                        },
        {"{'date':'2027-03-31T10:00:00Z'}",         ""                                                        },
        {"{'date':'2027-02-30'}",                   "#/date not_a_date"                                       },
        {"{'date':20270331}",                       "#/date not_a_date"                                       },
        {"{'country':'KEN'}",                       ""                                                        },
        {"{'country':'XXX'}",                       "#/country unknown_country"                               },
        {"{'country':'ken'}",                       "#/country unknown_country"                               },
        {"{'country':404}",                         "#/country not_text"                                      },
        {"{'secretariat':'cms'}",                   ""                                                        },
        {"{'secretariat':'CMS'}",                   "#/secretariat unknown_word"                              },
        {"{'secretariat':{}}",                      "#/secretariat not_text"                                  },
        {"{'object':{'name':'x'}}",                 ""                                                        },
        {"{'object':{}}",                           "#/object/name required"                                  },
        {"{'object':{'name':'toolong'}}",           "#/object/name wrong_length"                              },
        {"{'object':{'name':'x','y':1}}",           "#/object/y unknown_member"                               },
        {"{'object':'x'}",                          "#/object not_an_object"                                  },
        {"{'object':[]}",                           "#/object not_an_object"                                  },
        {"{'list':[]}",                             ""                                                        },
        {"{'list':['a','bb','c']}",                 ""                                                        },
        {"{'list':['a','bbb','']}",                 "#/list/1 wrong_length; #/list/2 wrong_length"            },
        {"{'list':['a',null]}",                     "#/list/1 not_text"                                       },
        {"{'list':['a','b','c','d']}",              "#/list too_many_items"                                   },
        {"{'list':'a'}",                            "#/list not_an_array"                                     },
        {"{'list':{'0':'a'}}",                      "#/list not_an_array"                                     },
        {"{'objects':[{'name':'x'},{'name':5},7]}",
         "#/objects/1/name not_text; #/objects/2 not_an_object"                                               },
        {"{'objects':[{},{'a/b':1}]}",              "#/objects/0/name required; #/objects/1/name required; "
                                       "#/objects/1/a~1b unknown_member"},
        {"{'Text':'ab'}",                           "#/Text unknown_member"                                   },
        {"{'':1}",                                  "#/ unknown_member"                                       },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct target out = {0};
        struct faults faults = {.n = 0};
        json_t *doc = parse(cases[i].doc);
        bool good = field_decode(doc, "#", rows, &codes, &out, &faults);

        if (strcmp(faults_text(&faults), cases[i].faults) != 0 || good != !*cases[i].faults)
            fail_msg("%s: %s", cases[i].doc, faults_text(&faults));
        json_decref(doc);
    }
}

static void test_good_members_land_in_their_slots(void **state)
{
    struct target out = {.word = 77};
    struct faults faults = {.n = 0};
    json_t *doc = parse("{'text':'abc','word':'large','flag':true,'count':-3,'number':2.5,"
                        "'date':'2027-03-31','country':'KEN','secretariat':'cms',"
                        "'object':{'name':'x'},'list':['a']}");

    (void)state;
    assert_true(field_decode(doc, "#", rows, &codes, &out, &faults));
    assert_string_equal(out.text, "abc");
    assert_string_equal(size_words[out.word], "large");
    assert_true(out.flag);
    assert_int_equal(out.count, -3);
    assert_true(out.number > 2.49 && out.number < 2.51);
    assert_string_equal(out.date, "2027-03-31");
    assert_string_equal(out.country, "KEN");
    assert_string_equal(out.secretariat, "cms");
    assert_ptr_equal(out.object, json_object_get(doc, "object"));
    assert_ptr_equal(out.list, json_object_get(doc, "list"));
    json_decref(doc);
}

static void test_absent_and_refused_members_leave_their_slots_alone(void **state)
{
    static const char *const docs[] = {
        "{}", "{'text':5,'word':'x','flag':1,'count':99,'list':7,'object':1}",
        "{'text':null,'word':null,'flag':null,'count':null,'list':null,'object':null}"};

    (void)state;
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
        struct target out = {.text = "kept", .word = 77, .flag = true, .count = 42};
        struct faults faults = {.n = 0};
        json_t *doc = parse(docs[i]);

        field_decode(doc, "#", rows, &codes, &out, &faults);
        if (strcmp(out.text, "kept") != 0 || out.word != 77 || !out.flag || out.count != 42 ||
            out.list || out.object)
            fail_msg("%s", docs[i]);
        json_decref(doc);
    }
}

static void test_a_required_member_may_be_neither_absent_nor_null(void **state)
{
    static const struct {
        const char *doc, *faults;
    } cases[] = {
        {"{}",               "#/word required"},
        {"{'word':null}",    "#/word not_text"},
        {"{'word':'large'}", ""               },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct target out = {0};
        struct faults faults = {.n = 0};
        json_t *doc = parse(cases[i].doc);

        field_decode(doc, "#", one_required, &codes, &out, &faults);
        if (strcmp(faults_text(&faults), cases[i].faults) != 0)
            fail_msg("%s: %s", cases[i].doc, faults_text(&faults));
        json_decref(doc);
    }
}

static void test_faults_say_bounds_words_and_the_unknown_name(void **state)
{
    struct target out = {0};
    struct faults faults = {.n = 0};
    json_t *doc = parse("{'text':'a','word':'x','list':['a','b','c','d'],'colour':'red'}");

    (void)state;
    assert_false(field_decode(doc, "#", rows, &codes, &out, &faults));
    assert_int_equal(faults.n, 4);
    assert_int_equal(faults.list[0].min, 2);
    assert_int_equal(faults.list[0].max, 4);
    assert_string_equal(faults.list[1].words, "small, large"); /* not the empty one */
    assert_int_equal(faults.list[2].max, 3);
    assert_string_equal(faults.list[3].words, "colour");
    json_decref(doc);
}

static void test_a_long_unknown_name_is_cut_between_characters(void **state)
{
    struct target out = {0};
    struct faults faults = {.n = 0};
    json_t *doc = json_object();
    char name[400] = "x";

    (void)state;
    for (size_t i = 0; i < 130; i++)
        strcat(name, "水");
    json_object_set_new(doc, name, json_null());
    assert_false(field_decode(doc, "#", rows, &codes, &out, &faults));
    assert_int_equal(strlen(faults.list[0].words), 199); /* 1 + 66 * 3 */
    assert_memory_equal(faults.list[0].words + 196, "水", 3);
    json_decref(doc);
}

static void test_many_words_are_cut_and_not_overrun(void **state)
{
    static char words_text[30][12];
    static const char *words[31];
    const struct field many[] = {
        {"word", FIELD_WORD, false, 0, 0, 0, words, NULL, FIELD_UNSTORED, ""},
        END
    };
    struct faults faults = {.n = 0};
    json_t *doc = parse("{'word':'x'}");

    (void)state;
    for (size_t i = 0; i < 30; i++) {
        snprintf(words_text[i], sizeof words_text[i], "word-%04zu", i);
        words[i] = words_text[i];
    }
    assert_false(field_decode(doc, "#", many, &codes, NULL, &faults));
    assert_int_equal(strlen(faults.list[0].words), FAULT_WORDS_BYTES - 1);
    json_decref(doc);
}

static void test_without_a_configuration_codes_still_need_their_form(void **state)
{
    static const struct {
        const char *doc;
        bool good;
    } cases[] = {
        {"{'country':'KEN','secretariat':'ramsar'}", true },
        {"{'country':'XXX'}",                        true },
        {"{'country':'KENY'}",                       false},
        {"{'country':'KE'}",                         false},
        {"{'country':'K\\nN'}",                      false},
        {"{'country':''}",                           false},
        {"{'secretariat':'abcdefghijk'}",            true },
        {"{'secretariat':'abcdefghijkl'}",           false},
        {"{'secretariat':'a b'}",                    false},
        {"{'secretariat':'a:b'}",                    false},
        {"{'secretariat':''}",                       false},
        {"{'secretariat':'x'}",                      false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct target out = {0};
        struct faults faults = {.n = 0};
        json_t *doc = parse(cases[i].doc);

        if (field_decode(doc, "#", rows, &no_codes, &out, &faults) != cases[i].good)
            fail_msg("%s", cases[i].doc);
        json_decref(doc);
    }
}

static void test_a_full_list_of_faults_never_looks_like_success(void **state)
{
    struct target out = {0};
    struct faults faults = {.n = FAULTS_MAX};
    json_t *doc = parse("{'text':5}");

    (void)state;
    assert_false(field_decode(doc, "#", rows, &codes, &out, &faults));
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_takes_its_own_and_refuses_the_rest),
        cmocka_unit_test(test_good_members_land_in_their_slots),
        cmocka_unit_test(test_absent_and_refused_members_leave_their_slots_alone),
        cmocka_unit_test(test_a_required_member_may_be_neither_absent_nor_null),
        cmocka_unit_test(test_faults_say_bounds_words_and_the_unknown_name),
        cmocka_unit_test(test_a_long_unknown_name_is_cut_between_characters),
        cmocka_unit_test(test_many_words_are_cut_and_not_overrun),
        cmocka_unit_test(test_without_a_configuration_codes_still_need_their_form),
        cmocka_unit_test(test_a_full_list_of_faults_never_looks_like_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
