#include "protocol/suppress.h"

/* Whether the withheld cells keep what they hold, the sum being known. */
static bool is_safe(const struct suppress_cell *cells, size_t cells_n)
{
    int64_t sum = 0;
    size_t withheld_n = 0;
    bool all_small = true;

    for (size_t i = 0; i < cells_n; i++) {
        if (!cells[i].is_withheld)
            continue;
        withheld_n++;
        sum += cells[i].n;
        all_small &= cells[i].n < SUPPRESS_BELOW;
    }
    if (sum == 0) /* nobody is in any of them */
        return true;
    return withheld_n > 1 && sum >= SUPPRESS_BELOW &&
           !(all_small && sum == (int64_t)withheld_n * (SUPPRESS_BELOW - 1));
}

/* All that hold the least of what is shown: if only one of equals went, the rule by which it was
 * chosen would tell which one was small from the beginning. */
static bool withhold_smallest(struct suppress_cell *cells, size_t cells_n)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < cells_n; i++)
        if (!cells[i].is_withheld && cells[i].n < least)
            least = cells[i].n;
    for (size_t i = 0; i < cells_n; i++)
        if (!cells[i].is_withheld && cells[i].n == least)
            cells[i].is_withheld = true;
    return least < INT64_MAX;
}

bool suppress_table(struct suppress_cell *cells, size_t cells_n)
{
    for (size_t i = 0; i < cells_n; i++)
        cells[i].is_withheld = cells[i].n < SUPPRESS_BELOW;
    while (!is_safe(cells, cells_n))
        if (!withhold_smallest(cells, cells_n))
            return false;
    return true;
}
