#include "protocol/record.h"

#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

/* Every member differs from what an empty record has. */
static struct record full_record(void)
{
    struct record r = sample_submitted();

    r.language = LANGUAGE_ZH;
    r.urgency = URGENCY_PLANNED;
    r.disclosure = DISCLOSURE_RESTRICTED;
    r.state = STATE_CLAIMED;
    r.version = 9;
    r.updated_ms += 1;
    r.since_ms += 2;
    r.due_ms = SAMPLE_NOW_MS + 3;
    memcpy(r.lead, "ramsar", 7);
    r.epoch = 4;
    r.claimed_ms = SAMPLE_NOW_MS + 5;
    r.lease_ms = SAMPLE_NOW_MS + 6;
    sample_offer(&r, "ramsar", OFFER_LEAD, OFFER_ACCEPTED);
    sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_DECLINED);
    r.offers[1].reason = REASONS_N - 1;
    r.offers[1].due_ms = 0;
    memcpy(r.informed[0], "whc", 4);
    memcpy(r.informed[1], "abcdefghijk", 12); /* as long as a code may be */
    r.informed_n = 2;
    r.restricted = true;
    r.return_state = STATE_DELIVERING;
    r.outcome = OUTCOME_NO_REPLY;
    r.reopened_n = 7;
    memcpy(r.referred, "climate", 8);
    memcpy(r.merged_into, SAMPLE_ID, ID_BYTES);
    r.merged_from = STATE_UNMATCHED;
    r.undo_ms = SAMPLE_NOW_MS + 8;
    r.offers[0].was = OFFER_ACCEPTED;
    r.offers[1].was = OFFER_DECLINED;
    memcpy(r.join, SAMPLE_ID, ID_BYTES);
    return r;
}

static void test_what_is_written_is_read_back(void **state)
{
    const struct record r = full_record();
    json_t *meta = record_meta(&r);
    char *text = json_dumps(meta, JSON_COMPACT);
    json_t *again = json_loads(text, 0, NULL);
    struct record back = sample_submitted();
    struct err e = {0};

    (void)state;
    back.state = r.state; /* stands beside meta */
    back.version = r.version;
    assert_int_equal(record_read_meta(&back, again, &e), ERR_OK);
    assert_memory_equal(&back, &r, sizeof r);
    json_decref(again);
    free(text);
    json_decref(meta);
}

static void test_a_full_house_of_offers_is_written_and_read(void **state)
{
    struct record r = sample_submitted();
    struct record back = sample_submitted();
    struct err e = {0};
    json_t *meta;

    (void)state;
    for (size_t i = 0; i < RECORD_OFFERS_MAX; i++) {
        char code[8];

        snprintf(code, sizeof code, "s%zu", i);
        sample_offer(&r, code, OFFER_SUPPORT, OFFER_PENDING);
        snprintf(r.informed[i], sizeof r.informed[i], "i%zu", i);
    }
    r.informed_n = RECORD_OFFERS_MAX;
    meta = record_meta(&r);
    assert_int_equal(record_read_meta(&back, meta, &e), ERR_OK);
    assert_memory_equal(&back, &r, sizeof r);
    json_decref(meta);
}

