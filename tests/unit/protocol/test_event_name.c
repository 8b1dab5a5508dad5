#include "protocol/event_name.h"

#include "tests/unit/protocol/sample.h"

#include <string.h>

static void test_every_action_has_a_name_of_the_standard_form(void **state)
{
    (void)state;
    for (unsigned a = 0; a < ACTIONS_N; a++) {
        const char *name = event_name((enum action)a);

        if (strncmp(name, "request.", 8) != 0 || strlen(name) >= EVENT_NAME_BYTES ||
            strspn(name + 8, "abcdefghijklmnopqrstuvwxyz_") != strlen(name + 8) || !name[8])
            fail_msg("%s: %s", action_words[a], name);
        if (a != ACTION_LINK && !strcmp(name, event_name(ACTION_LINK)))
            fail_msg("%s has no name", action_words[a]);
    }
}

static void test_a_name_stands_for_its_actions(void **state)
{
    (void)state;
    assert_true(event_name_actions("request.claimed") == 1ULL << ACTION_CLAIM);
    assert_true(event_name_actions("request.changed") & 1ULL << ACTION_LINK);
    assert_true(event_name_actions("request.claim") == 0);
    assert_true(event_name_actions("") == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_action_has_a_name_of_the_standard_form),
        cmocka_unit_test(test_a_name_stands_for_its_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
