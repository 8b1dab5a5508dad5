/* Likelihoods and the learning of their weights, on weights and cases made for it: each concept
 * below is a name only. */
#include "routing/classifier_fit.h"

#include "routing/decision.h"

#include "tests/unit/config/folder.h"

#include <math.h>
#include <stdlib.h>

#include "engine_fixture.h"

static const struct mandate *mandate;
static size_t whc, cbd, cms, ramsar, concepts_n;

static int load(void **state)
{
    if (load_engine(state))
        return -1;
    mandate = &config->mandate;
    whc = (size_t)mandate_secretariat(mandate, "whc");
    cbd = (size_t)mandate_secretariat(mandate, "cbd");
    cms = (size_t)mandate_secretariat(mandate, "cms");
    ramsar = (size_t)mandate_secretariat(mandate, "ramsar");
    concepts_n = config->terms.concepts_n;
    return 0;
}

static void assert_near(double a, double b, double within)
{
    if (!(fabs(a - b) <= within))
        fail_msg("%.9g is not %.9g", a, b);
}

/* A country that has joined everything, and says nothing yet. */
static struct grounds quiet(void)
{
    struct grounds v = {.preferred = -1};

    for (size_t s = 0; s < SECRETARIATS_MAX; s++)
        v.party[s] = PARTY_YES;
    return v;
}

static void speak(struct grounds *v, uint32_t concept, float amount)
{
    v->concepts[v->concepts_n++] = (struct grounds_concept){concept, amount};
}

static double sum_of(const double likely[CLASSES_MAX])
{
    double sum = 0;

    for (size_t k = 0; k < CLASSES_MAX; k++) {
        if (!(likely[k] >= 0))
            fail_msg("class %zu: %g", k, likely[k]);
        sum += likely[k];
    }
    return sum;
}

