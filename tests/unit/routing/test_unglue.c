#include "routing/unglue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

/* How many words it is parted into; 0: it stays whole. */
static size_t parts_of(const char *word)
{
    struct text parts;
    size_t n;

    if (!unglue(engine_lexicon(engine), language_find("ar"), word, strlen(word), &parts))
        return 0;
    n = parts.tokens_n;
    text_clear(&parts);
    return n;
}

static void test_words_written_as_one_are_parted(void **state)
{
    (void)state;
    assert_non_null(engine_lexicon(engine));
    assert_int_equal(parts_of("الأممالمتحدة"), 2);  /* United Nations */
    assert_true(parts_of("نهايةالعامالماضي") >= 3); /* end of last year */
}

static void test_one_word_and_a_name_stay_whole(void **state)
{
    (void)state;
    assert_int_equal(parts_of("المستنقعات"), 0);
    assert_int_equal(parts_of("كافارداركوف"), 0);
    assert_int_equal(parts_of("ماء"), 0);
    assert_int_equal(parts_of(""), 0);
}

static void test_a_word_without_end_is_left_alone(void **state)
{
    char word[4 * UNGLUE_LETTERS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof word - 1; i += 2)
        memcpy(word + i, "ب", 2);
    word[sizeof word - 1] = '\0';
    assert_int_equal(parts_of(word), 0);
}

static void test_without_a_lexicon_nothing_is_parted(void **state)
{
    struct text parts;
    const char *word = "الأممالمتحدة";

    (void)state;
    assert_false(unglue(NULL, language_find("ar"), word, strlen(word), &parts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_written_as_one_are_parted),
        cmocka_unit_test(test_one_word_and_a_name_stay_whole),
        cmocka_unit_test(test_a_word_without_end_is_left_alone),
        cmocka_unit_test(test_without_a_lexicon_nothing_is_parted),
    };
    return cmocka_run_group_tests_name("unglue", tests, load_engine, free_engine);
}
