#include "protocol/cursor.h"

#include "tests/unit/protocol/ring.h"

static struct keyring *ring;

static int setup(void **state)
{
    if (ring_setup(state))
        return -1;
    ring = ring_of("1 active " RING_MASTER "\n");
    return 0;
}

static int teardown(void **state)
{
    keyring_free(ring);
    return ring_teardown(state);
}

static struct cursor cursor_at(int64_t score)
{
    struct cursor c = {.score = score};

    memcpy(c.id, SAMPLE_ID, sizeof SAMPLE_ID);
    return c;
}

static void test_a_cursor_is_read_back(void **state)
{
    static const int64_t scores[] = {
        0, 1, -1, SAMPLE_NOW_MS, INT64_C(31772445600000), INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++) {
        struct cursor c = cursor_at(scores[i]);
        struct cursor read = {0};
        char text[CURSOR_TEXT_BYTES];

        cursor_write(ring, &c, "country:KEN state=offered", text);
        if (!cursor_read(ring, text, "country:KEN state=offered", &read) ||
            read.score != scores[i] || strcmp(read.id, c.id) != 0)
            fail_msg("%lld: %s", (long long)scores[i], text);
        assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_"),
                         strlen(text)); /* goes into a query as it is */
    }
}

static void test_no_character_can_be_changed(void **state)
{
    struct cursor c = cursor_at(SAMPLE_NOW_MS);
    struct cursor read = {.score = 42};
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    cursor_write(ring, &c, "f", text);
    for (size_t i = 0; text[i]; i++)
        for (const char *k = "ABab09-_=+ %"; *k; k++) {
            char kept = text[i];

            text[i] = *k;
            if (*k != kept && cursor_read(ring, text, "f", &read))
                fail_msg("character %zu as %c", i, *k);
            text[i] = kept;
        }
    assert_int_equal(read.score, 42);
}

static void test_a_cursor_of_another_filter_or_key_is_refused(void **state)
{
    static const char *const filters[] = {"country:KE", "country:KENX", "country:UGA", "",
                                          "country:ken"};
    struct keyring *other = ring_of("1 active " RING_OTHER "\n");
    struct cursor c = cursor_at(7);
    struct cursor read;
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    cursor_write(ring, &c, "country:KEN", text);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (cursor_read(ring, text, filters[i], &read))
            fail_msg("%s", filters[i]);
    assert_false(cursor_read(other, text, "country:KEN", &read));
    assert_true(cursor_read(ring, text, "country:KEN", &read));
    keyring_free(other);
}

static void test_what_is_no_cursor_at_all_is_refused(void **state)
{
    static const char *const texts[] = {"",     "A",  "====", "null", "0",
                                        "AAAA", "\n", "../",  "%00",  "eyJpZCI6MX0"};
    char text[2 * CURSOR_TEXT_BYTES];
    struct cursor c = cursor_at(7);
    struct cursor read;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (cursor_read(ring, texts[i], "f", &read))
            fail_msg("%s", texts[i]);
    for (size_t n = 0; n < sizeof text; n++) {
        memset(text, 'A', n);
        text[n] = '\0';
        if (cursor_read(ring, text, "f", &read))
            fail_msg("%zu letters", n);
    }
    cursor_write(ring, &c, "f", text);
    strcat(text, "A");
    assert_false(cursor_read(ring, text, "f", &read));
}

static void test_a_sealed_id_must_be_one_of_a_request(void **state)
{
    struct cursor c = cursor_at(7);
    struct cursor read;
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    memcpy(c.id, "whk_", 4);
    assert_false(cursor_read(ring, cursor_write(ring, &c, "f", text), "f", &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cursor_is_read_back),
        cmocka_unit_test(test_no_character_can_be_changed),
        cmocka_unit_test(test_a_cursor_of_another_filter_or_key_is_refused),
        cmocka_unit_test(test_what_is_no_cursor_at_all_is_refused),
        cmocka_unit_test(test_a_sealed_id_must_be_one_of_a_request),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
