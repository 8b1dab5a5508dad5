#include "routing/reading_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static double topic_evidence(const char *language, const char *description, const char *topic)
{
    struct draft d = {.country = "KEN",
                      .language = language_find(language),
                      .title = "",
                      .description = description,
                      .preferred = -1};
    struct reading *r = reading_new(engine, &d);
    double evidence = r->topics[mandate_topic(&config->mandate, topic)];

    reading_free(r);
    return evidence;
}

/* One text that denies permits of trade and one that does not, alike but for that. */
struct pair {
    const char *language, *denies, *plain;
};

static void assert_denied(const struct pair *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double denied = topic_evidence(p[i].language, p[i].denies, "TRADE_PERMIT_NDF");
        double plain = topic_evidence(p[i].language, p[i].plain, "TRADE_PERMIT_NDF");
        if (!(plain > 0) || denied > 0.5 * plain)
            fail_msg("%s: %f, undenied %f", p[i].denies, denied, plain);
    }
}

static void test_what_precedes_is_denied_in_six_languages(void **state)
{
    static const struct pair pairs[] = {
        {"en", "CITES export permits are not the issue.",                                                  "CITES export permits are late."                  },
        {"fr", "Le permis d'exportation CITES n'est pas demandé.",
         "Le permis d'exportation CITES est en retard."                                                                                                      },
        {"es", "Los permisos CITES de exportación no son el problema.",
         "Los permisos CITES de exportación llegan tarde."                                                                                                  },
        {"ru", "Разрешение СИТЕС на экспорт к делу не относится.",
         "Разрешение СИТЕС на экспорт запаздывает."                                                                       },
        {"ar", "تصاريح تصدير سايتس ليست موضوعنا.",                              "تصاريح تصدير سايتس متأخرة."},
        {"zh", "CITES出口许可证与本申请无关。",                                                "CITES出口许可证迟迟未到。"             },
    };

    (void)state;
    assert_denied(pairs, sizeof pairs / sizeof pairs[0]);
}

static void test_what_follows_is_denied_in_six_languages(void **state)
{
    static const struct pair pairs[] = {
        {"en", "We do not ask for CITES export permits.",                                          "We ask for CITES export permits."                  },
        {"fr", "Il ne s'agit pas de permis d'exportation CITES.",
         "Il s'agit de permis d'exportation CITES."                                                                                                    },
        {"es", "No se trata de permisos CITES de exportación.",
         "Se trata de permisos CITES de exportación."                                                                                                 },
        {"ru", "Речь не идёт о разрешениях СИТЕС на экспорт.",
         "Речь идёт о разрешениях СИТЕС на экспорт."                                                                 },
        {"ar", "ليس المطلوب تصاريح تصدير سايتس.",                        "المطلوب تصاريح تصدير سايتس."},
        {"zh", "这不是CITES出口许可证的问题。",                                        "这是CITES出口许可证的问题。"            },
    };

    (void)state;
    assert_denied(pairs, sizeof pairs / sizeof pairs[0]);
}

static void test_a_sentence_of_its_own_denies_the_one_before(void **state)
{
    static const struct pair pairs[] = {
        {"en", "Many write to us on CITES export permits. That is not the issue.",
         "Many write to us on CITES export permits. That is so."       },
        {"fr", "On nous parle de permis d'exportation CITES ; ce n'est pas l'objet.",
         "On nous parle de permis d'exportation CITES ; c'est un fait."},
    };

    (void)state;
    assert_denied(pairs, sizeof pairs / sizeof pairs[0]);
}

static void test_a_denial_ends_with_its_clause(void **state)
{
    double after =
        topic_evidence("en", "This is not a question of whales, we lack CITES export permits.",
                       "TRADE_PERMIT_NDF");
    double plain = topic_evidence(
        "en", "This is a question of whales, we lack CITES export permits.", "TRADE_PERMIT_NDF");

    (void)state;
    assert_true(plain > 0);
    assert_true(after > 0.6 * plain);
}

static void test_a_denial_does_not_reach_what_is_asked_before_it(void **state)
{
    double with =
        topic_evidence("en", "We request CITES export permits, whale watching is not the issue.",
                       "TRADE_PERMIT_NDF");
    double without = topic_evidence(
        "en", "We request CITES export permits, whale watching goes on.", "TRADE_PERMIT_NDF");

    (void)state;
    assert_true(without > 0);
    assert_true(with > 0.9 * without);
}

static void test_a_denied_site_is_no_sure_fact(void **state)
{
    struct draft d = {.country = "MRT",
                      .language = language_find("fr"),
                      .title = "Semences",
                      .description = "Le parc national du Banc d'Arguin n'est pas en cause.",
                      .preferred = -1};
    struct reading *r = reading_new(engine, &d);
    int fact = mandate_fact(&config->mandate, "site_ramsar");

    (void)state;
    assert_true(r->sites_n > 0);
    assert_true(r->facts[fact] < config->weights.fact_min);
    reading_free(r);
}

/* A phrase of several words is found without the function words around it: "no hace falta" would
 * be found in "hace falta", and deny what is asked. */
static void test_no_word_that_denies_lies_outside_its_phrase(void **state)
{
    (void)state;
    for (size_t i = 0; i < config->terms.concepts_n; i++) {
        const struct concept *c = &config->terms.concepts[i];
        for (int l = 0; l < LANGUAGES_N && c->evidence_n > 0; l++)
            for (char **term = c->terms[l]; c->evidence[0].kind == TARGET_DENY && *term; term++) {
                struct text t;
                size_t first = 0, last, content_n = 0;
                text_read(*term, l, &t);
                last = t.tokens_n;
                for (size_t k = 0; k < t.tokens_n; k++)
                    content_n += !(t.tokens[k].flags & TOKEN_STOP);
                if (content_n == 0)
                    fail_msg("%s: function words only, never found", *term);
                while (t.tokens[first].flags & TOKEN_LINK)
                    first++;
                while (t.tokens[last - 1].flags & TOKEN_LINK)
                    last--;
                if (content_n > 1 && ((t.tokens[first].flags & TOKEN_STOP) ||
                                      (t.tokens[last - 1].flags & TOKEN_STOP)))
                    fail_msg("%s: its first or last word is lost", *term);
                text_clear(&t);
            }
    }
}

static void test_many_denials_are_read_in_bounds(void **state)
{
    enum { TIMES = 20000 };
    static const char phrase[] = "不是";
    char *text = malloc(TIMES * (sizeof phrase - 1) + 1);

    (void)state;
    for (size_t i = 0; i < TIMES; i++)
        memcpy(text + i * (sizeof phrase - 1), phrase, sizeof phrase);
    assert_true(topic_evidence("zh", text, "TRADE_PERMIT_NDF") < 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_precedes_is_denied_in_six_languages),
        cmocka_unit_test(test_what_follows_is_denied_in_six_languages),
        cmocka_unit_test(test_a_sentence_of_its_own_denies_the_one_before),
        cmocka_unit_test(test_a_denial_ends_with_its_clause),
        cmocka_unit_test(test_a_denial_does_not_reach_what_is_asked_before_it),
        cmocka_unit_test(test_a_denied_site_is_no_sure_fact),
        cmocka_unit_test(test_no_word_that_denies_lies_outside_its_phrase),
        cmocka_unit_test(test_many_denials_are_read_in_bounds),
    };

    return cmocka_run_group_tests_name("denial", tests, load_engine, free_engine);
}