static void weights_load_text(const char *text, struct class_weights *ret_c)
{
    struct folder f;
    struct err e = {0};

    folder_make(&f);
    folder_write(&f, "classes.csv", text);
    if (class_weights_load(f.path, "classes.csv", mandate, &config->terms, ret_c, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    folder_remove(&f);
}

/* --- likelihoods ----------------------------------------------------------------------- */

static void test_likelihoods_add_up_to_one(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 500; round++) {
        struct grounds v = quiet();
        double likely[CLASSES_MAX];

        for (uint32_t i = 0; i < round % 20; i++)
            speak(&v, (seed = seed * 1664525 + 1013904223) % (uint32_t)concepts_n, 1 + (float)i);
        for (size_t s = 0; s < mandate->secretariats_n; s++)
            v.party[s] = (seed = seed * 1664525 + 1013904223) >> 30 ? PARTY_YES : PARTY_NO;
        v.topics[round % mandate->topics_n] = round;
        v.topics[mandate_topic(mandate, "HERITAGE_OUV")] += 5; /* so that no new one has it all */
        classifier_weigh(mandate, &config->classes, &v, likely);
        assert_near(sum_of(likely), 1, 1e-9);
        for (size_t s = 0; s < mandate->secretariats_n; s++)
            if (v.party[s] == PARTY_NO || config->classes.learned[s])
                assert_int_equal(likely[s] > 0, v.party[s] != PARTY_NO);
    }
}

/* However sure the weights are: what is left is shared by those who can be. */
static void test_one_who_is_no_party_takes_nothing_from_the_others(void **state)
{
    struct class_weights c = {0};
    struct grounds v = quiet();
    double likely[CLASSES_MAX];

    (void)state;
    weights_load_text("feature,idf,cms,cbd,outside\nbias,0,1000,-1000,-1000\n", &c);
    for (size_t s = 0; s < mandate->secretariats_n; s++)
        v.party[s] = s == cbd ? PARTY_YES : PARTY_NO;
    classifier_weigh(mandate, &c, &v, likely);
    assert_near(likely[cms], 0, 0);
    assert_near(likely[cbd], 0.5, 1e-9);
    assert_near(likely[CLASS_OUTSIDE], 0.5, 1e-9);
    class_weights_clear(&c);
}

static void test_who_is_new_gets_the_part_of_its_topics(void **state)
{
    struct class_weights c = {0};
    struct grounds v = quiet();
    double likely[CLASSES_MAX];

    (void)state;
    weights_load_text("feature,idf,whc,outside\nbias,0,0,0\n", &c);
    v.topics[mandate_topic(mandate, "MIGRATORY_SPECIES")] = 30;
    v.topics[mandate_topic(mandate, "HERITAGE_OUV")] = 10;
    v.topics[mandate_topic(mandate, "WETLAND_CHARACTER")] = -100; /* denied */
    classifier_weigh(mandate, &c, &v, likely);
    assert_near(likely[cms], 0.75, 1e-9);
    assert_near(likely[ramsar], 0, 0);
    assert_near(likely[whc], 0.125, 1e-9);
    assert_near(sum_of(likely), 1, 1e-9);
    v.party[cms] = PARTY_NO;
    classifier_weigh(mandate, &c, &v, likely);
    assert_near(likely[cms], 0, 0);
    assert_near(likely[CLASS_OUTSIDE], 0.5, 1e-9);
    class_weights_clear(&c);
}

/* A second one that leads the same topic. */
static void test_two_who_are_new_share_alike(void **state)
{
    static struct mandate two;
    struct class_weights c = {0};
    struct grounds v = quiet();
    double likely[CLASSES_MAX];
    int topic = mandate_topic(mandate, "MIGRATORY_SPECIES");

    (void)state;
    weights_load_text("feature,idf,whc,outside\nbias,0,0,0\n", &c);
    two = *mandate;
    two.topics[topic].base[ramsar] = two.topics[topic].base[cms];
    v.topics[topic] = 30;
    classifier_weigh(&two, &c, &v, likely);
    assert_near(likely[cms], 0.5, 1e-9);
    assert_near(likely[ramsar], 0.5, 1e-9);
    assert_near(sum_of(likely), 1, 1e-9);
    class_weights_clear(&c);
}

static void test_what_nobody_can_have_is_outside(void **state)
{
    struct class_weights c = {0};
    struct grounds v = quiet();
    double likely[CLASSES_MAX];

    (void)state;
    weights_load_text("feature,idf,cms\n", &c);
    classifier_weigh(mandate, &c, &v, likely);
    assert_near(likely[CLASS_OUTSIDE], 1, 0);
    class_weights_clear(&c);
    weights_load_text("feature,idf,cms\nbias,0,1\n", &c);
    v.party[cms] = PARTY_NO;
    classifier_weigh(mandate, &c, &v, likely);
    assert_near(likely[CLASS_OUTSIDE], 1, 0);
    class_weights_clear(&c);
}

static void test_more_of_the_same_is_no_louder(void **state)
{
    double once[CLASSES_MAX], often[CLASSES_MAX];
    struct grounds v = quiet();

    (void)state;
    for (uint32_t i = 0; i < 12; i++)
        speak(&v, i * (uint32_t)concepts_n / 12, 1);
    classifier_weigh(mandate, &config->classes, &v, once);
    for (size_t i = 0; i < v.concepts_n; i++)
        v.concepts[i].amount *= 8;
    classifier_weigh(mandate, &config->classes, &v, often);
    for (size_t k = 0; k < CLASSES_MAX; k++)
        assert_near(often[k], once[k], 1e-9);
}

static void test_features_are_what_is_clear_each_once(void **state)
{
    struct class_feature features[CLASS_FEATURES_MAX];
    struct grounds v = quiet();
    int topic = mandate_topic(mandate, "HERITAGE_OUV");
    int fact = mandate_fact(mandate, "large_whale");

    (void)state;
    v.topics[topic] = v.facts[fact] = 3;
    assert_int_equal(classifier_features(mandate, &v, features), 0);
    v.topics[topic] = v.facts[fact] = 3.1;
    speak(&v, 5, 1);
    assert_int_equal(classifier_features(mandate, &v, features), 3);
    assert_int_equal(features[0].feature, topic);
    assert_int_equal(features[1].feature, CLASS_FACTS + fact);
    assert_int_equal(features[2].feature, CLASS_CONCEPTS + 5);
    assert_ptr_equal(classifier_row(&config->classes, features[0].feature),
                     &config->classes.topics[topic]);
    assert_ptr_equal(classifier_row(&config->classes, features[1].feature),
                     &config->classes.facts[fact]);
    assert_ptr_equal(classifier_row(&config->classes, features[2].feature),
                     &config->classes.concepts[5]);
}

/* A file with nothing but a bias row decides, too. */
static void test_a_bias_alone_decides(void **state)
{
    static const struct {
        const char *text, *lead;
    } rows[] = {
        {"feature,idf,ramsar,outside\nbias,0,0,6\n", NULL    },
        {"feature,idf,ramsar,outside\nbias,0,6,0\n", "ramsar"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct class_weights c = {0};
        struct weights w = config->weights;
        struct grounds v = quiet();
        struct decision d;

        weights_load_text(rows[i].text, &c);
        w.classes = &c;
        decision_make(mandate, &w, &v, &d);
        assert_int_equal(d.lead, rows[i].lead ? mandate_secretariat(mandate, rows[i].lead) : -1);
        assert_true(d.confidence >= 0 && d.confidence <= 1);
        class_weights_clear(&c);
    }
}

/* --- learning --------------------------------------------------------------------------- */

enum { EACH = 20, KINDS = 3, CASES_N = EACH * KINDS, COMMON = 90 };

/* Concept 10 + kind says who leads, COMMON is in all, and a third one is chance. */
static struct class_case *cases_new(void)
{
    const size_t classes[KINDS] = {cms, cbd, CLASS_OUTSIDE};
    struct class_case *cases = mem_new(CASES_N, sizeof *cases);

    for (unsigned i = 0; i < CASES_N; i++) {
        cases[i].features[0] = (struct class_feature){CLASS_CONCEPTS + 10 + i % KINDS, 0.8};
        cases[i].features[1] = (struct class_feature){CLASS_CONCEPTS + 20 + i % 7, 0.5};
        cases[i].features[2] = (struct class_feature){CLASS_CONCEPTS + COMMON, 0.8};
        cases[i].features_n = 3;
        cases[i].labels[classes[i % KINDS]] = 1;
    }
    return cases;
}

static char *text_of(const struct class_weights *c)
{
    struct buf text = {0};

    class_weights_write(mandate, &config->terms, c, &text);
    return buf_take(&text);
}

static void test_the_class_of_each_case_is_found(void **state)
{
    struct class_case *cases = cases_new();
    struct class_weights c;

    (void)state;
    classifier_fit(cases, CASES_N, mandate, concepts_n, NULL, &c);
    for (size_t k = 0; k < CLASSES_MAX; k++)
        assert_int_equal(c.learned[k], k == cms || k == cbd || k == CLASS_OUTSIDE);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        const size_t classes[KINDS] = {cms, cbd, CLASS_OUTSIDE};
        struct grounds v = quiet();
        double likely[CLASSES_MAX];

        speak(&v, 10 + kind, 2);
        speak(&v, COMMON, 2);
        classifier_weigh(mandate, &c, &v, likely);
        assert_true(likely[classes[kind]] > 0.9);
    }
    class_weights_clear(&c);
    free(cases);
}

/* Cases that agree in everything but the label: the likelihood becomes how many they are. */
static void test_labels_that_differ_become_their_parts(void **state)
{
    struct class_case *cases = mem_new(40, sizeof *cases);
    struct grounds v = quiet();
    double likely[CLASSES_MAX];
    struct class_weights c;

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        cases[i].features[0] = (struct class_feature){CLASS_CONCEPTS + 10, 1};
        cases[i].features_n = 1;
        cases[i].labels[i % 4 ? cms : cbd] = 0.8; /* and who supports */
        cases[i].labels[whc] = 0.2;
    }
    classifier_fit(cases, 40, mandate, concepts_n, NULL, &c);
    speak(&v, 10, 1);
    classifier_weigh(mandate, &c, &v, likely);
    assert_near(likely[cms], 0.6, 0.01);
    assert_near(likely[cbd], 0.2, 0.01);
    assert_near(likely[whc], 0.2, 0.01);
    class_weights_clear(&c);
    free(cases);
}

