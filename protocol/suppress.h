/* Statistics that tell nothing of a single request: counts under SUPPRESS_BELOW are withheld, and
 * more of them where the sums would give these away. Common practice of official statistics
 * ("primary and complementary cell suppression").
 *
 * What a reader of a table with its sum can work out: with one cell withheld, that cell; with all
 * withheld cells small, each of them when they are as many as possible; and how many they are
 * together. So the smallest shown cell is withheld, too, until none of this tells anything. */
#ifndef PROTOCOL_SUPPRESS_H
#define PROTOCOL_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SUPPRESS_BELOW = 3 };

struct suppress_cell {
    int64_t n;
    bool is_withheld;
};

/* Marks what is to be withheld of a table whose sum is shown. False: not even then may the sum be
 * shown; all cells are withheld then. */
bool suppress_table(struct suppress_cell *cells, size_t cells_n);

#endif
