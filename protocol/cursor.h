/* Opaque list positions: sort key and id of the last row, bound to the reader and the filter by a
 * keyed hash, so an altered or foreign cursor is refused. base64url( mac16 | score 8 | id ). */
#ifndef PROTOCOL_CURSOR_H
#define PROTOCOL_CURSOR_H

#include "base/id.h"
#include "protocol/keyring.h"

#include <stdbool.h>

enum { CURSOR_TEXT_BYTES = 96 };

struct cursor {
    int64_t score;
    char id[ID_BYTES];
};

/* filter: everything that must be the same on the next page, as one text. */
char *cursor_write(const struct keyring *ring, const struct cursor *c, const char *filter,
                   char out[CURSOR_TEXT_BYTES]);
bool cursor_read(const struct keyring *ring, const char *text, const char *filter,
                 struct cursor *ret_cursor);

#endif
