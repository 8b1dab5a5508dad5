#include "protocol/token.h"

#include "tests/unit/protocol/ring.h"

#include <zlib.h>

static void test_a_new_token_is_read_back(void **state)
{
    char first[TOKEN_TEXT_BYTES], text[TOKEN_TEXT_BYTES];
    struct token made, read;

    (void)state;
    token_new(&made, first);
    for (unsigned i = 0; i < 200; i++) {
        token_new(&made, text);
        assert_int_equal(strlen(text), TOKEN_TEXT_BYTES - 1);
        assert_memory_equal(text, "lsn_", 4);
        memset(&read, 'x', sizeof read);
        if (!token_read(text, strlen(text), &read) || strcmp(read.id, made.id) != 0 ||
            strcmp(read.secret, made.secret) != 0)
            fail_msg("%s", text);
        assert_memory_not_equal(text, first, 20); /* the id is another one */
        assert_memory_not_equal(text + 21, first + 21, 43);
    }
}

static void test_any_changed_byte_is_noticed(void **state)
{
    static const char tries[] = "aA0_-7z=%\n\xff";
    char text[TOKEN_TEXT_BYTES];
    struct token t;

    (void)state;
    token_new(&t, text);
    for (size_t i = 0; i < TOKEN_TEXT_BYTES - 1; i++)
        for (size_t k = 0; k < sizeof tries; k++) { /* its NUL too */
            char kept = text[i];
            struct token read;

            text[i] = tries[k];
            if (text[i] != kept && token_read(text, TOKEN_TEXT_BYTES - 1, &read))
                fail_msg("byte %zu as %d", i, tries[k]);
            text[i] = kept;
        }
    assert_true(token_read(text, TOKEN_TEXT_BYTES - 1, &t));
}

/* With a checksum that fits, so that only the form can be the reason. */
static bool reads(const char *id, const char *secret)
{
    char text[200];
    struct token t;
    int n = snprintf(text, sizeof text, "lsn_%s_%s", id, secret);

    n += snprintf(text + n, sizeof text - (size_t)n, "_%08lx",
                  crc32(crc32(0, NULL, 0), (const Bytef *)text, (uInt)n));
    return token_read(text, (size_t)n, &t);
}

static void test_id_and_secret_have_their_alphabets(void **state)
{
    static const char secret[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_";

    (void)state;
    assert_true(reads("abcdefghijklmnop", secret));
    assert_true(reads("qrstuvwxyz234567", secret));
    assert_false(reads("Abcdefghijklmnop", secret));
    assert_false(reads("abcdefghijklmno1", secret));
    assert_false(reads("abcdefghijklmno8", secret));
    assert_false(reads("abcdefghijklmn:*", secret));
    assert_false(reads("abcdefghijklmno", secret));
    assert_false(reads("abcdefghijklmnopq", secret));
    assert_false(reads("abcdefghijklmnop", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno+/"));
    assert_false(reads("abcdefghijklmnop", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop="));
    assert_false(reads("abcdefghijklmnop", "short"));
    assert_false(reads("abcdefghijklmnop", ""));
}

static void test_other_lengths_are_refused_without_reading_beyond(void **state)
{
    char text[TOKEN_TEXT_BYTES];
    struct token t;

    (void)state;
    token_new(&t, text);
    for (size_t n = 0; n < TOKEN_TEXT_BYTES - 1; n++) {
        char *exact = malloc(n ? n : 1);

        memcpy(exact, text, n);
        if (token_read(exact, n, &t))
            fail_msg("%zu bytes", n);
        free(exact);
    }
    assert_false(token_read(text, TOKEN_TEXT_BYTES, &t)); /* with its NUL */
}

static void test_the_digest_is_the_one_of_rule_a_1(void **state)
{
    static const char input[] = "liaison-token-v1\0abcdefghijklmnop\0"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_";
    struct token t = {"abcdefghijklmnop", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_"};
    struct keyring *ring = ring_of("1 active " RING_MASTER "\n");
    uint8_t is[TOKEN_DIGEST_BYTES], must[TOKEN_DIGEST_BYTES];

    (void)state;
    token_digest(ring, 1, &t, is);
    crypto_generichash(must, sizeof must, (const uint8_t *)input, sizeof input - 1,
                       keyring_key(ring, 1, KEY_TOKEN), KEY_BYTES);
    assert_memory_equal(is, must, sizeof is);
    keyring_free(ring);
}

static void test_the_digest_depends_on_id_secret_and_pepper(void **state)
{
    struct keyring *ring = ring_of("1 active " RING_MASTER "\n");
    struct keyring *other = ring_of("1 active " RING_OTHER "\n");
    uint8_t first[TOKEN_DIGEST_BYTES], digest[TOKEN_DIGEST_BYTES];
    char text[TOKEN_TEXT_BYTES];
    struct token t, changed;

    (void)state;
    token_new(&t, text);
    token_digest(ring, 1, &t, first);
    token_digest(other, 1, &t, digest);
    assert_memory_not_equal(first, digest, sizeof digest);
    changed = t;
    changed.id[0] = changed.id[0] == 'a' ? 'b' : 'a';
    token_digest(ring, 1, &changed, digest);
    assert_memory_not_equal(first, digest, sizeof digest);
    changed = t;
    changed.secret[42] = changed.secret[42] == 'A' ? 'B' : 'A';
    token_digest(ring, 1, &changed, digest);
    assert_memory_not_equal(first, digest, sizeof digest);
    token_digest(ring, 1, &t, digest);
    assert_memory_equal(first, digest, sizeof digest);
    keyring_free(other);
    keyring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_token_is_read_back),
        cmocka_unit_test(test_any_changed_byte_is_noticed),
        cmocka_unit_test(test_id_and_secret_have_their_alphabets),
        cmocka_unit_test(test_other_lengths_are_refused_without_reading_beyond),
        cmocka_unit_test(test_the_digest_is_the_one_of_rule_a_1),
        cmocka_unit_test(test_the_digest_depends_on_id_secret_and_pepper),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
