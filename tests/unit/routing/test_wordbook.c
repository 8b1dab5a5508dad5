/* What the book chooses; that what it writes is read again is tested in test_lexicon.c. */
#include "routing/lexicon_inside.h"
#include "routing/wordbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct open_book {
    struct buf bytes;
    struct lexicon *x;
};

/* b is given. */
static struct open_book book_open(struct wordbook *b)
{
    struct open_book o = {0};
    struct err e = {0};

    assert_int_equal(wordbook_write(b, "", &o.bytes, &e), ERR_OK);
    assert_int_equal(lexicon_open(o.bytes.text, o.bytes.bytes, &o.x, &e), ERR_OK);
    wordbook_free(b);
    return o;
}

static void book_close(struct open_book *o)
{
    lexicon_close(o->x);
    buf_clear(&o->bytes);
}

/* The meaning of a word or phrase; no senses when it has none. */
static struct lexicon_hit meaning(const struct open_book *o, const char *language, const char *word)
{
    struct text t;
    struct lexicon_hit hit = {0};

    text_read(word, language_find(language), &t);
    if (lexicon_find(o->x, language_find(language), &t, 0, &hit))
        assert_int_equal(hit.tokens_n, t.tokens_n);
    text_clear(&t);
    return hit;
}

static struct token english(const char *word)
{
    struct text t;
    struct token token;

    text_read(word, language_find("en"), &t);
    token = t.tokens[0];
    text_clear(&t);
    return token;
}

#define assert_means(o, language, word, expected)                                                  \
    do {                                                                                           \
        struct lexicon_hit hit_ = meaning(o, language, word);                                      \
        assert_true(hit_.senses_n > 0);                                                            \
        assert_true(hit_.senses[0].key == english(expected).key);                                  \
    } while (0)

static bool add(struct wordbook *b, const char *language, const char *phrase, const char *text,
                enum wordbook_way way)
{
    return wordbook_add(b, language_find(language), phrase, text, way, 100);
}

static void test_pairs_without_content_are_left_out(void **state)
{
    struct wordbook *b = wordbook_new();

    (void)state;
    assert_false(add(b, "fr", "de", "wetland", WORDBOOK_TO_ENGLISH));
    assert_false(add(b, "fr", "", "wetland", WORDBOOK_TO_ENGLISH));
    assert_false(add(b, "fr", "humide", "", WORDBOOK_TO_ENGLISH));
    assert_false(add(b, "fr", "zone, humide", "wetland", WORDBOOK_TO_ENGLISH));
    assert_false(add(b, "fr", "zone", "a piece of land or water", WORDBOOK_TO_ENGLISH));
    assert_false(add(b, "fr", "a1 b2 c3 d4 e5 f6 g7 h8 i9", "wetland", WORDBOOK_TO_ENGLISH));
    assert_false(add(b, "ru", "wetland", "wetland", WORDBOOK_TO_ENGLISH)); /* stands for itself */
    assert_false(add(b, "fr", "zone", "болото", WORDBOOK_TO_ENGLISH));
    assert_true(add(b, "fr", "zone", "the area", WORDBOOK_TO_ENGLISH));
    wordbook_free(b);
}

/* Of the English words that lead to one foreign word the common one is meant. */
static void test_common_word_is_meant(void **state)
{
    struct wordbook *b = wordbook_new();
    struct open_book o;

    (void)state;
    for (int i = 0; i < 30; i++)
        wordbook_hear(b, "the number of countries");
    wordbook_hear(b, "numerous, numerable");
    assert_true(add(b, "ru", "число", "numerable", WORDBOOK_FROM_ENGLISH));
    assert_true(add(b, "ru", "число", "number", WORDBOOK_FROM_ENGLISH));
    assert_true(add(b, "ru", "число", "numeral", WORDBOOK_FROM_ENGLISH));
    /* Told under the foreign word, the order of the dictionary stands. */
    wordbook_add(b, language_find("ru"), "страна", "realm", WORDBOOK_TO_ENGLISH, 100);
    wordbook_add(b, language_find("ru"), "страна", "country", WORDBOOK_TO_ENGLISH, 50);
    o = book_open(b);
    assert_means(&o, "ru", "числа", "number");
    assert_means(&o, "ru", "страны", "realm");
    book_close(&o);
}

