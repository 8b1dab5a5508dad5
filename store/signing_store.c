#include "store/signing_store.h"

#include "base/clock.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words that a function answers with, and what they mean. */
struct outcome {
    const char *word;
    enum err_code code;
    const char *detail;
};

struct done_op {
    const struct outcome *outcomes; /* static, ends with a row without word; NULL: any answer */
    signing_done_fn fn;
    void *arg;
};

static void done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct done_op op = *(struct done_op *)arg;
    const struct outcome *o = op.outcomes;
    const char *word = reply_text(reply);
    struct err fault = *e;

    free(arg);
    while (fault.code == ERR_OK && o && o->word && (!word || strcmp(word, o->word) != 0))
        o++;
    if (fault.code == ERR_OK && o && !o->word)
        err_set(&fault, ERR_INTERNAL, "signing: unexpected outcome");
    else if (fault.code == ERR_OK && o && o->code != ERR_OK)
        err_set(&fault, o->code, "%s", o->detail);
    op.fn(op.arg, &fault);
}

static struct done_op *done_op_new(const struct outcome *outcomes, signing_done_fn fn, void *arg)
{
    struct done_op *op = mem_new(1, sizeof *op);

    *op = (struct done_op){outcomes, fn, arg};
    return op;
}

void signing_store_put(struct store *s, const char *id, const struct signer *signer,
                       signing_done_fn fn, void *arg)
{
    static const struct outcome outcomes[] = {
        {"stored", ERR_OK,      ""                 },
        {"taken",  ERR_CLAIMED, "this key is taken"},
        {"full",   ERR_STATE,   "enough keys hold" },
        {NULL,     ERR_OK,      ""                 }
    };
    char who[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    principal_text(&signer->who, who);
    args_add(&a, "FCALL");
    args_add(&a, "signing_put_v1");
    args_add(&a, "3");
    keys_add_system(&a, "key", id);
    keys_add_system(&a, "keys", who);
    keys_add_system(&a, "events", NULL);
    args_add(&a, id);
    args_add(&a, who);
    args_add_n(&a, signer->public_key, SIGNING_PUBLIC_BYTES);
    args_add(&a, signer->label);
    args_add_int(&a, signer->issued_ms);
    args_add_int(&a, signer->expires_ms);
    args_add_int(&a, SIGNING_LIVE_MAX);
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(outcomes, fn, arg));
}

void signing_store_revoke(struct store *s, const char *id, const struct principal *who,
                          signing_done_fn fn, void *arg)
{
    static const struct outcome outcomes[] = {
        {"done",   ERR_OK,        ""                             },
        {"absent", ERR_NOT_FOUND, "no such key"                  },
        {"last",   ERR_STATE,     "the last key of who must sign"},
        {NULL,     ERR_OK,        ""                             }
    };
    char text[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    principal_text(who, text);
    args_add(&a, "FCALL");
    args_add(&a, "signing_revoke_v1");
    args_add(&a, "4");
    keys_add_system(&a, "key", id);
    keys_add_system(&a, "keys", text);
    keys_add_system(&a, "signing", NULL);
    keys_add_system(&a, "events", NULL);
    args_add(&a, id);
    args_add(&a, text);
    args_add_int(&a, clock_now_ms());
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(outcomes, fn, arg));
}

void signing_store_require(struct store *s, const struct principal *who, bool required,
                           const char *actor, signing_done_fn fn, void *arg)
{
    char text[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    principal_text(who, text);
    args_add(&a, "FCALL");
    args_add(&a, "signing_require_v1");
    args_add(&a, "2");
    keys_add_system(&a, "signing", NULL);
    keys_add_system(&a, "events", NULL);
    args_add(&a, text);
    args_add(&a, required ? "1" : "0");
    args_add_int(&a, clock_now_ms());
    args_add(&a, actor ? actor : text);
    store_call(s, STORE_SYSTEM, &a, 0, done, done_op_new(NULL, fn, arg));
}

struct get_op {
    signer_fn fn;
    void *arg;
};

static bool signer_read(const struct redisReply *reply, struct signer *signer)
{
    const char *who = reply_text(reply_at(reply, 0));
    const struct redisReply *public_key = reply_at(reply, 1);
    const char *label = reply_text(reply_at(reply, 5));

    if (!who || !principal_read(who, &signer->who) ||
        reply_bytes(public_key) != SIGNING_PUBLIC_BYTES)
        return false;
    memcpy(signer->public_key, reply_text(public_key), SIGNING_PUBLIC_BYTES);
    signer->issued_ms = reply_int(reply_at(reply, 2));
    signer->expires_ms = reply_int(reply_at(reply, 3));
    signer->revoked = reply_int(reply_at(reply, 4)) != 0;
    snprintf(signer->label, sizeof signer->label, "%s", label ? label : "");
    return true;
}

static void get_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct get_op op = *(struct get_op *)arg;
    struct signer signer = {.revoked = false};
    struct err fault = *e;

    free(arg);
    if (fault.code == ERR_OK && !signer_read(reply, &signer))
        err_set(&fault, ERR_NOT_FOUND, "no such key");
    op.fn(op.arg, fault.code == ERR_OK ? &signer : NULL, &fault);
}

void signing_store_get(struct store *s, const char *id, signer_fn fn, void *arg)
{
    static const char *const fields[] = {"who", "public", "issued", "expires", "revoked", "label"};
    struct get_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct get_op){fn, arg};
    args_add(&a, "HMGET");
    keys_add_system(&a, "key", id);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        args_add(&a, fields[i]);
    store_call(s, STORE_SYSTEM, &a, 0, get_done, op);
}

struct list_op {
    signers_fn fn;
    void *arg;
};

static void list_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_op op = *(struct list_op *)arg;
    json_t *ids = json_array();

    free(arg);
    for (size_t i = 1; i < reply_count(reply); i++)
        json_array_append_new(ids, json_string(reply_text(reply_at(reply, i))));
    op.fn(op.arg, ids, reply_int(reply_at(reply, 0)) != 0, e);
    json_decref(ids);
}

void signing_store_list(struct store *s, const struct principal *who, signers_fn fn, void *arg)
{
    struct list_op *op = mem_new(1, sizeof *op);
    char text[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    *op = (struct list_op){fn, arg};
    principal_text(who, text);
    args_add(&a, "FCALL_RO");
    args_add(&a, "signing_list_v1");
    args_add(&a, "2");
    keys_add_system(&a, "keys", text);
    keys_add_system(&a, "signing", NULL);
    args_add(&a, text);
    store_call(s, STORE_SYSTEM, &a, 0, list_done, op);
}

struct nonce_op {
    nonce_fn fn;
    void *arg;
};

static void nonce_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct nonce_op op = *(struct nonce_op *)arg;
    const char *word = reply_text(reply);
    enum signing_nonce nonce = NONCE_USED;

    free(arg);
    if (word && !strcmp(word, "new"))
        nonce = NONCE_NEW;
    else if (word && !strcmp(word, "same"))
        nonce = NONCE_SAME;
    op.fn(op.arg, nonce, e);
}

void signing_store_nonce(struct store *s, const char *nonce, const char *print, int64_t ttl_ms,
                         nonce_fn fn, void *arg)
{
    struct nonce_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct nonce_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "nonce_v1");
    args_add(&a, "1");
    keys_add_system(&a, "nonce", nonce);
    args_add(&a, print);
    args_add_int(&a, ttl_ms);
    store_call(s, STORE_SYSTEM, &a, 0, nonce_done, op);
}