static void test_what_a_clock_knows_is_read_back_and_may_be_missing(void **state)
{
    struct record r = sample_submitted();
    struct record back = sample_submitted();
    struct err e = {0};
    json_t *meta;

    (void)state;
    r.wake_ms = SAMPLE_NOW_MS + 1;
    r.timer = (struct timer){.used_ms = 2, .grace_ms = 3, .done_n = 4};
    r.kept = (struct timer){.used_ms = 5, .grace_ms = 6, .done_n = 7};
    r.is_open = true;
    r.unmatched_n = 8;
    r.plan_due_ms = SAMPLE_NOW_MS + 9;
    r.plan_ms = 10;
    r.level = 2;
    r.is_raised = true;
    sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_ACCEPTED);
    r.offers[0].contributed_ms = SAMPLE_NOW_MS + 11;
    r.offers[0].reminded_n = 1;
    r.offers[0].awaited_ms = SAMPLE_NOW_MS + 12;
    r.offers[0].dissents = true;
    memcpy(r.closest, "whc", 4);
    r.proposal = PROPOSAL_DECLINE;
    r.proposed_reason = 3;
    memcpy(r.officer, "anna", 5);
    r.asked_n = 13;
    r.is_unwilling = true;
    r.dissent = DISSENT_SEEN;
    r.kinds = 1u << KIND_FUNDING | 1u << KIND_ADVICE;
    r.items_n = 2;
    r.items[0].kind = -1;
    r.items[1].kind = KIND_MISSION;
    r.items[1].state = ITEM_TAKEN;
    memcpy(r.items[1].holder, "cms", 4);
    meta = record_meta(&r);
    assert_int_equal(record_read_meta(&back, meta, &e), ERR_OK);
    assert_memory_equal(&back, &r, sizeof r);
    json_object_del(meta, "k"); /* of a time before clocks */
    back = sample_submitted();
    assert_int_equal(record_read_meta(&back, meta, &e), ERR_OK);
    assert_int_equal(back.wake_ms, 0);
    json_decref(meta);
}

static void test_who_is_consulted_reads_what_it_is_asked_about(void **state)
{
    const char *codes[RECORD_READERS_MAX];
    struct record r = sample_submitted();

    (void)state;
    memcpy(r.closest, "whc", 4);
    assert_int_equal(record_view_of(&r, &whc), RECORD_HIDDEN); /* the router has yet to say so */
    r.state = STATE_TRIAGE;
    assert_int_equal(record_view_of(&r, &whc), RECORD_FULL);
    assert_int_equal(record_view_of(&r, &cms), RECORD_HIDDEN);
    assert_int_equal(record_readers(&r, codes), 1);
    assert_string_equal(codes[0], "whc");
    r.disclosure = DISCLOSURE_RESTRICTED;
    assert_int_equal(record_view_of(&r, &whc), RECORD_HEADER);
    r.disclosure = DISCLOSURE_ROUTED;
    r.state = STATE_OFFERED; /* to others */
    assert_int_equal(record_view_of(&r, &whc), RECORD_HIDDEN);
    assert_int_equal(record_readers(&r, codes), 0);
    r.state = STATE_DECLINED;
    assert_int_equal(record_view_of(&r, &whc), RECORD_FULL);
}

/* As the release before wrote them: no items, nobody closest, one reminder of a contribution. */
static void test_what_the_release_before_wrote_is_read(void **state)
{
    static const char *const later[] = {"y", "of", "a", "w", "q", "it"};
    struct record r = sample_submitted();
    struct record back = sample_submitted();
    struct err e = {0};
    json_t *meta, *offer;

    (void)state;
    sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_ACCEPTED);
    r.offers[0].contributed_ms = 0;
    r.offers[0].reminded_n = 1;
    r.kinds = 1;
    r.asked_n = 2;
    meta = record_meta(&r);
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        json_object_del(meta, later[i]);
    offer = json_array_get(json_object_get(meta, "o"), 0);
    assert_int_equal(json_array_size(offer), 9);
    json_array_remove(offer, 8);
    json_array_remove(offer, 7);
    back.items_n = 3; /* nothing of what stood there stays */
    back.asked_n = 4;
    assert_int_equal(record_read_meta(&back, meta, &e), ERR_OK);
    assert_int_equal(back.items_n, 0);
    assert_int_equal(back.asked_n, 0);
    assert_int_equal(back.kinds, 0);
    assert_string_equal(back.closest, "");
    assert_string_equal(back.officer, "");
    assert_int_equal(back.proposal, PROPOSAL_NONE);
    assert_int_equal(back.offers[0].reminded_n, CONTRIBUTION_REMINDERS); /* it was reminded */
    assert_int_equal(back.offers[0].awaited_ms, 0);
    json_decref(meta);
}

/* Puts value at member of a good meta; NULL: takes the member out. */
/* RECORD_REFERRED_BYTES - 1 letters, opened and not closed. */
#define TEN "xxxxxxxxxx"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LONGEST_REFERRED "'" SIXTY SIXTY SIXTY SIXTY

