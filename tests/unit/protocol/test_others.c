#include "protocol/others.h"

#include "protocol/document.h"
#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

#define A "req_0199f3c2a1b47c3d9f245ab6c7d80001"
#define B "req_0199f3c2a1b47c3d9f245ab6c7d80002"
#define C "req_0199f3c2a1b47c3d9f245ab6c7d80003"
#define D "req_0199f3c2a1b47c3d9f245ab6c7d80004"

/* A of Kenya, led by ramsar, whc informed, speaks of B (Kenya, likely twin, led by cms), C
 * (Uganda, linked and related, led by ramsar) and D (Kenya, merged into A, led by iwc before). */
#define INNER                                                                                      \
    "{'duplicates':[{'id':'" B "','reference':'LN-B','verdict':'likely','probability':0.9,"        \
    "'shared':['lake'],'differs':['shore']}],"                                                     \
    "'related':[{'id':'" C "','reference':'LN-C','verdict':'possible','probability':0.5}],"        \
    "'merged':[{'id':'" D "','reference':'LN-D','by':'coordinator','at':1772445600000,"            \
    "'items':[{'text':'secret'}]}],"                                                               \
    "'links':[{'id':'" C "','reference':'LN-C','relation':'same_site','by':'coordinator',"         \
    "'at':1772445600000,'stamp':'1 x'},"                                                           \
    "{'id':'" B "','reference':'LN-B','relation':'none','stamp':'2 x'}]}"

static struct record led(const char *id, const char *country, const char *lead)
{
    struct record r = sample_submitted();

    snprintf(r.id, sizeof r.id, "%s", id);
    snprintf(r.reference, sizeof r.reference, "LN-%c", "?ABCD"[id[35] - '0']);
    memcpy(r.country, country, 4);
    snprintf(r.lead, sizeof r.lead, "%s", lead);
    r.state = STATE_OFFERED;
    sample_offer(&r, lead, OFFER_LEAD, OFFER_PENDING);
    return r;
}

struct world {
    struct record a, list[3];
    struct other others[3];
    json_t *inner, *body;
};

static struct world world_new(void)
{
    struct world w = {
        .a = led(A, "KEN", "ramsar"),
        .list = {led(B, "KEN", "cms"), led(C, "UGA", "ramsar"), led(D, "KEN", "iwc")},
        .inner = parse(INNER),
        .body = parse("{'title':'Title','description':'Words','contact_name':'X'}")
    };

    memcpy(w.a.informed[0], "whc", 4);
    w.a.informed_n = 1;
    return w;
}

static void world_clear(struct world *w)
{
    json_decref(w->inner);
    json_decref(w->body);
}

static json_t *view(struct world *w, const struct principal *who)
{
    for (size_t i = 0; i < 3; i++)
        w->others[i] = (struct other){&w->list[i], w->body};
    return others_view(&w->a, w->inner, who, w->others, 3);
}

static const json_t *first(const json_t *view, const char *member)
{
    return json_array_get(json_object_get(view, member), 0);
}

static void test_all_that_are_spoken_of_are_named_once(void **state)
{
    struct world w = world_new();
    char ids[OTHERS_MAX][ID_BYTES];

    (void)state;
    assert_int_equal(others_ids(&w.a, w.inner, ids), 3);
    assert_string_equal(ids[0], B);
    assert_string_equal(ids[1], C);
    assert_string_equal(ids[2], D);
    memcpy(w.a.join, A, sizeof w.a.join);
    assert_int_equal(others_ids(&w.a, w.inner, ids), 4);
    assert_int_equal(others_ids(&w.a, NULL, ids), 1);
    world_clear(&w);
}

