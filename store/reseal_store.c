#include "store/reseal_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "protocol/seal.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_KEYS = 64, ENTRIES_AT_ONCE = 100, KEY_BYTES_MAX = 160 };

void reseal_report_add(struct reseal_report *to, const struct reseal_report *from)
{
    to->values_n += from->values_n;
    to->resealed_n += from->resealed_n;
    to->unreadable_n += from->unreadable_n;
    for (size_t i = 0; i < from->kids_n; i++) {
        size_t k = 0;

        while (k < to->kids_n && to->kids[k].kid != from->kids[i].kid)
            k++;
        if (k == KEYS_MAX)
            continue;
        if (k == to->kids_n)
            to->kids[to->kids_n++] = (struct reseal_left){.kid = from->kids[i].kid};
        to->kids[k].left_n += from->kids[i].left_n;
        to->kids[k].tokens_n += from->kids[i].tokens_n;
    }
}

/* --- what is sealed, and where its country is known from -------------------------------------- */

enum country_of { COUNTRY_NONE, COUNTRY_FIELD, COUNTRY_REQUEST, COUNTRY_NAME };

static const struct kind {
    const char *name; /* of the key, behind its tag */
    bool is_list;
    enum country_of country_of;
    const char *place; /* of a list's entries, or of a hash's one field; NULL: the field's name */
    const char *fields[3]; /* of a hash */
} kinds[] = {
    {"req",     false, COUNTRY_FIELD,   NULL,      {"body", "inner"}   },
    {"notice",  false, COUNTRY_FIELD,   NULL,      {"person", "answer"}},
    {"hook",    false, COUNTRY_NONE,    "webhook", {"doc"}             },
    {"hist",    true,  COUNTRY_REQUEST, "history", {NULL}              },
    {"lessons", true,  COUNTRY_NONE,    "lesson",  {NULL}              },
    {"decided", true,  COUNTRY_NAME,    "vector",  {NULL}              },
    {"token",   false, COUNTRY_NONE,    NULL,      {NULL}              },
};

enum { KINDS_N = sizeof kinds / sizeof kinds[0] };

struct page {
    struct store *store; /* borrowed */
    reseal_fn fn;
    void *arg;
    char next[RESEAL_CURSOR_BYTES];
    unsigned keys_n; /* in hand */
    struct reseal_report report;
    struct err fault; /* the first one */
};

/* A key in hand; all of a page are, at the same time. */
struct holder {
    struct page *page; /* borrowed */
    char key[KEY_BYTES_MAX];
    const struct kind *kind;
    unsigned partition;
    char id[64]; /* what stands behind the kind's name; of lessons the partition's */
    char country[4];
    int64_t from;       /* of a list: the next entry to look at */
    unsigned pending_n; /* values on their way */
    bool has_more;
};

static void holder_begin(struct holder *h);
static void hash_read(void *arg, const struct redisReply *reply, const struct err *e);
static void token_read_kid(void *arg, const struct redisReply *reply, const struct err *e);
static void country_read(void *arg, const struct redisReply *reply, const struct err *e);
static void entries_ask(struct holder *h);
static void entries_read(void *arg, const struct redisReply *reply, const struct err *e);

static bool page_failed(struct page *p, const struct err *e)
{
    if (e->code == ERR_OK)
        return false;
    if (p->fault.code == ERR_OK)
        p->fault = *e;
    return true;
}

/* One key less in hand. */
static void page_done(struct page *p)
{
    if (--p->keys_n > 0)
        return;
    p->fn(p->arg, p->next, &p->report, &p->fault);
    free(p);
}

static void holder_end(struct holder *h)
{
    struct page *p = h->page;

    free(h);
    page_done(p);
}

/* --- scan ------------------------------------------------------------------------------------- */

