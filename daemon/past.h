/* What happened to a request, as its reader may know it: history lines without texts that are
 * withheld and without other requests that the reader may not see. */
#ifndef DAEMON_PAST_H
#define DAEMON_PAST_H

#include "daemon/task.h"

enum { PAST_LINES_MAX = 100 };

/* lines: borrowed, NULL exactly with e. has_more: there are perhaps lines behind these. */
typedef void (*past_fn)(void *arg, json_t *lines, bool has_more, const struct err *e);
/* At most PAST_LINES_MAX lines from the from-th on (0: oldest). r and inner are copied. */
void past_read(const struct task *t, const struct record *r, json_t *inner, int64_t from,
               past_fn fn, void *arg);

#endif
