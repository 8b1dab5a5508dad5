/* Webhooks in the store (store/lua/hook.lua). What is secret of one is sealed. */
#ifndef STORE_HOOK_STORE_H
#define STORE_HOOK_STORE_H

#include "base/id.h"
#include "protocol/principal.h"
#include "store/queue_store.h"
#include "store/store.h"

#include <jansson.h>

enum { HOOKS_PER_OWNER = 10, HOOKS_MAX = 2048 };

enum hook_state { HOOK_ACTIVE, HOOK_PAUSED, HOOK_DISABLED };
extern const char *const hook_state_words[]; /* ends with NULL */

struct hook {
    char id[ID_BYTES]; /* id_is "whk_" */
    struct principal who;
    enum hook_state state;
    char why[48]; /* paused or disabled by itself: one word; else "" */
    int64_t created_ms;
    int64_t fails_n;  /* in a row */
    int64_t until_ms; /* not to be called before */
    /* {url, events: [types] or absent, secret, seed, previous: {secret, seed, until}}; owned */
    json_t *doc;
};
void hook_clear(struct hook *h);
/* Whether it wants events of that type. */
bool hook_wants(const struct hook *h, const char *type);

/* first: 1; 0 when its owner has HOOKS_PER_OWNER already. */
void hook_store_put(struct store *s, const struct hook *h, counted_fn fn, void *arg);
/* first: 1, or 0: it was not there. */
void hook_store_delete(struct store *s, const struct hook *h, counted_fn fn, void *arg);
/* state -1: unchanged; doc NULL: unchanged. first: 1, or 0: it is not there. */
void hook_store_change(struct store *s, const char *id, int state, const json_t *doc, counted_fn fn,
                       void *arg);

/* list is borrowed; what must live is taken out (doc set to NULL). Unreadable ones are left out. */
typedef void (*hooks_fn)(void *arg, struct hook *list, size_t n, const struct err *e);
/* n is 1, or 0: none (without an error). */
void hook_store_read(struct store *s, const char *id, hooks_fn fn, void *arg);
/* Those of one owner, oldest first. */
void hook_store_of(struct store *s, const struct principal *who, hooks_fn fn, void *arg);
/* All of them. */
void hook_store_all(struct store *s, hooks_fn fn, void *arg);
/* first: a number that another change makes larger. */
void hook_store_changes(struct store *s, counted_fn fn, void *arg);

enum hook_result { HOOK_OK, HOOK_FAIL, HOOK_GONE };
/* first: 1 when it has thereby become paused or disabled. */
void hook_store_result(struct store *s, const char *id, enum hook_result result, int64_t until_ms,
                       int64_t pause_after, const char *why, counted_fn fn, void *arg);

#endif
