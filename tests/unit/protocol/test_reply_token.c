#include "protocol/reply_token.h"

#include "tests/unit/protocol/ring.h"

#include <ctype.h>

#define NOTICE "ntc_0199f3c2a1b47c3d9f245ab6c7d8e1f3"
#define REQUEST "req_0199f3c2a1b47c3d9f245ab6c7d8e1f3"

static const struct reply_bond bond = {.notice = NOTICE,
                                       .request = REQUEST,
                                       .version = 7,
                                       .person = "amina@ken.example",
                                       .until_ms = 1000000,
                                       .kid = 7};

static void test_a_token_is_believed_until_its_end(void **state)
{
    struct keyring *ring = ring_of("7 active " RING_MASTER "\n");
    char token[REPLY_TOKEN_BYTES];
    char notice[ID_BYTES];

    (void)state;
    assert_true(reply_token_write(ring, &bond, token));
    assert_int_equal(strlen(token), REPLY_TOKEN_CHARS);
    assert_true(reply_token_check(ring, &bond, token, 999999));
    assert_false(reply_token_check(ring, &bond, token, 1000000));
    assert_true(reply_token_notice(token, notice));
    assert_string_equal(notice, NOTICE);
    for (char *c = token; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    assert_true(reply_token_check(ring, &bond, token, 0));
    keyring_free(ring);
}

static void test_a_token_of_another_notice_request_event_person_time_or_key_is_not(void **state)
{
    struct keyring *ring = ring_of("7 active " RING_MASTER "\n8 decrypt-only " RING_OTHER "\n");
    char token[REPLY_TOKEN_BYTES];
    struct reply_bond others[7];

    (void)state;
    for (size_t i = 0; i < 7; i++)
        others[i] = bond;
    others[0].notice = "ntc_0199f3c2a1b47c3d9f245ab6c7d8e1f4";
    others[1].request = "req_0199f3c2a1b47c3d9f245ab6c7d8e1f4";
    others[2].version = 8;
    others[3].person = "amina@ken.example2";
    others[4].until_ms = 1000001;
    others[5].kid = 8;
    others[6].kid = 9; /* no such key */
    assert_true(reply_token_write(ring, &bond, token));
    for (size_t i = 0; i < 7; i++)
        if (reply_token_check(ring, &others[i], token, 0))
            fail_msg("other %zu", i);
    keyring_free(ring);
}

static void test_each_changed_character_makes_it_another_one(void **state)
{
    struct keyring *ring = ring_of("7 active " RING_MASTER "\n");
    char token[REPLY_TOKEN_BYTES];

    (void)state;
    assert_true(reply_token_write(ring, &bond, token));
    for (size_t i = 0; i < REPLY_TOKEN_CHARS; i++)
        for (const char *c = "abcdefghijklmnopqrstuvwxyz2345670189-_=. @"; *c; c++) {
            char was = token[i];

            token[i] = *c;
            if (*c != was && reply_token_check(ring, &bond, token, 0))
                fail_msg("character %zu as %c", i, *c);
            token[i] = was;
        }
    token[10] = '\0';
    assert_false(reply_token_check(ring, &bond, token, 0));
    assert_false(reply_token_notice("", (char[ID_BYTES]){0}));
    keyring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_is_believed_until_its_end),
        cmocka_unit_test(test_a_token_of_another_notice_request_event_person_time_or_key_is_not),
        cmocka_unit_test(test_each_changed_character_makes_it_another_one),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
