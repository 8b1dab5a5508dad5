/* The queue's health drawn again and again on a terminal of any size: the last minutes of each
 * queue as small plots, who works, what somebody must act on. Made for a slow line: nothing is
 * cleared, only written over, and a line is sent once a drawing. */
#ifndef CLI_QUEUE_LIVE_H
#define CLI_QUEUE_LIVE_H

#include "base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct queue_live;

/* utf8: whether the terminal shows block characters; else the plots are made of ASCII. */
struct queue_live *queue_live_new(bool utf8) __attribute__((returns_nonnull));
void queue_live_free(struct queue_live *l); /* NULL is fine */
/* health: the document, NULL: no answer, and what was last known is drawn with its age. Writes at
 * most rows lines of at most width columns, each ended by a line feed but the last. now_ms: wall
 * clock. */
void queue_live_draw(struct queue_live *l, const json_t *health, int64_t now_ms, size_t width,
                     size_t rows, struct buf *out);

#endif