static void test_order_of_cases_means_nothing(void **state)
{
    struct class_case *cases = cases_new(), *turned = cases_new();
    struct class_weights a, b;
    char *first, *second;

    (void)state;
    for (unsigned i = 0; i < CASES_N; i++)
        turned[i] = cases[(i * 37 + 11) % CASES_N];
    classifier_fit(cases, CASES_N, mandate, concepts_n, NULL, &a);
    classifier_fit(turned, CASES_N, mandate, concepts_n, NULL, &b);
    first = text_of(&a);
    second = text_of(&b);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, config->terms.concepts[10].name));
    free(first);
    free(second);
    class_weights_clear(&a);
    class_weights_clear(&b);
    free(cases);
    free(turned);
}

static void test_what_no_case_has_keeps_its_weights(void **state)
{
    struct class_case *cases = cases_new();
    struct class_weights c;
    size_t kept = 0;

    (void)state;
    classifier_fit(cases, CASES_N, mandate, concepts_n, &config->classes, &c);
    for (uint32_t i = 0; i < concepts_n; i++) {
        const struct class_row *now = &config->classes.concepts[i];

        if ((i >= 10 && i < 10 + KINDS) || (i >= 20 && i < 27) || i == COMMON)
            continue;
        assert_memory_equal(&c.concepts[i], now, sizeof *now);
        kept += now->idf > 0;
    }
    assert_true(kept > 0);
    assert_memory_equal(c.topics, config->classes.topics, sizeof c.topics);
    assert_memory_equal(c.facts, config->classes.facts, sizeof c.facts);
    assert_memory_equal(c.learned, config->classes.learned, sizeof c.learned);
    assert_true(c.concepts[10].weights[cms] > config->classes.concepts[10].weights[cms]);
    class_weights_clear(&c);
    free(cases);
}

