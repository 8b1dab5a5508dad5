#include "store/session_store.h"

#include "base/clock.h"
#include "protocol/cookie.h"
#include "store/keys.h"
#include "store/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct done_op {
    session_done_fn fn;
    void *arg;
};

static void done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct done_op op = *(struct done_op *)arg;
    struct err fault = *e;

    free(arg);
    if (fault.code == ERR_OK && !reply_int(reply))
        err_set(&fault, ERR_NOT_FOUND, "no such session");
    op.fn(op.arg, &fault);
}

static struct done_op *done_op_new(session_done_fn fn, void *arg)
{
    struct done_op *op = mem_new(1, sizeof *op);

    *op = (struct done_op){fn, arg};
    return op;
}

void session_store_open(struct store *s, const char *hash, const struct session *session,
                        session_done_fn fn, void *arg)
{
    char who[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "session_open_v1");
    args_add(&a, "2");
    keys_add_system(&a, "session", hash);
    keys_add_system(&a, "events", NULL);
    args_add(&a, principal_text(&session->who, who));
    args_add(&a, session->token);
    args_add_int(&a, session->since_ms);
    args_add_int(&a, session->until_ms);
    args_add_int(&a, SESSION_IDLE_MS);
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(fn, arg));
}

struct seen_op {
    session_fn fn;
    void *arg;
};

static bool session_read(const struct redisReply *reply, struct session *ret_session)
{
    const char *who = reply_text(reply_at(reply, 0));
    const char *token = reply_text(reply_at(reply, 1));
    struct session session = {.since_ms = reply_int(reply_at(reply, 2)),
                              .until_ms = reply_int(reply_at(reply, 3))};

    if (!who || !principal_read(who, &session.who) || !token ||
        strlen(token) >= sizeof session.token)
        return false;
    memcpy(session.token, token, strlen(token) + 1);
    *ret_session = session;
    return true;
}

static void seen(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct seen_op op = *(struct seen_op *)arg;
    struct session session;
    struct err fault = *e;

    free(arg);
    if (fault.code == ERR_OK && !session_read(reply, &session))
        err_set(&fault, ERR_NOT_FOUND, "no such session");
    op.fn(op.arg, fault.code == ERR_OK ? &session : NULL, &fault);
}

/* A session that was opened before the master key changed is known by another hash. */
static unsigned keys_add_sessions(struct args *a, const struct keyring *ring, const char *cookie)
{
    char hash[COOKIE_HASH_BYTES];
    uint32_t kid;
    unsigned n;

    for (n = 0; (kid = keyring_kid(ring, n)); n++) {
        cookie_hash_with(ring, kid, cookie, hash);
        keys_add_system(a, "session", hash);
    }
    return n;
}

void session_store_seen(struct store *s, const char *cookie, session_fn fn, void *arg)
{
    struct seen_op *op = mem_new(1, sizeof *op);
    struct args keys = {0};
    struct args a = {0};
    unsigned n = keys_add_sessions(&keys, store_keyring(s), cookie);

    *op = (struct seen_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "session_seen_v2");
    args_add_int(&a, n);
    args_append(&a, &keys);
    args_clear(&keys);
    args_add_int(&a, clock_now_ms());
    args_add_int(&a, SESSION_IDLE_MS);
    args_add_int(&a, SESSION_RENEW_MS);
    store_call(s, STORE_SYSTEM, &a, 0, seen, op);
}

void session_store_close(struct store *s, const char *cookie, session_done_fn fn, void *arg)
{
    struct args keys = {0};
    struct args a = {0};
    unsigned n = keys_add_sessions(&keys, store_keyring(s), cookie);

    args_add(&a, "FCALL");
    args_add(&a, "session_close_v2");
    args_add_int(&a, n + 1);
    keys_add_system(&a, "events", NULL);
    args_append(&a, &keys);
    args_clear(&keys);
    args_add_int(&a, clock_now_ms());
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(fn, arg));
}

struct failed_op {
    failed_fn fn;
    void *arg;
};

static void failed(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct failed_op op = *(struct failed_op *)arg;

    free(arg);
    op.fn(op.arg, reply_int(reply_at(reply, 0)), reply_int(reply_at(reply, 1)), e);
}

void session_store_failed(struct store *s, const char *address, int64_t window_ms, failed_fn fn,
                          void *arg)
{
    struct failed_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct failed_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "failed_v1");
    args_add(&a, "1");
    keys_add_system(&a, "failed", address);
    args_add_int(&a, window_ms);
    store_call(s, STORE_SYSTEM, &a, 0, failed, op);
}
