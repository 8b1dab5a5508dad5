/* A request for people: a line in a list, or all of it. */
#ifndef CLI_REQUEST_VIEW_H
#define CLI_REQUEST_VIEW_H

#include "cli/screen.h"
#include "cli/table.h"

#include <jansson.h>

/* A table for requests; piped it has the id as a last column. */
struct table *request_view_table(const struct screen *s) __attribute__((returns_nonnull));
void request_view_add(struct table *t, const struct screen *s, const json_t *resource);

/* One resource as a table of one row: what an action led to. */
void request_view_write_row(const json_t *resource, const struct screen *s);
/* Everything: who must act, texts, routing with its reasons, offers, duplicates, dialogue. */
void request_view_write(const json_t *resource, const struct screen *s);
/* {"routing", "duplicates"}: where a draft would go and what it resembles. */
void request_view_write_assessment(const json_t *assessment, const struct screen *s);
/* {"items":[..]} of history lines, or the array itself. */
void request_view_write_history(const json_t *history, const struct screen *s);

#endif
