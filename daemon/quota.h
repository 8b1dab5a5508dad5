/* Which limits hold for a request, and what the caller is told of them (RateLimit fields, IETF
 * draft-ietf-httpapi-ratelimit-headers): the policy `default` for everything a principal does, by
 * address where nobody is known, and one more for what is dear. Quotas are settings, for a minute.
 */
#ifndef DAEMON_QUOTA_H
#define DAEMON_QUOTA_H

#include "base/err.h"

struct app;
struct quota;
struct task;

enum quota_policy { QUOTA_DEFAULT, QUOTA_SUBMIT, QUOTA_ASSESS, QUOTA_POLICIES_N };

struct quota *quota_new(const struct app *app) __attribute__((returns_nonnull));
void quota_free(struct quota *q);

/* Counts a request and adds the RateLimit fields to its answer. ERR_QUOTA: over; t->retry_s and
 * t->violated say when to come again, and why. */
enum err_code quota_take(struct quota *q, struct task *t, struct err *e) ERR_CHECK;
/* A 304 does not count. */
void quota_return(struct quota *q, const struct task *t);

#endif
