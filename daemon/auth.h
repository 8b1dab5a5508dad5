/* Who calls: bearer tokens, sessions of browsers with their CSRF check, and how
 * often somebody may be wrong. What the store said of a token is remembered for a few
 * seconds, so a revocation takes effect within that time. */
#ifndef DAEMON_AUTH_H
#define DAEMON_AUTH_H

#include "base/err.h"
#include "daemon/head.h"

#include <stdbool.h>

struct app;
struct auth;
struct task;
struct token;

struct auth *auth_new(struct app *app) __attribute__((returns_nonnull));
void auth_free(struct auth *a);

/* A credential stands in the head, good or not. */
bool auth_is_offered(const struct head *head);

/* Fills t->who, t->scopes, t->token and t->cookie and goes on with then, perhaps before this
 * returns. ERR_UNAUTHENTICATED: no or no valid credential; ERR_QUOTA: that, and this address was
 * wrong too often (t->retry_s says when to come again); ERR_UNAVAILABLE: the store cannot say. */
typedef void (*auth_then_fn)(struct task *t, const struct err *e);
void auth_check(struct auth *a, struct task *t, auth_then_fn then);
/* The same for a token that stands elsewhere; NULL: there stood something that is none. */
void auth_check_token(struct auth *a, struct task *t, const struct token *token, auth_then_fn then);

/* May this request, whose caller is known, change something? ERR_FORBIDDEN, with t->variant: "csrf"
 * for a browser's that does not come from our own pages, "scope" for a token that only reads. */
enum err_code auth_permit(struct task *t, struct err *e) ERR_CHECK;
/* The Origin or Sec-Fetch-Site of this request is not another site's. */
bool auth_is_same_site(const struct head *head);

/* A browser signs out: the session is forgotten here, too. */
void auth_forget_session(struct auth *a, const char *cookie);

struct auth_stats {
    unsigned long long failed_n;  /* credentials that were wrong, since the start */
    unsigned long long refused_n; /* of them, answered with 429 */
};
void auth_stats(const struct auth *a, struct auth_stats *ret_stats);

#endif