/* "lia:{p07}:req:req_.." or "lia:{sys}:hook:..": false when nothing in it is sealed. */
static bool holder_take(struct holder *h, const char *key)
{
    const char *name = strstr(key, "}:");
    size_t name_n;

    if (!name || strncmp(key, "lia:{", 5) != 0 || strlen(key) >= sizeof h->key)
        return false;
    h->partition = key[5] == 'p' ? (unsigned)strtoul(key + 6, NULL, 10) : STORE_SYSTEM;
    name += 2;
    name_n = strcspn(name, ":");
    for (size_t i = 0; i < KINDS_N; i++) {
        const char *rest = name[name_n] ? name + name_n + 1 : "";

        if (strlen(kinds[i].name) != name_n || strncmp(name, kinds[i].name, name_n) != 0 ||
            strlen(rest) >= sizeof h->id)
            continue;
        memcpy(h->key, key, strlen(key) + 1);
        h->kind = &kinds[i];
        if (*rest)
            memcpy(h->id, rest, strlen(rest) + 1);
        else
            snprintf(h->id, sizeof h->id, "p%02u", h->partition);
        return true;
    }
    return false;
}

static void scanned(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct page *p = arg;
    const struct redisReply *keys = reply_at(reply, 1);
    const char *next = reply_text(reply_at(reply, 0));

    (void)page_failed(p, e);
    snprintf(p->next, sizeof p->next, "%s", next ? next : "0");
    p->keys_n = 1; /* this loop */
    for (size_t i = 0; i < reply_count(keys); i++) {
        const char *key = reply_text(reply_at(keys, i));
        struct holder *h = mem_new(1, sizeof *h);

        h->page = p;
        if (key && holder_take(h, key)) {
            p->keys_n++;
            holder_begin(h);
        } else {
            free(h);
        }
    }
    page_done(p);
}

void reseal_store_page(struct store *s, const char *cursor, reseal_fn fn, void *arg)
{
    struct page *p = mem_new(1, sizeof *p);
    struct args a = {0};

    p->store = s;
    p->fn = fn;
    p->arg = arg;
    args_add(&a, "SCAN");
    args_add(&a, cursor);
    args_add(&a, "MATCH");
    args_add(&a, "lia:*");
    args_add(&a, "COUNT");
    args_add_int(&a, PAGE_KEYS);
    store_call(s, STORE_SYSTEM, &a, 0, scanned, p);
}

static void holder_begin(struct holder *h)
{
    struct store *s = h->page->store;
    struct args a = {0};

    if (!strcmp(h->kind->name, "token")) {
        args_add(&a, "HMGET");
        args_add(&a, h->key);
        args_add(&a, "kid");
        args_add(&a, "expires");
        args_add(&a, "revoked");
        store_call(s, h->partition, &a, 0, token_read_kid, h);
    } else if (!h->kind->is_list) {
        args_add(&a, "HMGET");
        args_add(&a, h->key);
        args_add(&a, "country");
        for (size_t i = 0; h->kind->fields[i]; i++)
            args_add(&a, h->kind->fields[i]);
        store_call(s, h->partition, &a, 0, hash_read, h);
    } else if (h->kind->country_of == COUNTRY_REQUEST) {
        args_add(&a, "HGET");
        keys_add(&a, h->partition, "req", h->id);
        args_add(&a, "country");
        store_call(s, h->partition, &a, 0, country_read, h);
    } else {
        if (h->kind->country_of == COUNTRY_NAME)
            snprintf(h->country, sizeof h->country, "%.3s", h->id);
        entries_ask(h);
    }
}

/* --- one value -------------------------------------------------------------------------------- */

static void left_count(struct page *p, uint32_t kid, bool is_token)
{
    struct reseal_report one = {.kids_n = 1};

    one.kids[0] = (struct reseal_left){kid, is_token ? 0 : 1, is_token ? 1 : 0};
    reseal_report_add(&p->report, &one);
}

/* Another value is dealt with; after the last one more of this key, or it is done. */
static void holder_settle(struct holder *h)
{
    if (--h->pending_n > 0)
        return;
    if (h->page->fault.code == ERR_OK && h->has_more)
        entries_ask(h);
    else
        holder_end(h);
}

