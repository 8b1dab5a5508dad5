#include "protocol/keyring.h"

#include "tests/unit/protocol/ring.h"

static void test_keys_are_derived_as_the_vectors_say(void **state)
{
    static const char *const contexts[KEY_USES_N] = {"LSNfield", "LSNfinge", "LSNtoken", "LSNcsrf_",
                                                     "LSNcurs_", "LSNreply", "LSNfile_"};
    struct keyring *ring = ring_of("7 active " RING_MASTER "\n");
    uint8_t master[32];
    uint8_t derived[32];

    (void)state;
    for (uint8_t i = 0; i < 32; i++)
        master[i] = i;
    assert_int_equal(keyring_active(ring), 7);
    assert_hex(keyring_key(ring, 7, KEY_FIELD), KEY_BYTES,
               "2588f1666c373086f0cb4825b1978dcbc92147958edf7ee5f790c653da73f9d3");
    for (unsigned use = 0; use < KEY_USES_N; use++) {
        crypto_kdf_derive_from_key(derived, 32, use + 1, contexts[use], master);
        assert_memory_equal(keyring_key(ring, 7, use), derived, 32);
    }
    keyring_free(ring);
}

static void test_every_use_and_every_master_has_a_key_of_its_own(void **state)
{
    struct keyring *ring = ring_of("1 decrypt-only " RING_MASTER "\n2 active " RING_OTHER "\n");

    (void)state;
    for (unsigned a = 0; a < 2 * KEY_USES_N; a++)
        for (unsigned b = 0; b < a; b++)
            if (!memcmp(keyring_key(ring, 1 + a / KEY_USES_N, a % KEY_USES_N),
                        keyring_key(ring, 1 + b / KEY_USES_N, b % KEY_USES_N), KEY_BYTES))
                fail_msg("%u and %u are the same", a, b);
    assert_int_equal(keyring_active(ring), 2);
    assert_null(keyring_key(ring, 3, KEY_FIELD));
    assert_null(keyring_key(ring, 0, KEY_FIELD));
    keyring_free(ring);
}

static void test_only_sound_key_files_are_loaded(void **state)
{
    static const struct {
        const char *what, *text, *detail; /* detail NULL: good */
    } cases[] = {
        {"comments and blank lines", "# keys\n\n1 active " RING_MASTER "\n",                      NULL               },
        {"no newline at the end",    "1 active " RING_MASTER,                                     NULL               },
        {"tabs",                     "1\tactive\t" RING_MASTER "\n",                              NULL               },
        {"largest kid",              "4294967295 active " RING_MASTER "\n",                       NULL               },
        {"empty",                    "",                                                          "has no active key"},
        {"none active",              "1 decrypt-only " RING_MASTER "\n",                          "has no active key"},
        {"two active",               "1 active " RING_MASTER "\n2 active " RING_OTHER "\n",       ":2: not"          },
        {"the same kid twice",       "1 active " RING_MASTER "\n1 decrypt-only " RING_OTHER "\n",
         ":2: not"                                                                                                   },
        {"kid 0",                    "0 active " RING_MASTER "\n",                                ":1: not"          },
        {"negative kid",             "-1 active " RING_MASTER "\n",                               ":1: not"          },
        {"kid too large",            "4294967296 active " RING_MASTER "\n",                       ":1: not"          },
        {"kid far too large",        "99999999999999999999999 active " RING_MASTER "\n",          ":1: not"          },
        {"no kid",                   "active " RING_MASTER "\n",                                  ":1: not"          },
        {"unknown state",            "1 Active " RING_MASTER "\n",                                ":1: not"          },
        {"destroyed",                "1 active " RING_MASTER "\n2 destroyed " RING_OTHER "\n",    ":2: not"          },
        {"no state",                 "1 " RING_MASTER "\n",                                       ":1: not"          },
        {"no key",                   "1 active\n",                                                ":1: not"          },
        {"short key",                "1 active 000102\n",                                         ":1: not"          },
        {"odd key",                  "1 active 0" RING_MASTER "\n",                               ":1: not"          },
        {"long key",                 "1 active 00" RING_MASTER "\n",                              ":1: not"          },
        {"not hexadecimal",          "1 active z" RING_MASTER "\n",                               ":1: not"          },
        {"a word too many",          "1 active " RING_MASTER " x\n",                              ":1: not"          },
        {"nine keys",
         "1 active " RING_MASTER "\n2 decrypt-only " RING_MASTER "\n3 decrypt-only " RING_MASTER
         "\n4 decrypt-only " RING_MASTER "\n5 decrypt-only " RING_MASTER
         "\n6 decrypt-only " RING_MASTER "\n7 decrypt-only " RING_MASTER
         "\n8 decrypt-only " RING_MASTER "\n9 decrypt-only " RING_MASTER "\n",
         ":9: not"                                                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct keyring *ring = NULL;
        struct err e = {0};
        enum err_code rc;

        ring_write(cases[i].text, 0600);
        rc = keyring_load(ring_path, &ring, &e);
        if (rc != (cases[i].detail ? ERR_CONFIG : ERR_OK) || (ring != NULL) != (rc == ERR_OK))
            fail_msg("%s: code %d %s", cases[i].what, (int)rc, e.detail);
        if (cases[i].detail && !strstr(e.detail, cases[i].detail))
            fail_msg("%s: %s", cases[i].what, e.detail);
        if (strstr(e.detail, "0102"))
            fail_msg("%s: a key in the message", cases[i].what);
        keyring_free(ring);
    }
}

static void test_a_file_that_others_can_touch_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0610, 0601, 0666, 0644};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct keyring *ring = NULL;
        struct err e = {0};

        ring_write("1 active " RING_MASTER "\n", modes[i]);
        if (keyring_load(ring_path, &ring, &e) != ERR_CONFIG || ring ||
            !strstr(e.detail, "chmod 600"))
            fail_msg("mode %o: %s", (unsigned)modes[i], e.detail);
    }
    ring_write("1 active " RING_MASTER "\n", 0400);
    keyring_free(ring_of("1 active " RING_MASTER "\n"));
}

