#include "routing/decision.h"

#include "routing/quote.h"
#include "routing/reading_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static struct draft draft_of(const char *country, const char *language, const char *title,
                             const char *description)
{
    return (struct draft){.country = country,
                          .language = language_find(language),
                          .title = title,
                          .description = description,
                          .preferred = -1};
}

static struct decision decide(const struct draft *d)
{
    struct reading *r = reading_new(engine, d);
    struct grounds grounds;
    struct decision decision;

    decision_read(engine, r, d, &grounds, &decision);
    reading_free(r);
    return decision;
}

static const char *lead_of(const struct decision *d)
{
    return d->lead >= 0 ? config->mandate.secretariats[d->lead].code : "triage";
}

static const struct rule_candidate *candidate_of(const struct decision *d, const char *code)
{
    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        if (d->outcome.candidates[i].secretariat == mandate_secretariat(&config->mandate, code))
            return &d->outcome.candidates[i];
    return NULL;
}

static bool has_factor(const struct decision *d, const char *code, const char *factor)
{
    const struct rule_candidate *c = candidate_of(d, code);

    for (size_t i = 0; c && i < c->reasons_n; i++)
        if (strcmp(c->reasons[i].factor, factor) == 0)
            return true;
    return false;
}

/* One plain need in each language; the words are official terms, not a case's. */
static void test_plain_need_reaches_its_secretariat_in_six_languages(void **state)
{
    static const struct {
        const char *lead, *language, *title, *description;
    } needs[] = {
        {"ippc",    "en", "Quarantine pest found in potato fields",
         "We ask for advice on eradication of a new plant pest and on phytosanitary measures."                                                          },
        {"ramsar",  "fr", "Restauration d'une zone humide",
         "Nous demandons un avis sur la restauration de la zone humide et son plan de gestion."                                                         },
        {"cites",   "es", "Permisos CITES y dictamen de extracción no perjudicial",
         "Solicitamos capacitación para la expedición de permisos de exportación de especies."                                                       },
        {"cms",     "ru", "Сохранение мигрирующих видов птиц",
         "Просим помочь в координации государств ареала по охране мигрирующих видов."   },
        {"cbd",     "zh", "更新国家生物多样性战略和行动计划",
         "请求协助制定国家生物多样性战略和行动计划的指标，并与昆明-"
         "蒙特利尔全球生物多样性框架保持一致。"                                                                                       },
        {"itpgrfa", "ar", "بنك الجينات والموارد الوراثية النباتية للأغذية والزراعة",
         "نطلب المساعدة في حفظ البذور في بنك الجينات وتنفيذ الاتفاق الموحد لنقل المواد."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        struct draft d = draft_of("KEN", needs[i].language, needs[i].title, needs[i].description);
        struct decision decision = decide(&d);
        if (strcmp(lead_of(&decision), needs[i].lead) != 0)
            fail_msg("%s: %s leads", needs[i].title, lead_of(&decision));
    }
}

static void test_named_property_and_site_become_facts(void **state)
{
    struct draft d =
        draft_of("MRT", "fr", "Menace sur le Banc d'Arguin",
                 "Le Parc national du Banc d'Arguin est menacé par un déversement de gazole.");
    struct decision decision = decide(&d);

    (void)state;
    assert_true(has_factor(&decision, "whc", "site_whc"));
    assert_true(has_factor(&decision, "ramsar", "site_ramsar"));
    d.country = "FRA"; /* another country's site is none of the draft's own */
    decision = decide(&d);
    assert_false(has_factor(&decision, "whc", "site_whc"));
}

/* What the reason for a factor quotes; NULL: the factor does not speak for that secretariat. */
static const char *evidence_of(const struct decision *d, const char *code, const char *factor)
{
    const struct rule_candidate *c = candidate_of(d, code);

    for (size_t i = 0; c && i < c->reasons_n; i++)
        if (strcmp(c->reasons[i].factor, factor) == 0)
            return c->reasons[i].evidence;
    return NULL;
}

static void test_species_are_known_by_common_name_in_six_languages(void **state)
{
    static const struct {
        const char *language, *text, *code, *factor, *name;
    } cases[] = {
        {"ru", "Массовая гибель сайгаков в степи",                      "cms",   "cms_listed",     "сайгаков"       },
        {"ar", "مراقبة هجرة طيور الحبارى في موسم الصيد",            "cms",   "cms_listed",     "طيور الحبارى"},
        {"zh", "请求协助监测长江江豚种群",                                              "iwc",   "small_cetacean", "长江江豚"           },
        {"fr", "Commerce international illicite de pangolins géants, contrebande aux frontières",
         "cites",                                                                                            "trade",          "pangolins géants"      },
        {"es", "Permisos de exportación de fibra de vicuñas",                                     "cites", "trade",          "vicuñas"               },
        {"en", "Entanglement of a humpback whale in a fishing net",                                 "iwc",   "large_whale",
         "humpback whale"                                                                                                                               },
        {"fr", "Foyers de typographes de l'épicéa dans les forêts",                              "ippc",  "plant_pest",
         "typographes de l'épicéa"                                                                                                                    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = draft_of("KEN", cases[i].language, cases[i].text, "");
        struct decision decision = decide(&d);
        const char *evidence = evidence_of(&decision, cases[i].code, cases[i].factor);
        if (!evidence || !strstr(evidence, cases[i].name))
            fail_msg("%s: %s quotes %s", cases[i].text, cases[i].factor,
                     evidence ? evidence : "nothing, for it does not hold");
    }
}

/* Words that share their stem or characters with an animal's name. */
static void test_homonym_of_a_species_is_no_species(void **state)
{
    static const struct {
        const char *language, *text;
    } cases[] = {
        {"ru", "Заповедник под городом Орёл и его стойкие леса"},
        {"ar", "تشديد العقاب على قطع الأشجار"                                 },
        {"es", "Plan de manejo del Área de Conservación Guanacaste en un ángulo de la costa"       },
        {"fr", "La réserve du golfe du Lion et ses frais de gestion"                                 },
        {"es", "En enero hubo una reunión y ojalá hubiera otra"                                     },
        {"zh", "白鹤滩水电站的环境评估"                                                    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = draft_of("KEN", cases[i].language, cases[i].text, "");
        struct reading *r = reading_new(engine, &d);
        if (r->species_n > 0)
            fail_msg("%s: %s", cases[i].text,
                     config->world.species[r->species[0].index].scientific);
        reading_free(r);
    }
}

static void test_longer_name_of_a_species_hides_the_shorter(void **state)
{
    struct draft d = draft_of("KGZ", "en", "Poaching of snow leopards", "");
    struct reading *r = reading_new(engine, &d);

    (void)state;
    assert_int_equal(r->species_n, 1);
    assert_string_equal(config->world.species[r->species[0].index].scientific, "Panthera uncia");
    reading_free(r);
}

static void test_species_named_after_a_site_leaves_the_site_its_name(void **state)
{
    struct draft d = draft_of("IDN", "en", "Visitors of Komodo National Park", "");
    struct decision decision = decide(&d);

    (void)state;
    assert_true(has_factor(&decision, "whc", "site_whc"));
}

static void test_common_words_of_site_names_find_no_site(void **state)
{
    struct draft d = draft_of("UGA", "en", "A national park on the lake",
                              "The Lake and the Wetland in the National Park need a plan.");
    struct decision decision = decide(&d);

    (void)state;
    assert_false(has_factor(&decision, "ramsar", "site_ramsar"));
    assert_false(has_factor(&decision, "whc", "site_whc"));
}

static void test_convention_named_in_passing_does_not_lead(void **state)
{
    struct draft d = draft_of("KEN", "en", "Quarantine pest in maize: fall armyworm",
                              "Our plant protection service, which also knows CITES well, asks "
                              "for surveillance of the pest.");
    struct decision decision = decide(&d);

    (void)state;
    assert_string_equal(lead_of(&decision), "ippc");
    assert_false(has_factor(&decision, "cites", "named"));
}

static void test_need_outside_every_mandate_goes_to_triage_with_a_referral(void **state)
{
    struct draft d = draft_of("JOR", "en", "Vaccination of sheep against foot-and-mouth disease",
                              "We request vaccines for livestock, and veterinary training against "
                              "foot-and-mouth disease in cattle and sheep.");
    struct decision decision = decide(&d);
    json_auto_t *json = decision_json(engine, &decision);

    (void)state;
    assert_string_equal(lead_of(&decision), "triage");
    assert_string_equal(json_string_value(json_object_get(json, "outcome")), "triage");
    assert_true(json_is_null(json_object_get(json, "lead")));
    assert_int_equal(json_array_size(json_object_get(json, "support")), 0);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(json, "referral"), "code")),
        "animal_health");
}

