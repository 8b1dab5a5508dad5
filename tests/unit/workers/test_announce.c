#include "workers/announce.h"

#include "tests/unit/protocol/sample.h"

static struct notices rows;

static int load(void **state)
{
    struct err e = {0};

    (void)state;
    return notices_load(LIAISON_SOURCE_DIR "/config", &rows, &e) != ERR_OK;
}

static struct contact contact(const char *who, const char *email)
{
    struct contact c = {.language = LANGUAGE_FR};

    snprintf(c.who, sizeof c.who, "%s", who);
    snprintf(c.email, sizeof c.email, "%s", email);
    return c;
}

static struct happening happening(const char *action, const char *actor, const char *to)
{
    struct happening h = {.version = 3};

    snprintf(h.action, sizeof h.action, "%s", action);
    snprintf(h.actor, sizeof h.actor, "%s", actor);
    snprintf(h.to, sizeof h.to, "%s", to);
    snprintf(h.country, sizeof h.country, "KEN");
    return h;
}

static struct absences absent;

static struct contact contact_of(const char *who, const char *email, const char *officer)
{
    struct contact c = contact(who, email);

    snprintf(c.officer, sizeof c.officer, "%s", officer);
    return c;
}

/* "email=words " for each who is told, in order. */
static const char *told_of(const struct happening *h, const struct record *r, const char *body)
{
    static char text[1024];
    struct contact list[] = {
        contact("secretariat:ramsar", "desk@ramsar.example"),
        contact("secretariat:ramsar", "DESK@ramsar.example"),
        contact("secretariat:cms", "desk@cms.example"),
        contact("secretariat:whc", "desk@whc.example"),
        contact("coordinator", "lead@desk.example"),
        contact("country:KEN", "focal@ken.example"),
        contact("country:UGA", "focal@uga.example"),
        contact("secretariat:cbd", "not an address"),
        contact("secretariat:iwc", "desk@iwc.example"),
        contact_of("secretariat:iwc", "anna@iwc.example", "anna"),
        contact_of("secretariat:iwc", "bob@iwc.example", "bob"),
        contact_of("secretariat:iwc", "head@iwc.example", "head"),
    };
    const struct contacts contacts = {list, sizeof list / sizeof list[0]};
    struct stored stored = {.record = *r, .body = json_loads(body, 0, NULL)};
    struct told told[ANNOUNCE_PEOPLE_MAX];
    size_t n = announce_people(&rows, &contacts, &absent, SAMPLE_NOW_MS, h, &stored, told);

    *text = '\0';
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s ", told[i].email,
                 told[i].row->words);
    json_decref(stored.body);
    return text;
}

static struct record offered(void)
{
    struct record r = sample_submitted();

    r.state = STATE_OFFERED;
    snprintf(r.lead, sizeof r.lead, "ramsar");
    sample_offer(&r, "ramsar", OFFER_LEAD, OFFER_PENDING);
    sample_offer(&r, "cms", OFFER_SUPPORT, OFFER_PENDING);
    sample_offer(&r, "whc", OFFER_SUPPORT, OFFER_DECLINED);
    return r;
}

#define AMINA "{\"contact_email\":\"amina@ken.example\",\"contact_language\":\"es\"}"

static void test_each_hears_what_concerns_them_in_the_first_words_that_fit(void **state)
{
    struct record r = offered();
    struct happening h = happening("offer", "system", "offered");

    (void)state;
    assert_string_equal(told_of(&h, &r, AMINA),
                        "desk@ramsar.example=offered desk@cms.example=invited "
                        "amina@ken.example=routed focal@ken.example=routed ");
    r.state = STATE_CLAIMED;
    r.offers[0].state = OFFER_ACCEPTED;
    h = happening("claim", "secretariat:ramsar", "claimed");
    assert_string_equal(told_of(&h, &r, AMINA), "amina@ken.example=claimed "
                                                "focal@ken.example=claimed desk@cms.example=led ");
    h = happening("claim", "secretariat:cms", "claimed");
    assert_string_equal(told_of(&h, &r, "{}"), "desk@ramsar.example=joined ");
    h = happening("withdraw", "country:KEN", "withdrawn");
    assert_string_equal(told_of(&h, &r, "{}"),
                        "desk@ramsar.example=withdrawn desk@cms.example=withdrawn "
                        "lead@desk.example=withdrawn ");
    h = happening("link", "coordinator", "claimed");
    assert_string_equal(told_of(&h, &r, AMINA), "");
}

static void test_nobody_is_told_twice_whatever_their_roles_and_spelling(void **state)
{
    struct record r = offered();
    struct happening h = happening("offer", "system", "offered");

    (void)state;
    assert_string_equal(told_of(&h, &r, "{\"contact_email\":\"Desk@Ramsar.Example\"}"),
                        "desk@ramsar.example=offered desk@cms.example=invited "
                        "focal@ken.example=routed ");
}

static void test_the_deputy_hears_only_when_there_is_no_other_contact(void **state)
{
    static const char both[] = "{\"contact_email\":\"amina@ken.example\",\"deputy_contact\":{"
                               "\"email\":\"deputy@ken.example\"}}";
    static const char deputy[] = "{\"deputy_contact\":{\"email\":\"deputy@ken.example\"}}";
    struct record r = sample_submitted();
    struct happening h = happening("submit", "country:KEN", "submitted");

    (void)state;
    assert_string_equal(told_of(&h, &r, both),
                        "amina@ken.example=submitted focal@ken.example=submitted ");
    assert_string_equal(told_of(&h, &r, deputy),
                        "deputy@ken.example=submitted focal@ken.example=submitted ");
}

