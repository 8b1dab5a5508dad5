#include "store/hook_store.h"

#include "base/log.h"
#include "protocol/seal.h"
#include "protocol/word.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const hook_state_words[] = {"active", "paused", "disabled", NULL};

void hook_clear(struct hook *h)
{
    json_decref(h->doc);
    *h = (struct hook){.id = ""};
}

bool hook_wants(const struct hook *h, const char *type)
{
    const json_t *events = json_object_get(h->doc, "events");
    const json_t *one;
    size_t i;

    json_array_foreach (events, i, one)
        if (!strcmp(json_string_value(one), type))
            return true;
    return json_array_size(events) == 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* A system-wide value has no country. */
static struct seal_place place_of(const char *id)
{
    return (struct seal_place){"", id, "webhook"};
}

static void add_sealed(struct store *s, struct args *a, const char *id, const json_t *doc)
{
    struct seal_place place = place_of(id);
    char *text = doc ? json_dumps(doc, JSON_COMPACT) : NULL;
    size_t sealed_n;
    uint8_t *sealed;

    if (!text) {
        args_add(a, "");
        return;
    }
    sealed = seal_write(store_keyring(s), &place, text, strlen(text), &sealed_n);
    args_add_n(a, sealed, sealed_n);
    sodium_memzero(text, strlen(text));
    free(text);
    free(sealed);
}

struct count_op {
    counted_fn fn;
    void *arg;
    bool second; /* whether there is a second element is what is asked */
};

static void count_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct count_op op = *(struct count_op *)arg;
    int64_t n = reply_int(reply_count(reply) ? reply_at(reply, 0) : reply);

    free(arg);
    if (op.fn)
        op.fn(op.arg, op.second ? reply_count(reply) > 1 : n, 0, e);
}

static struct count_op *count_op_new(counted_fn fn, void *arg, bool second)
{
    struct count_op *op = mem_new(1, sizeof *op);

    *op = (struct count_op){fn, arg, second};
    return op;
}

static void add_function(struct args *a, const char *name, int keys_n)
{
    args_add(a, "FCALL");
    args_add(a, name);
    args_add_int(a, keys_n);
}

static void add_four_keys(struct args *a, const struct hook *h)
{
    char who[PRINCIPAL_TEXT_BYTES];

    keys_add_system(a, "hook", h->id);
    keys_add_system(a, "hooks", NULL);
    keys_add_system(a, "hooks", principal_text(&h->who, who));
    keys_add_system(a, "hook_changes", NULL);
}

void hook_store_put(struct store *s, const struct hook *h, counted_fn fn, void *arg)
{
    char who[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    add_function(&a, "hook_put_v1", 4);
    add_four_keys(&a, h);
    args_add(&a, h->id);
    args_add(&a, principal_text(&h->who, who));
    args_add_int(&a, h->created_ms);
    add_sealed(s, &a, h->id, h->doc);
    args_add_int(&a, HOOKS_PER_OWNER);
    store_call(s, STORE_SYSTEM, &a, 0, count_read, count_op_new(fn, arg, false));
}

void hook_store_delete(struct store *s, const struct hook *h, counted_fn fn, void *arg)
{
    struct args a = {0};

    add_function(&a, "hook_delete_v1", 4);
    add_four_keys(&a, h);
    args_add(&a, h->id);
    store_call(s, STORE_SYSTEM, &a, 0, count_read, count_op_new(fn, arg, false));
}

void hook_store_change(struct store *s, const char *id, int state, const json_t *doc, counted_fn fn,
                       void *arg)
{
    struct args a = {0};

    add_function(&a, "hook_change_v1", 2);
    keys_add_system(&a, "hook", id);
    keys_add_system(&a, "hook_changes", NULL);
    args_add(&a, state < 0 ? "" : hook_state_words[state]);
    add_sealed(s, &a, id, doc);
    store_call(s, STORE_SYSTEM, &a, 0, count_read, count_op_new(fn, arg, false));
}

void hook_store_result(struct store *s, const char *id, enum hook_result result, int64_t until_ms,
                       int64_t pause_after, const char *why, counted_fn fn, void *arg)
{
    static const char *const words[] = {
        [HOOK_OK] = "ok", [HOOK_FAIL] = "fail", [HOOK_GONE] = "gone"};
    struct args a = {0};

    add_function(&a, "hook_result_v1", 2);
    keys_add_system(&a, "hook", id);
    keys_add_system(&a, "hook_changes", NULL);
    args_add(&a, words[result]);
    args_add_int(&a, until_ms);
    args_add_int(&a, pause_after);
    args_add(&a, why);
    store_call(s, STORE_SYSTEM, &a, 0, count_read, count_op_new(fn, arg, true));
}

void hook_store_changes(struct store *s, counted_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "GET");
    keys_add_system(&a, "hook_changes", NULL);
    store_call(s, STORE_SYSTEM, &a, 0, count_read, count_op_new(fn, arg, false));
}