static void test_text_that_says_nothing_goes_to_triage(void **state)
{
    struct draft d = draft_of("KEN", "en", "Please help us soon", "We would be very grateful.");
    struct decision decision = decide(&d);

    (void)state;
    assert_string_equal(lead_of(&decision), "triage");
    assert_int_equal(decision.referral, -1);
    assert_int_equal(decision.main_topic, -1);
}

/* Amounts as grounds hold them; party: everybody's. */
static struct decision decide_on(struct grounds *v)
{
    struct decision decision;

    for (size_t s = 0; s < SECRETARIATS_MAX; s++)
        v->party[s] = PARTY_YES;
    v->preferred = -1;
    decision_make(&config->mandate, &config->weights, v, &decision);
    return decision;
}

static void test_organism_leads_where_no_topic_is_clear(void **state)
{
    const struct mandate *m = &config->mandate;
    struct grounds v = {0};
    struct decision decision;

    (void)state;
    v.facts[mandate_fact(m, "large_whale")] = 20;
    v.topics[mandate_topic(m, "WHALE_WATCHING")] = 1;
    decision = decide_on(&v);
    assert_string_equal(lead_of(&decision), "iwc");
    assert_int_equal(decision.main_topic, mandate_topic(m, "WHALE_WATCHING"));
    v.topics[mandate_topic(m, "PLANT_PEST")] = 40; /* a clear topic decides as before */
    decision = decide_on(&v);
    assert_string_equal(lead_of(&decision), "ippc");
}

