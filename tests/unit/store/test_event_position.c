#include "store/event_position.h"

#include "tests/unit/protocol/ring.h"

#include <string.h>

static struct keyring *ring;

static int setup(void **state)
{
    int rc = ring_setup(state);

    if (rc == 0)
        ring = ring_of("1 active " RING_MASTER "\n");
    return rc;
}

static int teardown(void **state)
{
    keyring_free(ring);
    return ring_teardown(state);
}

static struct event_position sample(void)
{
    struct event_position p;

    for (unsigned i = 0; i < ID_PARTITIONS; i++)
        snprintf(p.ids[i], sizeof p.ids[i], "%llu-%u", 1795456800000ULL + i * 977, i * 3);
    snprintf(p.ids[4], sizeof p.ids[4], "0-0");
    snprintf(p.ids[5], sizeof p.ids[5], "281474976710655-4294967295");
    return p;
}

static void test_a_position_comes_back_as_it_was(void **state)
{
    struct event_position p = sample();
    struct event_position again;
    char text[EVENT_POSITION_TEXT_BYTES];

    (void)state;
    event_position_write(ring, &p, EVENT_PARTITIONS_ALL, text);
    assert_true(event_position_read(ring, text, EVENT_PARTITIONS_ALL, &again));
    assert_memory_equal(again.ids[0], p.ids[0], strlen(p.ids[0]) + 1);
    for (unsigned i = 0; i < ID_PARTITIONS; i++)
        assert_string_equal(again.ids[i], p.ids[i]);
}

static void test_one_of_some_partitions_is_short_and_only_for_these(void **state)
{
    struct event_position p = sample();
    struct event_position again;
    char text[EVENT_POSITION_TEXT_BYTES];

    (void)state;
    event_position_write(ring, &p, 1u << 7, text);
    assert_true(strlen(text) < 80);
    assert_true(event_position_read(ring, text, 1u << 7, &again));
    assert_string_equal(again.ids[7], p.ids[7]);
    assert_string_equal(again.ids[6], "0-0");
    assert_false(event_position_read(ring, text, 1u << 6, &again));
    assert_false(event_position_read(ring, text, EVENT_PARTITIONS_ALL, &again));
}

static void test_an_altered_one_is_refused(void **state)
{
    struct event_position p = sample();
    struct event_position again;
    char text[EVENT_POSITION_TEXT_BYTES];
    char wrong[EVENT_POSITION_TEXT_BYTES];

    (void)state;
    event_position_write(ring, &p, EVENT_PARTITIONS_ALL, text);
    for (size_t i = 0; text[i]; i++) {
        memcpy(wrong, text, sizeof wrong);
        wrong[i] = wrong[i] == 'A' ? 'Q' : 'A';
        assert_false(event_position_read(ring, wrong, EVENT_PARTITIONS_ALL, &again));
        memcpy(wrong, text, sizeof wrong);
        wrong[i] = '\0';
        assert_false(event_position_read(ring, wrong, EVENT_PARTITIONS_ALL, &again));
    }
    assert_false(event_position_read(ring, "?", EVENT_PARTITIONS_ALL, &again));
}

static void test_ids_are_ordered_as_numbers(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        {"9-0",             "10-0",            -1},
        {"10-2",            "10-10",           -1},
        {"10-10",           "10-10",           0 },
        {"1795456800123-1", "1795456800123-0", 1 },
        {"0-0",             "",                0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(event_id_compare(cases[i].a, cases[i].b), cases[i].order);
        assert_int_equal(event_id_compare(cases[i].b, cases[i].a), -cases[i].order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_position_comes_back_as_it_was),
        cmocka_unit_test(test_one_of_some_partitions_is_short_and_only_for_these),
        cmocka_unit_test(test_an_altered_one_is_refused),
        cmocka_unit_test(test_ids_are_ordered_as_numbers),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
