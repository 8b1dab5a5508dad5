#include "store/group.h"

#include "base/id.h"
#include "store/keys.h"
#include "store/reply.h"

#include <stdlib.h>
#include <string.h>

enum { LATE_MS = 2000 }; /* an answer may come so much after the time that a read blocks */

struct prepare_op {
    void (*fn)(void *arg, const struct err *e);
    void *arg;
    unsigned left;
    struct err fault;
};

static void prepare_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct prepare_op *op = arg;

    (void)reply;
    if (e->code != ERR_OK)
        op->fault = *e;
    if (--op->left > 0)
        return;
    op->fn(op->arg, &op->fault);
    free(op);
}

void group_prepare(struct store *s, const struct group *g,
                   void (*fn)(void *arg, const struct err *e), void *arg)
{
    struct prepare_op *op = mem_new(1, sizeof *op);

    op->fn = fn;
    op->arg = arg;
    op->left = ID_PARTITIONS;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};

        args_add(&a, "FCALL");
        args_add(&a, g->function);
        args_add(&a, "1");
        keys_add(&a, p, g->stream, NULL);
        store_call(s, p, &a, 0, prepare_done, op);
    }
}

void group_read(struct store *s, const struct group *g, const char *consumer, unsigned n,
                int64_t block_ms, store_reply_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "XREADGROUP");
    args_add(&a, "GROUP");
    args_add(&a, g->name);
    args_add(&a, consumer);
    args_add(&a, "COUNT");
    args_add_int(&a, n);
    args_add(&a, "BLOCK");
    args_add_int(&a, block_ms);
    args_add(&a, "STREAMS");
    for (unsigned p = 0; p < ID_PARTITIONS; p++)
        keys_add(&a, p, g->stream, NULL);
    for (unsigned p = 0; p < ID_PARTITIONS; p++)
        args_add(&a, ">");
    store_call(s, STORE_SYSTEM, &a, block_ms + LATE_MS, fn, arg);
}

void group_take(struct store *s, const struct group *g, unsigned partition, const char *consumer,
                int64_t idle_ms, const char *cursor, unsigned n, store_reply_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "XAUTOCLAIM");
    keys_add(&a, partition, g->stream, NULL);
    args_add(&a, g->name);
    args_add(&a, consumer);
    args_add_int(&a, idle_ms);
    args_add(&a, cursor);
    args_add(&a, "COUNT");
    args_add_int(&a, n);
    store_call(s, partition, &a, 0, fn, arg);
}

unsigned group_partition(const struct redisReply *stream)
{
    const char *name = reply_text(reply_at(stream, 0)); /* lia:{pNN}:<stream> */

    return name && strlen(name) > 8 ? (unsigned)strtoul(name + 6, NULL, 10) : 0;
}
