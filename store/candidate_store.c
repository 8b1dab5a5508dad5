#include "store/candidate_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/partition.h"
#include "protocol/seal.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t closed_after(int64_t now_ms)
{
    return now_ms - CANDIDATE_DAYS * CLOCK_DAY_MS;
}

bool candidate_state(enum state s)
{
    return s == STATE_CLOSED || s == STATE_MERGED ||
           (s != STATE_SUBMITTED && !lifecycle_is_terminal(s));
}

bool candidate_is(const struct record *r, int64_t now_ms)
{
    return candidate_state(r->state) &&
           (r->state != STATE_CLOSED || r->updated_ms >= closed_after(now_ms));
}

/* --- reading ---------------------------------------------------------------------------------- */

struct candidates_op {
    struct store *store;
    char country[4];
    candidates_fn fn;
    void *arg;
};

/* ret_plain: owned, NULL without a vector that opens. */
static void entry_read(const struct candidates_op *op, const struct redisReply *entry,
                       struct candidate *ret_c, char **ret_plain)
{
    const size_t id_n = ID_BYTES - 1;
    const char *text = reply_text(entry);
    size_t n = reply_bytes(entry);
    struct seal_place place = {op->country, ret_c->id, "vector"};
    struct err e = {0};

    if (n < id_n)
        return;
    memcpy(ret_c->id, text, id_n);
    if (!id_is(ret_c->id, "req_")) {
        ret_c->id[0] = '\0';
        return;
    }
    /* What is inside is compared by a keyed hash, too: made under another key it is made anew. */
    if (n > id_n && seal_kid(text + id_n, n - id_n) != keyring_active(store_keyring(op->store)))
        return;
    if (n > id_n && seal_read(store_keyring(op->store), &place, text + id_n, n - id_n, ret_plain,
                              &ret_c->vector_n, &e) != ERR_OK)
        log_error("vector_unreadable", "why=\"%s\"", e.detail); /* computed anew */
    ret_c->vector = (const unsigned char *)*ret_plain;
}

static void candidates_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct candidates_op *op = arg;
    const struct redisReply *entries = reply_at(reply, 2);
    struct candidate *list = mem_new(reply_count(entries) + 1, sizeof *list);
    char **plain = mem_new(reply_count(entries) + 1, sizeof *plain);
    struct candidates page = {.epoch = reply_int(reply_at(reply, 0)),
                              .first = reply_int(reply_at(reply, 1)),
                              .list = list,
                              .n = reply_count(entries)};

    for (size_t i = 0; i < page.n; i++)
        entry_read(op, reply_at(entries, i), &list[i], &plain[i]);
    op->fn(op->arg, &page, e);
    for (size_t i = 0; i < page.n; i++)
        free(plain[i]);
    free(plain);
    free(list);
    free(op);
}

void candidate_store_read(struct store *s, const char *country, int64_t first, size_t n,
                          int64_t now_ms, candidates_fn fn, void *arg)
{
    struct candidates_op *op = mem_new(1, sizeof *op);
    unsigned p = partition_of(country);
    struct args keys = {0};
    struct args a = {0};

    if (n > CANDIDATE_PAGE_MAX)
        bug("candidates: %zu at once", n);
    op->store = s;
    snprintf(op->country, sizeof op->country, "%s", country);
    op->fn = fn;
    op->arg = arg;
    keys_add(&keys, p, "decided", country);
    keys_add(&keys, p, "by", "state:closed");
    for (unsigned state = 0; state < STATES_N; state++) {
        char rest[32];

        if (candidate_state((enum state)state) || state == STATE_SUBMITTED)
            continue; /* what is submitted is not in the list */
        snprintf(rest, sizeof rest, "state:%s", state_words[state]);
        keys_add(&keys, p, "by", rest);
    }
    args_add(&a, "FCALL_RO");
    args_add(&a, "candidates_v1");
    args_add_int(&a, (int64_t)keys.n);
    args_append(&a, &keys);
    args_clear(&keys);
    args_add_int(&a, first);
    args_add_int(&a, (int64_t)n);
    args_add_int(&a, closed_after(now_ms));
    store_call(s, p, &a, 0, candidates_read, op);
}

/* --- keeping ---------------------------------------------------------------------------------- */

static void kept(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e;
}

void candidate_store_keep(struct store *s, const char *country, int64_t position, const char *id,
                          const void *vector, size_t n)
{
    struct seal_place place = {country, id, "vector"};
    unsigned p = partition_of(country);
    struct args a = {0};
    size_t sealed_n;
    uint8_t *sealed = seal_write(store_keyring(s), &place, vector, n, &sealed_n);

    args_add(&a, "FCALL");
    args_add(&a, "keep_vector_v1");
    args_add(&a, "1");
    keys_add(&a, p, "decided", country);
    args_add_int(&a, position);
    args_add(&a, id);
    args_add_n(&a, sealed, sealed_n);
    free(sealed);
    store_call(s, p, &a, 0, kept, NULL);
}

/* --- those whose time has passed -------------------------------------------------------------- */

struct lapsed_op {
    lapsed_fn fn;
    void *arg;
};

static void lapsed_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct lapsed_op op = *(struct lapsed_op *)arg;
    char(*ids)[ID_BYTES] = mem_new(reply_count(reply) + 1, sizeof *ids);
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i < reply_count(reply); i++) {
        const char *id = reply_text(reply_at(reply, i));

        if (id && id_is(id, "req_"))
            memcpy(ids[n++], id, ID_BYTES);
    }
    op.fn(op.arg, (const char(*)[ID_BYTES])ids, n, e);
    free(ids);
}

void candidate_store_lapsed(struct store *s, unsigned partition, int64_t after_ms,
                            int64_t before_ms, int64_t first, size_t n, lapsed_fn fn, void *arg)
{
    struct lapsed_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct lapsed_op){fn, arg};
    args_add(&a, "ZRANGE");
    keys_add(&a, partition, "by", "state:closed");
    args_printf(&a, "(%lld", (long long)closed_after(after_ms));
    args_add_int(&a, closed_after(before_ms));
    args_add(&a, "BYSCORE");
    args_add(&a, "LIMIT");
    args_add_int(&a, first);
    args_add_int(&a, (int64_t)n);
    store_call(s, partition, &a, 0, lapsed_read, op);
}
