#include "store/count_store.h"

#include "base/id.h"
#include "protocol/partition.h"
#include "store/keys.h"
#include "store/reply.h"

#include <stdio.h>
#include <stdlib.h>

/* Replies are added up as they come: a number goes to one count, a list to one after the other. */
struct count_op {
    counts_fn fn;
    void *arg;
    struct err fault;
    size_t left;
    size_t n;
    int64_t *counts; /* owned */
    struct count_one {
        struct count_op *op;
        size_t at;
    } ones[]; /* of each call */
};

static struct count_op *op_new(size_t calls_n, size_t n, counts_fn fn, void *arg)
{
    struct count_op *op = mem_new(1, sizeof *op + (calls_n + 1) * sizeof(struct count_one));

    op->fn = fn;
    op->arg = arg;
    op->n = n;
    op->counts = mem_new(n + 1, sizeof *op->counts);
    return op;
}

static void op_replied(struct count_op *op)
{
    if (--op->left > 0)
        return;
    for (size_t i = 0; op->fault.code != ERR_OK && i < op->n; i++)
        op->counts[i] = 0;
    op->fn(op->arg, op->counts, &op->fault);
    free(op->counts);
    free(op);
}

static void one_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct count_one *one = arg;

    if (e->code != ERR_OK)
        one->op->fault = *e;
    else
        one->op->counts[one->at] += reply_int(reply);
    op_replied(one->op);
}

static void list_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct count_one *one = arg;

    if (e->code != ERR_OK)
        one->op->fault = *e;
    for (size_t i = 0; i < one->op->n && i < reply_count(reply); i++)
        one->op->counts[i] += reply_int(reply_at(reply, i));
    op_replied(one->op);
}

static void ask_one(struct store *s, struct count_op *op, unsigned partition, const char *kind,
                    const char *of, size_t at)
{
    struct count_one *one = &op->ones[op->left++];
    struct args a = {0};
    char rest[40];

    *one = (struct count_one){op, at};
    snprintf(rest, sizeof rest, "%s:%s", kind, of);
    args_add(&a, "ZCARD");
    keys_add(&a, partition, "by", rest);
    store_call(s, partition, &a, 0, one_read, one);
}

void count_store_countries(struct store *s, const char *const *countries, size_t n, counts_fn fn,
                           void *arg)
{
    struct count_op *op = op_new(n, n, fn, arg);

    for (size_t i = 0; i < n; i++)
        ask_one(s, op, partition_of(countries[i]), "country", countries[i], i);
}

void count_store_states(struct store *s, const char *const *states, size_t n, counts_fn fn,
                        void *arg)
{
    struct count_op *op = op_new(n * ID_PARTITIONS, n, fn, arg);

    for (unsigned p = 0; p < ID_PARTITIONS; p++)
        for (size_t i = 0; i < n; i++)
            ask_one(s, op, p, "state", states[i], i);
}

void count_store_themes(struct store *s, const char *const *themes, size_t n, counts_fn fn,
                        void *arg)
{
    struct count_op *op = op_new(ID_PARTITIONS, n, fn, arg);

    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct count_one *one = &op->ones[op->left++];
        struct args a = {0};

        *one = (struct count_one){op, 0};
        args_add(&a, "HMGET");
        keys_add(&a, p, "stats", NULL);
        for (size_t i = 0; i < n; i++)
            args_printf(&a, "theme:%s", themes[i]);
        store_call(s, p, &a, 0, list_read, one);
    }
}
