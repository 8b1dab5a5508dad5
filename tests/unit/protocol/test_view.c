#include "protocol/view.h"

#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

static const struct transition_input silent = {.reason = -1, .as = -1, .epoch = -1};

static struct record claimed_record(void)
{
    struct record r = sample_submitted();

    r.state = STATE_CLAIMED;
    r.version = 3;
    r.due_ms = r.lease_ms = SAMPLE_NOW_MS + 1000;
    memcpy(r.lead, "ramsar", 7);
    r.epoch = 2;
    r.claimed_ms = SAMPLE_NOW_MS;
    sample_offer(&r, "ramsar", OFFER_LEAD, OFFER_ACCEPTED);
    sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_PENDING);
    sample_offer(&r, "cbd", OFFER_SUPPORT, OFFER_DECLINED);
    r.offers[2].reason = 0;
    memcpy(r.informed[0], "whc", 4);
    r.informed_n = 1;
    return r;
}

static json_t *sample_body(void)
{
    return parse("{'country':'KEN','language':'en','title':'Wetland restoration','description':"
                 "'Long words','themes':['water'],'contact_name':'Amina','urgency':'emergency'}");
}

static json_t *sample_inner(void)
{
    return parse("{'routing':{'outcome':'offered','lead':'ramsar','candidates':[{'secretariat':"
                 "'ramsar'}],'referral':{'code':'ozone','evidence':'quoted words'},'triage':"
                 "{'factor':'outside','evidence':'quoted "
                 "words'}},'duplicates':[{'id':'req_x'}],'question':{'text':'Which?'},"
                 "'answer':{'text':'So'},'contributions':[{'text':'And'}]}");
}

static json_t *view(const struct record *r, const struct principal *who, bool summary)
{
    json_t *body = sample_body();
    json_t *inner = sample_inner();
    json_t *out = view_resource(r, body, inner, who, SAMPLE_NOW_MS, summary);

    json_decref(inner);
    json_decref(body);
    return out;
}

static const char *text_at(const json_t *doc, const char *member)
{
    const char *text = json_string_value(json_object_get(doc, member));

    return text ? text : "(none)";
}

static void test_a_full_view_has_the_words_and_what_was_said(void **state)
{
    struct record r = claimed_record();
    json_t *out = view(&r, &kenya, false);
    json_t *claim = json_object_get(out, "claim");
    json_t *offer;

    (void)state;
    assert_string_equal(text_at(out, "id"), SAMPLE_ID);
    assert_string_equal(text_at(out, "reference"), "LN-2026-KEN-0001");
    assert_string_equal(text_at(out, "state"), "claimed");
    assert_int_equal(json_integer_value(json_object_get(out, "version")), 3);
    assert_true(json_is_false(json_object_get(out, "withheld")));
    assert_string_equal(text_at(out, "title"), "Wetland restoration");
    assert_string_equal(text_at(out, "description"), "Long words");
    assert_string_equal(text_at(out, "contact_name"), "Amina");
    assert_string_equal(text_at(out, "urgency"), "routine"); /* the record's, not the body's */
    assert_string_equal(text_at(out, "ball"), "secretariat");
    assert_string_equal(text_at(out, "holder"), "ramsar");
    assert_string_equal(text_at(out, "submitted_at"), "2026-03-02T10:00:00.000Z");
    assert_string_equal(text_at(out, "due_at"), "2026-03-02T10:00:01.000Z");
    assert_true(json_is_null(json_object_get(out, "outcome")));
    assert_string_equal(text_at(claim, "holder"), "ramsar");
    assert_int_equal(json_integer_value(json_object_get(claim, "epoch")), 2);
    assert_string_equal(text_at(claim, "lease_expires_at"), "2026-03-02T10:00:01.000Z");
    assert_int_equal(json_array_size(json_object_get(out, "offers")), 3);
    offer = json_array_get(json_object_get(out, "offers"), 1);
    assert_string_equal(text_at(offer, "role"), "support");
    assert_string_equal(text_at(offer, "state"), "pending");
    assert_string_equal(text_at(offer, "expires_at"), "2026-03-02T10:00:01.000Z");
    offer = json_array_get(json_object_get(out, "offers"), 2);
    assert_string_equal(text_at(offer, "reason"), "out_of_mandate");
    assert_true(json_is_null(json_object_get(offer, "expires_at")));
    assert_non_null(json_object_get(json_object_get(out, "routing"), "candidates"));
    assert_string_equal(text_at(json_object_get(out, "question"), "text"), "Which?");
    assert_string_equal(text_at(json_object_get(out, "answer"), "text"), "So");
    json_decref(out);
}