/* Which of the others each reader is told of, and how much. */
static void test_everyone_is_told_of_those_that_they_may_see(void **state)
{
    static const struct {
        const struct principal *who;
        bool twin, alike, foreign, merged;
    } cases[] = {
        {&kenya,  true,  true,  false, true},
        {&ramsar, false, false, true,  true},
        {&desk,   true,  true,  true,  true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = world_new();
        json_t *out = view(&w, cases[i].who);
        char *text = json_dumps(out, 0);
        const json_t *twin = first(out, "duplicates");

        if (!twin == cases[i].twin || !json_object_get(twin, "probability") == cases[i].alike ||
            !first(out, "related") == cases[i].foreign ||
            !first(out, "links") == cases[i].foreign || !first(out, "merged") == cases[i].merged)
            fail_msg("row %zu: %s", i, text);
        if (!strstr(text, C) != !cases[i].foreign || !strstr(text, B) != !cases[i].twin ||
            strstr(text, "secret") || strstr(text, "contact") || strstr(text, "stamp"))
            fail_msg("row %zu: %s", i, text);
        assert_int_equal(json_array_size(json_object_get(out, "links")), cases[i].foreign);
        assert_string_equal(document_text(first(out, "merged"), "description"), "Words");
        assert_true(json_is_null(json_object_get(out, "merged_into")));
        free(text);
        json_decref(out);
        world_clear(&w);
    }
}

static void test_how_much_is_told_follows_the_narrower_view(void **state)
{
    struct world w = world_new();
    json_t *out = view(&w, &whc); /* only informed of A */

    (void)state;
    assert_int_equal(json_array_size(json_object_get(out, "duplicates")), 0);
    assert_string_equal(document_text(first(out, "merged"), "title"), "Title");
    assert_null(json_object_get(first(out, "merged"), "description"));
    json_decref(out);

    w.list[0].disclosure = DISCLOSURE_RESTRICTED; /* the desk sees its header only */
    w.list[1].disclosure = DISCLOSURE_RESTRICTED;
    out = view(&w, &desk);
    assert_string_equal(document_text(first(out, "duplicates"), "verdict"), "likely");
    assert_null(json_object_get(first(out, "duplicates"), "probability"));
    assert_null(json_object_get(first(out, "duplicates"), "shared"));
    assert_null(json_object_get(first(out, "duplicates"), "title"));
    assert_string_equal(document_text(first(out, "links"), "reference"), "LN-C");
    assert_null(json_object_get(first(out, "links"), "relation"));
    json_decref(out);

    w.a.disclosure = DISCLOSURE_RESTRICTED;
    out = view(&w, &desk);
    assert_int_equal(json_array_size(json_object_get(out, "duplicates")), 0);
    assert_null(json_object_get(first(out, "merged"), "title"));
    json_decref(out);
    world_clear(&w);
}

static void test_a_merged_request_names_its_survivor_to_whom_it_may(void **state)
{
    struct world w = world_new();
    json_t *out;

    (void)state;
    w.a.state = STATE_MERGED;
    memcpy(w.a.merged_into, B, sizeof w.a.merged_into);
    memcpy(w.a.join, B, sizeof w.a.join);
    out = view(&w, &kenya);
    assert_string_equal(document_text(json_object_get(out, "merged_into"), "reference"), "LN-B");
    assert_string_equal(document_text(json_object_get(out, "join"), "id"), B);
    json_decref(out);
    out = view(&w, &ramsar);
    assert_true(json_is_null(json_object_get(out, "merged_into")));
    assert_true(json_is_null(json_object_get(out, "join")));
    json_decref(out);
    world_clear(&w);
}

#define LINES                                                                                      \
    "[{'action':'submit'},{'action':'merge','other':{'id':'" B "'},'text':'x'},"                   \
    "{'action':'link','other':{'id':'" C "'},'relation':'same_site'},"                             \
    "{'action':'merge','other':{'id':'" D "'}}]"

static void test_a_history_names_nobody_that_is_hidden(void **state)
{
    static const struct {
        const struct principal *who;
        const char *expected;
    } cases[] = {
        {&desk,   LINES                                                        },
        {&kenya,  "[{'action':'submit'},{'action':'merge','other':{'id':'" B "'},'text':'x'},"
                 "{'action':'merge','other':{'id':'" D "'}}]"  },
        {&ramsar, "[{'action':'submit'},{'action':'merge','text':'x'},"
                  "{'action':'link','other':{'id':'" C "'},'relation':'same_site'},"
                  "{'action':'merge','other':{'id':'" D "'}}]"},
        {&whc,    "[{'action':'submit'},{'action':'merge','text':'x'},"
               "{'action':'merge','other':{'id':'" D "'}}]"      },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = world_new();
        json_t *lines = parse(LINES);
        json_t *expected = parse(cases[i].expected);
        char ids[OTHERS_MAX][ID_BYTES];

        json_decref(view(&w, cases[i].who)); /* fills the list */
        assert_int_equal(others_of_lines(lines, ids), 3);
        others_narrow(lines, w.inner, cases[i].who, w.others, 3);
        if (!json_equal(lines, expected))
            fail_msg("row %zu: %s", i, json_dumps(lines, 0));
        json_decref(lines);
        json_decref(expected);
        world_clear(&w);
    }
}

static void test_what_could_not_be_read_is_not_shown(void **state)
{
    struct world w = world_new();
    json_t *lines = parse(LINES);
    json_t *out = others_view(&w.a, w.inner, &desk, NULL, 0);

    (void)state;
    assert_int_equal(json_array_size(json_object_get(out, "duplicates")), 0);
    assert_int_equal(json_array_size(json_object_get(out, "merged")), 0);
    others_narrow(lines, NULL, &desk, NULL, 0);
    assert_int_equal(json_array_size(lines), 3);
    assert_null(json_object_get(json_array_get(lines, 1), "other"));
    json_decref(out);
    json_decref(lines);
    world_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_are_spoken_of_are_named_once),
        cmocka_unit_test(test_everyone_is_told_of_those_that_they_may_see),
        cmocka_unit_test(test_how_much_is_told_follows_the_narrower_view),
        cmocka_unit_test(test_a_merged_request_names_its_survivor_to_whom_it_may),
        cmocka_unit_test(test_a_history_names_nobody_that_is_hidden),
        cmocka_unit_test(test_what_could_not_be_read_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