static void test_reminders_go_to_whom_and_escalations_go_up(void **state)
{
    struct record r = offered();
    struct happening h = happening("remind", "system", "offered");

    (void)state;
    h.degree = 80;
    snprintf(h.whom, sizeof h.whom, "secretariat:cms");
    assert_string_equal(told_of(&h, &r, AMINA), "desk@cms.example=reminded ");
    snprintf(h.whom, sizeof h.whom, "country:UGA"); /* not its country */
    assert_string_equal(told_of(&h, &r, AMINA), "");
    h = happening("escalate", "system", "offered");
    h.degree = 1;
    assert_string_equal(told_of(&h, &r, AMINA), "desk@ramsar.example=late ");
    h.degree = 2;
    assert_string_equal(told_of(&h, &r, AMINA), "desk@ramsar.example=late lead@desk.example=late ");
    h.degree = 3;
    assert_string_equal(told_of(&h, &r, AMINA),
                        "desk@ramsar.example=late desk@cms.example=late lead@desk.example=late ");
}

static void test_what_only_moves_on_waits_for_office_hours_unless_it_burns(void **state)
{
    const struct notice_row now = {.in_hours = false};
    const struct notice_row hours = {.in_hours = true};
    const int64_t hour = 3600000;
    const int64_t midnight = SAMPLE_NOW_MS - 10 * hour; /* Monday; all in UTC, without a calendar */
    struct record r = sample_submitted();
    struct told t = {.who = kenya, .row = &hours};

    (void)state;
    assert_int_equal(announce_due(&t, &r, NULL, SAMPLE_NOW_MS), SAMPLE_NOW_MS);
    assert_int_equal(announce_due(&t, &r, NULL, midnight + 7 * hour), midnight + 8 * hour);
    assert_int_equal(announce_due(&t, &r, NULL, midnight + 18 * hour), midnight + 32 * hour);
    assert_int_equal(announce_due(&t, &r, NULL, midnight - 1), midnight + 8 * hour); /* Sunday */
    r.urgency = URGENCY_EMERGENCY;
    assert_int_equal(announce_due(&t, &r, NULL, midnight - 1), midnight - 1);
    r.urgency = URGENCY_ROUTINE;
    t.row = &now;
    assert_int_equal(announce_due(&t, &r, NULL, midnight - 1), midnight - 1);
}

/* iwc leads; who of it is told, in order. */
static const char *iwc_told(const char *officer, const char *action, int degree)
{
    struct record r = offered();
    struct happening h = happening(action, "system", "claimed");

    r.state = STATE_CLAIMED;
    r.claimed_ms = SAMPLE_NOW_MS;
    snprintf(r.lead, sizeof r.lead, "iwc");
    snprintf(r.officer, sizeof r.officer, "%s", officer);
    r.offers_n = 0;
    sample_offer(&r, "iwc", OFFER_LEAD, OFFER_ACCEPTED);
    h.degree = degree;
    snprintf(h.whom, sizeof h.whom, "secretariat:iwc");
    return told_of(&h, &r, "{}");
}

static void test_who_answers_for_a_claim_is_reminded_of_it(void **state)
{
    static const char all[] = "desk@iwc.example=reminded anna@iwc.example=reminded "
                              "bob@iwc.example=reminded head@iwc.example=reminded ";

    (void)state;
    absent.n = 0;
    assert_string_equal(iwc_told("", "remind", 50), all);
    assert_string_equal(iwc_told("anna", "remind", 50), "anna@iwc.example=reminded ");
    assert_string_equal(iwc_told("carla", "remind", 50), all); /* no address of hers is known */
    absent.list[absent.n++] = (struct absence){
        .of = "iwc", .officer = "anna", .deputy = "bob", .until_ms = SAMPLE_NOW_MS + 1};
    assert_string_equal(iwc_told("anna", "remind", 50), "bob@iwc.example=reminded ");
    assert_string_equal(iwc_told("anna", "escalate", 1),
                        "bob@iwc.example=late anna@iwc.example=late ");
    assert_non_null(strstr(iwc_told("anna", "escalate", 2), "head@iwc.example=late "));
    absent.list[0].until_ms = SAMPLE_NOW_MS; /* she is back */
    assert_string_equal(iwc_told("anna", "remind", 50), "anna@iwc.example=reminded ");
    absent.list[0].until_ms = SAMPLE_NOW_MS + 1;
    absent.list[0].deputy[0] = '\0';
    assert_string_equal(iwc_told("anna", "remind", 50), all); /* the pool */
    absent.n = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_answers_for_a_claim_is_reminded_of_it),
        cmocka_unit_test(test_each_hears_what_concerns_them_in_the_first_words_that_fit),
        cmocka_unit_test(test_nobody_is_told_twice_whatever_their_roles_and_spelling),
        cmocka_unit_test(test_the_deputy_hears_only_when_there_is_no_other_contact),
        cmocka_unit_test(test_reminders_go_to_whom_and_escalations_go_up),
        cmocka_unit_test(test_what_only_moves_on_waits_for_office_hours_unless_it_burns),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
