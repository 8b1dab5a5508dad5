/* Keys that requests are signed with, in the store: public ones only. */
#ifndef STORE_SIGNING_STORE_H
#define STORE_SIGNING_STORE_H

#include "protocol/principal.h"
#include "protocol/signing_key.h"
#include "store/store.h"

#include <jansson.h>

enum { SIGNING_LABEL_BYTES = 64 };

struct signer {
    struct principal who;
    uint8_t public_key[SIGNING_PUBLIC_BYTES];
    int64_t issued_ms, expires_ms;
    bool revoked;
    char label[SIGNING_LABEL_BYTES];
};

typedef void (*signing_done_fn)(void *arg, const struct err *e);

/* Registers signer->who's key, with an event; again is no harm. ERR_STATE: as many as may hold at
 * a time do; ERR_CLAIMED: the key is somebody else's, or was revoked. */
void signing_store_put(struct store *s, const char *id, const struct signer *signer,
                       signing_done_fn fn, void *arg);
/* ERR_NOT_FOUND: none of who's that holds; ERR_STATE: it is the last one of who must sign. */
void signing_store_revoke(struct store *s, const char *id, const struct principal *who,
                          signing_done_fn fn, void *arg);
/* actor: NULL for who itself, "server" for its operator. */
void signing_store_require(struct store *s, const struct principal *who, bool required,
                           const char *actor, signing_done_fn fn, void *arg);

/* signer is NULL with ERR_NOT_FOUND when there is none. Borrowed for the call. */
typedef void (*signer_fn)(void *arg, const struct signer *signer, const struct err *e);
void signing_store_get(struct store *s, const char *id, signer_fn fn, void *arg);
/* ids: array of texts, borrowed, of those not revoked; required: who's requests must be signed. */
typedef void (*signers_fn)(void *arg, json_t *ids, bool required, const struct err *e);
void signing_store_list(struct store *s, const struct principal *who, signers_fn fn, void *arg);

/* nonce and print: texts that may stand in a key name. */
enum signing_nonce { NONCE_NEW, NONCE_SAME, NONCE_USED };
typedef void (*nonce_fn)(void *arg, enum signing_nonce nonce, const struct err *e);
void signing_store_nonce(struct store *s, const char *nonce, const char *print, int64_t ttl_ms,
                         nonce_fn fn, void *arg);

#endif