static void test_bridge_explains_what_no_pair_does(void **state)
{
    struct wordbook *b = wordbook_new();
    struct open_book o;
    int fr = language_find("fr"), es = language_find("es"), ru = language_find("ru");

    (void)state;
    assert_true(add(b, "ru", "болото", "swamp", WORDBOOK_FROM_ENGLISH));
    assert_true(add(b, "ru", "соль", "salt", WORDBOOK_FROM_ENGLISH));
    assert_true(add(b, "fr", "sel", "saddle", WORDBOOK_TO_ENGLISH));
    assert_true(wordbook_bridge(b, fr, "marécage", ru, "болото"));
    assert_true(wordbook_bridge(b, es, "pantano", fr, "marécage"));  /* over two bridges */
    assert_true(wordbook_bridge(b, fr, "sel", ru, "соль"));          /* explained already */
    assert_true(wordbook_bridge(b, fr, "tourbière", es, "turbera")); /* nobody knows */
    assert_false(wordbook_bridge(b, fr, "de", es, "turbera"));
    o = book_open(b);
    assert_means(&o, "fr", "marécages", "swamp");
    assert_means(&o, "es", "pantanos", "swamp");
    assert_means(&o, "fr", "sel", "saddle");
    assert_int_equal(meaning(&o, "fr", "tourbière").senses_n, 0);
    book_close(&o);
}

/* Chinese names keep their sound; names of ordinary words have none. */
static void test_chinese_names_have_a_skeleton(void **state)
{
    struct wordbook *b = wordbook_new();
    struct open_book o;
    struct lexicon_hit hit;
    struct text russian;

    (void)state;
    assert_true(add(b, "zh", "苏丹", "Sudan", WORDBOOK_TO_ENGLISH));
    assert_true(add(b, "zh", "北方湖", "Northern Lake", WORDBOOK_TO_ENGLISH));
    assert_true(add(b, "fr", "lac", "lake", WORDBOOK_TO_ENGLISH));
    assert_true(add(b, "fr", "boréal", "northern", WORDBOOK_TO_ENGLISH));
    assert_true(add(b, "fr", "Burundi", "Burundi", WORDBOOK_TO_ENGLISH));
    o = book_open(b);
    hit = meaning(&o, "zh", "苏丹");
    text_read("Судан", language_find("ru"), &russian);
    assert_true(hit.senses[0].skeleton != 0);
    assert_int_equal(hit.senses[0].skeleton, russian.tokens[0].skeleton);
    text_clear(&russian);
    hit = meaning(&o, "zh", "北方湖");
    assert_int_equal(hit.senses_n, 2);
    assert_int_equal(hit.senses[0].skeleton, 0);
    assert_int_equal(hit.senses[1].skeleton, 0);
    assert_int_equal(meaning(&o, "fr", "Burundi").senses[0].skeleton, 0);
    book_close(&o);
}

static void test_more_than_fits_is_refused(void **state)
{
    struct wordbook *b = wordbook_new();
    struct buf bytes = {0};
    struct err e = {0};
    char *about = mem_new((6 << 20) + 1, 1);

    (void)state;
    memset(about, 'x', 6 << 20);
    assert_int_equal(wordbook_write(b, about, &bytes, &e), ERR_TOO_LARGE);
    assert_null(bytes.text);
    free(about);
    wordbook_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_without_content_are_left_out),
        cmocka_unit_test(test_common_word_is_meant),
        cmocka_unit_test(test_bridge_explains_what_no_pair_does),
        cmocka_unit_test(test_chinese_names_have_a_skeleton),
        cmocka_unit_test(test_more_than_fits_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
