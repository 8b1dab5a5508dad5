/* The store as the rest of the program sees it: a call is given with its keys' partition and
 * answered exactly once, never before store_call returned, at the latest at its deadline.
 *
 * Every function of the library may be repeated, so a call whose outcome became unknown (the link
 * broke) is sent again on the next link until its deadline. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "protocol/keyring.h"
#include "store/args.h"
#include "store/link.h"

struct store;

struct store_options {
    const char *where;          /* link.h; borrowed */
    const struct keyring *ring; /* borrowed */
    const char *user;           /* rights.h; borrowed; who this program is when it signs in */
    const char *passwords;      /* folder of the users' passwords, "": it does not sign in */
    int64_t timeout_ms;         /* for one call, all attempts together */
    bool check;                 /* refuse a server whose settings do not keep the promises */
    /* Settings or role are wrong: not ready, and will not be until someone acts. why: English. */
    void (*unfit)(void *arg, const char *why);
    void (*changed)(void *arg, bool is_ready);
    void *arg;
};

enum err_code store_new(struct event_base *base, const struct store_options *options,
                        struct store **ret_store, struct err *e) ERR_CHECK;
/* Answers what is open with ERR_UNAVAILABLE. Not from within a callback. NULL is fine. */
void store_free(struct store *s);

bool store_is_ready(const struct store *s);
const struct keyring *store_keyring(const struct store *s);
/* What steps through this store add up to; whoever owns the store flushes it. Borrowed. */
struct totals;
struct totals *store_totals(struct store *s);

/* How long calls took, by function or command: for the metrics of this process. */
enum { STORE_TIMES_MAX = 48, STORE_TIME_BOUNDS_N = 10 };
extern const double store_time_bounds[STORE_TIME_BOUNDS_N]; /* seconds */
struct store_time {
    char command[24]; /* "submit_v1", "HGETALL"; "other" beyond the last row */
    uint64_t took[STORE_TIME_BOUNDS_N + 1];
    double took_s;
    uint64_t n;
};
/* Borrowed. */
const struct store_time *store_times(const struct store *s, size_t *ret_n);

/* reply is borrowed and NULL exactly when e->code is set; error replies come as e. */
typedef void (*store_reply_fn)(void *arg, const struct redisReply *reply, const struct err *e);

/* partition: which one the keys belong to, STORE_SYSTEM for lia:{sys}. args are given (cleared).
 * wait_ms: 0 for options.timeout_ms; blocking reads say how long they block on top. */
enum { STORE_SYSTEM = 16 };
void store_call(struct store *s, unsigned partition, struct args *args, int64_t wait_ms,
                store_reply_fn fn, void *arg);

#endif
