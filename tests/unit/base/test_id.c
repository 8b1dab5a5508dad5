#include "base/id.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Above what any other test here uses: ids of one process never go back in time. */
static int64_t later_ms(void)
{
    static int64_t ms = INT64_C(1900000000000);

    return ms += 1000000;
}

static void test_an_id_carries_prefix_time_and_partition(void **state)
{
    char id[ID_BYTES];

    (void)state;
    for (unsigned partition = 0; partition < ID_PARTITIONS; partition++) {
        int64_t ms = later_ms();

        assert_ptr_equal(id_new("req_", partition, ms, id), id);
        assert_int_equal(strlen(id), ID_BYTES - 1);
        assert_true(id_is(id, "req_"));
        assert_false(id_is(id, "whk_"));
        if (id_partition(id) != partition || id_time_ms(id) != ms)
            fail_msg("%s: partition %u, time %lld", id, partition, (long long)ms);
    }
}

static void test_ids_rise_and_never_repeat_within_a_millisecond(void **state)
{
    int64_t ms = later_ms();
    char before[ID_BYTES] = "req_";
    char id[ID_BYTES];

    (void)state;
    for (unsigned i = 0; i < 10000; i++) { /* more than the counter of one millisecond holds */
        id_new("req_", 15 - i % 16, ms, id);
        /* All digits before the random ones decide, so the partition cannot disturb the order. */
        if (strncmp(before, id, ID_PREFIX_BYTES + 16) >= 0)
            fail_msg("%u: %s after %s", i, id, before);
        assert_true(id_is(id, "req_"));
        memcpy(before, id, sizeof before);
    }
    assert_in_range(id_time_ms(id) - ms, 1, 5);
}

static void test_ids_rise_when_the_clock_goes_back(void **state)
{
    int64_t ms = later_ms();
    char first[ID_BYTES], second[ID_BYTES];

    (void)state;
    id_new("req_", 0, ms, first);
    id_new("req_", 0, ms - CLOCK_DAY_MS, second);
    assert_true(strcmp(first, second) < 0);
}

static void test_only_a_uuid_of_version_7_with_its_prefix_is_an_id(void **state)
{
    static const struct {
        const char *text;
        bool is_id;
    } cases[] = {
        {"req_0199f3c2a1b47c3d9f245ab6c7d8e1f3",  true },
        {"req_0199f3c2a1b47c3d8f245ab6c7d8e1f3",  true },
        {"req_0199f3c2a1b47c3daf245ab6c7d8e1f3",  true },
        {"req_0199f3c2a1b47c3dbf245ab6c7d8e1f3",  true },
        {"req_0199f3c2a1b47c3d7f245ab6c7d8e1f3",  false},
        {"req_0199f3c2a1b47c3dcf245ab6c7d8e1f3",  false},
        {"req_0199f3c2a1b44c3d9f245ab6c7d8e1f3",  false},
        {"req_0199F3C2A1B47C3D9F245AB6C7D8E1F3",  false},
        {"req_0199f3c2a1b47c3d9f245ab6c7d8e1f",   false},
        {"req_0199f3c2a1b47c3d9f245ab6c7d8e1f33", false},
        {"req_0199f3c2a1b47c3d9f245ab6c7d8e1fg",  false},
        {"req_0199f3c2a1b47c3d9f245ab6c7d8e1f ",  false},
        {"req-0199f3c2a1b47c3d9f245ab6c7d8e1f3",  false},
        {"whk_0199f3c2a1b47c3d9f245ab6c7d8e1f3",  false},
        {"0199f3c2a1b47c3d9f245ab6c7d8e1f3",      false},
        {"req_",                                  false},
        {"re",                                    false},
        {"",                                      false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (id_is(cases[i].text, "req_") != cases[i].is_id)
            fail_msg("\"%s\"", cases[i].text);
}

static void test_only_the_last_digit_of_the_partition_counts(void **state)
{
    char id[ID_BYTES];

    (void)state;
    assert_int_equal(id_partition(id_new("req_", 0x23, later_ms(), id)), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_id_carries_prefix_time_and_partition),
        cmocka_unit_test(test_ids_rise_and_never_repeat_within_a_millisecond),
        cmocka_unit_test(test_ids_rise_when_the_clock_goes_back),
        cmocka_unit_test(test_only_a_uuid_of_version_7_with_its_prefix_is_an_id),
        cmocka_unit_test(test_only_the_last_digit_of_the_partition_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
