#include "protocol/cookie.h"

#include "tests/unit/protocol/ring.h"

#define VALUE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_"

static enum cookie_found read_text(const char *text, char out[COOKIE_BYTES])
{
    size_t n = strlen(text);
    char *exact = malloc(n ? n : 1); /* so that a step beyond it shows */
    enum cookie_found found;

    memcpy(exact, text, n);
    found = cookie_read(exact, n, out);
    free(exact);
    return found;
}

static void test_ours_is_found_among_others(void **state)
{
    static const struct {
        const char *header;
        enum cookie_found found;
    } cases[] = {
        {COOKIE_NAME "=" VALUE,                                      COOKIE_FOUND },
        {"a=b; " COOKIE_NAME "=" VALUE,                              COOKIE_FOUND },
        {"a=b;" COOKIE_NAME "=" VALUE ";c=d",                        COOKIE_FOUND },
        {"\t " COOKIE_NAME "=" VALUE " \t;",                         COOKIE_FOUND },
        {"",                                                         COOKIE_ABSENT},
        {";;; ;",                                                    COOKIE_ABSENT},
        {"a=b",                                                      COOKIE_ABSENT},
        {"x" COOKIE_NAME "=" VALUE,                                  COOKIE_ABSENT},
        {"__host-liaison=" VALUE,                                    COOKIE_ABSENT},
        {COOKIE_NAME,                                                COOKIE_ABSENT},
        {COOKIE_NAME " =" VALUE,                                     COOKIE_ABSENT},
        {"a=" COOKIE_NAME "=" VALUE,                                 COOKIE_ABSENT},
        {COOKIE_NAME "=",                                            COOKIE_BAD   },
        {COOKIE_NAME "=" VALUE "A",                                  COOKIE_BAD   },
        {COOKIE_NAME "=\"" VALUE "\"",                               COOKIE_BAD   },
        {COOKIE_NAME "= " VALUE,                                     COOKIE_BAD   },
        {COOKIE_NAME "=" VALUE "; " COOKIE_NAME "=" VALUE,           COOKIE_BAD   },
        {COOKIE_NAME "=" VALUE "; " COOKIE_NAME "=x",                COOKIE_BAD   },
        {COOKIE_NAME "=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno+/", COOKIE_BAD   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[COOKIE_BYTES] = "untouched";

        if (read_text(cases[i].header, out) != cases[i].found)
            fail_msg("\"%s\"", cases[i].header);
        assert_string_equal(out, cases[i].found == COOKIE_FOUND ? VALUE : "untouched");
    }
}

static void test_what_is_made_is_read_back(void **state)
{
    char value[COOKIE_BYTES], other[COOKIE_BYTES], out[COOKIE_BYTES], header[COOKIE_HEADER_BYTES];

    (void)state;
    cookie_new(value);
    cookie_new(other);
    assert_string_not_equal(value, other);
    cookie_header(value, header);
    *strchr(header, ';') = '\0';
    assert_int_equal(read_text(header, out), COOKIE_FOUND);
    assert_string_equal(out, value);
    cookie_header(NULL, header);
    assert_string_equal(header,
                        COOKIE_NAME "=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
}

static void test_hash_and_csrf_token_are_keyed_apart(void **state)
{
    struct keyring *ring = ring_of("1 active " RING_MASTER "\n");
    struct keyring *other = ring_of("1 active " RING_OTHER "\n");
    char a[COOKIE_HASH_BYTES], b[COOKIE_HASH_BYTES];
    uint8_t must[32];
    char hex[65];

    (void)state;
    cookie_hash(ring, VALUE, a);
    crypto_generichash(must, sizeof must, (const uint8_t *)"liaison-session-v1\0" VALUE,
                       19 + strlen(VALUE), keyring_key(ring, 1, KEY_TOKEN), KEY_BYTES);
    assert_string_equal(a, sodium_bin2hex(hex, sizeof hex, must, sizeof must));
    cookie_csrf(ring, VALUE, b);
    assert_string_not_equal(a, b);
    cookie_hash(other, VALUE, b);
    assert_string_not_equal(a, b);
    cookie_csrf(ring, VALUE, a);
    cookie_csrf(other, VALUE, b);
    assert_string_not_equal(a, b);
    keyring_free(other);
    keyring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours_is_found_among_others),
        cmocka_unit_test(test_what_is_made_is_read_back),
        cmocka_unit_test(test_hash_and_csrf_token_are_keyed_apart),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