static void test_narrower_views_hold_back_the_words(void **state)
{
    static const char *const words[] = {"description", "contact_name", "question", "answer",
                                        "contributions"};
    static const struct {
        const char *what;
        const struct principal *who;
        enum disclosure disclosure;
        bool has_title;
    } cases[] = {
        {"informed",                 &whc,  DISCLOSURE_ROUTED,     true },
        {"informed of a restricted", &whc,  DISCLOSURE_RESTRICTED, false},
        {"supporter of restricted",  &cms,  DISCLOSURE_RESTRICTED, false},
        {"desk and restricted",      &desk, DISCLOSURE_RESTRICTED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int summary = 0; summary < 2; summary++) {
            struct record r = claimed_record();
            json_t *out;
            char *text;

            r.disclosure = cases[i].disclosure;
            out = view(&r, cases[i].who, summary);
            text = json_dumps(out, 0);
            for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
                if (json_object_get(out, words[k]))
                    fail_msg("%s: %s", cases[i].what, words[k]);
            if (!json_is_true(json_object_get(out, "withheld")) || strstr(text, "candidates") ||
                strstr(text, "quoted") || strstr(text, "req_x") || strstr(text, "Amina") ||
                (json_object_get(out, "title") != NULL) != cases[i].has_title ||
                (json_object_get(out, "themes") != NULL) != cases[i].has_title)
                fail_msg("%s: %s", cases[i].what, text);
            free(text);
            json_decref(out);
        }
}

static void test_a_narrow_view_does_not_change_the_kept_decision(void **state)
{
    struct record r = claimed_record();
    json_t *inner = sample_inner();
    json_t *out = view_resource(&r, NULL, inner, &whc, SAMPLE_NOW_MS, false);

    (void)state;
    assert_non_null(json_object_get(json_object_get(inner, "routing"), "candidates"));
    assert_null(json_object_get(out, "title")); /* and no body is no fault */
    json_decref(out);
    json_decref(inner);
}

static void test_a_summary_has_the_title_and_leaves_the_rest_out(void **state)
{
    struct record r = claimed_record();
    json_t *out = view(&r, &kenya, true);

    (void)state;
    assert_string_equal(text_at(out, "title"), "Wetland restoration");
    assert_null(json_object_get(out, "description"));
    assert_null(json_object_get(out, "routing"));
    assert_null(json_object_get(out, "answer"));
    assert_non_null(json_object_get(out, "allowed_actions"));
    json_decref(out);
}

static void test_allowed_actions_are_the_reader_s_own(void **state)
{
    static const struct {
        const struct principal *who;
        const char *actions;
    } cases[] = {
        {&kenya,  "withdraw escalate "                    },
        {&ramsar, "release ask plan note answer escalate "},
        {&cms,    "claim decline escalate "               },
        {&cbd,    ""                                      },
        {&desk,   "merge link escalate "                  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record r = claimed_record();
        json_t *out = view(&r, cases[i].who, true);
        char actions[200] = "";
        size_t k;
        json_t *one;

        json_array_foreach (json_object_get(out, "allowed_actions"), k, one) {
            strcat(actions, json_string_value(one));
            strcat(actions, " ");
        }
        if (strcmp(actions, cases[i].actions) != 0)
            fail_msg("row %zu: %s", i, actions);
        json_decref(out);
    }
}

static void test_a_merged_request_has_no_claim_and_a_time_to_undo(void **state)
{
    struct record r = claimed_record();
    json_t *out;

    (void)state;
    r.state = STATE_MERGED;
    memcpy(r.merged_into, SAMPLE_ID, sizeof r.merged_into);
    r.undo_ms = SAMPLE_NOW_MS + 1000;
    out = view(&r, &kenya, false);
    assert_true(json_is_null(json_object_get(out, "claim")));
    assert_string_equal(text_at(out, "undo_until"), "2026-03-02T10:00:01.000Z");
    json_decref(out);
}

static void test_what_was_merged_into_it_is_shown_as_far_as_it_is_itself(void **state)
{
    struct record r = claimed_record();
    json_t *body = parse("{'title':'T','themes':['a'],'contact_name':'Amina','join':'LN-1'}");
    json_t *inner = parse("{'merged':[{'themes':['b'],'items':[{'text':'x'}],"
                          "'contacts':[{'name':'Brian'}]}],'own':{}}");
    json_t *full = view_resource(&r, body, inner, &kenya, SAMPLE_NOW_MS, false);
    json_t *brief = view_resource(&r, body, inner, &kenya, SAMPLE_NOW_MS, true);
    json_t *informed = view_resource(&r, body, inner, &whc, SAMPLE_NOW_MS, false);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(full, "themes")), 2);
    assert_int_equal(json_array_size(json_object_get(full, "items")), 1);
    assert_int_equal(json_array_size(json_object_get(full, "contacts")), 2);
    assert_null(json_object_get(full, "join")); /* who it names is not for every reader */
    assert_null(json_object_get(full, "own"));
    assert_null(json_object_get(full, "merged")); /* others.h says how much of it */
    assert_int_equal(json_array_size(json_object_get(brief, "themes")), 2);
    assert_null(json_object_get(brief, "contacts"));
    assert_int_equal(json_array_size(json_object_get(informed, "themes")), 2);
    assert_null(json_object_get(informed, "items"));
    assert_null(json_object_get(informed, "contacts"));
    assert_int_equal(json_array_size(json_object_get(body, "themes")), 1); /* stays as it came */
    json_decref(full);
    json_decref(brief);
    json_decref(informed);
    json_decref(body);
    json_decref(inner);
}