static void test_meta_that_we_never_write_is_refused_and_changes_nothing(void **state)
{
    static const struct {
        const char *member, *value;
    } cases[] = {
        {"l",  NULL                                                                              },
        {"l",  "6"                                                                               },
        {"l",  "-1"                                                                              },
        {"l",  "'en'"                                                                            },
        {"u",  "4"                                                                               },
        {"u",  "-1"                                                                              },
        {"d",  "3"                                                                               },
        {"s",  "'x'"                                                                             },
        {"s",  "1.5"                                                                             },
        {"m",  NULL                                                                              },
        {"h",  "'abcdefghijkl'"                                                                  },
        {"h",  "null"                                                                            },
        {"n",  "true"                                                                            },
        {"x",  NULL                                                                              },
        {"o",  "null"                                                                            },
        {"o",  "[[]]"                                                                            },
        {"o",  "[['cms',2,0,0,-1]]"                                                              },
        {"o",  "[['cms',-1,0,0,-1]]"                                                             },
        {"o",  "[['cms',0,6,0,-1]]"                                                              },
        {"o",  "[['cms',0,0,0]]"                                                                 },
        {"o",  "[['cms',0,0,0,9]]"                                                               },
        {"o",  "[['cms',0,0,0,-2]]"                                                              },
        {"o",  "[['cms',0,0,0,2000000000]]"                                                      },
        {"o",  "[['abcdefghijkl',0,0,0,-1]]"                                                     },
        {"o",  "[[5,0,0,0,-1]]"                                                                  },
        {"o",  "[1,2,3]"                                                                         },
        {"o",  "[['a',0,0,0,-1],['b',0,0,0,-1],['c',0,0,0,-1],['d',0,0,0,-1],['e',0,0,0,-1],"
              "['f',0,0,0,-1],['g',0,0,0,-1],['h',0,0,0,-1],['i',0,0,0,-1],['j',0,0,0,-1],"
              "['k',0,0,0,-1],['l',0,0,0,-1],['m',0,0,0,-1],['n',0,0,0,-1],['o',0,0,0,-1],"
              "['p',0,0,0,-1],['q',0,0,0,-1]]"                                      },
        {"i",  "[7]"                                                                             },
        {"i",  "['abcdefghijkl']"                                                                },
        {"i",  "['1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16','17']"   },
        {"r",  "1"                                                                               },
        {"t",  "15"                                                                              },
        {"t",  "-1"                                                                              },
        {"z",  "5"                                                                               },
        {"f",  LONGEST_REFERRED "x'"                                                             },
        {"j",  "'LN-2026-KEN-0001'"                                                              },
        {"j",  "7"                                                                               },
        {"g",  "[]"                                                                              },
        {"g",  "{}"                                                                              },
        {"g",  "['req_0',1,5,[1,2]]"                                                             },
        {"g",  "['" SAMPLE_ID "',14,5,[1,2]]"                                                    },
        {"g",  "['" SAMPLE_ID "',-1,5,[1,2]]"                                                    },
        {"g",  "['" SAMPLE_ID "',1,'x',[1,2]]"                                                   },
        {"g",  "['" SAMPLE_ID "',1,5,[1]]"                                                       },
        {"g",  "['" SAMPLE_ID "',1,5,[1,6]]"                                                     },
        {"g",  "['" SAMPLE_ID "',1,5,[1,-1]]"                                                    },
        {"y",  "['whc',3,0]"                                                                     },
        {"y",  "['whc',1,9]"                                                                     },
        {"y",  "['whc',1,-2]"                                                                    },
        {"y",  "[1,1,0]"                                                                         },
        {"a",  "-1"                                                                              },
        {"q",  "3"                                                                               },
        {"of", "'Anna'"                                                                          },
        {"it", "[512,[]]"                                                                        },
        {"it", "[-1,[]]"                                                                         },
        {"it", "[0,7]"                                                                           },
        {"it", "[0,[[9,0,'']]]"                                                                  },
        {"it", "[0,[[-2,0,'']]]"                                                                 },
        {"it", "[0,[[0,5,'']]]"                                                                  },
        {"it", "[0,[[0,0,'abcdefghijkl']]]"                                                      },
        {"it", "[0,[[0,0]]]"                                                                     },
        {"it",
         "[0,[[0,0,''],[0,0,''],[0,0,''],[0,0,''],[0,0,''],[0,0,''],[0,0,''],[0,0,''],[0,0,'']]]"},
        {"g",  "['" SAMPLE_ID "',1,5]"                                                           },
    };
    const struct record good = full_record();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *meta = record_meta(&good);
        struct record r;
        struct err e = {0};

        memcpy(&r, &good, sizeof r);
        if (cases[i].value)
            json_object_set_new(meta, cases[i].member, parse(cases[i].value));
        else
            json_object_del(meta, cases[i].member);
        if (record_read_meta(&r, meta, &e) != ERR_INTERNAL || !strstr(e.detail, SAMPLE_ID))
            fail_msg("%s: %s was read", cases[i].member, cases[i].value);
        if (memcmp(&r, &good, sizeof r) != 0)
            fail_msg("%s: %s changed the record", cases[i].member, cases[i].value);
        json_decref(meta);
    }
}

