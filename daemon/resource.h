/* A request as an answer: the end of every operation that shows one. */
#ifndef DAEMON_RESOURCE_H
#define DAEMON_RESOURCE_H

#include "daemon/task.h"

/* Answers with the resource as this reader may see it; other requests that the reader may not see
 * are neither listed nor counted (others.h). ERR_NOT_FOUND when the request itself is hidden. Takes
 * the task and empties *stored. */
void resource_reply(struct task *t, int status, struct stored *stored);
/* Reads the request anew, then the same. */
void resource_reread(struct task *t, int status, const char *id);

#endif