struct set_op {
    struct holder *holder;
    uint32_t kid;
};

static void value_set(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct set_op op = *(struct set_op *)arg;
    struct page *p = op.holder->page;

    free(arg);
    if (!page_failed(p, e) && reply_int(reply))
        p->report.resealed_n++;
    else
        left_count(p, op.kid, false);
    holder_settle(op.holder);
}

/* at: field or position. was: what stands there; be: what shall. */
static void value_send(struct holder *h, uint32_t kid, const char *at, const struct redisReply *was,
                       const void *be, size_t be_n)
{
    struct set_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct set_op){h, kid};
    args_add(&a, "FCALL");
    args_add(&a, h->kind->is_list ? "reseal_entry_v1" : "reseal_field_v1");
    args_add(&a, "1");
    args_add(&a, h->key);
    args_add(&a, at);
    args_add_n(&a, reply_text(was), reply_bytes(was));
    args_add_n(&a, be, be_n);
    h->pending_n++;
    store_call(h->page->store, h->partition, &a, 0, value_set, op);
}

/* skip: bytes of value before what is sealed. */
static void value_look(struct holder *h, const char *at, const char *field,
                       const struct redisReply *value, size_t skip)
{
    struct page *p = h->page;
    const struct keyring *ring = store_keyring(p->store);
    const struct seal_place place = {h->country, h->id, field};
    const char *sealed = reply_text(value) + skip;
    size_t n = reply_bytes(value) - skip;
    uint32_t kid = seal_kid(sealed, n);
    struct err e = {0};
    char *plain = NULL;
    uint8_t *fresh;
    size_t plain_n, fresh_n;

    if (!kid)
        return;
    p->report.values_n++;
    if (kid == keyring_active(ring))
        return;
    if (skip) { /* a vector: out, see reseal_store.h */
        value_send(h, kid, at, value, reply_text(value), skip);
        return;
    }
    if (seal_read(ring, &place, sealed, n, &plain, &plain_n, &e) != ERR_OK) {
        log_error("reseal_unreadable", "key=%s why=\"%s\"", h->key, e.detail);
        p->report.unreadable_n++;
        left_count(p, kid, false);
        return;
    }
    fresh = seal_write(ring, &place, plain, plain_n, &fresh_n);
    value_send(h, kid, at, value, fresh, fresh_n);
    sodium_memzero(plain, plain_n);
    free(plain);
    free(fresh);
}

/* --- hashes ----------------------------------------------------------------------------------- */

static void hash_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct holder *h = arg;
    const char *country = reply_text(reply_at(reply, 0));

    if (page_failed(h->page, e)) {
        holder_end(h);
        return;
    }
    if (h->kind->country_of == COUNTRY_FIELD)
        snprintf(h->country, sizeof h->country, "%s", country ? country : "");
    h->pending_n = 1; /* ours, until all fields are looked at */
    for (size_t i = 0; h->kind->fields[i]; i++)
        if (reply_text(reply_at(reply, 1 + i)))
            value_look(h, h->kind->fields[i], h->kind->place ? h->kind->place : h->kind->fields[i],
                       reply_at(reply, 1 + i), 0);
    holder_settle(h);
}

static void token_read_kid(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct holder *h = arg;
    int64_t kid = reply_int(reply_at(reply, 0));

    kid = kid ? kid : 1; /* as token_store.c has it */
    if (!page_failed(h->page, e) && kid != keyring_active(store_keyring(h->page->store)) &&
        !reply_int(reply_at(reply, 2)) && reply_int(reply_at(reply, 1)) > clock_now_ms())
        left_count(h->page, (uint32_t)kid, true);
    holder_end(h);
}

/* --- lists ------------------------------------------------------------------------------------ */

