#include "protocol/lesson.h"

#include "base/clock.h"
#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

/* Proposed to ramsar, with cms invited to support. */
static struct record offered(void)
{
    struct record r = sample_submitted();

    r.state = STATE_OFFERED;
    r.version = 2;
    r.due_ms = SAMPLE_NOW_MS + CLOCK_DAY_MS;
    memcpy(r.lead, "ramsar", 7);
    sample_offer(&r, "ramsar", OFFER_LEAD, OFFER_PENDING);
    sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_PENDING);
    return r;
}

/* The window of the proposed lead has passed: any routed one may lead. */
static struct record overdue(void)
{
    struct record r = offered();

    r.due_ms = SAMPLE_NOW_MS - 1;
    return r;
}

static struct record triaged(void)
{
    struct record r = sample_submitted();

    r.state = STATE_TRIAGE;
    r.version = 2;
    return r;
}

static struct record claimed(void)
{
    struct record r = offered();

    r.state = STATE_CLAIMED;
    r.claimed_ms = SAMPLE_NOW_MS;
    r.epoch = 1;
    r.offers[0].state = OFFER_ACCEPTED;
    return r;
}

/* What an act says, as its body would. */
static struct transition_input input_of(const json_t *doc)
{
    return (struct transition_input){
        .text = json_string_value(json_object_get(doc, "text")),
        .reason = word_index(reason_words, json_string_value(json_object_get(doc, "reason"))),
        .as = word_index(offer_role_words, json_string_value(json_object_get(doc, "role"))),
        .epoch = -1,
        .lead = json_string_value(json_object_get(doc, "lead")),
        .support = json_object_get(doc, "support"),
        .better = json_string_value(json_object_get(doc, "better")),
        .body = json_string_value(json_object_get(doc, "body")),
    };
}

/* What one act on a record teaches, NULL: nothing. The act must be one that the life cycle allows.
 */
static json_t *taught(struct record before, const struct principal *who, enum action a,
                      const char *said, const json_t *grounds, int64_t now_ms)
{
    json_t *doc = parse(said);
    struct transition_input in = input_of(doc);
    struct record after = before;
    const struct lifecycle_row *row;
    struct err e = {0};
    json_t *lesson;

    if (transition_apply(&after, a, who, &in, now_ms, &row, &e) != ERR_OK)
        fail_msg("%s is not allowed: %s", action_words[a], e.detail);
    lesson = lesson_json(&before, &after, a, who, &in, grounds, now_ms);
    json_decref(doc);
    return lesson;
}

