/* Signed requests (rule A-7, RFC 9421): from the headers to the principal whose key signed them.
 *
 *   signed_begin -> (signed_known) -> signed_judge -> body -> (signed_first) -> then
 *
 * In this order: the headers are read; the key is looked up, which is remembered for a few seconds
 * like tokens; the signature is checked; the body; last the nonce, in the store, so that a request
 * counts once. A body that an operation takes in pieces is checked by it (task_body_fits). */
#ifndef DAEMON_SIGNED_H
#define DAEMON_SIGNED_H

#include "daemon/auth.h"
#include "protocol/signature.h"

struct app;
struct signed_keys; /* keys that were looked up; opaque */

struct signed_keys *signed_keys_new(void) __attribute__((returns_nonnull));
void signed_keys_free(struct signed_keys *k);

/* The head has a signature, good or not. */
bool signed_is_offered(const struct head *head);

/* What auth.c does about it; both take the place of then. */
struct signed_hooks {
    /* A wrong one counts as a failed sign-in; keyid: whose key it was, NULL: unknown. */
    enum err_code (*failed)(struct auth *a, struct task *t, const char *keyid, struct err *e);
    bool (*may_look_up)(struct auth *a, const struct task *t);
};
/* Fills t->who, t->scopes, t->token (the id of the key), t->is_signed. As auth_check, with
 * t->variant and t->signature saying what is wrong. */
void signed_begin(struct signed_keys *k, struct auth *a, const struct signed_hooks *hooks,
                  struct task *t, auth_then_fn then);

/* The same words for who has to sign and did not. */
enum err_code signed_refuse(struct task *t, enum signature_fault fault, struct err *e);

#endif
