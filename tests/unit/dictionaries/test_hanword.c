#include "dictionaries/hanword.h"

#include "base/err.h"
#include "config/mandate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WETLAND, MANGROVE, LAKE, FIRE, SENTENCES_N = 8 };

static const struct {
    const char *chinese;
    uint32_t english[2];
    size_t english_n;
} corpus[SENTENCES_N] = {
    {"保护湿地。",             {WETLAND},           1},
    {"湿地的红树林被砍了", {WETLAND, MANGROVE}, 2},
    {"恢复湿地和湖泊",       {WETLAND, LAKE},     2},
    {"红树林里有火",          {MANGROVE, FIRE},    2},
    {"种植红树林",             {MANGROVE},          1},
    {"湖泊很深",                {LAKE},              1},
    {"湖泊与火灾",             {LAKE, FIRE},        2},
    {"防止火灾",                {FIRE},              1},
};

static size_t longest_in(const struct hanwords *h, const char *source, size_t i)
{
    struct text t;
    size_t n;

    text_read(source, language_find("zh"), &t);
    n = hanwords_longest(h, &t, i);
    text_clear(&t);
    return n;
}

static void test_words_are_found_whole(void **state)
{
    struct text texts[SENTENCES_N];
    struct hansentence sentences[SENTENCES_N];
    struct hanwords *h;

    (void)state;
    for (size_t i = 0; i < SENTENCES_N; i++) {
        text_read(corpus[i].chinese, language_find("zh"), &texts[i]);
        sentences[i] = (struct hansentence){&texts[i], corpus[i].english, corpus[i].english_n};
    }
    h = hanwords_learn(sentences, SENTENCES_N);
    assert_int_equal(longest_in(h, "湿地保护", 0), 2);
    assert_int_equal(longest_in(h, "红树林火灾", 0), 3); /* not 红树, its part */
    assert_int_equal(longest_in(h, "红树叶", 0), 1);
    assert_int_equal(longest_in(h, "湖泊", 0), 2);
    assert_int_equal(longest_in(h, "保护", 0), 1);   /* once only */
    assert_int_equal(longest_in(h, "湿。地", 0), 1); /* not across punctuation */
    assert_int_equal(longest_in(h, "x", 0), 1);
    hanwords_free(h);
    for (size_t i = 0; i < SENTENCES_N; i++)
        text_clear(&texts[i]);
}

static void test_nothing_is_learned_from_nothing(void **state)
{
    struct hanwords *h = hanwords_learn(NULL, 0);

    (void)state;
    assert_int_equal(longest_in(h, "湿地", 0), 1);
    hanwords_free(h);
    hanwords_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_found_whole),
        cmocka_unit_test(test_nothing_is_learned_from_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
