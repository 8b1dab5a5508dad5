#include "config/mandate.h"

#include "tests/unit/config/folder.h"

static struct mandate real;

static int real_load(void **state)
{
    struct err e = {0};

    (void)state;
    if (mandate_load(LIAISON_SOURCE_DIR "/config", &real, &e) == ERR_OK)
        return 0;
    print_error("%s\n", e.detail);
    return -1;
}

static int base_points(const char *topic, const char *secretariat)
{
    int t = mandate_topic(&real, topic);
    int s = mandate_secretariat(&real, secretariat);

    assert_true(t >= 0 && s >= 0);
    return real.topics[t].base[s];
}

static void test_eight_secretariats_are_enabled_and_bbnj_is_not(void **state)
{
    (void)state;
    assert_int_equal(real.secretariats_n, 9);
    for (size_t i = 0; i < real.secretariats_n; i++) {
        const struct secretariat *s = &real.secretariats[i];

        if (s->enabled == !strcmp(s->code, "bbnj"))
            fail_msg("%s", s->code);
    }
}

static void test_last_tie_break_follows_the_fixed_order(void **state)
{
    static const char *const order[] = {"ramsar",  "whc", "cms", "cites", "ippc",
                                        "itpgrfa", "iwc", "cbd", "bbnj"};

    (void)state;
    for (size_t i = 1; i < sizeof order / sizeof order[0]; i++) {
        int before = mandate_secretariat(&real, order[i - 1]);
        int after = mandate_secretariat(&real, order[i]);

        assert_true(real.secretariats[before].order < real.secretariats[after].order);
    }
}

static void test_incomplete_party_lists_are_marked(void **state)
{
    (void)state;
    for (size_t i = 0; i < real.secretariats_n; i++) {
        const struct secretariat *s = &real.secretariats[i];

        if (s->list_complete == (!strcmp(s->code, "itpgrfa") || !strcmp(s->code, "bbnj")))
            fail_msg("%s", s->code);
    }
}

static unsigned long long topic_bit(const char *code)
{
    int t = mandate_topic(&real, code);

    assert_true(t >= 0);
    return 1ULL << t;
}

static void test_sets_of_topics_are_those_of_the_rules(void **state)
{
    const struct secretariat *s = real.secretariats;
    const struct secretariat *whc = &s[mandate_secretariat(&real, "whc")];
    const struct secretariat *iwc = &s[mandate_secretariat(&real, "iwc")];
    const struct secretariat *cites = &s[mandate_secretariat(&real, "cites")];

    (void)state;
    assert_true(whc->needs_site && whc->emergency && iwc->emergency && !cites->emergency);
    assert_false(iwc->needs_site);
    assert_int_equal(cites->emergency_topics, topic_bit("WILDLIFE_CRIME"));
    assert_int_equal(iwc->admits_topics, topic_bit("STRANDING") | topic_bit("ENTANGLEMENT"));
    assert_int_equal(whc->own_topics, topic_bit("HERITAGE_OUV") | topic_bit("HERITAGE_NOMINATION"));
    assert_int_equal(whc->admits_topics | iwc->own_topics | iwc->emergency_topics, 0);
    assert_string_equal(whc->zone, "Europe/Paris");
}

static void test_base_points_are_those_of_the_domain_table(void **state)
{
    (void)state;
    assert_int_equal(real.topics_n, 33);
    assert_int_equal(base_points("HERITAGE_OUV", "whc"), 60);
    assert_int_equal(base_points("WATERBIRD_FLYWAY", "ramsar"), 30);
    assert_int_equal(base_points("TIMBER_TRADE", "cbd"), 30);
    assert_int_equal(base_points("ABNJ_MARINE", "bbnj"), 60);
    assert_int_equal(base_points("COASTAL_SPILL", "iwc"), 15);
    for (size_t i = 0; i < real.secretariats_n; i++)
        assert_int_equal(base_points("LEGISLATION_ONE", real.secretariats[i].code), 0);
}

/* COASTAL_SPILL is shared by two with 30; LEGISLATION_ONE goes to whoever is named. */
static void test_every_other_topic_has_exactly_one_usual_lead(void **state)
{
    (void)state;
    for (size_t t = 0; t < real.topics_n; t++) {
        const char *code = real.topics[t].code;
        bool has_none = !strcmp(code, "COASTAL_SPILL") || !strcmp(code, "LEGISLATION_ONE");
        int leads_n = 0;

        for (size_t s = 0; s < real.secretariats_n; s++)
            leads_n += real.topics[t].base[s] == 60;
        if (leads_n != !has_none)
            fail_msg("%s has %d", code, leads_n);
    }
}

