/* The worked examples of the domain reference (tests/cases/rules/worked.csv) and the ties. */
#include "routing/rule.h"

#include "base/buf.h"
#include "config/csv.h"
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mandate mandate;

static int load_mandate(void **state)
{
    struct err e = {0};

    (void)state;
    if (mandate_load(LIAISON_SOURCE_DIR "/config", &mandate, &e) == ERR_OK)
        return 0;
    print_error("%s\n", e.detail);
    return -1;
}

static int secretariat(const char *code)
{
    int s = mandate_secretariat(&mandate, code);

    if (s < 0)
        fail_msg("no secretariat %s", code);
    return s;
}

static int topic(const char *code)
{
    int t = mandate_topic(&mandate, code);

    if (t < 0)
        fail_msg("no topic %s", code);
    return t;
}

static unsigned long long fact(const char *code)
{
    int i = mandate_fact(&mandate, code);

    if (i < 0)
        fail_msg("no fact %s", code);
    return 1ULL << i;
}

/* A country that has joined everything. */
static struct country party_to_all(void)
{
    struct country c = {.iso3 = "XXX"};

    for (size_t i = 0; i < SECRETARIATS_MAX; i++)
        c.party[i] = PARTY_YES;
    return c;
}

static struct rule_facts facts_of(const struct country *c, const char *main_topic)
{
    struct rule_facts f = {
        .party = c ? c->party : NULL, .secondary = {-1, -1},
                 .preferred = -1
    };

    f.main_topic = topic(main_topic);
    return f;
}

/* "code:score;.." of all with that role, best first. */
static void roles_write(const struct rule_outcome *o, enum rule_role role, struct buf *out)
{
    for (size_t i = 0; i < o->candidates_n; i++)
        if (o->candidates[i].role == role)
            buf_printf(out, "%s%s:%d", out->bytes ? ";" : "",
                       mandate.secretariats[o->candidates[i].secretariat].code,
                       o->candidates[i].score);
}

/* The same names and scores, in any order: the page lists equals as it likes. */
static bool same_set(const char *a, const char *b)
{
    char *copy = strdup(a), *rest = copy;
    bool same = strlen(a) == strlen(b);

    for (char *word = strsep(&rest, ";"); word && same; word = strsep(&rest, ";")) {
        const char *at = strstr(b, word);
        size_t n = strlen(word);
        while (at && !((at == b || at[-1] == ';') && (at[n] == '\0' || at[n] == ';')))
            at = strstr(at + 1, word);
        same = at != NULL;
    }
    free(copy);
    return same;
}

static enum err_code check_row(void *arg, const struct csv *row, struct err *e)
{
    static const char *const columns[] = {"lead", "support", "informed"};
    static const enum rule_role roles[] = {RULE_LEAD, RULE_SUPPORT, RULE_INFORMED};
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, csv_cell(row, "main"));
    char *facts = strdup(csv_cell(row, "facts")), *rest = facts;
    struct rule_outcome o;

    (void)e;
    ++*(int *)arg;
    if (*csv_cell(row, "secondary"))
        f.secondary[0] = topic(csv_cell(row, "secondary"));
    for (char *word = strsep(&rest, ";"); word; word = strsep(&rest, ";"))
        if (*word)
            f.facts |= fact(word);
    free(facts);
    if (*csv_cell(row, "named"))
        f.named = 1U << secretariat(csv_cell(row, "named"));
    if (*csv_cell(row, "not_party"))
        country.party[secretariat(csv_cell(row, "not_party"))] = PARTY_NO;
    f.emergency = *csv_cell(row, "emergency") == '1';
    mandate.secretariats[secretariat("bbnj")].enabled = *csv_cell(row, "bbnj") == '1';
    rule_apply(&mandate, &f, &o);
    mandate.secretariats[secretariat("bbnj")].enabled = false;

    for (size_t i = 0; i < 3; i++) {
        BUF_AUTO struct buf got = {0};
        roles_write(&o, roles[i], &got);
        if (!same_set(csv_cell(row, columns[i]), buf_text(&got)))
            fail_msg("%s: %s is %s, expected %s", csv_cell(row, "case"), columns[i], buf_text(&got),
                     csv_cell(row, columns[i]));
    }
    return ERR_OK;
}

static void test_every_worked_example_comes_out_as_written(void **state)
{
    struct err e = {0};
    int rows = 0;

    (void)state;
    assert_int_equal(
        csv_read(LIAISON_SOURCE_DIR "/tests/cases/rules/worked.csv", check_row, &rows, &e), ERR_OK);
    assert_true(rows >= 17);
}

static const struct rule_candidate *candidate(const struct rule_outcome *o, const char *code)
{
    for (size_t i = 0; i < o->candidates_n; i++)
        if (o->candidates[i].secretariat == secretariat(code))
            return &o->candidates[i];
    fail_msg("%s is no candidate", code);
    return NULL;
}

static void test_reasons_add_up_to_the_score(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "COASTAL_SPILL");
    struct rule_outcome o;

    (void)state;
    f.secondary[0] = topic("WATERBIRD_FLYWAY");
    f.facts = fact("site_ramsar") | fact("site_whc") | fact("cms_listed") | fact("wetland");
    f.preferred = secretariat("cms");
    rule_apply(&mandate, &f, &o);
    for (size_t i = 0; i < o.candidates_n; i++) {
        int sum = 0;
        for (size_t k = 0; k < o.candidates[i].reasons_n; k++)
            sum += o.candidates[i].reasons[k].points;
        assert_int_equal(sum, o.candidates[i].score);
    }
    assert_int_equal(candidate(&o, "cms")->score, 85);
}