static void test_an_absent_file_is_named(void **state)
{
    struct keyring *ring = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(keyring_load("/nowhere/keys", &ring, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "/nowhere/keys"));
    assert_null(ring);
    keyring_free(NULL);
}

static void test_a_created_file_is_private_fresh_and_never_overwritten(void **state)
{
    struct keyring *first = NULL;
    struct keyring *second = NULL;
    struct err e = {0};
    struct stat st;

    (void)state;
    unlink(ring_path);
    umask(0);
    assert_int_equal(keyring_create(ring_path, &e), ERR_OK);
    assert_int_equal(stat(ring_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(keyring_load(ring_path, &first, &e), ERR_OK);
    assert_int_equal(keyring_active(first), 1);
    assert_int_equal(keyring_create(ring_path, &e), ERR_IO);
    assert_int_equal(keyring_load(ring_path, &second, &e), ERR_OK);
    assert_memory_equal(keyring_key(first, 1, KEY_FIELD), keyring_key(second, 1, KEY_FIELD),
                        KEY_BYTES);
    keyring_free(second);
    unlink(ring_path);
    assert_int_equal(keyring_create(ring_path, &e), ERR_OK);
    assert_int_equal(keyring_load(ring_path, &second, &e), ERR_OK);
    assert_memory_not_equal(keyring_key(first, 1, KEY_FIELD), keyring_key(second, 1, KEY_FIELD),
                            KEY_BYTES);
    keyring_free(second);
    keyring_free(first);
    assert_int_equal(keyring_create("/nowhere/keys", &e), ERR_IO);
}

static void test_a_key_comes_becomes_active_and_goes(void **state)
{
    struct keyring *ring = ring_of("1 active " RING_MASTER "\n");
    struct keyring *both = NULL;
    struct keyring *one = NULL;
    struct err e = {0};
    struct stat st;
    uint32_t kid = 0;

    (void)state;
    assert_int_equal(keyring_kid(ring, 0), 1);
    assert_int_equal(keyring_kid(ring, 1), 0);
    assert_int_equal(keyring_add(ring_path, &kid, &e), ERR_OK);
    assert_int_equal(kid, 2);
    assert_int_equal(keyring_load(ring_path, &both, &e), ERR_OK);
    assert_int_equal(keyring_active(both), 1);
    assert_int_equal(keyring_kid(both, 1), 2);
    assert_int_equal(keyring_oldest(both), 1);
    keyring_free(both);

    assert_int_equal(keyring_activate(ring_path, 3, &e), ERR_CONFIG);
    assert_int_equal(keyring_remove(ring_path, 1, &e), ERR_CONFIG); /* the active one */
    assert_int_equal(keyring_activate(ring_path, 2, &e), ERR_OK);
    assert_int_equal(keyring_add(ring_path, &kid, &e), ERR_OK);
    assert_int_equal(keyring_load(ring_path, &both, &e), ERR_OK);
    assert_int_equal(keyring_kid(both, 0), 2);
    assert_int_equal(keyring_kid(both, 1), 3);
    assert_int_equal(keyring_kid(both, 2), 1);
    assert_int_equal(keyring_kid(both, 3), 0);
    assert_int_equal(keyring_oldest(both), 1);
    assert_memory_equal(keyring_key(both, 1, KEY_FIELD), keyring_key(ring, 1, KEY_FIELD),
                        KEY_BYTES);
    assert_memory_not_equal(keyring_key(both, 2, KEY_FIELD), keyring_key(ring, 1, KEY_FIELD),
                            KEY_BYTES);

    assert_int_equal(keyring_remove(ring_path, 1, &e), ERR_OK);
    assert_int_equal(keyring_load(ring_path, &one, &e), ERR_OK);
    assert_null(keyring_key(one, 1, KEY_FIELD));
    assert_memory_equal(keyring_key(one, 2, KEY_FIELD), keyring_key(both, 2, KEY_FIELD), KEY_BYTES);
    assert_int_equal(stat(ring_path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (unsigned i = 2; i < KEYS_MAX; i++)
        assert_int_equal(keyring_add(ring_path, &kid, &e), ERR_OK);
    assert_int_equal(keyring_add(ring_path, &kid, &e), ERR_CONFIG); /* full */
    keyring_free(one);
    keyring_free(both);
    keyring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_derived_as_the_vectors_say),
        cmocka_unit_test(test_every_use_and_every_master_has_a_key_of_its_own),
        cmocka_unit_test(test_only_sound_key_files_are_loaded),
        cmocka_unit_test(test_a_file_that_others_can_touch_is_refused),
        cmocka_unit_test(test_an_absent_file_is_named),
        cmocka_unit_test(test_a_created_file_is_private_fresh_and_never_overwritten),
        cmocka_unit_test(test_a_key_comes_becomes_active_and_goes),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
