#include "routing/matcher.h"
#include "routing/stop.h"
#include "routing/text.h"

#include "config/mandate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct text read_text(const char *source, const char *language)
{
    struct text t;

    text_read(source, language_find(language), &t);
    return t;
}

/* The stem's key of a text's only content word. */
static uint64_t key_of(const char *word, const char *language)
{
    struct text t = read_text(word, language);
    uint64_t key = 0;

    for (size_t i = 0; i < t.tokens_n; i++)
        if (!(t.tokens[i].flags & TOKEN_STOP))
            key = t.tokens[i].key;
    text_clear(&t);
    return key;
}

static uint32_t skeleton_of(const char *word, const char *language)
{
    struct text t = read_text(word, language);
    uint32_t skeleton = t.tokens_n > 0 ? t.tokens[0].skeleton : 0;

    text_clear(&t);
    return skeleton;
}

/* How well the phrase is found in the text: 0 not at all, 1 as written. */
static double fit_of(const char *phrase, const char *text, const char *language)
{
    struct matcher *m = matcher_new();
    struct text p = read_text(phrase, language), t = read_text(text, language);
    struct content c;
    struct match matches[64];
    double best = 0;
    size_t n;

    matcher_add(m, &p, MATCH_ANY, 7);
    matcher_finish(m);
    content_init(&c, &t);
    n = matcher_find(m, &c, matches, 64);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(matches[i].payload, 7);
        best = (double)matches[i].fit > best ? (double)matches[i].fit : best;
    }
    content_clear(&c);
    text_clear(&p);
    text_clear(&t);
    matcher_free(m);
    return best;
}