static void test_a_listed_site_takes_the_place_of_a_wetland(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "COASTAL_SPILL");
    struct rule_outcome o;

    (void)state;
    f.facts = fact("site_ramsar") | fact("wetland");
    rule_apply(&mandate, &f, &o);
    assert_int_equal(candidate(&o, "ramsar")->score, 65);
}

static void test_unknown_membership_excludes_nobody(void **state)
{
    struct rule_facts f = facts_of(NULL, "PGRFA_MLS");
    struct rule_outcome o;

    (void)state;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, secretariat("itpgrfa"));
    assert_int_equal(candidate(&o, "itpgrfa")->eligible, PARTY_UNKNOWN);
}

static void test_heritage_centre_needs_a_site_its_topic_or_its_name(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "PROTECTED_AREAS");
    struct rule_outcome o;

    (void)state;
    f.preferred = secretariat("whc");
    rule_apply(&mandate, &f, &o);
    assert_int_equal(candidate(&o, "whc")->score, 25);
    assert_int_equal(candidate(&o, "whc")->role, RULE_INFORMED);
    f.facts = fact("site_tentative");
    rule_apply(&mandate, &f, &o);
    assert_int_equal(candidate(&o, "whc")->role, RULE_SUPPORT);
    f.facts = 0;
    f.named = 1U << secretariat("whc");
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, secretariat("whc"));
}

static void test_named_instrument_leads_a_question_of_law(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "LEGISLATION_ONE");
    struct rule_outcome o;

    (void)state;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, -1);
    f.named = 1U << secretariat("ippc");
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, secretariat("ippc"));
    assert_string_equal(candidate(&o, "ippc")->reasons[0].factor, "named");
}

/* Of two that may help, the one whose Party the country is leads; without any the one that admits
 * non-Parties does. */
static void test_who_admits_non_parties_leads_where_nobody_else_can(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "STRANDING");
    struct rule_outcome o;

    (void)state;
    f.facts = fact("small_cetacean") | fact("cms_listed");
    country.party[secretariat("iwc")] = PARTY_NO;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, secretariat("cms"));
    assert_int_equal(candidate(&o, "iwc")->role, RULE_SUPPORT);
    country.party[secretariat("cms")] = PARTY_NO;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, secretariat("iwc"));
    f.main_topic = topic("SMALL_CETACEAN"); /* not an emergency: nobody is admitted */
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.lead, -1);
}

static void test_emergency_channel_breaks_a_tie(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "COASTAL_SPILL");
    struct rule_outcome o;

    (void)state;
    f.facts = fact("wetland"); /* CBD, IWC and WHC stand at 15 with equal base */
    f.emergency = true;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.candidates[o.candidates_n - 1].secretariat, secretariat("cbd"));
}

static void test_fewer_open_leads_break_a_tie(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "COASTAL_SPILL");
    struct rule_outcome o;

    (void)state;
    rule_apply(&mandate, &f, &o); /* CMS and RAMSAR 30 each */
    assert_int_equal(o.candidates[0].secretariat, secretariat("ramsar"));
    f.open_leads[secretariat("ramsar")] = 3;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(o.candidates[0].secretariat, secretariat("cms"));
}

static void test_restricted_request_informs_nobody(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "PLANT_PEST");
    struct rule_outcome o;

    (void)state;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(candidate(&o, "cbd")->role, RULE_INFORMED);
    f.restricted = true;
    rule_apply(&mandate, &f, &o);
    assert_int_equal(candidate(&o, "cbd")->role, RULE_NONE);
}

static void test_no_more_than_four_support(void **state)
{
    struct country country = party_to_all();
    struct rule_facts f = facts_of(&country, "NBSAP_GBF");
    struct rule_outcome o;
    int support_n = 0;

    (void)state;
    f.secondary[0] = topic("REPORTING_DATA");
    f.secondary[1] = topic("FINANCE_ACCESS");
    f.facts = fact("site_whc");
    rule_apply(&mandate, &f, &o);
    for (size_t i = 0; i < o.candidates_n; i++)
        support_n += o.candidates[i].role == RULE_SUPPORT;
    assert_int_equal(support_n, RULE_SUPPORT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_worked_example_comes_out_as_written),
        cmocka_unit_test(test_reasons_add_up_to_the_score),
        cmocka_unit_test(test_a_listed_site_takes_the_place_of_a_wetland),
        cmocka_unit_test(test_unknown_membership_excludes_nobody),
        cmocka_unit_test(test_heritage_centre_needs_a_site_its_topic_or_its_name),
        cmocka_unit_test(test_named_instrument_leads_a_question_of_law),
        cmocka_unit_test(test_who_admits_non_parties_leads_where_nobody_else_can),
        cmocka_unit_test(test_emergency_channel_breaks_a_tie),
        cmocka_unit_test(test_fewer_open_leads_break_a_tie),
        cmocka_unit_test(test_restricted_request_informs_nobody),
        cmocka_unit_test(test_no_more_than_four_support),
    };
    return cmocka_run_group_tests_name("rule", tests, load_mandate, NULL);
}
