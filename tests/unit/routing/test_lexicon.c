#include "routing/lexicon_inside.h"
#include "routing/wordbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
    const char *language, *phrase, *english;
    unsigned score;
} rows[] = {
    {"fr", "zone",            "area",        10},
    {"fr", "zone humide",     "wetland",     10},
    {"fr", "prise",           "catch",       10},
    {"fr", "prise",           "plug",        30},
    {"fr", "prise",           "of",          90},
    {"fr", "prise",           "capture",     10},
    {"fr", "prise",           "catch",       10},
    {"es", "bosque",          "forest",      10},
    {"ar", "مستنقع",    "swamp",       10},
    {"ru", "болото",    "swamp",       10},
    {"zh", "湿地",          "wetland",     10},
    {"zh", "湿",             "wet",         10},
    {"zh", "红树林",       "mangrove",    10},
    {"zh", "红色",          "red",         10},
    {"zh", "雨林",          "rainforest",  10},
    {"es", "bosque lluvioso", "rain forest", 10},
};

/* rows in either order. */
static struct buf write_rows(bool backwards)
{
    enum { N = sizeof rows / sizeof rows[0] };
    struct wordbook *b = wordbook_new();
    struct buf bytes = {0};
    struct err e = {0};

    for (size_t i = 0; i < N; i++) {
        const struct row *r = &rows[backwards ? N - 1 - i : i];
        assert_int_equal(wordbook_add(b, language_find(r->language), r->phrase, r->english,
                                      WORDBOOK_TO_ENGLISH, r->score),
                         strcmp(r->english, "of") != 0);
    }
    assert_int_equal(wordbook_write(b, "a test", &bytes, &e), ERR_OK);
    wordbook_free(b);
    return bytes;
}

struct fixture {
    struct buf bytes;
    struct lexicon *x;
};

static int open_rows(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct err e = {0};

    f->bytes = write_rows(false);
    assert_int_equal(lexicon_open(f->bytes.text, f->bytes.bytes, &f->x, &e), ERR_OK);
    *state = f;
    return 0;
}

static int close_rows(void **state)
{
    struct fixture *f = *state;

    lexicon_close(f->x);
    buf_clear(&f->bytes);
    free(f);
    return 0;
}

/* The key of an English word in a running text. */
static uint64_t english(const char *word)
{
    struct text t;
    uint64_t key;

    text_read(word, language_find("en"), &t);
    assert_int_equal(t.tokens_n, 1);
    key = t.tokens[0].key;
    text_clear(&t);
    return key;
}

static bool find(const struct lexicon *x, const char *language, const char *source, size_t i,
                 struct lexicon_hit *ret_hit)
{
    struct text t;
    bool found;

    text_read(source, language_find(language), &t);
    assert_true(i < t.tokens_n);
    found = lexicon_find(x, language_find(language), &t, i, ret_hit);
    text_clear(&t);
    return found;
}

#define assert_means(hit, tokens, word)                                                            \
    do {                                                                                           \
        assert_int_equal((hit).tokens_n, tokens);                                                  \
        assert_true((hit).senses_n >= 1);                                                          \
        assert_true((hit).senses[0].key == english(word));                                         \
    } while (0)

static void test_running_text_has_the_keys_of_the_dictionary(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit;

    assert_true(find(x, "es", "los bosques", 1, &hit));
    assert_means(hit, 1, "Forests");
    assert_true(find(x, "ru", "болота высыхают", 0, &hit));
    assert_means(hit, 1, "swamps");
    assert_true(find(x, "ar", "والمستنقع يجف", 0, &hit));
    assert_means(hit, 1, "swamp");
    assert_true(hit.senses[0].weight > 0.99f);
    assert_false(find(x, "es", "arena", 0, &hit));
    assert_false(find(x, "fr", "bosque", 0, &hit));
}

static void test_longest_phrase_wins(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit;

    assert_true(find(x, "zh", "红树林湿地", 0, &hit));
    assert_means(hit, 3, "mangroves");
    assert_true(find(x, "zh", "红树林湿地", 3, &hit));
    assert_means(hit, 2, "wetland");
    assert_true(find(x, "zh", "红色土", 0, &hit)); /* neither three nor one */
    assert_means(hit, 2, "red");
    assert_true(find(x, "zh", "湿土", 0, &hit));
    assert_means(hit, 1, "wet");
    assert_true(find(x, "fr", "zones humides", 0, &hit));
    assert_means(hit, 2, "wetland");
}

static void test_no_phrase_runs_into_punctuation(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit;

    assert_true(find(x, "fr", "zone, humide", 0, &hit));
    assert_means(hit, 1, "area");
    assert_true(find(x, "zh", "湿。地", 0, &hit));
    assert_means(hit, 1, "wet");
}

static void test_beginning_of_a_phrase_alone_means_nothing(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit = {.tokens_n = 77};

    assert_false(find(x, "zh", "红树", 0, &hit));
    assert_int_equal(hit.tokens_n, 77);
}

static void test_strongest_two_senses_are_kept(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit;

    assert_true(find(x, "fr", "prise", 0, &hit));
    assert_int_equal(hit.senses_n, 2);
    assert_means(hit, 1, "plug");
    assert_true(hit.senses[1].key == english("catch"));
    assert_true(hit.senses[0].weight > hit.senses[1].weight && hit.senses[1].weight > 0);
}

static void test_two_words_of_one_translation_are_both_kept(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit;

    assert_true(find(x, "es", "bosque lluvioso", 0, &hit));
    assert_int_equal(hit.tokens_n, 2);
    assert_int_equal(hit.senses_n, 2);
    assert_true((hit.senses[0].key == english("rain") && hit.senses[1].key == english("forest")) ||
                (hit.senses[1].key == english("rain") && hit.senses[0].key == english("forest")));
}

