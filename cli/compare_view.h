/* Two requests side by side, for whoever must say whether they are one. */
#ifndef CLI_COMPARE_VIEW_H
#define CLI_COMPARE_VIEW_H

#include "cli/screen.h"

#include <jansson.h>

/* a, b: resources of the API. What the duplicate check says of the two is taken from either. */
void compare_view_write(const json_t *a, const json_t *b, const struct screen *s);

/* The id of the likely duplicate that a request waits for in triage; NULL: it does not. Borrowed.
 */
const char *compare_view_twin(const json_t *resource);

#endif
