#include "store/token_store.h"

#include "base/clock.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct done_op {
    done_fn fn;
    void *arg;
};

static struct done_op *done_op_new(done_fn fn, void *arg)
{
    struct done_op *op = mem_new(1, sizeof *op);

    *op = (struct done_op){fn, arg};
    return op;
}

static void done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct done_op op = *(struct done_op *)arg;
    struct err fault = *e;

    free(arg);
    if (fault.code == ERR_OK && !reply_int(reply))
        err_set(&fault, ERR_NOT_FOUND, "no such token");
    op.fn(op.arg, &fault);
}

static void scopes_write(unsigned scopes, char *out, size_t n)
{
    size_t at = 0;

    *out = '\0';
    for (unsigned i = 0; token_scope_words[i]; i++)
        if (scopes & 1u << i)
            at += (size_t)snprintf(out + at, n - at, "%s%s", at ? " " : "", token_scope_words[i]);
}

/* Credentials from before there were scopes have both. */
static unsigned scopes_read(const char *text)
{
    unsigned scopes = 0;

    if (!text)
        return TOKEN_READ | TOKEN_WRITE;
    for (unsigned i = 0; token_scope_words[i]; i++)
        if (strstr(text, token_scope_words[i]))
            scopes |= 1u << i;
    return scopes;
}

void token_store_put(struct store *s, const char *id, const struct credential *c,
                     const char *action, done_fn fn, void *arg)
{
    char who[PRINCIPAL_TEXT_BYTES];
    char scopes[32];
    struct args a = {0};

    principal_text(&c->who, who);
    scopes_write(c->scopes, scopes, sizeof scopes);
    args_add(&a, "FCALL");
    args_add(&a, "token_put_v1");
    args_add(&a, "3");
    keys_add_system(&a, "token", id);
    keys_add_system(&a, "tokens", NULL);
    keys_add_system(&a, "events", NULL);
    args_add(&a, id);
    args_add_int(&a, c->issued_ms);
    args_add(&a, action);
    args_add(&a, who);
    args_add_int(&a, clock_now_ms());
    args_add(&a, "who");
    args_add(&a, who);
    args_add(&a, "digest");
    args_add_n(&a, c->digest, TOKEN_DIGEST_BYTES);
    args_add(&a, "kid");
    args_add_int(&a, c->kid);
    args_add(&a, "scopes");
    args_add(&a, scopes);
    args_add(&a, "issued");
    args_add_int(&a, c->issued_ms);
    args_add(&a, "expires");
    args_add_int(&a, c->expires_ms);
    args_add(&a, "label");
    args_add(&a, c->label);
    args_add(&a, "officer");
    args_add(&a, c->officer);
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(fn, arg));
}

void token_store_revoke(struct store *s, const char *id, done_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "token_revoke_v1");
    args_add(&a, "2");
    keys_add_system(&a, "token", id);
    keys_add_system(&a, "events", NULL);
    args_add(&a, id);
    args_add_int(&a, clock_now_ms());
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(fn, arg));
}

struct get_op {
    credential_fn fn;
    void *arg;
};

static bool credential_read(const struct redisReply *reply, struct credential *c)
{
    const char *who = reply_text(reply_at(reply, 0));
    const char *label = reply_text(reply_at(reply, 5));
    const char *officer = reply_text(reply_at(reply, 9)); /* none before there were officers */

    if (!who || !principal_read(who, &c->who) ||
        reply_bytes(reply_at(reply, 1)) != TOKEN_DIGEST_BYTES)
        return false;
    memcpy(c->digest, reply_text(reply_at(reply, 1)), TOKEN_DIGEST_BYTES);
    c->issued_ms = reply_int(reply_at(reply, 2));
    c->expires_ms = reply_int(reply_at(reply, 3));
    c->revoked = reply_int(reply_at(reply, 4)) != 0;
    snprintf(c->label, sizeof c->label, "%s", label ? label : "");
    c->kid = (uint32_t)reply_int(reply_at(reply, 6));
    if (c->kid == 0)
        c->kid = 1; /* from before credentials named their key: the first one */
    c->scopes = scopes_read(reply_text(reply_at(reply, 7)));
    if (officer && absence_is_officer(officer))
        snprintf(c->officer, sizeof c->officer, "%s", officer);
    c->must_sign = reply_int(reply_at(reply, 8)) != 0;
    return true;
}

static void get_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct get_op op = *(struct get_op *)arg;
    struct credential c = {0};
    struct err fault = *e;

    free(arg);
    if (fault.code == ERR_OK && !credential_read(reply, &c))
        err_set(&fault, ERR_NOT_FOUND, "no such token");
    op.fn(op.arg, fault.code == ERR_OK ? &c : NULL, &fault);
}

void token_store_get(struct store *s, const char *id, credential_fn fn, void *arg)
{
    struct get_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct get_op){fn, arg};
    args_add(&a, "FCALL_RO");
    args_add(&a, "credential_v1");
    args_add(&a, "2");
    keys_add_system(&a, "token", id);
    keys_add_system(&a, "signing", NULL);
    store_call(s, STORE_SYSTEM, &a, 0, get_done, op);
}

struct ids_op {
    ids_fn fn;
    void *arg;
};

static void ids_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct ids_op op = *(struct ids_op *)arg;
    json_t *ids = json_array();

    free(arg);
    for (size_t i = 0; i < reply_count(reply); i++)
        json_array_append_new(ids, json_string(reply_text(reply_at(reply, i))));
    op.fn(op.arg, ids, e);
    json_decref(ids);
}

void token_store_ids(struct store *s, ids_fn fn, void *arg)
{
    struct ids_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct ids_op){fn, arg};
    args_add(&a, "ZRANGE");
    keys_add_system(&a, "tokens", NULL);
    args_add(&a, "0");
    args_add(&a, "-1");
    store_call(s, STORE_SYSTEM, &a, 0, ids_done, op);
}