/* --- reading: ids, then each of them ---------------------------------------------------------- */

struct list_op {
    struct store *store;
    hooks_fn fn;
    void *arg;
    struct hook *list; /* owned; as many as were asked for, those that are none have no id */
    size_t n;
    unsigned left;
    struct err fault;
};
struct list_one {
    struct list_op *op;
    char id[ID_BYTES];
    size_t at;
};

static void list_finish(struct list_op *op)
{
    size_t n = 0;

    for (size_t i = 0; i < op->n; i++)
        if (*op->list[i].id)
            op->list[n++] = op->list[i];
    op->fn(op->arg, op->list, op->fault.code == ERR_OK ? n : 0, &op->fault);
    for (size_t i = 0; i < n; i++)
        json_decref(op->list[i].doc);
    free(op->list);
    free(op);
}

static bool hook_open(struct store *s, const char *id, const struct redisReply *reply,
                      struct hook *ret_hook)
{
    struct seal_place place = place_of(id);
    const struct redisReply *sealed = reply_at(reply, 1);
    const char *who = reply_text(reply_at(reply, 0));
    const char *why = reply_text(reply_at(reply, 6));
    struct hook h = {.created_ms = reply_int(reply_at(reply, 3)),
                     .fails_n = reply_int(reply_at(reply, 4)),
                     .until_ms = reply_int(reply_at(reply, 5))};
    int state = word_index(hook_state_words, reply_text(reply_at(reply, 2)));
    struct err e = {0};
    char *plain;
    size_t n;

    if (!who || state < 0 || !principal_read(who, &h.who))
        return false;
    if (seal_read(store_keyring(s), &place, reply_text(sealed), reply_bytes(sealed), &plain, &n,
                  &e) != ERR_OK) {
        log_error("webhook_unreadable", "webhook=%s why=\"%s\"", id, e.detail);
        return false;
    }
    h.doc = json_loadb(plain, n, 0, NULL);
    sodium_memzero(plain, n);
    free(plain);
    h.state = (enum hook_state)state;
    snprintf(h.why, sizeof h.why, "%s", why ? why : "");
    memcpy(h.id, id, sizeof h.id);
    *ret_hook = h;
    return h.doc != NULL;
}

static void one_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_one one = *(struct list_one *)arg;

    free(arg);
    if (e->code != ERR_OK)
        one.op->fault = *e;
    else if (!hook_open(one.op->store, one.id, reply, &one.op->list[one.at]))
        one.op->list[one.at].id[0] = '\0';
    if (--one.op->left == 0)
        list_finish(one.op);
}

static void one_begin(struct list_op *op, const char *id, size_t at)
{
    static const char *const fields[] = {"who", "doc", "state", "created", "fails", "until", "why"};
    struct list_one *one = mem_new(1, sizeof *one);
    struct args a = {0};

    one->op = op;
    one->at = at;
    memcpy(one->id, id, sizeof one->id);
    args_add(&a, "HMGET");
    keys_add_system(&a, "hook", id);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        args_add(&a, fields[i]);
    store_call(op->store, STORE_SYSTEM, &a, 0, one_read, one);
}

static struct list_op *list_op_new(struct store *s, hooks_fn fn, void *arg)
{
    struct list_op *op = mem_new(1, sizeof *op);

    op->store = s;
    op->fn = fn;
    op->arg = arg;
    return op;
}

static void ids_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_op *op = arg;
    size_t n = reply_count(reply) < HOOKS_MAX ? reply_count(reply) : HOOKS_MAX;

    op->fault = *e;
    op->list = mem_new(n + 1, sizeof *op->list);
    op->left = 1;
    for (size_t i = 0; i < n; i++) {
        const char *id = reply_text(reply_at(reply, i));

        if (!id || !id_is(id, "whk_"))
            continue;
        op->left++;
        one_begin(op, id, op->n++);
    }
    if (--op->left == 0)
        list_finish(op);
}

void hook_store_read(struct store *s, const char *id, hooks_fn fn, void *arg)
{
    struct list_op *op = list_op_new(s, fn, arg);

    op->list = mem_new(1, sizeof *op->list);
    op->n = op->left = 1;
    one_begin(op, id, 0);
}

static void list_begin(struct store *s, const char *of, hooks_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "ZRANGE");
    keys_add_system(&a, "hooks", of);
    args_add(&a, "0");
    args_add_int(&a, HOOKS_MAX - 1);
    store_call(s, STORE_SYSTEM, &a, 0, ids_read, list_op_new(s, fn, arg));
}

void hook_store_of(struct store *s, const struct principal *who, hooks_fn fn, void *arg)
{
    char text[PRINCIPAL_TEXT_BYTES];

    list_begin(s, principal_text(who, text), fn, arg);
}

void hook_store_all(struct store *s, hooks_fn fn, void *arg)
{
    list_begin(s, NULL, fn, arg);
}
