#include "config/notice.h"

#include "config/words.h"
#include "tests/unit/config/folder.h"

#define HEADER "action,to,by,degree,tells,words,reply,once,hours\n"

static void test_rows_are_found_in_their_order_by_all_that_they_ask_for(void **state)
{
    static const char text[] = HEADER "claim,claimed,lead,0,country,a,none,event,any\n"
                                      "claim,*,support,0,lead;coordinator,b,text,step,working\n"
                                      "escalate,*,*,2,ball,c,confirm,event,any\n"
                                      "claim,*,secretariat,0,whom,d,none,event,any\n";
    const struct {
        struct notice_case event;
        const char *found;
    } cases[] = {
        {{"claim", "claimed", "lead", "secretariat", 0},    "ad"},
        {{"claim", "claimed", "support", "secretariat", 0}, "bd"},
        {{"claim", "offered", "lead", "secretariat", 0},    "d" },
        {{"claim", "claimed", "", "system", 0},             ""  },
        {{"escalate", "offered", "", "system", 2},          "c" },
        {{"escalate", "offered", "", "system", 1},          ""  },
        {{"ask", "offered", "", "system", 1},               ""  },
    };
    struct notices *n = mem_new(1, sizeof *n);
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_write(&f, "notices.csv", text);
    assert_int_equal(notices_load(f.path, n, &e), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct notice_row *row;
        char found[8] = "";
        size_t at = 0;

        while ((row = notices_next(n, &at, &cases[i].event)))
            strcat(found, row->words);
        if (strcmp(found, cases[i].found) != 0)
            fail_msg("case %zu: %s", i, found);
    }
    assert_int_equal(n->rows[1].tells, NOTICE_LEAD | NOTICE_COORDINATOR);
    assert_int_equal(n->rows[1].reply, NOTICE_REPLY_TEXT);
    assert_true(n->rows[1].once_a_step);
    assert_true(n->rows[1].in_hours);
    assert_false(n->rows[0].in_hours);
    folder_remove(&f);
    free(n);
}

static void test_a_faulty_row_is_named(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {HEADER "a,b,c,0,nobody,w,none,event,any\n",    "notices.csv:2: tells: unknown \"nobody\""},
        {HEADER "a,b,c,x,country,w,none,event,any\n",   "notices.csv:2"                           },
        {HEADER "a,b,c,0,country,w,maybe,event,any\n",  "notices.csv:2"                           },
        {HEADER "a,b,c,0,country,w,none,often,any\n",   "notices.csv:2"                           },
        {HEADER "a,b,c,0,country,w,none,event,never\n", "notices.csv:2"                           },
        {HEADER ",b,c,0,country,w,none,event,any\n",    "notices.csv:2"                           },
    };
    struct notices *n = mem_new(1, sizeof *n);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        struct folder f;

        folder_make(&f);
        folder_write(&f, "notices.csv", cases[i].text);
        assert_int_equal(notices_load(f.path, n, &e), ERR_CONFIG);
        assert_non_null(strstr(e.detail, cases[i].fault));
        folder_remove(&f);
    }
    free(n);
}

static void test_all_words_of_the_shipped_rows_are_there(void **state)
{
    struct notices *n = mem_new(1, sizeof *n);
    struct words *w = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(notices_load(LIAISON_SOURCE_DIR "/config", n, &e), ERR_OK);
    assert_int_equal(words_load(LIAISON_SOURCE_DIR "/config", &w, &e), ERR_OK);
    assert_true(n->rows_n > 0);
    for (size_t i = 0; i < n->rows_n; i++) {
        char key[64];

        snprintf(key, sizeof key, "notice.%s", n->rows[i].words);
        if (!words_has(w, key))
            fail_msg("messages.csv lacks %s", key);
    }
    words_free(w);
    free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_found_in_their_order_by_all_that_they_ask_for),
        cmocka_unit_test(test_a_faulty_row_is_named),
        cmocka_unit_test(test_all_words_of_the_shipped_rows_are_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
