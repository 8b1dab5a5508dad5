/* Rows and columns: aligned under headings on a terminal, tab-separated without headings else. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/screen.h"

struct table; /* opaque */

/* headings end with NULL and are borrowed. */
struct table *table_new(const char *const *headings) __attribute__((returns_nonnull));
void table_free(struct table *t);
/* One cell for each heading, copied; NULL is an empty one. */
void table_add(struct table *t, const char *const *cells);
size_t table_rows(const struct table *t);
/* indent: blanks before each row on a terminal. */
void table_write(const struct table *t, const struct screen *s, size_t indent);

#endif