static void test_only_wildlife_crime_is_restricted(void **state)
{
    (void)state;
    for (size_t t = 0; t < real.topics_n; t++)
        if (real.topics[t].restricted == (strcmp(real.topics[t].code, "WILDLIFE_CRIME") != 0))
            fail_msg("%s", real.topics[t].code);
}

static void test_facts_give_the_points_of_rule_2(void **state)
{
    static const struct {
        const char *fact, *secretariat;
        int points;
        const char *unless;
    } rows[] = {
        {"site_whc",         "whc",     35, NULL         },
        {"site_tentative",   "whc",     15, NULL         },
        {"site_ramsar",      "ramsar",  35, NULL         },
        {"wetland",          "ramsar",  10, "site_ramsar"},
        {"trade",            "cites",   25, NULL         },
        {"cms_listed",       "cms",     15, NULL         },
        {"large_whale",      "iwc",     25, NULL         },
        {"small_cetacean",   "iwc",     10, NULL         },
        {"small_cetacean",   "cms",     15, NULL         },
        {"plant_pest",       "ippc",    30, NULL         },
        {"pgrfa",            "itpgrfa", 30, NULL         },
        {"genetic_resource", "cbd",     20, NULL         },
        {"abnj",             "bbnj",    40, NULL         },
    };

    (void)state;
    assert_int_equal(real.rules_n, sizeof rows / sizeof rows[0]);
    assert_int_equal(real.facts_n, 12);
    for (size_t i = 0; i < real.rules_n; i++) {
        const struct fact_rule *r = &real.rules[i];

        assert_string_equal(real.facts[r->fact].code, rows[i].fact);
        assert_string_equal(real.secretariats[r->secretariat].code, rows[i].secretariat);
        assert_int_equal(r->points, rows[i].points);
        assert_int_equal(r->unless, rows[i].unless ? mandate_fact(&real, rows[i].unless) : -1);
    }
}

static void test_unknown_codes_are_not_found(void **state)
{
    (void)state;
    assert_int_equal(mandate_secretariat(&real, "WHC"), -1);
    assert_int_equal(mandate_topic(&real, "plant_pest"), -1);
    assert_int_equal(mandate_fact(&real, ""), -1);
    assert_int_equal(mandate_referral(&real, "moon"), -1);
    assert_true(mandate_referral(&real, "plant_variety_protection") >= 0);
    assert_int_equal(language_find("zh"), 5);
    assert_int_equal(language_find("de"), -1);
}

#define SECRETARIATS                                                                               \
    "code,treaty,enabled,list,needs_site,emergency,emergency_topics,admits_topics,own_topics,"     \
    "order,zone\n"                                                                                 \
    "one,one,yes,complete,no,no,A;B,,A,1,Europe/Rome\n"
#define TOPICS "topic,restricted,one,two\nA,no,60,0\nB,yes,0,15\n"
#define TWO "two,two,no,partial,no,no,,B,,2,Europe/Rome\n"
#define FACTS "fact,secretariat,points,unless\nwet,one,10,\n"

static void minimal_write(struct folder *f)
{
    folder_write(f, "secretariats.csv", SECRETARIATS TWO);
    folder_write(f, "topics.csv", TOPICS);
    folder_write(f, "facts.csv", FACTS "dry,two,5,wet\n");
    folder_write(f, "referrals.csv", "code,body\nmoon,NASA\n");
}