static void test_english_words_stand_for_themselves(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;
    struct lexicon_hit hit;

    assert_true(find(NULL, "en", "wetlands", 0, &hit));
    assert_means(hit, 1, "wetland");
    assert_true(find(x, "ru", "Guidelines", 0, &hit));
    assert_means(hit, 1, "guideline");
    assert_false(find(x, "en", "of", 0, &hit));
    assert_false(find(x, "en", "1200", 0, &hit));
    assert_false(find(NULL, "es", "bosque", 0, &hit));
    assert_false(find(x, "es", "wetland", 0, &hit));
}

static void test_same_pairs_make_the_same_bytes(void **state)
{
    struct fixture *f = *state;
    BUF_AUTO struct buf other = write_rows(true);

    assert_int_equal(other.bytes, f->bytes.bytes);
    assert_memory_equal(other.text, f->bytes.text, other.bytes);
}

static void test_about_and_counts_are_told(void **state)
{
    const struct lexicon *x = ((struct fixture *)*state)->x;

    assert_string_equal(lexicon_about(x), "a test");
    assert_string_equal(lexicon_about(NULL), "nothing");
    assert_int_equal(lexicon_count(x, language_find("fr")), 3);
    assert_int_equal(lexicon_count(x, language_find("en")), 0);
    assert_int_equal(lexicon_count(x, language_find("zh")), 7); /* with two beginnings */
}

static void test_empty_book_is_a_lexicon(void **state)
{
    struct wordbook *b = wordbook_new();
    BUF_AUTO struct buf bytes = {0};
    struct lexicon *x = NULL;
    struct err e = {0};
    struct lexicon_hit hit;

    (void)state;
    assert_int_equal(wordbook_write(b, "", &bytes, &e), ERR_OK);
    assert_int_equal(lexicon_open(bytes.text, bytes.bytes, &x, &e), ERR_OK);
    assert_false(find(x, "fr", "zone", 0, &hit));
    lexicon_close(x);
    wordbook_free(b);
}

/* --- damaged files ------------------------------------------------------------------- */

static enum err_code open_copy(const char *bytes, size_t n)
{
    char *copy = mem_text_n(bytes, n); /* so that the sanitizer sees the end */
    struct lexicon *x = NULL;
    struct err e = {0};
    enum err_code rc = lexicon_open(copy, n, &x, &e);

    if (rc == ERR_OK)
        lexicon_close(x);
    else
        assert_null(x);
    free(copy);
    return rc;
}

static void test_cut_or_changed_file_is_refused(void **state)
{
    struct fixture *f = *state;

    for (size_t n = 0; n < f->bytes.bytes; n++)
        assert_int_equal(open_copy(f->bytes.text, n), ERR_CONFIG);
    for (size_t i = 0; i < f->bytes.bytes; i++) {
        if (i >= LEXICON_AT_VERSION + 4 && i < LEXICON_AT_CHECKSUM)
            continue; /* unused */
        f->bytes.text[i] ^= 0x10;
        assert_int_equal(open_copy(f->bytes.text, f->bytes.bytes), ERR_CONFIG);
        f->bytes.text[i] ^= 0x10;
    }
    assert_int_equal(open_copy(f->bytes.text, f->bytes.bytes), ERR_OK);
}

/* With the right checksum each number that leads elsewhere is still refused. */
static void test_numbers_out_of_range_are_refused(void **state)
{
    static const uint32_t wrong[] = {0, 1, LEXICON_HEADER_BYTES - 1, 0x7fffffff, 0xffffffff};
    struct fixture *f = *state;
    char *bytes = f->bytes.text;
    unsigned refused_n = 0, tried_n = 0;

    for (size_t at = LEXICON_AT_ABOUT; at < LEXICON_HEADER_BYTES; at += 4) {
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            char saved[4];
            memcpy(saved, bytes + at, 4);
            for (int k = 0; k < 4; k++)
                bytes[at + (size_t)k] = (char)(unsigned char)(wrong[i] >> (8 * k));
            if (memcmp(saved, bytes + at, 4) != 0) {
                lexicon_seal(bytes, f->bytes.bytes);
                tried_n++;
                refused_n += open_copy(bytes, f->bytes.bytes) != ERR_OK;
            }
            memcpy(bytes + at, saved, 4);
        }
    }
    /* What may be otherwise: a shorter about, fewer stems than there are when none is beyond, and
     * a language's bits, where the buckets happen to stay sound. */
    assert_true(refused_n + 6 >= tried_n);
    assert_true(tried_n > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_running_text_has_the_keys_of_the_dictionary),
        cmocka_unit_test(test_longest_phrase_wins),
        cmocka_unit_test(test_no_phrase_runs_into_punctuation),
        cmocka_unit_test(test_beginning_of_a_phrase_alone_means_nothing),
        cmocka_unit_test(test_strongest_two_senses_are_kept),
        cmocka_unit_test(test_two_words_of_one_translation_are_both_kept),
        cmocka_unit_test(test_english_words_stand_for_themselves),
        cmocka_unit_test(test_same_pairs_make_the_same_bytes),
        cmocka_unit_test(test_about_and_counts_are_told),
        cmocka_unit_test(test_empty_book_is_a_lexicon),
        cmocka_unit_test(test_cut_or_changed_file_is_refused),
        cmocka_unit_test(test_numbers_out_of_range_are_refused),
    };

    return cmocka_run_group_tests(tests, open_rows, close_rows);
}
