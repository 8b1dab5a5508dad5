#include "routing/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS_N = 4000, STEPS = 200000 };

/* What lies in a block is told by its first byte and length. */
static struct {
    uint32_t block, units;
    unsigned char mark;
} held[BLOCKS_N];

static uint64_t state_now = 42;

static uint32_t random_below(uint32_t n)
{
    state_now = state_now * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state_now >> 33) % n;
}

static void assert_untouched(const struct pool *p, size_t i)
{
    const unsigned char *bytes = pool_at(p, held[i].block);

    for (size_t k = 0; k < (size_t)held[i].units * POOL_UNIT; k++)
        assert_int_equal(bytes[k], held[i].mark);
}

static void test_blocks_never_overlap(void **state)
{
    struct pool p = {0};

    (void)state;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = random_below(BLOCKS_N);
        if (held[i].block != 0) {
            assert_untouched(&p, i);
            pool_give(&p, held[i].block, held[i].units);
            held[i].block = 0;
            continue;
        }
        held[i].units = 1 + random_below(step % 50 == 0 ? POOL_UNITS_MAX : 60);
        held[i].block = pool_take(&p, held[i].units);
        held[i].mark = (unsigned char)random_below(256);
        assert_int_not_equal(held[i].block, 0);
        memset(pool_at(&p, held[i].block), held[i].mark, (size_t)held[i].units * POOL_UNIT);
    }
    for (size_t i = 0; i < BLOCKS_N; i++)
        if (held[i].block != 0)
            assert_untouched(&p, i);
    pool_clear(&p);
}

static void test_blocks_given_back_are_used_again(void **state)
{
    struct pool p = {0};
    size_t bytes;

    (void)state;
    for (int i = 0; i < 1000; i++)
        held[i].block = pool_take(&p, 100);
    bytes = pool_bytes(&p);
    for (int turn = 0; turn < 20; turn++) {
        for (int i = 0; i < 1000; i++)
            pool_give(&p, held[i].block, 100);
        for (int i = 0; i < 1000; i++)
            held[i].block = pool_take(&p, 100);
    }
    assert_int_equal(pool_bytes(&p), bytes);
    pool_clear(&p);
}

static void test_a_small_pool_takes_little(void **state)
{
    struct pool p = {0};

    (void)state;
    assert_int_equal(pool_bytes(&p), 0);
    pool_take(&p, 1);
    assert_true(pool_bytes(&p) <= 8192);
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_never_overlap),
        cmocka_unit_test(test_blocks_given_back_are_used_again),
        cmocka_unit_test(test_a_small_pool_takes_little),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
