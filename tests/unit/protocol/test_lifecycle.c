#include "protocol/lifecycle.h"

#include "tests/unit/protocol/sample.h"

static unsigned targets(const struct lifecycle_row *row, unsigned from)
{
    return row->to == STATE_SAME ? row->from & from : row->from & from ? 1u << row->to : 0;
}

static void test_every_state_can_be_reached_from_submitted(void **state)
{
    unsigned reached = 1u << STATE_SUBMITTED;
    unsigned before = 0;

    (void)state;
    while (before != reached) {
        before = reached;
        for (size_t i = 0; i < lifecycle_rows_n; i++)
            reached |= targets(&lifecycle_rows[i], before);
    }
    for (unsigned s = 0; s < STATES_N; s++)
        if (!(reached & 1u << s))
            fail_msg("%s", state_words[s]);
}

static void test_every_open_state_has_one_ball_and_a_way_out(void **state)
{
    (void)state;
    for (unsigned s = 0; s < STATES_N; s++) {
        enum ball ball = lifecycle_ball(s);
        unsigned ways = 0;

        for (size_t i = 0; i < lifecycle_rows_n; i++)
            if (lifecycle_rows[i].to != STATE_SAME)
                ways |= targets(&lifecycle_rows[i], 1u << s) & ~(1u << s);
        if (lifecycle_is_terminal(s) != (ball == BALL_NONE))
            fail_msg("%s: terminal, and somebody has the ball", state_words[s]);
        if (!lifecycle_is_terminal(s) && (ball > BALL_SECRETARIAT || !*ball_words[ball] || !ways))
            fail_msg("%s: ball %d, ways %x", state_words[s], (int)ball, ways);
        if (lifecycle_is_terminal(s) && s != STATE_CLOSED && s != STATE_WITHDRAWN &&
            s != STATE_MERGED && ways)
            fail_msg("%s is left again", state_words[s]);
    }
    assert_int_equal(lifecycle_ball(STATE_SAME), BALL_NONE);
}

static void test_the_holder_of_the_ball_has_a_row_to_play_it(void **state)
{
    static const enum role roles[] = {[BALL_SYSTEM] = ROLE_SYSTEM,
                                      [BALL_COORDINATOR] = ROLE_COORDINATOR,
                                      [BALL_COUNTRY] = ROLE_COUNTRY,
                                      [BALL_SECRETARIAT] = ROLE_SECRETARIAT};

    (void)state;
    for (unsigned s = 0; s < STATES_N; s++) {
        bool can_play = lifecycle_is_terminal(s);

        for (size_t i = 0; i < lifecycle_rows_n; i++)
            can_play |= (lifecycle_rows[i].from & 1u << s) && lifecycle_rows[i].to != STATE_SAME &&
                        lifecycle_rows[i].action != ACTION_WITHDRAW &&
                        lifecycle_rows[i].role == roles[lifecycle_ball(s)];
        if (!can_play)
            fail_msg("%s", state_words[s]);
    }
}

static void test_balls_are_where_the_contract_puts_them(void **state)
{
    static const struct {
        enum state state;
        enum ball ball;
    } cases[] = {
        {STATE_SUBMITTED,        BALL_SYSTEM     },
        {STATE_TRIAGE,           BALL_COORDINATOR},
        {STATE_AWAITING_COUNTRY, BALL_COUNTRY    },
        {STATE_OFFERED,          BALL_SECRETARIAT},
        {STATE_CLAIMED,          BALL_SECRETARIAT},
        {STATE_PLANNED,          BALL_COUNTRY    },
        {STATE_DELIVERING,       BALL_SECRETARIAT},
        {STATE_ANSWERED,         BALL_COUNTRY    },
        {STATE_UNMATCHED,        BALL_COORDINATOR},
        {STATE_CLOSED,           BALL_NONE       },
        {STATE_WITHDRAWN,        BALL_NONE       },
        {STATE_MERGED,           BALL_NONE       },
        {STATE_DECLINED,         BALL_NONE       },
        {STATE_REFERRED,         BALL_NONE       },
    };

    (void)state;
    assert_int_equal(sizeof cases / sizeof cases[0], STATES_N);
    for (size_t i = 0; i < STATES_N; i++)
        if (lifecycle_ball(cases[i].state) != cases[i].ball)
            fail_msg("%s", state_words[cases[i].state]);
}