static void test_texts_in_arabic_run_from_right_to_left(void **state)
{
    struct record r = claimed_record();
    json_t *out = view(&r, &kenya, true);

    (void)state;
    assert_string_equal(text_at(out, "dir"), "ltr");
    json_decref(out);
    r.language = LANGUAGE_AR;
    out = view(&r, &kenya, true);
    assert_string_equal(text_at(out, "dir"), "rtl");
    json_decref(out);
}

static void test_no_claim_and_no_clock_are_null(void **state)
{
    struct record r = sample_submitted();
    json_t *out = view(&r, &kenya, false);

    (void)state;
    assert_true(json_is_null(json_object_get(out, "claim")));
    assert_true(json_is_null(json_object_get(out, "due_at")));
    assert_true(json_is_null(json_object_get(out, "holder")));
    assert_string_equal(text_at(out, "ball"), "system");
    json_decref(out);
}

static void test_a_history_line_says_who_did_what_when_and_why(void **state)
{
    struct record before = claimed_record();
    struct record after = before;
    struct transition_input in = silent;
    json_t *line;

    (void)state;
    after.state = STATE_OFFERED;
    after.version = 4;
    in.reason = 2;
    in.text = "no one is free";
    line = view_history(&before, &after, ACTION_RELEASE, &ramsar, &in, SAMPLE_NOW_MS);
    assert_string_equal(text_at(line, "at"), "2026-03-02T10:00:00.000Z");
    assert_string_equal(text_at(line, "action"), "release");
    assert_string_equal(text_at(line, "actor"), "secretariat:ramsar");
    assert_string_equal(text_at(line, "from"), "claimed");
    assert_string_equal(text_at(line, "to"), "offered");
    assert_string_equal(text_at(line, "reason"), "no_capacity");
    assert_string_equal(text_at(line, "text"), "no one is free");
    assert_int_equal(json_integer_value(json_object_get(line, "version")), 4);
    assert_null(json_object_get(line, "outcome"));
    view_history_narrow(line, RECORD_FULL, &kenya);
    assert_non_null(json_object_get(line, "text"));
    view_history_narrow(line, RECORD_TITLE, &kenya);
    assert_null(json_object_get(line, "text"));
    assert_string_equal(text_at(line, "reason"), "no_capacity");
    json_decref(line);
}

