/* Who calls: bearer tokens (rules ). A verified token is remembered for a few seconds, so
 * a revocation takes effect within that time. */
#ifndef DAEMON_AUTH_H
#define DAEMON_AUTH_H

#include "base/err.h"

struct app;
struct auth;
struct task;

struct auth *auth_new(struct app *app) __attribute__((returns_nonnull));
void auth_free(struct auth *a);

/* Fills t->who and goes on with then, perhaps before this returns. ERR_UNAUTHENTICATED: no or no
 * valid token; ERR_UNAVAILABLE: the store cannot say. */
typedef void (*auth_then_fn)(struct task *t, const struct err *e);
void auth_check(struct auth *a, struct task *t, auth_then_fn then);

#endif