static void test_law_without_a_convention_is_not_the_matter(void **state)
{
    const struct mandate *m = &config->mandate;
    struct grounds v = {0};
    struct decision decision;
    struct draft d;

    (void)state;
    v.topics[mandate_topic(m, "LEGISLATION_ONE")] = 30;
    v.topics[mandate_topic(m, "TRADE_PERMIT_NDF")] = 10;
    decision = decide_on(&v);
    assert_int_equal(decision.main_topic, mandate_topic(m, "TRADE_PERMIT_NDF"));
    d = draft_of("KEN", "en", "Legislation to implement the Convention",
                 "Please review our draft act for conformity with the International Plant "
                 "Protection Convention: we have no legislation yet that gives effect to it.");
    decision = decide(&d);
    assert_string_equal(lead_of(&decision), "ippc");
}

static void test_name_of_a_country_says_nothing_else(void **state)
{
    static const struct {
        const char *country, *language, *title, *description, *fact;
    } names[] = {
        {"GIN", "fr", "Réunion avec la Côte d'Ivoire",
         "La Côte d'Ivoire accueille la réunion des deux pays.",                                                                                                "trade"},
        {"RUS", "ru", "Совещание: Грузия и соседи", "Грузия принимает участников, Грузия согласна.",
         "trade"                                                                                                                                                         },
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct draft d =
            draft_of(names[i].country, names[i].language, names[i].title, names[i].description);
        struct reading *r = reading_new(engine, &d);

        if (r->facts[mandate_fact(&config->mandate, names[i].fact)] > 0)
            fail_msg("%s speaks for %s", names[i].title, names[i].fact);
        reading_free(r);
    }
}

static void test_theme_code_speaks_for_its_topic(void **state)
{
    static const char *const themes[] = {"WHALE_WATCHING", NULL};
    struct draft d = draft_of("ISL", "en", "Guidance for boats", "Rules for tour boats at sea.");
    struct decision decision;

    (void)state;
    d.themes = themes;
    decision = decide(&d);
    assert_int_equal(decision.main_topic, mandate_topic(&config->mandate, "WHALE_WATCHING"));
    assert_string_equal(lead_of(&decision), "iwc");
}

