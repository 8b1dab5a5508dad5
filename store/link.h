/* One connection to one Redis: hiredis' reader and formatter over a bufferevent (rules R-15 to
 * Calls are pipelined and answered in order.
 *
 *   down --connect--> up --on_up: the caller checks--> ready --fault, time-out--> down
 *
 * When the link breaks, every call in flight is answered with ERR_UNAVAILABLE ("outcome
 * unknown") and the link reconnects with full jitter by itself. */
#ifndef STORE_LINK_H
#define STORE_LINK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct redisReply;
struct link;

/* reply is borrowed for the call and NULL exactly when e says why. Error replies of Redis arrive
 * as replies. */
typedef void (*link_reply_fn)(void *arg, const struct redisReply *reply, const struct err *e);
typedef void (*link_up_fn)(struct link *l, void *arg);

struct link_limits {
    int64_t connect_ms, reply_ms, ping_ms;
    unsigned calls_n; /* in flight at most */
    size_t out_bytes; /* unsent at most */
    size_t reply_bytes;
    unsigned reply_elements;
};
extern const struct link_limits link_limits_default;

/* where: "unix:/path" or "tcp:host:port" with a numeric address; borrowed. on_up is called after
 * each connect; it checks the server with link_call_early and ends in link_ready or link_drop.
 * Starts connecting at once. ERR_CONFIG: where is no such text. */
enum err_code link_new(struct event_base *base, const char *where, const struct link_limits *limits,
                       link_up_fn on_up, void *arg, struct link **ret_link,
                       struct err *e) ERR_CHECK;
/* Calls back what is in flight with ERR_UNAVAILABLE, then frees. Not from within a callback. */
void link_free(struct link *l);

bool link_is_ready(const struct link *l);
/* Called at each change of link_is_ready, from the event loop. */
void link_on_change(struct link *l, void (*changed)(void *arg, bool is_ready), void *arg);
unsigned link_in_flight(const struct link *l);

/* Sends one command. wait_ms: how long the reply may take, 0: limits.reply_ms. ERR_OK: fn is
 * called exactly once, never before this returns. ERR_UNAVAILABLE: not sent, fn is never called. */
enum err_code link_call(struct link *l, size_t argc, const char *const *argv, const size_t *bytes,
                        int64_t wait_ms, link_reply_fn fn, void *arg, struct err *e) ERR_CHECK;
/* The same before the link is ready: for the checks of on_up only. */
enum err_code link_call_early(struct link *l, size_t argc, const char *const *argv,
                              const size_t *bytes, link_reply_fn fn, void *arg,
                              struct err *e) ERR_CHECK;
void link_ready(struct link *l);
/* Gives this connection up and tries again later. why: for the log. */
void link_drop(struct link *l, const char *why);

/* Milliseconds to wait before attempt n (from 0): random(0, min(5 s, 50 ms * 2^n)). */
int64_t link_backoff_ms(unsigned n);

#endif
