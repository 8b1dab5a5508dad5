#include "routing/gate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

/* Its own weights, so that what script/learn writes decides no test. */
static int load_weights(void **state)
{
    if (load_engine(state))
        return -1;
    config->weights.support_base = -2;
    config->weights.support_said = 2;
    config->weights.support_score = 0;
    config->weights.support_likely = config->weights.support_joins = 0;
    config->weights.support_own = 0;
    config->weights.support_lead = config->weights.support_nobody = 0;
    config->weights.support_min = 0.5;
    return 0;
}

static struct decision decide(const char *title, const char *description, bool restricted)
{
    struct draft d = {.country = "KEN",
                      .language = language_find("en"),
                      .title = title,
                      .description = description,
                      .preferred = -1,
                      .restricted = restricted};
    struct reading *r = reading_new(engine, &d);
    struct grounds grounds;
    struct decision decision;

    decision_read(engine, r, &d, &grounds, &decision);
    reading_free(r);
    return decision;
}

static enum rule_role role_of(const struct decision *d, const char *code)
{
    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        if (d->outcome.candidates[i].secretariat == mandate_secretariat(&config->mandate, code))
            return d->outcome.candidates[i].role;
    return RULE_NONE;
}

static const char title[] = "Genebank and standard material transfer agreement";
static const char alone[] =
    "Our genebank keeps crop diversity. We ask for training on the standard material transfer "
    "agreement and the multilateral system.";
static const char joint[] =
    "Our genebank keeps crop diversity. We ask for training on the standard material transfer "
    "agreement. We also ask for help with access and benefit-sharing under the Nagoya Protocol "
    "and with our national biodiversity strategy and action plan.";

static void test_points_for_the_main_topic_alone_make_no_supporter(void **state)
{
    struct decision d = decide(title, alone, false);

    (void)state;
    assert_int_equal(d.lead, mandate_secretariat(&config->mandate, "itpgrfa"));
    assert_int_equal(role_of(&d, "cbd"), RULE_INFORMED);
}

static void test_a_part_of_its_own_makes_a_supporter(void **state)
{
    struct decision d = decide(title, joint, false);

    (void)state;
    assert_int_equal(d.lead, mandate_secretariat(&config->mandate, "itpgrfa"));
    assert_int_equal(role_of(&d, "cbd"), RULE_SUPPORT);
}

static void test_scores_and_reasons_stay_the_rules(void **state)
{
    struct decision open, gated;

    (void)state;
    config->weights.support_min = 0;
    open = decide(title, alone, false);
    config->weights.support_min = 0.5;
    gated = decide(title, alone, false);
    assert_int_equal(role_of(&open, "cbd"), RULE_SUPPORT);
    assert_int_equal(open.lead, gated.lead);
    assert_int_equal(open.outcome.candidates_n, gated.outcome.candidates_n);
    for (size_t i = 0; i < open.outcome.candidates_n; i++) {
        assert_int_equal(open.outcome.candidates[i].score, gated.outcome.candidates[i].score);
        assert_memory_equal(open.outcome.candidates[i].reasons, gated.outcome.candidates[i].reasons,
                            sizeof open.outcome.candidates[i].reasons);
    }
}

/* Rule 10: whoever does not support is told nothing. */
static void test_nobody_is_informed_of_a_restricted_request(void **state)
{
    struct decision d = decide(title, alone, true);

    (void)state;
    assert_int_equal(role_of(&d, "cbd"), RULE_NONE);
}

/* Logs, so that either sign may stand against somebody. */
static void test_likelihood_makes_a_supporter(void **state)
{
    double *weights[] = {&config->weights.support_likely, &config->weights.support_joins};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct decision least, most;

        *weights[i] = -20;
        least = decide(title, alone, false);
        *weights[i] = 20;
        most = decide(title, alone, false);
        *weights[i] = 0;
        assert_int_not_equal(role_of(&least, "cbd"), role_of(&most, "cbd"));
    }
}

static void test_probability_grows_with_each_feature(void **state)
{
    struct weights w = config->weights;

    (void)state;
    w.support_score = w.support_likely = w.support_joins = 1;
    w.support_own = w.support_lead = w.support_nobody = 1;
    for (size_t k = 1; k < GATE_FEATURES; k++) {
        double features[GATE_FEATURES] = {1};
        double nothing = gate_probability(&w, features), much;

        features[k] = 3;
        much = gate_probability(&w, features);
        assert_true(0 < nothing && nothing < much && much < 1);
    }
}

/* How sure the lead is makes no difference to who comes next. */
static void test_a_sure_lead_takes_nothing_from_the_next(void **state)
{
    struct decision sure = {
        .lead = 0, .likely = {0.9, 0.06, 0.04}
    };
    struct decision unsure = {
        .lead = 0, .likely = {0.5, 0.3, 0.2}
    };
    struct rule_candidate second = {.secretariat = 1}, third = {.secretariat = 2};
    struct grounds v = {0};
    double a[GATE_FEATURES], b[GATE_FEATURES], c[GATE_FEATURES];

    (void)state;
    gate_features(&config->mandate, &v, &sure, &second, a);
    gate_features(&config->mandate, &v, &unsure, &second, b);
    gate_features(&config->mandate, &v, &unsure, &third, c);
    assert_true(fabs(a[3] - b[3]) < 1e-9);
    assert_true(b[3] > c[3]);
}

/* Below GATE_POINTS_MIN the rules see no part at all. */
static void test_without_points_nobody_supports(void **state)
{
    struct decision d;

    (void)state;
    config->weights.support_base = 20;
    d = decide(title, joint, false);
    config->weights.support_base = -2;
    for (size_t i = 0; i < d.outcome.candidates_n; i++)
        if (d.outcome.candidates[i].role == RULE_SUPPORT)
            assert_true(d.outcome.candidates[i].score >= GATE_POINTS_MIN);
    assert_int_equal(role_of(&d, "cbd"), RULE_SUPPORT);
    assert_int_equal(role_of(&d, "iwc"), RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points_for_the_main_topic_alone_make_no_supporter),
        cmocka_unit_test(test_a_part_of_its_own_makes_a_supporter),
        cmocka_unit_test(test_scores_and_reasons_stay_the_rules),
        cmocka_unit_test(test_nobody_is_informed_of_a_restricted_request),
        cmocka_unit_test(test_likelihood_makes_a_supporter),
        cmocka_unit_test(test_probability_grows_with_each_feature),
        cmocka_unit_test(test_a_sure_lead_takes_nothing_from_the_next),
        cmocka_unit_test(test_without_points_nobody_supports),
    };

    return cmocka_run_group_tests_name("gate", tests, load_weights, free_engine);
}
