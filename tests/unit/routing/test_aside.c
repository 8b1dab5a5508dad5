#include "routing/aside.h"

#include "routing/gate.h"
#include "routing/reading_inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static struct draft draft_of(const char *language, const char *description)
{
    return (struct draft){.country = "KEN",
                          .language = language_find(language),
                          .title = "",
                          .description = description,
                          .preferred = -1};
}

static double topic_evidence(const char *language, const char *description, const char *topic)
{
    struct draft d = draft_of(language, description);
    struct reading *r = reading_new(engine, &d);
    double evidence = r->topics[mandate_topic(&config->mandate, topic)];

    reading_free(r);
    return evidence;
}

/* Two sentences alike but for the words that make the second an aside. */
static void test_what_is_asked_besides_weighs_less_in_six_languages(void **state)
{
    static const struct {
        const char *language, *aside, *plain;
    } pairs[] = {
        {"en", "The lake is drying. In addition, CITES export permits are needed.",
         "The lake is drying. Next, CITES export permits are needed."                                                                                                                      },
        {"fr", "Le lac s'assèche. Par ailleurs, un permis d'exportation CITES est demandé.",
         "Le lac s'assèche. Demain, un permis d'exportation CITES est demandé."                                                                                                          },
        {"es", "El lago se seca. Además, hacen falta permisos CITES de exportación.",
         "El lago se seca. Ahora, hacen falta permisos CITES de exportación."                                                                                                             },
        {"ru", "Озеро высыхает. Кроме того, нужны разрешения СИТЕС на экспорт.",
         "Озеро высыхает. Сегодня нужны разрешения СИТЕС на экспорт."                                                                     },
        {"ar", "جفت البحيرة. فضلا عن ذلك تلزم تصاريح تصدير سايتس.",
         "جفت البحيرة. وغدا تلزم تصاريح تصدير سايتس."                                                                                                    },
        {"zh", "湖泊干涸。此外，需要CITES出口许可证。",                                                             "湖泊干涸。现在，需要CITES出口许可证。"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        double aside = topic_evidence(pairs[i].language, pairs[i].aside, "TRADE_PERMIT_NDF");
        double plain = topic_evidence(pairs[i].language, pairs[i].plain, "TRADE_PERMIT_NDF");
        if (!(plain > 0) || !(aside > 0) || aside > 0.6 * plain)
            fail_msg("%s: %f, as a main sentence %f", pairs[i].aside, aside, plain);
    }
}

static size_t asides_in(const char *language, const char *text, bool ret_aside[], size_t room)
{
    struct text t;
    size_t n;

    text_read(text, language_find(language), &t);
    n = t.tokens_n;
    assert_true(n <= room);
    memset(ret_aside, 0, n * sizeof *ret_aside);
    asides_find(engine->asides, language_find(language), &t, ret_aside);
    text_clear(&t);
    return n;
}

static void test_aside_reaches_from_its_word_to_the_end_of_the_sentence(void **state)
{
    bool aside[32];
    size_t n = asides_in("en", "One two. Three also four five. Six seven.", aside, 32);

    (void)state;
    assert_int_equal(n, 8);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(aside[i], i >= 3 && i <= 5);
}

static void test_first_sentence_is_no_aside(void **state)
{
    bool aside[32];
    size_t n = asides_in("en", "Also one two. Also three.", aside, 32);

    (void)state;
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(aside[i], i >= 3);
}

static void test_words_of_a_cue_stand_together(void **state)
{
    bool aside[32];
    size_t n = asides_in("en", "One. In a rich addition two. In, addition three.", aside, 32);

    (void)state;
    for (size_t i = 0; i < n; i++)
        assert_false(aside[i]);
}

/* An aside is little for the lead, and all there is for who supports. */
static void test_part_asked_besides_is_said_in_full(void **state)
{
    static const char text[] = "The lake is drying. In addition, CITES export permits are needed.";
    struct draft d = draft_of("en", text);
    struct reading *r = reading_new(engine, &d);
    int cites = mandate_secretariat(&config->mandate, "cites");
    int ramsar = mandate_secretariat(&config->mandate, "ramsar");
    struct grounds in_aside, plain;

    (void)state;
    grounds_make(engine, r, &d, &in_aside);
    reading_free(r);
    d = draft_of("en", "The lake is drying. Next, CITES export permits are needed.");
    r = reading_new(engine, &d);
    grounds_make(engine, r, &d, &plain);
    reading_free(r);
    assert_true(gate_said(&in_aside, cites, ramsar) > 1);
    assert_true(gate_said(&in_aside, cites, ramsar) >= gate_said(&plain, cites, ramsar));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_asked_besides_weighs_less_in_six_languages),
        cmocka_unit_test(test_aside_reaches_from_its_word_to_the_end_of_the_sentence),
        cmocka_unit_test(test_first_sentence_is_no_aside),
        cmocka_unit_test(test_words_of_a_cue_stand_together),
        cmocka_unit_test(test_part_asked_besides_is_said_in_full),
    };
    return cmocka_run_group_tests_name("aside", tests, load_engine, free_engine);
}
