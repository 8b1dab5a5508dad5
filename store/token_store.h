/* Credentials in the store: what is kept of a token, never the token. */
#ifndef STORE_TOKEN_STORE_H
#define STORE_TOKEN_STORE_H

#include "protocol/absence.h"
#include "protocol/principal.h"
#include "protocol/token.h"
#include "store/store.h"

#include <jansson.h>

struct credential {
    struct principal who;
    uint8_t digest[TOKEN_DIGEST_BYTES];
    uint32_t kid;    /* of the key that digest was made with */
    unsigned scopes; /* bits of enum token_scope */
    int64_t issued_ms, expires_ms;
    bool revoked;
    bool must_sign; /* its holder's requests count only when signed (signing_store.h) */
    char label[64];
    char officer[OFFICER_BYTES]; /* of a secretariat: whose it is; "": the pool's */
};

typedef void (*done_fn)(void *arg, const struct err *e);
/* Writes all of it, and an event; action: "issue" or "rotate". */
void token_store_put(struct store *s, const char *id, const struct credential *c,
                     const char *action, done_fn fn, void *arg);
/* c is NULL with ERR_NOT_FOUND when there is none. Borrowed for the call. */
typedef void (*credential_fn)(void *arg, const struct credential *c, const struct err *e);
void token_store_get(struct store *s, const char *id, credential_fn fn, void *arg);
/* ERR_NOT_FOUND: there is none that still holds. */
void token_store_revoke(struct store *s, const char *id, done_fn fn, void *arg);
/* Ids of all tokens, oldest first: array of texts, borrowed. */
typedef void (*ids_fn)(void *arg, json_t *ids, const struct err *e);
void token_store_ids(struct store *s, ids_fn fn, void *arg);

#endif
