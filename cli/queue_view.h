/* Queue health on one screen of 80 columns, for a terminal: what is stuck comes first and in words.
 */
#ifndef CLI_QUEUE_VIEW_H
#define CLI_QUEUE_VIEW_H

#include "cli/screen.h"

#include <jansson.h>

/* health: the answer of GET /v1/queue. */
void queue_view_write(const json_t *health, const struct screen *s);

#endif