static void test_the_first_history_line_comes_from_nowhere(void **state)
{
    struct record r = sample_submitted();
    json_t *line = view_history(NULL, &r, ACTION_SUBMIT, &kenya, NULL, SAMPLE_NOW_MS);

    (void)state;
    assert_true(json_is_null(json_object_get(line, "from")));
    assert_string_equal(text_at(line, "to"), "submitted");
    assert_string_equal(text_at(line, "actor"), "country:KEN");
    json_decref(line);
}

static void test_what_was_said_is_remembered_under_its_name(void **state)
{
    static const struct {
        enum action action;
        const char *name; /* NULL: not kept */
    } cases[] = {
        {ACTION_ASK,      "question" },
        {ACTION_REPLY,    "reply"    },
        {ACTION_PLAN,     "plan"     },
        {ACTION_AMEND,    "amendment"},
        {ACTION_ANSWER,   "answer"   },
        {ACTION_NOTE,     NULL       },
        {ACTION_WITHDRAW, NULL       },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct transition_input in = silent;
        struct record r = claimed_record();
        json_t *inner = json_object();

        view_remember(inner, &r, cases[i].action, &ramsar, &in, SAMPLE_NOW_MS); /* said nothing */
        assert_int_equal(json_object_size(inner), 0);
        in.text = "first";
        view_remember(inner, &r, cases[i].action, &ramsar, &in, SAMPLE_NOW_MS);
        in.text = "second";
        view_remember(inner, &r, cases[i].action, &ramsar, &in, SAMPLE_NOW_MS);
        if (json_object_size(inner) != (cases[i].name != NULL))
            fail_msg("%s", action_words[cases[i].action]);
        if (cases[i].name)
            assert_string_equal(text_at(json_object_get(inner, cases[i].name), "text"), "second");
        json_decref(inner);
    }
}

/* "ramsar given, cms to_follow" */
static const char *contributors(const json_t *inner)
{
    static char text[200];
    json_t *one;
    size_t i;

    text[0] = '\0';
    json_array_foreach (json_object_get(json_object_get(inner, "answer"), "contributors"), i, one) {
        strcat(text, i ? ", " : "");
        strcat(text, text_at(one, "secretariat"));
        strcat(text, " ");
        strcat(text, text_at(one, "state"));
    }
    return text;
}

static void test_an_answer_names_all_and_what_is_to_follow(void **state)
{
    struct transition_input in = silent;
    struct record r = claimed_record();
    json_t *inner = json_object();
    json_t *late;

    (void)state;
    in.text = "words";
    record_offer(&r, "cms")->state = OFFER_ACCEPTED;
    sample_offer(&r, "iwc", OFFER_SUPPORT, OFFER_ACCEPTED);
    record_offer(&r, "iwc")->contributed_ms = SAMPLE_NOW_MS;
    view_remember(inner, &r, ACTION_CONTRIBUTE, &iwc, &in, SAMPLE_NOW_MS);
    assert_null(
        json_object_get(json_array_get(json_object_get(inner, "contributions"), 0), "late"));
    r.state = STATE_ANSWERED;
    view_remember(inner, &r, ACTION_ANSWER, &ramsar, &in, SAMPLE_NOW_MS);
    assert_string_equal(contributors(inner), "ramsar given, cms to_follow, iwc given");
    view_remember(inner, &r, ACTION_CONTRIBUTE, &cms, &in, SAMPLE_NOW_MS);
    assert_string_equal(contributors(inner), "ramsar given, cms given, iwc given");
    late = json_array_get(json_object_get(inner, "contributions"), 1);
    assert_true(json_is_true(json_object_get(late, "late")));
    json_decref(inner);
}

