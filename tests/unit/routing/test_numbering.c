#include "routing/numbering.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KEYS_N = 5000, STEPS = 300000 };

static uint64_t state_now = 7;

static uint32_t random_below(uint32_t n)
{
    state_now = state_now * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state_now >> 33) % n;
}

/* Keys that collide in plenty, some of them neighbours. */
static uint32_t key_of(uint32_t i)
{
    return i % 3 == 0 ? i : i * UINT32_C(0x01000193);
}

static void test_counts_are_those_of_a_plain_table(void **state)
{
    static uint32_t counts[KEYS_N], numbers[KEYS_N];
    struct numbering v;

    (void)state;
    numbering_init(&v);
    for (size_t step = 0; step < STEPS; step++) {
        uint32_t i = random_below(KEYS_N);
        if (counts[i] > 0 && random_below(100) < 52) {
            numbering_leave(&v, numbers[i]);
            counts[i]--;
        } else {
            uint32_t number = numbering_enter(&v, key_of(i));
            if (counts[i] > 0)
                assert_int_equal(number, numbers[i]);
            numbers[i] = number;
            counts[i]++;
        }
    }
    for (uint32_t i = 0; i < KEYS_N; i++) {
        uint32_t number = numbering_find(&v, key_of(i));
        if (counts[i] == 0) {
            assert_int_equal(number, NUMBERING_NONE);
            continue;
        }
        assert_int_equal(number, numbers[i]);
        assert_int_equal(numbering_key(&v, number), key_of(i));
        assert_int_equal(numbering_count(&v, number), counts[i]);
    }
    numbering_clear(&v);
}

static void test_numbers_of_keys_that_went_are_given_again(void **state)
{
    struct numbering v;
    size_t bytes = 0;

    (void)state;
    numbering_init(&v);
    assert_int_equal(numbering_find(&v, 1), NUMBERING_NONE);
    for (uint32_t turn = 0; turn < 50; turn++) {
        uint32_t numbers[1000];
        for (uint32_t i = 0; i < 1000; i++)
            numbers[i] = numbering_enter(&v, turn * 1000 + i);
        for (uint32_t i = 0; i < 1000; i++)
            numbering_leave(&v, numbers[i]);
        bytes = turn == 5 ? numbering_bytes(&v) : bytes;
    }
    assert_true(numbering_bytes(&v) < bytes + bytes / 2);
    numbering_clear(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_are_those_of_a_plain_table),
        cmocka_unit_test(test_numbers_of_keys_that_went_are_given_again),
    };
    return cmocka_run_group_tests_name("numbering", tests, NULL, NULL);
}