static void test_every_value_has_its_word(void **state)
{
    static const struct {
        const char *what;
        const char *const *words;
        size_t n;
    } lists[] = {
        {"states",    state_words,    STATES_N            },
        {"actions",   action_words,   ACTIONS_N           },
        {"standings", standing_words, STANDING_CLOSEST + 1},
        {"guards",    guard_words,    GUARDS_N            },
        {"balls",     ball_words,     BALL_SECRETARIAT + 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (size_t k = 0; k < lists[i].n; k++) {
            if (!lists[i].words[k])
                fail_msg("%s: %zu has none", lists[i].what, k);
            for (size_t m = 0; m < k; m++)
                if (!strcmp(lists[i].words[k], lists[i].words[m]))
                    fail_msg("%s: %s twice", lists[i].what, lists[i].words[k]);
        }
        if (lists[i].words[lists[i].n])
            fail_msg("%s: a word too many", lists[i].what);
    }
}

static void test_rows_of_one_case_differ_in_their_guard_or_standing(void **state)
{
    (void)state;
    for (size_t i = 0; i < lifecycle_rows_n; i++)
        for (size_t k = 0; k < i; k++) {
            const struct lifecycle_row *a = &lifecycle_rows[i];
            const struct lifecycle_row *b = &lifecycle_rows[k];

            if (a->action == b->action && a->role == b->role && (a->from & b->from) &&
                a->standing == b->standing && a->guard == b->guard)
                fail_msg("rows %zu and %zu: %s", k, i, action_words[a->action]);
        }
}

static void test_no_row_gives_an_operator_anything(void **state)
{
    (void)state;
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        if (row->role == ROLE_OPERATOR || row->action == ACTION_SUBMIT)
            fail_msg("row %zu", i);
        if ((row->role == ROLE_SECRETARIAT) != (row->standing != STANDING_ANY))
            fail_msg("row %zu: %s without standing", i, action_words[row->action]);
    }
}

static char *file_text(FILE *f)
{
    char *text = calloc(1, 1 << 16);
    size_t n = fread(text, 1, (1 << 16) - 1, f);

    assert_in_range(n, 1, (1 << 16) - 2);
    fclose(f);
    return text;
}

static char *printed(void (*print)(FILE *))
{
    FILE *f = tmpfile();

    assert_non_null(f);
    print(f);
    rewind(f);
    return file_text(f);
}

static void test_the_document_is_what_the_table_prints(void **state)
{
    FILE *f = fopen(LIAISON_SOURCE_DIR "/docs/lifecycle.md", "r");
    char *expected = printed(lifecycle_print_markdown);
    char *kept;

    (void)state;
    if (!f)
        fail_msg("docs/lifecycle.md is missing: lifecycle_print markdown > docs/lifecycle.md");
    kept = file_text(f);
    if (strcmp(kept, expected) != 0)
        fail_msg("docs/lifecycle.md is old: lifecycle_print markdown > docs/lifecycle.md");
    free(kept);
    free(expected);
}

static void test_the_lua_guards_have_every_move_and_no_other(void **state)
{
    char *lua = printed(lifecycle_print_lua);
    unsigned lines = 0;
    unsigned moves = 0;

    (void)state;
    for (const char *c = strstr(lua, "\nallow("); c; c = strstr(c + 1, "\nallow("))
        lines++;
    for (size_t i = 0; i < lifecycle_rows_n; i++)
        for (unsigned s = 0; s < STATES_N; s++) {
            const struct lifecycle_row *row = &lifecycle_rows[i];
            char line[160];

            if (!(row->from & 1u << s))
                continue;
            moves++;
            snprintf(line, sizeof line, "\nallow('%s', '%s', '%s', '%s')\n",
                     action_words[row->action], role_words[row->role], state_words[s],
                     state_words[row->to == STATE_SAME ? s : row->to]);
            if (!strstr(lua, line))
                fail_msg("missing: %s", line);
        }
    assert_int_equal(lines, moves);
    free(lua);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_state_can_be_reached_from_submitted),
        cmocka_unit_test(test_every_open_state_has_one_ball_and_a_way_out),
        cmocka_unit_test(test_the_holder_of_the_ball_has_a_row_to_play_it),
        cmocka_unit_test(test_balls_are_where_the_contract_puts_them),
        cmocka_unit_test(test_every_value_has_its_word),
        cmocka_unit_test(test_rows_of_one_case_differ_in_their_guard_or_standing),
        cmocka_unit_test(test_no_row_gives_an_operator_anything),
        cmocka_unit_test(test_the_document_is_what_the_table_prints),
        cmocka_unit_test(test_the_lua_guards_have_every_move_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
