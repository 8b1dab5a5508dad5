#include "config/words.h"

#include "tests/unit/config/folder.h"

enum { AR, EN, ES, FR, RU, ZH };

#define HEADER "key,ar,en,es,fr,ru,zh\n"

static struct words *load_text(const char *text)
{
    struct words *w = NULL;
    struct err e = {0};
    struct folder f;

    folder_make(&f);
    folder_write(&f, "messages.csv", text);
    if (words_load(f.path, &w, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    folder_remove(&f);
    return w;
}

static void test_text_comes_back_in_the_language_asked_for(void **state)
{
    struct words *w = load_text(HEADER "yes,نعم,yes,sí,oui,да,是\nno,لا,no,no,non,нет,否\n");

    (void)state;
    assert_string_equal(words_get(w, "yes", AR), "نعم");
    assert_string_equal(words_get(w, "yes", EN), "yes");
    assert_string_equal(words_get(w, "yes", ES), "sí");
    assert_string_equal(words_get(w, "no", FR), "non");
    assert_string_equal(words_get(w, "no", RU), "нет");
    assert_string_equal(words_get(w, "no", ZH), "否");
    words_free(w);
}

static void test_columns_may_stand_in_any_order(void **state)
{
    struct words *w = load_text("note,zh,key,ru,fr,es,en,ar\nx,是,yes,да,oui,sí,yes,نعم\n");

    (void)state;
    assert_string_equal(words_get(w, "yes", AR), "نعم");
    assert_string_equal(words_get(w, "yes", ZH), "是");
    words_free(w);
}

static void test_missing_key_comes_back_itself(void **state)
{
    struct words *w = load_text(HEADER "yes,نعم,yes,sí,oui,да,是\n");
    const char *key = "state.unheard_of";

    (void)state;
    assert_ptr_equal(words_get(w, key, FR), key);
    assert_false(words_has(w, key));
    assert_true(words_has(w, "yes"));
    words_free(w);
}

static void test_placeholders_are_filled(void **state)
{
    static const struct word_value values[] = {
        {"who",  "{n}"}, /* inserted as it stands: no second round */
        {"n",    "3"  },
        {"long", ""   },
        {NULL,   NULL },
    };
    static const struct {
        const char *text, *filled;
    } cases[] = {
        {"plain",          "plain"         },
        {"{who} has {n}",  "{n} has 3"     },
        {"{n}{n}{long}",   "33"            },
        {"{other} {n}",    "{other} 3"     },
        {"{ n} {} {N} {n", "{ n} {} {N} {n"},
        {"{{n}}",          "{3}"           },
        {"{whom} {wh}",    "{whom} {wh}"   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *t = cases[i].text;
        struct buf text = {0};
        struct words *w;
        char *filled;

        buf_printf(&text, HEADER "k,%s,%s,%s,%s,%s,%s\n", t, t, t, t, t, t);
        w = load_text(buf_text(&text));
        filled = words_fill(w, "k", ES, values);
        assert_string_equal(filled, cases[i].filled);
        free(filled);
        words_free(w);
        buf_clear(&text);
    }
}

static void test_filling_a_missing_key_gives_the_key(void **state)
{
    struct words *w = load_text(HEADER);
    char *filled = words_fill(w, "state.unheard_of", EN, NULL);

    (void)state;
    assert_string_equal(filled, "state.unheard_of");
    free(filled);
    words_free(w);
}

static void test_faults_name_file_and_line(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"key,ar,en,es,fr,ru\na,1,1,1,1,1\n",                    "2: no column zh"                },
        {HEADER "a,1,1,1,1,1,\n",                                "2: zh is empty"                 },
        {HEADER ",1,1,1,1,1,1\n",                                "2: key is empty"                },
        {HEADER "a,1,1,1,1,1,1\nb,1,1,1,1,1,1\na,1,1,1,1,1,1\n", "4: key \"a\" twice"             },
        {HEADER "a,{n},{n},{n},n,{n},{n}\n",                     "2: {n} is not in both en and fr"},
        {HEADER "a,{n},{n},{n},{n},{n} {m},{n}\n",               "2: {m} is not in both en and ru"},
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct words *w = NULL;
        struct err e = {0};
        char expected[128];

        snprintf(expected, sizeof expected, "messages.csv:%s", cases[i].fault);
        folder_write(&f, "messages.csv", cases[i].text);
        assert_int_equal(words_load(f.path, &w, &e), ERR_CONFIG);
        folder_assert_fault(&f, &e, expected);
        assert_null(w);
    }
    folder_remove(&f);
}

static void test_the_best_language_is_negotiated(void **state)
{
    static const struct {
        const char *header;
        int language;
    } cases[] = {
        {NULL,                              EN},
        {"",                                EN},
        {"fr",                              FR},
        {"FR-ca",                           FR},
        {"zh-Hans-CN, en;q=0.5",            ZH},
        {"de, ru;q=0.3, es;q=0.7",          ES},
        {"de",                              EN},
        {"frx",                             EN},
        {"f",                               EN},
        {"*",                               EN},
        {"*;q=0.5, ar;q=0.1",               EN},
        {"ar;q=0.6, *;q=0.5",               AR},
        {"en;q=0, *",                       ES},
        {"en;q=0, ar;q=0, *;q=0.5",         ES},
        {"en;q=0.2, *;q=0.9",               ES},
        {"ru;q=0.8, es;q=0.8",              RU}, /* equal: the first named */
        {"es;q=0.8,ru;q=0.8",               ES},
        {"fr;q=0.801, es;q=0.8",            FR},
        {"es;q=0.1, es-MX;q=0.9, fr;q=0.5", ES},
        {"fr;q=0, en;q=0",                  EN}, /* nothing left: English */
        {"fr ; q=0.5 ,\tru\t;\tQ=0.6",      RU},
        {",, ,fr,",                         FR},
        {"fr;q=2, ru;q=0.1",                RU}, /* a malformed weight says nothing */
        {"fr;q=1.001, ru;q=0.1",            RU},
        {"fr;q=, ru;q=0.1",                 RU},
        {"fr;q=0.5x, ru;q=0.1",             RU},
        {"fr;level=1, ru;q=0.1",            RU},
        {"fr;q=1.000, ru",                  FR},
        {"fr;q=0.99999, ru;q=0.9990",       FR},
        {"fr;",                             EN},
        {"fr ru",                           EN},
        {"-fr",                             EN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int language = words_negotiate(cases[i].header, EN);

        if (language != cases[i].language)
            fail_msg("%s: %s", cases[i].header, language_codes[language]);
    }
}

static void test_who_leaves_it_open_gets_the_other_language(void **state)
{
    static const struct {
        const char *header;
        int language;
    } cases[] = {
        {NULL,          AR},
        {"",            AR},
        {"de",          AR},
        {"*",           AR},
        {"en",          EN},
        {"ar;q=0, *",   EN},
        {"*, fr;q=1",   AR},
        {"*;q=0.5, fr", FR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int language = words_negotiate(cases[i].header, AR);

        if (language != cases[i].language)
            fail_msg("%s: %s", cases[i].header, language_codes[language]);
    }
}

static void test_the_real_messages_load(void **state)
{
    struct words *w = NULL;
    struct err e = {0};

    (void)state;
    if (words_load(LIAISON_SOURCE_DIR "/config", &w, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_true(words_has(w, "problem.validation"));
    words_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_comes_back_in_the_language_asked_for),
        cmocka_unit_test(test_columns_may_stand_in_any_order),
        cmocka_unit_test(test_missing_key_comes_back_itself),
        cmocka_unit_test(test_placeholders_are_filled),
        cmocka_unit_test(test_filling_a_missing_key_gives_the_key),
        cmocka_unit_test(test_faults_name_file_and_line),
        cmocka_unit_test(test_the_best_language_is_negotiated),
        cmocka_unit_test(test_who_leaves_it_open_gets_the_other_language),
        cmocka_unit_test(test_the_real_messages_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
