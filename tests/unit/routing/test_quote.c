/* Which words of a text are quoted for a reason. */
#include "routing/quote.h"

#include "routing/reading_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

/* The reason for a factor that speaks for a secretariat; fails where there is none. */
static struct rule_reason reason_for(const struct draft *d, const char *code, const char *factor)
{
    struct reading *r = reading_new(engine, d);
    int secretariat = mandate_secretariat(&config->mandate, code);
    struct grounds grounds;
    struct decision decision;

    decision_read(engine, r, d, &grounds, &decision);
    reading_free(r);
    for (size_t i = 0; i < decision.outcome.candidates_n; i++) {
        const struct rule_candidate *c = &decision.outcome.candidates[i];
        for (size_t k = 0; k < c->reasons_n && c->secretariat == secretariat; k++)
            if (strcmp(c->reasons[k].factor, factor) == 0)
                return c->reasons[k];
    }
    fail_msg("%s does not speak for %s: %s", factor, code, d->title);
    return (struct rule_reason){.points = 0};
}

static struct draft draft_of(const char *country, const char *language, const char *title,
                             const char *description)
{
    return (struct draft){.country = country,
                          .language = language_find(language),
                          .title = title,
                          .description = description,
                          .preferred = -1};
}

static void test_a_named_thing_is_quoted_alone(void **state)
{
    static const struct {
        const char *country, *language, *title, *code, *factor, *evidence;
    } cases[] = {
        {"TCD", "fr", "Le lac Fitri, site Ramsar et zone humide, s'ensable",                                     "ramsar",
         "site_ramsar",                                                                                                                 "Lac Fitri"                },
        {"IDN", "en", "World Heritage in danger: the rainforests of Sumatra",                                    "whc",     "site_whc",
         "Tropical Rainforest Heritage of Sumatra"                                                                                                                 },
        {"RUS", "ru", "Охрана объекта всемирного наследия на Камчатке", "whc",     "site_whc",
         "Камчатке"                                                                                                                                        },
        {"VUT", "en", "Pest traps against the coconut rhinoceros beetle, a quarantine pest",                     "ippc",
         "plant_pest",                                                                                                                  "coconut rhinoceros beetle"},
        {"PER", "es", "Banco de germoplasma y recursos fitogenéticos: la papa nativa",                          "itpgrfa",
         "pgrfa",                                                                                                                       "papa nativa"              },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = draft_of(cases[i].country, cases[i].language, cases[i].title, "");
        struct rule_reason r = reason_for(&d, cases[i].code, cases[i].factor);
        assert_string_equal(r.evidence, cases[i].evidence);
        assert_true(r.by_name);
    }
}

static void test_trade_takes_more_than_a_listed_species(void **state)
{
    struct draft d =
        draft_of("RUS", "ru", "Незаконная торговля кречетами: вывоз через таможню", "");
    struct rule_reason r = reason_for(&d, "cites", "trade");

    (void)state;
    assert_false(r.by_name);
    assert_memory_equal(r.evidence, "кречетами" QUOTE_PARTING, strlen("кречетами" QUOTE_PARTING));
}

static void test_no_word_is_quoted_twice(void **state)
{
    struct draft d = draft_of(
        "KEN", "en", "Wetland restoration",
        "We restore wetlands. The Wetlands are a wetland. Restoring the wetland needs a plan "
        "for wetland restoration, for peatland and for mangroves.");
    struct rule_reason r = reason_for(&d, "ramsar", "base_main");
    size_t wetlands = 0;

    (void)state;
    for (const char *p = r.evidence; (p = strcasestr(p, "wetland")); p++)
        wetlands++;
    if (wetlands != 1)
        fail_msg("%s", r.evidence);
}

static void test_at_most_four_words_strongest_first(void **state)
{
    struct draft d = draft_of(
        "KEN", "en", "Quarantine pest found",
        "A lake. The national plant protection organization asks for pest risk analysis, pest "
        "surveillance, eradication of the pest, phytosanitary measures, a pest free area, a "
        "quarantine "
        "station and pest diagnostics against locusts, fruit flies and armyworm.");
    struct rule_reason r = reason_for(&d, "ippc", "base_main");
    size_t n = 1;

    (void)state;
    for (const char *p = r.evidence; (p = strstr(p, QUOTE_PARTING)); p++)
        n++;
    if (n != 4 || strstr(r.evidence, "lake"))
        fail_msg("%s", r.evidence);
}

/* A term that is found with words between is quoted where it reads as one phrase. */
static void test_a_loose_term_is_quoted_where_it_reads_as_one(void **state)
{
    static const struct {
        const char *description;
        bool quoted;
    } cases[] = {
        {"We ask for restoration of the whole wetland.",       true },
        {"We ask for restoration so that a wetland may live.", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = draft_of("UGA", "en", "A peatland to be rewetted", cases[i].description);
        struct reading *r = reading_new(engine, &d);
        struct rule_reason reason = reason_for(&d, "ramsar", "base_main");
        bool loose = false;
        for (size_t k = 0; k < r->spoken_n; k++)
            loose = loose || (r->spoken[k].loose &&
                              strstr(config->terms.concepts[r->spoken[k].concept].name, "wetland"));
        reading_free(r);
        assert_true(loose);
        if ((strstr(reason.evidence, "restoration") != NULL) != cases[i].quoted)
            fail_msg("%s: %s", cases[i].description, reason.evidence);
    }
}

static void test_a_theme_code_is_no_word_of_the_text(void **state)
{
    static const char *const themes[] = {"WETLAND_RESTORE", NULL};
    struct draft d = draft_of("UGA", "en", "A plan for the coming years", "Please advise on it.");
    struct rule_reason r;

    (void)state;
    d.themes = themes;
    r = reason_for(&d, "ramsar", "base_main");
    assert_string_equal(r.evidence, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_named_thing_is_quoted_alone),
        cmocka_unit_test(test_trade_takes_more_than_a_listed_species),
        cmocka_unit_test(test_no_word_is_quoted_twice),
        cmocka_unit_test(test_at_most_four_words_strongest_first),
        cmocka_unit_test(test_a_loose_term_is_quoted_where_it_reads_as_one),
        cmocka_unit_test(test_a_theme_code_is_no_word_of_the_text),
    };
    return cmocka_run_group_tests_name("quote", tests, load_engine, free_engine);
}