static void test_no_cases_change_nothing(void **state)
{
    struct class_weights c;
    char *text, *now;

    (void)state;
    classifier_fit(NULL, 0, mandate, concepts_n, NULL, &c);
    text = text_of(&c);
    assert_string_equal(text, "feature,idf,outside\nbias,0,0\n");
    free(text);
    class_weights_clear(&c);
    classifier_fit(NULL, 0, mandate, concepts_n, &config->classes, &c);
    text = text_of(&c);
    now = text_of(&config->classes);
    assert_string_equal(text, now);
    free(text);
    free(now);
    class_weights_clear(&c);
}

static void test_a_column_of_nobody_is_not_learned_on(void **state)
{
    struct class_case *cases = cases_new();
    struct class_weights now, c;
    char *text;

    (void)state;
    weights_load_text("feature,idf,cms,atlantis,outside\nbias,0,0,50,0\n", &now);
    for (size_t k = 0; k < CLASSES_MAX; k++)
        assert_int_equal(now.learned[k], k == cms || k == CLASS_OUTSIDE);
    classifier_fit(cases, CASES_N, mandate, concepts_n, &now, &c);
    text = text_of(&c);
    assert_int_equal(strncmp(text, "feature,idf,cbd,cms,outside\n", 28), 0);
    free(text);
    class_weights_clear(&now);
    class_weights_clear(&c);
    free(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_likelihoods_add_up_to_one),
        cmocka_unit_test(test_one_who_is_no_party_takes_nothing_from_the_others),
        cmocka_unit_test(test_who_is_new_gets_the_part_of_its_topics),
        cmocka_unit_test(test_two_who_are_new_share_alike),
        cmocka_unit_test(test_what_nobody_can_have_is_outside),
        cmocka_unit_test(test_more_of_the_same_is_no_louder),
        cmocka_unit_test(test_features_are_what_is_clear_each_once),
        cmocka_unit_test(test_a_bias_alone_decides),
        cmocka_unit_test(test_the_class_of_each_case_is_found),
        cmocka_unit_test(test_labels_that_differ_become_their_parts),
        cmocka_unit_test(test_order_of_cases_means_nothing),
        cmocka_unit_test(test_what_no_case_has_keeps_its_weights),
        cmocka_unit_test(test_no_cases_change_nothing),
        cmocka_unit_test(test_a_column_of_nobody_is_not_learned_on),
    };

    return cmocka_run_group_tests_name("classifier", tests, load, free_engine);
}
