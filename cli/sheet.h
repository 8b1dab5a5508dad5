/* Any JSON object for people: names and values, lists of objects as tables. Piped: one
 * `path<TAB>value` a line, so that a new member of the API is shown without new code here. */
#ifndef CLI_SHEET_H
#define CLI_SHEET_H

#include "cli/screen.h"

#include <jansson.h>

void sheet_write(const json_t *object, const struct screen *s, size_t indent);

/* One value as a short text, not yet safe: times short, `.._seconds` as "3 m 20 s", lists with
 * commas, null as "". name: of the member. */
void sheet_add_value(struct buf *out, const char *name, const json_t *value);

/* json_object_get of a path "claim.holder"; its text, else NULL. Borrowed. */
const char *sheet_text(const json_t *object, const char *path);

/* The list of an answer: itself an array, or its member "items". Borrowed; NULL: none. */
const json_t *sheet_items(const json_t *json);

/* The API's object unchanged, and a line feed. */
void sheet_write_raw(FILE *out, const char *text, size_t bytes);

#endif