static void test_each_supporter_has_one_contribution_its_last(void **state)
{
    struct transition_input in = silent;
    struct record r = claimed_record();
    json_t *inner = json_object();
    json_t *list;

    (void)state;
    in.text = "cms 1";
    view_remember(inner, &r, ACTION_CONTRIBUTE, &cms, &in, SAMPLE_NOW_MS);
    in.text = "cbd 1";
    view_remember(inner, &r, ACTION_CONTRIBUTE, &cbd, &in, SAMPLE_NOW_MS);
    in.text = "cms 2";
    view_remember(inner, &r, ACTION_CONTRIBUTE, &cms, &in, SAMPLE_NOW_MS);
    list = json_object_get(inner, "contributions");
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(text_at(json_array_get(list, 0), "text"), "cms 2");
    assert_string_equal(text_at(json_array_get(list, 1), "by"), "secretariat:cbd");
    json_decref(inner);
}

static void test_officers_are_named_to_those_who_work_together(void **state)
{
    static const struct {
        const struct principal *who;
        bool is_told;
    } cases[] = {
        {&kenya,  false},
        {&ramsar, true },
        {&desk,   true },
    };
    struct record r = sample_submitted();

    (void)state;
    r.state = STATE_CLAIMED;
    r.claimed_ms = SAMPLE_NOW_MS;
    memcpy(r.lead, "ramsar", 7);
    memcpy(r.officer, "anna", 5);
    sample_offer(&r, "ramsar", OFFER_LEAD, OFFER_ACCEPTED);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *doc = view_resource(&r, NULL, NULL, cases[i].who, SAMPLE_NOW_MS, true);
        json_t *line = json_pack("{s:s}", "officer", "anna");

        view_history_narrow(line, RECORD_FULL, cases[i].who);
        if ((json_object_get(json_object_get(doc, "claim"), "officer") != NULL) !=
                cases[i].is_told ||
            (json_object_get(line, "officer") != NULL) != cases[i].is_told)
            fail_msg("row %zu", i);
        json_decref(doc);
        json_decref(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_officers_are_named_to_those_who_work_together),
        cmocka_unit_test(test_a_full_view_has_the_words_and_what_was_said),
        cmocka_unit_test(test_narrower_views_hold_back_the_words),
        cmocka_unit_test(test_a_narrow_view_does_not_change_the_kept_decision),
        cmocka_unit_test(test_a_summary_has_the_title_and_leaves_the_rest_out),
        cmocka_unit_test(test_allowed_actions_are_the_reader_s_own),
        cmocka_unit_test(test_a_merged_request_has_no_claim_and_a_time_to_undo),
        cmocka_unit_test(test_what_was_merged_into_it_is_shown_as_far_as_it_is_itself),
        cmocka_unit_test(test_texts_in_arabic_run_from_right_to_left),
        cmocka_unit_test(test_no_claim_and_no_clock_are_null),
        cmocka_unit_test(test_a_history_line_says_who_did_what_when_and_why),
        cmocka_unit_test(test_the_first_history_line_comes_from_nowhere),
        cmocka_unit_test(test_what_was_said_is_remembered_under_its_name),
        cmocka_unit_test(test_an_answer_names_all_and_what_is_to_follow),
        cmocka_unit_test(test_each_supporter_has_one_contribution_its_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
