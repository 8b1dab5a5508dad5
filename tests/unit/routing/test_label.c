#include "routing/label.h"

#include "tests/unit/protocol/parse.h"

static struct mandate mandate;

static int load_mandate(void **state)
{
    struct err e = {0};

    (void)state;
    return mandate_load(LIAISON_SOURCE_DIR "/config", &mandate, &e) == ERR_OK ? 0 : -1;
}

static unsigned bit(const char *code)
{
    int s = mandate_secretariat(&mandate, code);

    if (s < 0)
        fail_msg("no secretariat %s", code);
    return 1U << s;
}

static unsigned bits(const char *codes)
{
    char *copy = strdup(codes), *rest = copy;
    unsigned set = 0;

    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
        if (*word)
            set |= bit(word);
    free(copy);
    return set;
}

/* The acts on one request, one after the other. */
static struct label learned(const char *lessons)
{
    json_auto_t *list = parse(lessons);
    struct label l = {0};
    const json_t *lesson;
    size_t i;

    json_array_foreach (list, i, lesson)
        label_add_lesson(&mandate, lesson, &l);
    return l;
}

#define CLAIM(who, role) "{'action':'claim','by':'" who "','role':'" role "'}"
#define DECLINE(who, role, reason)                                                                 \
    "{'action':'decline','by':'" who "','role':'" role "','reason':'" reason "'}"
#define BETTER(who, other)                                                                         \
    "{'action':'decline','by':'" who                                                               \
    "','role':'lead','reason':'better_elsewhere','better':'" other "'}"

/* Everybody but these. */
#define ALL_BUT "all but"