static void test_few_records_pay_for_what_few_have(void **state)
{
    struct record r = sample_submitted();
    json_t *meta = record_meta(&r);

    (void)state;
    assert_null(json_object_get(meta, "g"));
    assert_null(json_object_get(meta, "j"));
    json_decref(meta);
}

static void test_a_reference_is_told_from_anything_else(void **state)
{
    static const struct {
        const char *text;
        const char *country; /* NULL: it is none */
    } cases[] = {
        {"LN-2026-KEN-0001",                   "KEN"},
        {"LN-2026-UGA-123456",                 "UGA"},
        {"LN-2026-KEN-001",                    NULL },
        {"LN-2026-KEN-",                       NULL },
        {"LN-2026-ken-0001",                   NULL },
        {"LN-2026-KE-0001",                    NULL },
        {"LN-26-KEN-000001",                   NULL },
        {"LN-2026-KEN-0001x",                  NULL },
        {"LN-2026-KEN-0001 ",                  NULL },
        {" LN-2026-KEN-0001",                  NULL },
        {"XN-2026-KEN-0001",                   NULL },
        {"LN-2026-KEN-1234567890123456789012", NULL },
        {"",                                   NULL },
        {SAMPLE_ID,                            NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char country[4] = "";

        if (record_is_reference(cases[i].text, country) != (cases[i].country != NULL) ||
            (cases[i].country && strcmp(country, cases[i].country) != 0))
            fail_msg("%s: \"%s\"", cases[i].text, country);
    }
}

static void test_the_first_of_two_is_the_one_received_first(void **state)
{
    struct record a = sample_submitted();
    struct record b = sample_submitted();

    (void)state;
    b.id[35] = 'f';
    assert_true(record_is_first(&a, &b)); /* at the same moment the smaller id */
    assert_false(record_is_first(&b, &a));
    a.submitted_ms++;
    assert_false(record_is_first(&a, &b));
    assert_true(record_is_first(&b, &a));
}

static void test_an_offer_is_found_by_its_secretariat(void **state)
{
    struct record r = full_record();

    (void)state;
    assert_ptr_equal(record_offer(&r, "cms"), &r.offers[1]);
    assert_ptr_equal(record_offer_find(&r, "ramsar"), &r.offers[0]);
    assert_null(record_offer(&r, "whc"));
    assert_null(record_offer_find(&r, ""));
}

static void test_everyone_sees_as_much_as_the_disclosure_lets_them(void **state)
{
    /* ramsar leads, cms supports, whc is informed, iwc has nothing to do with it. */
    static const struct {
        enum disclosure disclosure;
        bool restricted;
        enum record_view own, lead, supporter, informed, other, coordinator;
    } cases[] = {
        {DISCLOSURE_OPEN,       false, RECORD_FULL, RECORD_FULL, RECORD_FULL,   RECORD_FULL,   RECORD_FULL,
         RECORD_FULL                                                                                                     },
        {DISCLOSURE_ROUTED,     false, RECORD_FULL, RECORD_FULL, RECORD_FULL,   RECORD_TITLE,
         RECORD_HIDDEN,                                                                                     RECORD_FULL  },
        {DISCLOSURE_RESTRICTED, false, RECORD_FULL, RECORD_FULL, RECORD_HEADER, RECORD_HEADER,
         RECORD_HIDDEN,                                                                                     RECORD_HEADER},
        {DISCLOSURE_OPEN,       true,  RECORD_FULL, RECORD_FULL, RECORD_HEADER, RECORD_HEADER,
         RECORD_HIDDEN,                                                                                     RECORD_FULL  },
        {DISCLOSURE_ROUTED,     true,  RECORD_FULL, RECORD_FULL, RECORD_HEADER, RECORD_HEADER,
         RECORD_HIDDEN,                                                                                     RECORD_FULL  },
        {DISCLOSURE_RESTRICTED, true,  RECORD_FULL, RECORD_FULL, RECORD_HEADER, RECORD_HEADER,
         RECORD_HIDDEN,                                                                                     RECORD_HEADER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record r = sample_submitted();

        r.state = STATE_OFFERED;
        r.disclosure = cases[i].disclosure;
        r.restricted = cases[i].restricted;
        memcpy(r.lead, "ramsar", 7);
        sample_offer(&r, "ramsar", OFFER_LEAD, OFFER_PENDING);
        sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_PENDING);
        memcpy(r.informed[0], "whc", 4);
        r.informed_n = 1;
        if (record_view_of(&r, &kenya) != cases[i].own ||
            record_view_of(&r, &ramsar) != cases[i].lead ||
            record_view_of(&r, &cms) != cases[i].supporter ||
            record_view_of(&r, &whc) != cases[i].informed ||
            record_view_of(&r, &iwc) != cases[i].other ||
            record_view_of(&r, &desk) != cases[i].coordinator)
            fail_msg("row %zu", i);
        assert_int_equal(record_view_of(&r, &uganda), RECORD_HIDDEN);
        assert_int_equal(record_view_of(&r, &operator_), RECORD_HIDDEN);
        assert_int_equal(record_view_of(&r, &router), RECORD_FULL);
    }
}

static void test_before_it_is_routed_no_secretariat_sees_it(void **state)
{
    struct record r = sample_submitted();

    (void)state;
    for (unsigned d = DISCLOSURE_OPEN; d <= DISCLOSURE_RESTRICTED; d++) {
        r.disclosure = d;
        assert_int_equal(record_view_of(&r, &ramsar), RECORD_HIDDEN);
    }
}

static void test_readers_are_those_with_an_offer_and_the_informed_once_each(void **state)
{
    const char *codes[RECORD_READERS_MAX];
    struct record r = full_record();

    (void)state;
    memcpy(r.informed[1], "cms", 4); /* has an offer already */
    assert_int_equal(record_readers(&r, codes), 3);
    assert_string_equal(codes[0], "ramsar");
    assert_string_equal(codes[1], "cms");
    assert_string_equal(codes[2], "whc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_a_full_house_of_offers_is_written_and_read),
        cmocka_unit_test(test_what_a_clock_knows_is_read_back_and_may_be_missing),
        cmocka_unit_test(test_meta_that_we_never_write_is_refused_and_changes_nothing),
        cmocka_unit_test(test_few_records_pay_for_what_few_have),
        cmocka_unit_test(test_a_reference_is_told_from_anything_else),
        cmocka_unit_test(test_the_first_of_two_is_the_one_received_first),
        cmocka_unit_test(test_an_offer_is_found_by_its_secretariat),
        cmocka_unit_test(test_everyone_sees_as_much_as_the_disclosure_lets_them),
        cmocka_unit_test(test_who_is_consulted_reads_what_it_is_asked_about),
        cmocka_unit_test(test_what_the_release_before_wrote_is_read),
        cmocka_unit_test(test_before_it_is_routed_no_secretariat_sees_it),
        cmocka_unit_test(test_readers_are_those_with_an_offer_and_the_informed_once_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
