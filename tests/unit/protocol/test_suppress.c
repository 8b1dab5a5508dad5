#include "protocol/suppress.h"

#include "tests/unit/protocol/sample.h"

#include <stdlib.h>
#include <string.h>

enum { CELLS_N = 4, VALUE_MAX = 9, TABLES_N = 10000, CHECKED_MAX = 5 };

/* What is published of a table: its sum and its cells, -1 where withheld; the sum -1, too. */
struct published {
    int cells[CELLS_N];
    int sum;
    int of[CELLS_N];
};

static void publish(const int values[CELLS_N], struct published *p)
{
    struct suppress_cell cells[CELLS_N] = {0};
    bool has_sum;

    p->sum = 0;
    for (int i = 0; i < CELLS_N; i++) {
        cells[i].n = values[i];
        p->sum += values[i];
        p->of[i] = values[i];
    }
    has_sum = suppress_table(cells, CELLS_N);
    for (int i = 0; i < CELLS_N; i++)
        p->cells[i] = cells[i].is_withheld ? -1 : (int)cells[i].n;
    if (!has_sum)
        p->sum = -1;
}

static int compare(const void *a, const void *b)
{
    const struct published *p = a;
    const struct published *q = b;
    int order = memcmp(p->cells, q->cells, sizeof p->cells);

    return order ? order : p->sum - q->sum;
}

/* Against a reader who knows the rule itself: among all tables that would be published in the same
 * way there are two that differ in each cell that holds 1 or 2. */
static void test_no_small_count_can_be_worked_out(void **state)
{
    struct published *all = calloc(TABLES_N, sizeof *all);
    int shown_n = 0;

    (void)state;
    assert_non_null(all);
    for (int t = 0; t < TABLES_N; t++)
        publish((int[]){t % 10, t / 10 % 10, t / 100 % 10, t / 1000}, &all[t]);
    qsort(all, TABLES_N, sizeof *all, compare);
    for (int from = 0, to; from < TABLES_N; from = to) {
        for (to = from + 1; to < TABLES_N && !compare(&all[from], &all[to]);)
            to++;
        for (int i = 0; i < CELLS_N; i++) {
            int least = VALUE_MAX, most = 0, small = 0;

            for (int t = from; t < to; t++) {
                least = all[t].of[i] < least ? all[t].of[i] : least;
                most = all[t].of[i] > most ? all[t].of[i] : most;
                small |= all[t].of[i] > 0 && all[t].of[i] < SUPPRESS_BELOW &&
                         all[t].of[0] <= CHECKED_MAX && all[t].of[1] <= CHECKED_MAX &&
                         all[t].of[2] <= CHECKED_MAX && all[t].of[3] <= CHECKED_MAX;
            }
            shown_n += all[from].cells[i] >= 0;
            if (small && least == most)
                fail_msg("cell %d of %d %d %d %d is %d", i, all[from].of[0], all[from].of[1],
                         all[from].of[2], all[from].of[3], least);
            assert_true(all[from].cells[i] < 0 || all[from].cells[i] >= SUPPRESS_BELOW);
        }
    }
    assert_true(shown_n > 1000); /* and it tells something all the same */
    free(all);
}

static void test_large_counts_are_shown(void **state)
{
    static const struct {
        int values[CELLS_N];
        int shown[CELLS_N];
        bool has_sum;
    } cases[] = {
        {{3, 4, 5, 6},    {3, 4, 5, 6},     true },
        {{30, 0, 50, 0},  {30, -1, 50, -1}, true },
        {{30, 1, 50, 60}, {-1, -1, 50, 60}, true },
        {{30, 1, 2, 60},  {30, -1, -1, 60}, true },
        {{30, 2, 2, 60},  {-1, -1, -1, 60}, true },
        {{30, 1, 0, 60},  {-1, -1, -1, 60}, true },
        {{0, 0, 1, 0},    {-1, -1, -1, -1}, false},
        {{2, 2, 2, 2},    {-1, -1, -1, -1}, false},
        {{1, 1, 1, 0},    {-1, -1, -1, -1}, true },
        {{0, 0, 0, 0},    {-1, -1, -1, -1}, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct published p;

        publish(cases[i].values, &p);
        for (int k = 0; k < CELLS_N; k++)
            if (p.cells[k] != cases[i].shown[k])
                fail_msg("case %zu, cell %d: %d", i, k, p.cells[k]);
        assert_int_equal(p.sum >= 0, cases[i].has_sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_small_count_can_be_worked_out),
        cmocka_unit_test(test_large_counts_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
