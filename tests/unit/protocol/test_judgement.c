#include "protocol/judgement.h"

#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

#define A "req_0199f3c2a1b47c3d9f245ab6c7d80001"
#define B "req_0199f3c2a1b47c3d9f245ab6c7d80002"
#define C "req_0199f3c2a1b47c3d9f245ab6c7d80003"
#define D "req_0199f3c2a1b47c3d9f245ab6c7d80004"

static void test_the_pair_is_kept_with_what_the_engine_said(void **state)
{
    static const struct {
        const char *a_inner, *b_inner;
        enum engine_verdict engine;
        double probability;
    } cases[] = {
        {"{'duplicates':[{'id':'" B "','verdict':'likely','probability':0.875}]}", "{}",
         ENGINE_LIKELY,                                                                                                                                                   0.875},
        {"{}",                                                                     "{'duplicates':[{'id':'" A "','verdict':'certain','probability':1}]}",
         ENGINE_CERTAIN,                                                                                                                                                  1    },
        {"{'related':[{'id':'" B "','verdict':'likely','probability':0.5}]}",      "{}",                                                                  ENGINE_RELATED,
         0.5                                                                                                                                                                   },
        {"{'duplicates':[{'id':'" C "','verdict':'certain','probability':1}]}",    "{}",                                                                  ENGINE_NONE,
         0                                                                                                                                                                     },
        {"{'duplicates':[{'id':'" B "','verdict':'nonsense'}]}",                   "{}",                                                                  ENGINE_NONE,    0    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int swapped = 0; swapped < 2; swapped++) {
            json_t *a = parse(cases[i].a_inner);
            json_t *b = parse(cases[i].b_inner);
            struct judgement j;

            judgement_make(swapped ? B : A, swapped ? b : a, swapped ? A : B, swapped ? a : b,
                           VERDICT_DUPLICATE, &kenya, SAMPLE_NOW_MS, &j);
            if (strcmp(j.pair[0], A) != 0 || strcmp(j.pair[1], B) != 0 ||
                j.engine != cases[i].engine || j.probability < cases[i].probability ||
                j.probability > cases[i].probability || j.verdict != VERDICT_DUPLICATE ||
                strcmp(j.by, "country:KEN") != 0 || j.at_ms != SAMPLE_NOW_MS)
                fail_msg("row %zu: %s, %f", i, engine_words[j.engine], j.probability);
            json_decref(a);
            json_decref(b);
        }
}

/* Three listed: B linked, C merged, D nothing said yet. */
#define INNER                                                                                      \
    "{'duplicates':[{'id':'" B "','reference':'LN-2026-KEN-0002','verdict':'likely'},"             \
    "{'id':'" C "','reference':'LN-2026-KEN-0003','verdict':'likely'},"                            \
    "{'id':'" D "','reference':'LN-2026-KEN-0004','verdict':'certain'}],"                          \
    "'merged':[{'id':'" C "'}],'links':[{'id':'" B "','relation':'related'}]}"

static void test_routing_by_hand_says_that_the_listed_are_none(void **state)
{
    static const struct {
        enum state state;
        const char *not_of; /* NULL: not said */
        size_t n;           /* of judgements; if any it is on D */
        const char *fault;
    } cases[] = {
        {STATE_TRIAGE,    NULL,                        1, NULL                  },
        {STATE_UNMATCHED, NULL,                        0, NULL                  },
        {STATE_TRIAGE,    "[]",                        0, NULL                  },
        {STATE_TRIAGE,    "['LN-2026-KEN-0004']",      1, NULL                  },
        {STATE_UNMATCHED, "['" D "']",                 1, NULL                  },
        {STATE_TRIAGE,    "['LN-2026-KEN-0002']",      0, NULL                  },
        {STATE_TRIAGE,    "['" D "','LN-2026-KEN-9']", 1, "#/not_duplicate_of/1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record r = sample_submitted();
        json_t *inner = parse(INNER);
        json_t *not_of = cases[i].not_of ? parse(cases[i].not_of) : NULL;
        struct judgement list[JUDGEMENTS_MAX];
        struct faults faults = {.n = 0};
        size_t n;

        snprintf(r.id, sizeof r.id, "%s", A);
        r.state = cases[i].state;
        n = judgement_of_route(&r, inner, not_of, &desk, SAMPLE_NOW_MS, list, "#/not_duplicate_of",
                               &faults);
        if (n != cases[i].n || faults.n != (cases[i].fault != NULL))
            fail_msg("row %zu: %zu judgements, %zu faults", i, n, faults.n);
        if (n && (strcmp(list[0].pair[0], A) != 0 || strcmp(list[0].pair[1], D) != 0 ||
                  list[0].verdict != VERDICT_NOT || list[0].engine != ENGINE_CERTAIN))
            fail_msg("row %zu: %s", i, list[0].pair[1]);
        if (faults.n && (strcmp(faults.list[0].pointer, cases[i].fault) != 0 ||
                         strcmp(faults.list[0].code, "not_listed") != 0))
            fail_msg("row %zu: %s", i, faults.list[0].pointer);
        json_decref(inner);
        json_decref(not_of);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_pair_is_kept_with_what_the_engine_said),
        cmocka_unit_test(test_routing_by_hand_says_that_the_listed_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