static void test_inflected_words_share_their_key(void **state)
{
    static const struct {
        const char *language, *one, *other;
    } pairs[] = {
        {"en", "wetlands",               "Wetland"             },
        {"en", "permit",                 "permits"             },
        {"fr", "zones",                  "zone"                },
        {"fr", "Élevé",                "eleve"               },
        {"es", "humedales",              "humedal"             },
        {"es", "ESPECIES",               "especie"             },
        {"ru", "заповедника", "заповедник"},
        {"ru", "учёт",               "учет"            },
        {"ar", "والمحمية",       "محمية"          },
        {"ar", "للطيور",           "الطيور"        },
        {"ar", "بالصيد",           "صيد"              },
        {"ar", "مَحْمِيَّة",   "محميه"          },
        {"zh", "ＣＩＴＥＳ",        "CITES"               },
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (key_of(pairs[i].one, pairs[i].language) != key_of(pairs[i].other, pairs[i].language))
            fail_msg("%s: %s and %s", pairs[i].language, pairs[i].one, pairs[i].other);
}

static void test_names_of_three_scripts_share_their_consonants(void **state)
{
    static const struct {
        const char *latin, *other, *language;
    } names[] = {
        {"Ichkeul",    "Ишкёль",       "ru"},
        {"Samarkand",  "Самарканд", "ru"},
        {"Samarkand",  "سمرقند",       "ar"},
        {"Tanzania",   "Танзания",   "ru"},
        {"Kaziranga",  "Казиранга", "ru"},
        {"Garamba",    "غارامبا",     "ar"},
        {"Brighton",   "Брайтон",     "ru"},
        {"Uighurstan", "Уйгурстан", "ru"},
        {"Christine",  "Кристин",     "ru"},
        {"Alexander",  "Александр", "ru"},
        {"Luxembourg", "لوكسمبورغ", "ar"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint32_t latin = skeleton_of(names[i].latin, "en");
        uint32_t other = skeleton_of(names[i].other, names[i].language);
        if (latin == 0 || latin != other)
            fail_msg("%s and %s", names[i].latin, names[i].other);
    }
    assert_int_equal(skeleton_of("Oia", "en"), 0); /* no consonants, no name */
}

static void test_french_elisions_are_function_words(void **state)
{
    struct text t = read_text("l'eau qu'il faut d’urgence", "fr");

    (void)state;
    assert_int_equal(t.tokens_n, 7);
    assert_true(t.tokens[0].flags & TOKEN_STOP);
    assert_false(t.tokens[1].flags & TOKEN_STOP);
    assert_true(t.tokens[2].flags & TOKEN_STOP);
    assert_true(t.tokens[5].flags & TOKEN_STOP);
    text_clear(&t);
}

static void test_accents_tell_maize_from_but(void **state)
{
    (void)state;
    assert_int_equal(stop_find(language_find("fr"), "mais"), STOP_WORD);
    assert_int_equal(stop_find(language_find("fr"), "maïs"), STOP_NONE);
    assert_int_equal(stop_find(language_find("en"), "of"), STOP_LINK);
    assert_int_equal(stop_find(-1, "of"), STOP_NONE);
}

static void test_numbers_lose_their_separators_only(void **state)
{
    (void)state;
    assert_true(key_of("1,200", "en") == key_of("1200", "en"));
    assert_true(key_of("1.200", "es") == key_of("1200", "es"));
    assert_true(key_of("٢٠٢٦", "ar") == key_of("2026", "ar"));
    assert_false(key_of("3.5", "en") == key_of("35", "en"));
}

static void test_abbreviation_in_capitals_is_no_pronoun(void **state)
{
    struct text t = read_text("Experts of WHO asked who will come", "en");
    struct text shout = read_text("WHO WILL HELP US NOW PLEASE", "en");

    (void)state;
    assert_false(t.tokens[2].flags & TOKEN_STOP);
    assert_true(t.tokens[4].flags & TOKEN_STOP);
    assert_true(shout.tokens[0].flags & TOKEN_STOP);
    text_clear(&t);
    text_clear(&shout);
}

static void test_phrase_is_found_whatever_its_inflection(void **state)
{
    (void)state;
    assert_true(fit_of("plant pest", "new plant pests arrived", "en") > 0.9);
    assert_true(fit_of("commerce illégal d'espèces", "le commerce illégal des espèces", "fr") >
                0.9);
    assert_true(fit_of("湿地公约", "《湿地公约》秘书处", "zh") > 0.9);
    assert_true(fit_of("CMS附录", "列入 CMS 附录二", "zh") > 0.9);
    assert_true(fit_of("bioprospecting", "rules for bio-prospecting", "en") > 0.9);
}

static void test_words_near_one_another_count_for_less(void **state)
{
    double near_fit = fit_of("illegal trade", "trade that is often illegal", "en");

    (void)state;
    assert_true(near_fit > 0 && near_fit < 0.9);
    assert_true(fit_of("illegal trade", "Illegal acts. No trade", "en") <= 0);
    assert_true(fit_of("illegal trade", "illegal, trade", "en") <= 0.5);
    assert_true(fit_of("illegal trade", "trade that is, often, illegal", "en") <= 0);
    assert_true(fit_of("illegal import", "important and illegal", "en") < near_fit / 2);
}

static void test_words_of_one_stem_but_another_sense_count_for_less(void **state)
{
    double fit = fit_of("import", "an important matter", "en");

    (void)state;
    assert_true(fit_of("import", "imports of timber", "en") > 0.9);
    assert_true(fit > 0 && fit < 0.5);
    assert_true(fit_of("stop-over", "the work stopped", "en") <= 0);
    assert_true(fit_of("remise en eau", "remise à l'eau des tortues", "fr") < 0.9);
    assert_true(fit_of("marais", "au mois de mars", "fr") < 0.5);
    assert_true(fit_of("кит", "границы Китая", "ru") < 0.5); /* looks like an adjective of it */
    assert_true(fit_of("кит", "гибель китов", "ru") > 0.9);
    assert_true(fit_of("морская свинья", "прилов морской свиньи", "ru") > 0.9);
}

static void test_any_bytes_are_read_in_bounds(void **state)
{
    static const char *const odd[] = {
        "",         " ",     "\xff\xfe", "a\xcc\x81", "\xed\xa0\x80x",         "ﷺﷺﷺ",
        "........", "'''''", "--a--",    "1.,2.,3",   "\xf0\x9f\x90\x8b whale"};
    char *large = malloc(65537);

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        for (int l = -1; l < LANGUAGES_N; l++) {
            struct text t;
            text_read(odd[i], l, &t);
            for (size_t k = 0; k < t.tokens_n; k++)
                assert_true(t.tokens[k].start + t.tokens[k].bytes <= t.source_bytes);
            text_clear(&t);
        }
    memset(large, 'x', 65536);
    large[65536] = '\0';
    for (size_t i = 1; i < 65536; i += 2)
        large[i] = ' ';
    {
        struct text t = read_text(large, "en");
        assert_true(t.tokens_n <= TEXT_TOKENS_MAX);
        text_clear(&t);
    }
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inflected_words_share_their_key),
        cmocka_unit_test(test_names_of_three_scripts_share_their_consonants),
        cmocka_unit_test(test_french_elisions_are_function_words),
        cmocka_unit_test(test_accents_tell_maize_from_but),
        cmocka_unit_test(test_numbers_lose_their_separators_only),
        cmocka_unit_test(test_abbreviation_in_capitals_is_no_pronoun),
        cmocka_unit_test(test_phrase_is_found_whatever_its_inflection),
        cmocka_unit_test(test_words_near_one_another_count_for_less),
        cmocka_unit_test(test_words_of_one_stem_but_another_sense_count_for_less),
        cmocka_unit_test(test_any_bytes_are_read_in_bounds),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
