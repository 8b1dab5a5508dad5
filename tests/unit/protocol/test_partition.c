#include "protocol/partition.h"

#include "tests/unit/protocol/sample.h"

static void test_the_partition_of_a_country_never_changes(void **state)
{
    /* Written down once, computed by hand apart from our code: the numbers stand in ids and keys.
     */
    static const struct {
        const char *country;
        unsigned partition;
    } cases[] = {
        {"KEN", 10},
        {"UGA", 2 },
        {"BRA", 14},
        {"CHN", 15},
        {"FRA", 9 },
        {"RUS", 10},
        {"EGY", 5 },
        {"NZL", 0 },
        {"AFG", 1 },
        {"ZWE", 7 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (partition_of(cases[i].country) != cases[i].partition)
            fail_msg("%s: %u", cases[i].country, partition_of(cases[i].country));
}

static void test_countries_spread_over_all_partitions(void **state)
{
    unsigned counts[16] = {0};
    unsigned all = 0;
    char line[512];
    FILE *f = fopen(LIAISON_SOURCE_DIR "/config/countries.csv", "r");

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        line[3] = '\0';
        if (strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
            continue;
        counts[partition_of(line)]++;
        all++;
    }
    fclose(f);
    assert_in_range(all, 150, 300);
    for (unsigned i = 0; i < 16; i++)
        if (counts[i] < all / 16 / 3 || counts[i] > all / 16 * 3)
            fail_msg("partition %u holds %u of %u countries", i, counts[i], all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_partition_of_a_country_never_changes),
        cmocka_unit_test(test_countries_spread_over_all_partitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