static void test_a_minimal_folder_loads(void **state)
{
    struct mandate m = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    minimal_write(&f);
    if (mandate_load(f.path, &m, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_int_equal(m.secretariats_n, 2);
    assert_int_equal(m.secretariats[0].emergency_topics, 3);
    assert_int_equal(m.secretariats[1].admits_topics, 2);
    assert_int_equal(m.topics[1].base[1], 15);
    assert_int_equal(m.rules[1].unless, 0);
    assert_string_equal(m.referrals[0].body, "NASA");
    folder_remove(&f);
}

static void test_faults_name_file_and_line_and_change_nothing(void **state)
{
    static const struct {
        const char *file, *text, *fault;
    } cases[] = {
        {"secretariats.csv", SECRETARIATS "one,two,no,partial,no,no,,,,2,Z\n",
         "secretariats.csv:3: \"one\" twice"                                                                                                         },
        {"secretariats.csv", SECRETARIATS "two,two,no,partial,no,no,,,,1,Z\n",
         "secretariats.csv:3: order 1 is one's"                                                                                                      },
        {"secretariats.csv", SECRETARIATS "two,two,perhaps,partial,no,no,,,,2,Z\n",
         "secretariats.csv:3: unknown enabled \"perhaps\""                                                                                           },
        {"secretariats.csv", SECRETARIATS "two,two,no,most,no,no,,,,2,Z\n",
         "secretariats.csv:3: unknown list \"most\""                                                                                                 },
        {"secretariats.csv", SECRETARIATS "two,two,no,partial,no,no,,A;C,,2,Z\n",
         "secretariats.csv:3: admits_topics: unknown topic \"C\""                                                                                    },
        {"secretariats.csv", SECRETARIATS "two,two,no,partial,no,no,A;;B,,,2,Z\n",
         "secretariats.csv:3: emergency_topics: unknown topic \"\""                                                                                  },
        {"secretariats.csv", SECRETARIATS "two-with-a-long-code,two,no,partial,no,no,,,,2,Z\n",
         "secretariats.csv:3: code \"two-with-a-long-code\" is longer than 11 bytes"                                                                 },
        {"topics.csv",       "topic,restricted,one\nA,no,60\n",                                 "topics.csv:2: no column two"                        },
        {"topics.csv",       "topic,restricted,one,two\nA,no,101,0\n",
         "topics.csv:2: one \"101\" is not a number in 0..100"                                                                                       },
        {"topics.csv",       TOPICS "A,no,1,1\n",                                               "topics.csv:4: \"A\" twice"                          },
        {"facts.csv",        FACTS "dry,three,5,\n",                                            "facts.csv:3: unknown secretariat \"three\""         },
        {"facts.csv",        FACTS "wet,one,5,\n",                                              "facts.csv:3: \"wet\" gives to one twice"            },
        {"facts.csv",        FACTS "dry,one,0,\n",                                              "facts.csv:3: points \"0\" is not a number in 1..100"},
        {"facts.csv",        FACTS "dry,one,5,dry\n",
         "facts.csv:3: unless: no row above has the fact \"dry\""                                                                                    },
        {"referrals.csv",    "code,body\nmoon,NASA\nmoon,ESA\n",                                "referrals.csv:3: \"moon\" twice"                    },
        {"referrals.csv",    "code,body\nmoon,\n",                                              "referrals.csv:2: body is empty"                     },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mandate m = {.topics_n = 77};
        struct err e = {0};

        minimal_write(&f);
        folder_write(&f, cases[i].file, cases[i].text);
        assert_int_equal(mandate_load(f.path, &m, &e), ERR_CONFIG);
        folder_assert_fault(&f, &e, cases[i].fault);
        assert_int_equal(m.topics_n, 77);
    }
    folder_remove(&f);
}

static void test_a_seventeenth_secretariat_is_refused(void **state)
{
    struct buf text = {0};
    struct mandate m = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    minimal_write(&f);
    buf_add_text(&text, SECRETARIATS);
    for (int i = 2; i <= SECRETARIATS_MAX + 1; i++)
        buf_printf(&text, "s%d,t,no,partial,no,no,,,,%d,Z\n", i, i);
    folder_write(&f, "secretariats.csv", buf_text(&text));
    assert_int_equal(mandate_load(f.path, &m, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "secretariats.csv:18: more than 16 rows");
    buf_clear(&text);
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eight_secretariats_are_enabled_and_bbnj_is_not),
        cmocka_unit_test(test_last_tie_break_follows_the_fixed_order),
        cmocka_unit_test(test_incomplete_party_lists_are_marked),
        cmocka_unit_test(test_sets_of_topics_are_those_of_the_rules),
        cmocka_unit_test(test_base_points_are_those_of_the_domain_table),
        cmocka_unit_test(test_every_other_topic_has_exactly_one_usual_lead),
        cmocka_unit_test(test_only_wildlife_crime_is_restricted),
        cmocka_unit_test(test_facts_give_the_points_of_rule_2),
        cmocka_unit_test(test_unknown_codes_are_not_found),
        cmocka_unit_test(test_a_minimal_folder_loads),
        cmocka_unit_test(test_faults_name_file_and_line_and_change_nothing),
        cmocka_unit_test(test_a_seventeenth_secretariat_is_refused),
    };

    return cmocka_run_group_tests(tests, real_load, NULL);
}
