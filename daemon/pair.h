/* POST /v1/requests/{id}/{action}, where the action concerns a second request too: merge, join,
 * unmerge, link. */
#ifndef DAEMON_PAIR_H
#define DAEMON_PAIR_H

#include "daemon/task.h"
#include "protocol/transition.h"

bool pair_takes(enum action a);
/* Takes the task and doc, from which input borrows. */
void pair_begin(struct task *t, enum action a, json_t *doc, const struct transition_input *input);

#endif