static void test_reasons_quote_words_of_the_text(void **state)
{
    struct draft d = draft_of("KEN", "en", "Fruit fly in mango orchards",
                              "A quarantine pest, the oriental fruit fly, spreads.");
    struct decision decision = decide(&d);
    json_auto_t *json = decision_json(engine, &decision);
    const json_t *candidate = json_array_get(json_object_get(json, "candidates"), 0);
    const json_t *reason;
    size_t i;

    (void)state;
    assert_string_equal(json_string_value(json_object_get(candidate, "secretariat")), "ippc");
    json_array_foreach (json_object_get(candidate, "reasons"), i, reason) {
        const char *evidence = json_string_value(json_object_get(reason, "evidence"));
        char *words = strdup(evidence), *rest = words, *comma;
        for (char *word = rest; word; word = comma ? comma + 2 : NULL) {
            comma = strstr(word, QUOTE_PARTING);
            if (comma)
                *comma = '\0';
            if (!strstr(d.title, word) && !strstr(d.description, word))
                fail_msg("'%s' is not in the text", word);
        }
        free(words);
    }
    assert_true(i > 0);
}

static void test_same_draft_gives_the_same_decision(void **state)
{
    struct draft d = draft_of("MRT", "fr", "Menace sur le Banc d'Arguin",
                              "Marée noire, oiseaux d'eau et zone humide du bien inscrit.");
    struct decision one = decide(&d), other = decide(&d);
    json_auto_t *a = decision_json(engine, &one);
    json_auto_t *b = decision_json(engine, &other);

    (void)state;
    assert_true(json_equal(a, b));
}

static void test_confidence_grows_with_evidence(void **state)
{
    struct draft faint = draft_of("KEN", "en", "Insects in orchards", "A plant pest was seen.");
    struct draft clear =
        draft_of("KEN", "en", "Quarantine pest: oriental fruit fly",
                 "The national plant protection organisation asks for advice on eradication of "
                 "a quarantine pest, pest surveillance and phytosanitary measures.");
    struct decision a = decide(&faint), b = decide(&clear);

    (void)state;
    assert_string_equal(lead_of(&a), "ippc");
    assert_string_equal(lead_of(&b), "ippc");
    assert_true(b.confidence > a.confidence);
    assert_true(b.confidence > 0 && b.confidence < 1);
}

static void test_long_texts_are_read_in_bounds(void **state)
{
    char *text = malloc(65537);
    struct draft d = draft_of("GBR", "en", "Long", text);
    static const char phrase[] = "Plant pest of the Wadden Sea wetland. ";
    struct decision decision;

    (void)state;
    for (size_t i = 0; i < 65536; i++)
        text[i] = phrase[i % (sizeof phrase - 1)];
    text[65536] = '\0';
    decision = decide(&d);
    assert_true(decision.outcome.candidates_n > 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_need_reaches_its_secretariat_in_six_languages),
        cmocka_unit_test(test_named_property_and_site_become_facts),
        cmocka_unit_test(test_species_are_known_by_common_name_in_six_languages),
        cmocka_unit_test(test_homonym_of_a_species_is_no_species),
        cmocka_unit_test(test_longer_name_of_a_species_hides_the_shorter),
        cmocka_unit_test(test_species_named_after_a_site_leaves_the_site_its_name),
        cmocka_unit_test(test_common_words_of_site_names_find_no_site),
        cmocka_unit_test(test_convention_named_in_passing_does_not_lead),
        cmocka_unit_test(test_need_outside_every_mandate_goes_to_triage_with_a_referral),
        cmocka_unit_test(test_text_that_says_nothing_goes_to_triage),
        cmocka_unit_test(test_organism_leads_where_no_topic_is_clear),
        cmocka_unit_test(test_law_without_a_convention_is_not_the_matter),
        cmocka_unit_test(test_name_of_a_country_says_nothing_else),
        cmocka_unit_test(test_theme_code_speaks_for_its_topic),
        cmocka_unit_test(test_reasons_quote_words_of_the_text),
        cmocka_unit_test(test_same_draft_gives_the_same_decision),
        cmocka_unit_test(test_confidence_grows_with_evidence),
        cmocka_unit_test(test_long_texts_are_read_in_bounds),
    };
    return cmocka_run_group_tests_name("decision", tests, load_engine, free_engine);
}