static void test_what_acts_say(void **state)
{
    static const struct {
        const char *lessons;
        const char *lead; /* "": not known, "-": nobody */
        const char *not_lead, *support, *no_support;
    } acts[] = {
        {"[]",                                 "",                                                                                                 "",                      "",""},
        {"[" CLAIM("cms",                      "lead") "]",                                                                                        "cms",                   "","", ""},
        {"[" CLAIM("cbd",                                    "support") "]",                                                                                                                        "",                                                                                              "","cbd",""},
        {"[" DECLINE("cms",                                  "lead",                                                                                                                                    "out_of_mandate") "]",                                                                                                                                           "","cms",                                                                       "", "cms"},
        {"[" DECLINE("cms",                               "lead",                                                                                                                               "better_elsewhere") "]",                                                                                                                                                 "",                                              "cms","", ""},
        {"[" BETTER("cms",             "cites") "]","cites","cms","",""},
        {"[" BETTER("cms",                     "gone") "]",                                                                                               "",                                                                                                                                 "cms", "",                                                                                                                                                                                                                                                                                                                                                                                                                                                                           ""},
        {"[" DECLINE("cbd",                                    "support",                                                                                                                       "out_of_mandate") "]",                                                                                                               "","","", "cbd"},
        {"[{'action':'route','lead':'iwc','support':['cms','cbd']}]",                                  "iwc",                                                                                                                                    "",                                                                                                                                           "cms cbd",
         ALL_BUT " iwc cms cbd"},
        {"[{'action':'route','lead':'iwc'}]",                                  "iwc",                                                                                                                                  "",                                                                                                                                                    "",                                                                                                                                      ALL_BUT " iwc"                                                                                                                                                                                                                                                                                                                                                                                                                                                                             },
        {"[{'action':'refer'}]",                                  "-","",                                                                                                                                            "",ALL_BUT                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                },
        {"[{'action':'decline','reason':'out_of_mandate'}]",                                  "-", "","",ALL_BUT},
 /* What comes later stands. */
        {"[" CLAIM("cms",                                  "lead") "," CLAIM("whc",                                                                                                                                           "lead") "]",                "whc","","", ""},
        {"[" CLAIM(
             "cms",                                  "lead") ",{'action':'release','by':'cms','role':'lead','reason':'out_of_mandate'}]",
         "",                                                                                                                                                                                                                                                                                            "cms",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                           "",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "cms"},
        {"[" DECLINE("cms",                         "lead","out_of_mandate") "," CLAIM("cites","lead") "]","cites",
         "cms", "", "cms"},
        {"[" DECLINE("cms",                   "lead", "better_elsewhere") "," CLAIM("cms",                                                                                                                                                                "lead") "]","cms","", "",
         ""},
        {"[" BETTER("cms",                                    "cites") ",{'action':'route','lead':'cms','support':['ramsar']}]",                                                                                                                      "cms",
         "","ramsar",ALL_BUT " cms ramsar"},
        {"[{'action':'route','lead':'iwc','support':['cms']}," CLAIM("cms",                                "lead") "]",                                                                                                                                "cms",                                                                                                                                                  "",
         "",ALL_BUT " iwc cms"},
        {"[" DECLINE("cbd", "support",                                                                                        "out_of_mandate") "," CLAIM("cbd","support") "]",                                                                          "",                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                "",
         "cbd", ""},
        {"[" CLAIM("gone",                                    "lead") "," CLAIM("ippc",                                                                                                                       "lead") "]",                                          "ippc","","", ""},
        {"[{'action':'route','lead':'gone','support':[]}]",               "",                                                                                                                 "",                                                                        "",""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        struct label l = learned(acts[i].lessons);
        bool all_but = strncmp(acts[i].no_support, ALL_BUT, strlen(ALL_BUT)) == 0;
        unsigned no_support =
            all_but ? ((1U << SECRETARIATS_MAX) - 1) & ~bits(acts[i].no_support + strlen(ALL_BUT))
                    : bits(acts[i].no_support);
        int lead = *acts[i].lead == '-' ? -1 : mandate_secretariat(&mandate, acts[i].lead);

        if (l.lead_known != (*acts[i].lead != '\0') || (l.lead_known && l.lead != lead) ||
            l.not_lead != bits(acts[i].not_lead) || l.support != bits(acts[i].support) ||
            l.no_support != no_support ||
            label_is_empty(&l) != (i == 0 || i + 1 == sizeof acts / sizeof acts[0]))
            fail_msg("act %zu: %s", i, acts[i].lessons);
    }
}

static struct label gold(const char *text)
{
    json_auto_t *json = parse(text);
    struct label l;
    struct err e = {0};

    if (label_read_gold(&mandate, json, &l, &e) != ERR_OK)
        fail_msg("%s: %s", text, e.detail);
    return l;
}

static void test_a_lead_is_right_acceptable_or_wrong(void **state)
{
    struct label l = gold("{'lead':'cms','support':['cbd'],'acceptable_leads':['cms','ramsar']}");
    struct label nobody = gold("{'lead':null,'support':[],'acceptable_leads':[]}");
    struct label partly = learned("[" DECLINE("cms", "lead", "better_elsewhere") "]");

    (void)state;
    assert_int_equal(label_judge_lead(&l, mandate_secretariat(&mandate, "cms")), VERDICT_RIGHT);
    assert_int_equal(label_judge_lead(&l, mandate_secretariat(&mandate, "ramsar")),
                     VERDICT_ACCEPTABLE);
    assert_int_equal(label_judge_lead(&l, mandate_secretariat(&mandate, "cbd")), VERDICT_WRONG);
    assert_int_equal(label_judge_lead(&l, -1), VERDICT_WRONG);
    assert_int_equal(label_judge_lead(&nobody, -1), VERDICT_RIGHT);
    assert_int_equal(label_judge_lead(&nobody, 0), VERDICT_WRONG);
    assert_int_equal(label_judge_lead(&partly, mandate_secretariat(&mandate, "cms")),
                     VERDICT_WRONG);
    assert_int_equal(label_judge_lead(&partly, mandate_secretariat(&mandate, "cbd")),
                     VERDICT_UNKNOWN);
    assert_int_equal(label_judge_lead(&partly, -1), VERDICT_UNKNOWN);
}

static void test_two_that_may_lead_change_places(void **state)
{
    struct label l =
        gold("{'lead':'cms','support':['cbd','ramsar'],'acceptable_leads':['ramsar']}");
    struct label beside = label_beside(&l, mandate_secretariat(&mandate, "ramsar"));

    (void)state;
    assert_int_equal(beside.support, bits("cbd cms"));
    assert_int_equal(beside.no_support & bits("cms"), 0);
    beside = label_beside(&l, mandate_secretariat(&mandate, "whc"));
    assert_int_equal(beside.support, bits("cbd ramsar"));
}

static void test_gold_of_another_form_is_refused(void **state)
{
    static const char *const faults[] = {
        "{}",
        "{'lead':'nobody','support':[]}",
        "{'lead':7,'support':[]}",
        "{'lead':'cms'}",
        "{'lead':'cms','support':'cbd'}",
        "{'lead':'cms','support':['cbd','nobody']}",
        "{'lead':'cms','support':[],'acceptable_leads':[7]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        json_auto_t *json = parse(faults[i]);
        struct label l;
        struct err e = {0};

        if (label_read_gold(&mandate, json, &l, &e) != ERR_VALIDATION)
            fail_msg("%s", faults[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_acts_say),
        cmocka_unit_test(test_a_lead_is_right_acceptable_or_wrong),
        cmocka_unit_test(test_two_that_may_lead_change_places),
        cmocka_unit_test(test_gold_of_another_form_is_refused),
    };

    return cmocka_run_group_tests_name("label", tests, load_mandate, NULL);
}
