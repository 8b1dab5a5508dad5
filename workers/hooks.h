/* The webhooks as this worker knows them: looked at anew before events are told, if they have
 * changed. */
#ifndef WORKERS_HOOKS_H
#define WORKERS_HOOKS_H

#include "store/hook_store.h"

struct hooks;

struct hooks *hooks_new(struct store *store) __attribute__((returns_nonnull));
void hooks_free(struct hooks *h); /* after the store; NULL is fine */

/* fn is called once, never before this returned. e: the store did not say; the list is old. One
 * call at a time. */
void hooks_refresh(struct hooks *h, void (*fn)(void *arg, const struct err *e), void *arg);
/* Borrowed until the next refresh. */
const struct hook *hooks_list(const struct hooks *h, size_t *ret_n);

#endif
