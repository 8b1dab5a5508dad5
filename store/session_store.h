/* Signed-in browsers (rule A-3), known by the hash of their cookie, and failed sign-ins. */
#ifndef STORE_SESSION_STORE_H
#define STORE_SESSION_STORE_H

#include "protocol/principal.h"
#include "protocol/token.h"
#include "store/store.h"

enum {
    SESSION_IDLE_MS = 30 * 60 * 1000,
    SESSION_TOTAL_MS = 12 * 60 * 60 * 1000,
    SESSION_RENEW_MS = 60 * 1000,                            /* not each use is worth a write */
    SESSION_SURE_MS = SESSION_IDLE_MS - 2 * SESSION_RENEW_MS /* so long it lives on after a use */
};

struct session {
    struct principal who;
    char token[TOKEN_ID_BYTES]; /* what it was opened with; it ends with that */
    int64_t since_ms, until_ms; /* until at the latest */
};

typedef void (*session_done_fn)(void *arg, const struct err *e);
/* hash: cookie_hash. session is copied. */
void session_store_open(struct store *s, const char *hash, const struct session *session,
                        session_done_fn fn, void *arg);
/* session is NULL with ERR_NOT_FOUND when there is none, or it was idle too long. Counts as use.
 * Borrowed for the call. */
typedef void (*session_fn)(void *arg, const struct session *session, const struct err *e);
void session_store_seen(struct store *s, const char *cookie, session_fn fn, void *arg);
/* ERR_NOT_FOUND: there is none. Both look under the hashes that any key of the ring makes. */
void session_store_close(struct store *s, const char *cookie, session_done_fn fn, void *arg);

/* One more failure of this address within window_ms: how many by now, and how long they count. */
typedef void (*failed_fn)(void *arg, int64_t n, int64_t left_ms, const struct err *e);
void session_store_failed(struct store *s, const char *address, int64_t window_ms, failed_fn fn,
                          void *arg);

#endif
