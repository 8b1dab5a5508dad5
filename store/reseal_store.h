/* Everything in the store that is sealed with a key, or was hashed with one, key of Redis by key of
 * Redis: what an old master key sealed gets the active one (format rule F-3). Compare and set, so
 * any number of these may run, break off and begin again; what is sealed well is only looked at.
 *
 * The vector in a decided list is not sealed anew but taken out: what it holds is compared by a
 * hash under the old key; whoever needs it computes it anew from the text. */
#ifndef STORE_RESEAL_STORE_H
#define STORE_RESEAL_STORE_H

#include "protocol/token.h"
#include "store/store.h"

#include <jansson.h>

enum { RESEAL_CURSOR_BYTES = 24 };

/* What was met; left: values that are still under an old key, because they do not open or were
 * changed in between; tokens that hold and whose digest is of an old key, which only their use can
 * make anew. */
struct reseal_report {
    int64_t values_n, resealed_n, unreadable_n;
    size_t kids_n;
    struct reseal_left {
        uint32_t kid;
        int64_t left_n, tokens_n;
    } kids[KEYS_MAX];
};
/* Adds what from has to *to. */
void reseal_report_add(struct reseal_report *to, const struct reseal_report *from);

/* One page of keys from cursor on, "0" at first. next is "0" when that was the last one. A page
 * that failed may be tried again. */
typedef void (*reseal_fn)(void *arg, const char *next, const struct reseal_report *page,
                          const struct err *e);
void reseal_store_page(struct store *s, const char *cursor, reseal_fn fn, void *arg);

/* How far it is, for everybody to see: a JSON object. name: "values" or "files". NULL: nobody has
 * said yet. Borrowed. */
typedef void (*reseal_told_fn)(void *arg, const json_t *doc, const struct err *e);
void reseal_store_tell(struct store *s, const char *name, const json_t *doc,
                       void (*fn)(void *arg, const struct err *e), void *arg);
void reseal_store_told(struct store *s, const char *name, reseal_told_fn fn, void *arg);

/* The store may be opened without this key from now on (check.h). */
void reseal_store_forget(struct store *s, uint32_t kid, void (*fn)(void *arg, const struct err *e),
                         void *arg);
/* A token whose secret was just shown: its digest under the active key, if it still is old. */
void reseal_store_token(struct store *s, const char *id, const uint8_t old[TOKEN_DIGEST_BYTES],
                        const uint8_t fresh[TOKEN_DIGEST_BYTES]);

#endif