static void test_what_each_act_teaches(void **state)
{
    static const struct {
        struct record (*before)(void);
        const struct principal *who;
        enum action action;
        const char *said, *lesson;
    } acts[] = {
        {offered, &ramsar, ACTION_CLAIM,    "{}",
         "{'action':'claim','by':'ramsar','role':'lead','proposed':'ramsar'}"                                                  },
        {offered, &cms,    ACTION_CLAIM,    "{'role':'support'}",
         "{'action':'claim','by':'cms','role':'support','proposed':'ramsar'}"                                                  },
        {overdue, &cms,    ACTION_CLAIM,    "{}",
         "{'action':'claim','by':'cms','role':'lead','proposed':'ramsar'}"                                                     },
        {offered, &ramsar, ACTION_DECLINE,  "{'reason':'out_of_mandate'}",
         "{'action':'decline','by':'ramsar','role':'lead','proposed':'ramsar','reason':"
         "'out_of_mandate'}"                                                                                                   },
        {offered, &ramsar, ACTION_DECLINE,  "{'reason':'better_elsewhere','better':'cbd'}",
         "{'action':'decline','by':'ramsar','role':'lead','proposed':'ramsar','reason':"
         "'better_elsewhere','better':'cbd'}"                                                                                  },
        {offered, &cms,    ACTION_DECLINE,  "{'reason':'out_of_mandate'}",
         "{'action':'decline','by':'cms','role':'support','proposed':'ramsar','reason':"
         "'out_of_mandate'}"                                                                                                   },
        {claimed, &ramsar, ACTION_RELEASE,  "{'reason':'out_of_mandate'}",
         "{'action':'release','by':'ramsar','role':'lead','proposed':'ramsar','reason':"
         "'out_of_mandate'}"                                                                                                   },
        {triaged, &desk,   ACTION_ROUTE,    "{'lead':'cites','support':['cms','cbd']}",
         "{'action':'route','lead':'cites','support':['cms','cbd']}"                                                           },
        {triaged, &desk,   ACTION_ROUTE,    "{'lead':'cites'}",                             "{'action':'route','lead':'cites'}"},
        {triaged, &desk,   ACTION_DECLINE,  "{'reason':'out_of_mandate'}",
         "{'action':'decline','reason':'out_of_mandate'}"                                                                      },
        {triaged, &desk,   ACTION_REFER,    "{'body':'WOAH'}",                              "{'action':'refer'}"               },
        {offered, &ramsar, ACTION_DECLINE,  "{'reason':'no_funds'}",                        NULL                               },
        {triaged, &desk,   ACTION_DECLINE,  "{'reason':'other'}",                           NULL                               },
        {claimed, &ramsar, ACTION_RELEASE,  "{}",                                           NULL                               },
        {claimed, &ramsar, ACTION_ANSWER,   "{'text':'So'}",                                NULL                               },
        {triaged, &desk,   ACTION_ASK,      "{'text':'Which?'}",                            NULL                               },
        {offered, &kenya,  ACTION_WITHDRAW, "{}",                                           NULL                               },
    };

    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        json_auto_t *grounds = parse("{'ruleset':'0'}");
        json_auto_t *want = acts[i].lesson ? parse(acts[i].lesson) : NULL;
        json_auto_t *lesson = taught(acts[i].before(), acts[i].who, acts[i].action, acts[i].said,
                                     grounds, SAMPLE_NOW_MS);

        if (want) {
            json_object_set_new(want, "request", json_string(SAMPLE_ID));
            json_object_set_new(want, "at", json_string("2026-03-02T10:00:00.000Z"));
            json_object_set(want, "grounds", grounds);
        }
        if (want ? !json_equal(want, lesson) : lesson != NULL)
            fail_msg("act %zu, %s %s", i, action_words[acts[i].action], acts[i].said);
    }
}

static bool holds(const json_t *lesson, const char *words)
{
    char *text = json_dumps(lesson, 0);
    bool found = strstr(text, words) != NULL;

    free(text);
    return found;
}

static void test_no_word_of_a_person_is_in_a_lesson(void **state)
{
    json_auto_t *grounds = parse("{'ruleset':'0'}");
    json_auto_t *declined =
        taught(offered(), &ramsar, ACTION_DECLINE,
               "{'reason':'better_elsewhere','better':'cbd','text':'ask Amina'}", grounds, 0);
    json_auto_t *routed = taught(triaged(), &desk, ACTION_ROUTE,
                                 "{'lead':'cites','text':'Amina agreed'}", grounds, 0);
    json_auto_t *referred = taught(triaged(), &desk, ACTION_REFER,
                                   "{'body':'Amina and sons','text':'Amina agreed'}", grounds, 0);

    (void)state;
    assert_false(holds(declined, "Amina"));
    assert_false(holds(routed, "Amina"));
    assert_false(holds(referred, "Amina"));
}

static void test_what_was_decided_without_grounds_teaches_nothing(void **state)
{
    (void)state;
    assert_null(taught(offered(), &ramsar, ACTION_CLAIM, "{}", NULL, SAMPLE_NOW_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_each_act_teaches),
        cmocka_unit_test(test_no_word_of_a_person_is_in_a_lesson),
        cmocka_unit_test(test_what_was_decided_without_grounds_teaches_nothing),
    };

    return cmocka_run_group_tests_name("lesson", tests, NULL, NULL);
}
