#include "routing/tongue.h"

#include "config/mandate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_tongue(const char *language, const char *title, const char *text,
                          const char *expected)
{
    const char *found = language_codes[tongue_of(language, title, text)];

    if (strcmp(found, expected) != 0)
        fail_msg("\"%s\" \"%s\" is read as %s, not %s", title, text, found, expected);
}

static void test_one_of_the_six_is_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < LANGUAGES_N; i++)
        assert_tongue(language_codes[i], "anything", "", language_codes[i]);
}

static void test_another_or_none_is_told_from_the_text(void **state)
{
    (void)state;
    assert_tongue("", "The lake", "we ask for a mission to the lake", "en");
    assert_tongue("", "Le lac", "nous demandons une mission sur le lac", "fr");
    assert_tongue("", "El lago", "pedimos una misión en el lago", "es");
    assert_tongue("pt", "O lago", "pedimos uma missão para o lago de que falamos", "es");
    assert_tongue("uk", "Озеро", "просимо про місію", "ru");
    assert_tongue("", "البحيرة", "نطلب بعثة", "ar");
    assert_tongue("ja", "湿地の回復", "支援を求める", "zh");
    assert_tongue("de", "Der See", "wir bitten um eine Mission", "en");
    assert_tongue("xx", "快捷键Ctrl+F失效", "Windows 11, VS Code 1.89", "zh");
}

static void test_without_words_it_is_english(void **state)
{
    (void)state;
    assert_tongue("", "", "", "en");
    assert_tongue("", "12 34", "\xff\xfe", "en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_of_the_six_is_believed),
        cmocka_unit_test(test_another_or_none_is_told_from_the_text),
        cmocka_unit_test(test_without_words_it_is_english),
    };
    return cmocka_run_group_tests_name("tongue", tests, NULL, NULL);
}