static void country_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct holder *h = arg;
    const char *country = reply_text(reply);

    if (page_failed(h->page, e)) {
        holder_end(h);
        return;
    }
    snprintf(h->country, sizeof h->country, "%s", country ? country : "");
    entries_ask(h);
}

static void entries_ask(struct holder *h)
{
    struct args a = {0};

    args_add(&a, "LRANGE");
    args_add(&a, h->key);
    args_add_int(&a, h->from);
    args_add_int(&a, h->from + ENTRIES_AT_ONCE - 1);
    store_call(h->page->store, h->partition, &a, 0, entries_read, h);
}

static void entries_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct holder *h = arg;
    const size_t skip = h->kind->country_of == COUNTRY_NAME ? ID_BYTES - 1 : 0;

    if (page_failed(h->page, e)) {
        holder_end(h);
        return;
    }
    h->pending_n = 1;
    for (size_t i = 0; i < reply_count(reply); i++) {
        char at[24];

        snprintf(at, sizeof at, "%lld", (long long)h->from + (long long)i);
        if (reply_text(reply_at(reply, i)) && reply_bytes(reply_at(reply, i)) >= skip)
            value_look(h, at, h->kind->place, reply_at(reply, i), skip);
    }
    h->has_more = reply_count(reply) == ENTRIES_AT_ONCE;
    h->from += ENTRIES_AT_ONCE;
    holder_settle(h);
}

/* --- how far it is ---------------------------------------------------------------------------- */

struct tell_op {
    void (*fn)(void *arg, const struct err *e);
    void *arg;
};

static void told_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct tell_op op = *(struct tell_op *)arg;

    (void)reply;
    free(arg);
    if (op.fn)
        op.fn(op.arg, e);
}

void reseal_store_tell(struct store *s, const char *name, const json_t *doc,
                       void (*fn)(void *arg, const struct err *e), void *arg)
{
    struct tell_op *op = mem_new(1, sizeof *op);
    char *text = json_dumps(doc, JSON_COMPACT);
    struct args a = {0};

    if (!text)
        bug("cannot write JSON");
    *op = (struct tell_op){fn, arg};
    args_add(&a, "SET");
    keys_add_system(&a, "sealed", name);
    args_add(&a, text);
    free(text);
    store_call(s, STORE_SYSTEM, &a, 0, told_done, op);
}

struct told_op {
    reseal_told_fn fn;
    void *arg;
};

static void told_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct told_op op = *(struct told_op *)arg;
    const char *text = reply_text(reply);
    json_t *doc = text ? json_loads(text, 0, NULL) : NULL;

    free(arg);
    op.fn(op.arg, doc, e);
    json_decref(doc);
}

void reseal_store_told(struct store *s, const char *name, reseal_told_fn fn, void *arg)
{
    struct told_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct told_op){fn, arg};
    args_add(&a, "GET");
    keys_add_system(&a, "sealed", name);
    store_call(s, STORE_SYSTEM, &a, 0, told_read, op);
}

void reseal_store_forget(struct store *s, uint32_t kid, void (*fn)(void *arg, const struct err *e),
                         void *arg)
{
    struct tell_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct tell_op){fn, arg};
    args_add(&a, "HDEL");
    keys_add_system(&a, "keycheck", NULL);
    args_add_int(&a, kid);
    store_call(s, STORE_SYSTEM, &a, 0, told_done, op);
}

void reseal_store_token(struct store *s, const char *id, const uint8_t old[TOKEN_DIGEST_BYTES],
                        const uint8_t fresh[TOKEN_DIGEST_BYTES])
{
    struct tell_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "token_rehash_v1");
    args_add(&a, "1");
    keys_add_system(&a, "token", id);
    args_add_n(&a, old, TOKEN_DIGEST_BYTES);
    args_add_n(&a, fresh, TOKEN_DIGEST_BYTES);
    args_add_int(&a, keyring_active(store_keyring(s)));
    store_call(s, STORE_SYSTEM, &a, 0, told_done, op);
}
