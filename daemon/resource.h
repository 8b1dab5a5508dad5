/* A request as an answer: the end of every operation that shows one. */
#ifndef DAEMON_RESOURCE_H
#define DAEMON_RESOURCE_H

#include "daemon/task.h"

/* Answers with the resource as this reader may see it, its reasons told in the language that the
 * reader asks for, else in the request's own; other requests that the reader may not see
 * are neither listed nor counted (others.h). ERR_NOT_FOUND when the request itself is hidden. Takes
 * the task and empties *stored. */
void resource_reply(struct task *t, int status, struct stored *stored);
/* Reads the request anew, then the same. */
void resource_reread(struct task *t, int status, const char *id);
/* Adds the sentences to a document with `routing`, `duplicates` or `related`, as far as it has
 * them. own: language of the request that it is about. */
void resource_explain(const struct task *t, json_t *doc, int own);
/* What etag.h wants of the language that this reader's answer is told in. */
const char *resource_language_tag(const struct task *t, const struct record *r);

#endif
