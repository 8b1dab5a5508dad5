#include "config/term.h"

#include "tests/unit/config/folder.h"

#define HEADER "concept,evidence,ar,en,es,fr,ru,zh\n"
#define CELLS "a,b,c,d,e,f\n"

static struct mandate mandate;

static int mandate_read(void **state)
{
    struct err e = {0};

    (void)state;
    if (mandate_load(LIAISON_SOURCE_DIR "/config", &mandate, &e) == ERR_OK)
        return 0;
    print_error("%s\n", e.detail);
    return -1;
}

static void test_a_concept_has_evidence_and_terms(void **state)
{
    struct folder f;
    struct terms t = {0};
    struct err e = {0};
    const struct concept *c;

    (void)state;
    folder_make(&f);
    folder_write(&f, "terms/x.csv",
                 HEADER "tidal_marsh,WETLAND_CHARACTER:4; fact.wetland:-6 ,سبخة,"
                        "tidal marsh; salt marsh,marisma,marais salé,соляной марш,盐沼;潮沼\n");
    if (terms_load(f.path, &mandate, &t, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_int_equal(t.concepts_n, 1);
    c = t.concepts;
    assert_string_equal(c->name, "tidal_marsh");
    assert_int_equal(c->evidence_n, 2);
    assert_int_equal(c->evidence[0].kind, TARGET_TOPIC);
    assert_int_equal(c->evidence[0].target, mandate_topic(&mandate, "WETLAND_CHARACTER"));
    assert_int_equal(c->evidence[0].weight, 4);
    assert_int_equal(c->evidence[1].kind, TARGET_FACT);
    assert_int_equal(c->evidence[1].target, mandate_fact(&mandate, "wetland"));
    assert_int_equal(c->evidence[1].weight, -6);
    assert_string_equal(c->terms[language_find("en")][0], "tidal marsh");
    assert_string_equal(c->terms[language_find("en")][1], "salt marsh");
    assert_null(c->terms[language_find("en")][2]);
    assert_string_equal(c->terms[language_find("zh")][1], "潮沼");
    assert_string_equal(c->terms[language_find("ar")][0], "سبخة");
    terms_clear(&t);
    folder_remove(&f);
}

static void test_every_kind_of_target_is_understood(void **state)
{
    static const struct {
        const char *target;
        enum target_kind kind;
        const char *code;
        int (*find)(const struct mandate *m, const char *code);
    } cases[] = {
        {"PLANT_PEST",                       TARGET_TOPIC,   "PLANT_PEST",               mandate_topic      },
        {"fact.site_whc",                    TARGET_FACT,    "site_whc",                 mandate_fact       },
        {"named.bbnj",                       TARGET_NAMED,   "bbnj",                     mandate_secretariat},
        {"outside.plant_variety_protection", TARGET_OUTSIDE, "plant_variety_protection",
         mandate_referral                                                                                   },
        {"ask.VERB",                         TARGET_ASK,     NULL,                       NULL               },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct terms t = {0};
        struct err e = {0};
        char text[256];
        int target;

        snprintf(text, sizeof text, HEADER "x,%s:9," CELLS, cases[i].target);
        folder_write(&f, "terms/x.csv", text);
        if (terms_load(f.path, &mandate, &t, &e) != ERR_OK)
            fail_msg("%s", e.detail);
        target = cases[i].find ? cases[i].find(&mandate, cases[i].code) : 9;
        assert_int_equal(t.concepts[0].evidence[0].kind, cases[i].kind);
        assert_int_equal(t.concepts[0].evidence[0].target, target);
        terms_clear(&t);
    }
    folder_remove(&f);
}

static void test_files_are_read_in_order_of_name_and_only_csv(void **state)
{
    struct folder f;
    struct terms t = {0};
    struct err e = {0};
    char names[8] = "";

    (void)state;
    folder_make(&f);
    folder_write(&f, "terms/b.csv", HEADER "c,," CELLS "b,," CELLS);
    folder_write(&f, "terms/a.csv", HEADER "d,," CELLS);
    folder_write(&f, "terms/Z.csv", HEADER "a,," CELLS);
    folder_write(&f, "terms/a.csv~", "rubbish");
    folder_write(&f, "terms/.hidden.csv", "rubbish");
    folder_write(&f, "terms/notes.txt", "rubbish");
    if (terms_load(f.path, &mandate, &t, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    for (size_t i = 0; i < t.concepts_n; i++) {
        assert_int_equal(t.concepts[i].evidence_n, 0);
        strncat(names, t.concepts[i].name, 1);
    }
    assert_string_equal(names, "adcb");
    terms_clear(&t);
    folder_remove(&f);
}

static void test_faults_name_file_and_line_and_change_nothing(void **state)
{
    static const char weight[] = "in -9..-1 or 1..9";
    static const struct {
        const char *row, *fault;
    } cases[] = {
        {"x,PLANT_PEST," CELLS,                                                        "evidence \"PLANT_PEST\" is not target:weight"},
        {"x,PLANT_PEST:10," CELLS,                                                     "weight \"10\" of PLANT_PEST is not "         },
        {"x,PLANT_PEST:-10," CELLS,                                                    "weight \"-10\" of PLANT_PEST is not "        },
        {"x,PLANT_PEST:0," CELLS,                                                      "weight \"0\" of PLANT_PEST is not "          },
        {"x,PLANT_PEST:," CELLS,                                                       "weight \"\" of PLANT_PEST is not "           },
        {"x,PLANT_PEST:3x," CELLS,                                                     "weight \"3x\" of PLANT_PEST is not "         },
        {"x,PLANT_PEST:3.5," CELLS,                                                    "weight \"3.5\" of PLANT_PEST is not "        },
        {"x,PLANT_PETS:3," CELLS,                                                      "unknown target \"PLANT_PETS\""               },
        {"x,fact.wet:3," CELLS,                                                        "unknown target \"fact.wet\""                 },
        {"x,named.fao:3," CELLS,                                                       "unknown target \"named.fao\""                },
        {"x,outside.moon:3," CELLS,                                                    "unknown target \"outside.moon\""             },
        {"x,ask.MONEY:3," CELLS,                                                       "unknown target \"ask.MONEY\""                },
        {"x,other.PLANT_PEST:3," CELLS,                                                "unknown target \"other.PLANT_PEST\""         },
        {"x,:3," CELLS,                                                                "unknown target \"\""                         },
        {"x,PLANT_PEST:3;;ask.VERB:1," CELLS,                                          "evidence \"\" is not target:weight"          },
        {"x,PLANT_PEST:3;PLANT_PEST:2," CELLS,                                         "\"PLANT_PEST:2\": this target twice"         },
        {"x,ask.ADVICE:1;ask.TRAINING:1;ask.MISSION:1;ask.LEGAL:1;ask.DATA_TOOLS:1;"
         "ask.MATCHMAKING:1;ask.FUNDING:1;ask.EQUIPMENT:1;ask.VERB:1," CELLS,
         "more than 8 evidences"                                                                                                     },
        {"x,,a,b,c,,e,f\n",                                                            "fr is empty"                                 },
        {"x,,a,b,c, ,e,f\n",                                                           "fr: empty term"                              },
        {"x,,a,b;;bb,c,d,e,f\n",                                                       "en: empty term"                              },
        {"x,,a,b,c,d,e,;\n",                                                           "zh: empty term"                              },
        {",," CELLS,                                                                   "concept is empty"                            },
        {"Big Word,," CELLS,                                                           "concept \"Big Word\" is not lower_snake_case"},
        {"first,," CELLS,                                                              "concept \"first\" is also in a.csv:2"        },
        {"second,," CELLS,                                                             "concept \"second\" is also in b.csv:2"       },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_write(&f, "terms/a.csv", HEADER "first,," CELLS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct terms t = {.concepts_n = 77};
        struct err e = {0};
        char text[512];
        char expected[160];

        snprintf(text, sizeof text, HEADER "second,," CELLS "%s", cases[i].row);
        snprintf(expected, sizeof expected, "terms/b.csv:3: %s%s", cases[i].fault,
                 strstr(cases[i].fault, "weight \"") ? weight : "");
        folder_write(&f, "terms/b.csv", text);
        assert_int_equal(terms_load(f.path, &mandate, &t, &e), ERR_CONFIG);
        folder_assert_fault(&f, &e, expected);
        assert_int_equal(t.concepts_n, 77);
    }
    folder_remove(&f);
}

static void test_a_cell_holds_64_terms_and_no_more(void **state)
{
    struct folder f;
    struct buf text = {0};
    struct terms t = {0};
    struct err e = {0};

    (void)state;
    folder_make(&f);
    buf_add_text(&text, HEADER "x,,a,b,c,d,e,t");
    for (int i = 1; i < 64; i++)
        buf_printf(&text, ";t%d", i);
    folder_write(&f, "terms/x.csv", buf_text(&text));
    assert_int_equal(terms_load(f.path, &mandate, &t, &e), ERR_OK);
    assert_string_equal(t.concepts[0].terms[language_find("zh")][63], "t63");
    terms_clear(&t);
    buf_add_text(&text, ";t64");
    folder_write(&f, "terms/x.csv", buf_text(&text));
    assert_int_equal(terms_load(f.path, &mandate, &t, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "terms/x.csv:2: zh: more than 64 terms");
    buf_clear(&text);
    folder_remove(&f);
}

static void test_a_folder_without_terms_is_a_fault(void **state)
{
    struct folder f;
    struct terms t = {0};
    struct err e = {0};

    (void)state;
    folder_make(&f);
    assert_int_equal(terms_load(f.path, &mandate, &t, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "/terms: No such file"));
    folder_write(&f, "terms/README", "");
    assert_int_equal(terms_load(f.path, &mandate, &t, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "terms: no .csv file");
    folder_remove(&f);
}

/* Every topic and every referral can be reached from words, and all six languages are filled. */
static void test_the_real_terms_speak_for_every_topic(void **state)
{
    unsigned long long topics = 0;
    unsigned long long outside = 0;
    struct terms t = {0};
    struct err e = {0};

    (void)state;
    if (terms_load(LIAISON_SOURCE_DIR "/config", &mandate, &t, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    for (size_t i = 0; i < t.concepts_n; i++)
        for (size_t j = 0; j < t.concepts[i].evidence_n; j++) {
            const struct evidence *v = &t.concepts[i].evidence[j];

            topics |= (unsigned long long)(v->kind == TARGET_TOPIC && v->weight > 0) << v->target;
            outside |= (unsigned long long)(v->kind == TARGET_OUTSIDE) << v->target;
        }
    for (size_t i = 0; i < mandate.topics_n; i++)
        if (!(topics >> i & 1))
            fail_msg("no word for %s", mandate.topics[i].code);
    for (size_t i = 0; i < mandate.referrals_n; i++)
        if (!(outside >> i & 1))
            fail_msg("no word for outside.%s", mandate.referrals[i].code);
    terms_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_concept_has_evidence_and_terms),
        cmocka_unit_test(test_every_kind_of_target_is_understood),
        cmocka_unit_test(test_files_are_read_in_order_of_name_and_only_csv),
        cmocka_unit_test(test_faults_name_file_and_line_and_change_nothing),
        cmocka_unit_test(test_a_cell_holds_64_terms_and_no_more),
        cmocka_unit_test(test_a_folder_without_terms_is_a_fault),
        cmocka_unit_test(test_the_real_terms_speak_for_every_topic),
    };

    return cmocka_run_group_tests(tests, mandate_read, NULL);
}
