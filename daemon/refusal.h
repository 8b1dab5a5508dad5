/* Why an action on a request is refused, as an answer: what is allowed now, who holds the claim,
 * which version is current, what a merged request is now part of. */
#ifndef DAEMON_REFUSAL_H
#define DAEMON_REFUSAL_H

#include "daemon/task.h"

/* If-Match is optional, and enforced when sent. ERR_STALE. */
enum err_code refusal_check_match(const struct task *t, const struct record *r,
                                  struct err *e) ERR_CHECK;

/* Takes the task. acted: the request of the path as it was read; blocking: which request does not
 * allow it, NULL: that one. Both are copied. */
void refusal_reply(struct task *t, const struct record *acted, const struct record *blocking,
                   const struct err *e);

#endif
