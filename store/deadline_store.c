#include "store/deadline_store.h"

#include "store/keys.h"
#include "store/reply.h"

#include <stdio.h>
#include <stdlib.h>

struct time_op {
    store_time_fn fn;
    void *arg;
};

static void time_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct time_op op = *(struct time_op *)arg;

    free(arg);
    op.fn(op.arg, reply_int(reply_at(reply, 0)) * 1000 + reply_int(reply_at(reply, 1)) / 1000, e);
}

void deadline_store_time(struct store *s, store_time_fn fn, void *arg)
{
    struct time_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct time_op){fn, arg};
    args_add(&a, "TIME");
    store_call(s, STORE_SYSTEM, &a, 0, time_read, op);
}

struct due_op {
    deadlines_fn fn;
    void *arg;
};

static void due_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct due_op op = *(struct due_op *)arg;
    struct deadline list[DEADLINES_MAX];
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i + 1 < reply_count(reply) && n < DEADLINES_MAX; i += 2) {
        const char *id = reply_text(reply_at(reply, i));

        if (!id || !id_is(id, "req_"))
            continue;
        snprintf(list[n].id, sizeof list[n].id, "%s", id);
        list[n++].wake_ms = reply_int(reply_at(reply, i + 1));
    }
    op.fn(op.arg, list, n, e);
}

void deadline_store_due(struct store *s, unsigned partition, int64_t now_ms, deadlines_fn fn,
                        void *arg)
{
    struct due_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct due_op){fn, arg};
    args_add(&a, "ZRANGE");
    keys_add(&a, partition, "deadlines", NULL);
    args_add(&a, "-inf");
    args_add_int(&a, now_ms);
    args_add(&a, "BYSCORE");
    args_add(&a, "LIMIT");
    args_add(&a, "0");
    args_add_int(&a, DEADLINES_MAX);
    args_add(&a, "WITHSCORES");
    store_call(s, partition, &a, 0, due_read, op);
}

static void shift_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e;
}

void deadline_store_shift(struct store *s, const struct deadline *from, int64_t to_ms)
{
    unsigned p = id_partition(from->id);
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "shift_v1");
    args_add(&a, "1");
    keys_add(&a, p, "deadlines", NULL);
    args_add(&a, from->id);
    args_add_int(&a, from->wake_ms);
    args_add_int(&a, to_ms);
    store_call(s, p, &a, 0, shift_done, NULL);
}

void deadline_store_list(struct store *s, unsigned partition, unsigned list, int64_t from_rank,
                         deadlines_fn fn, void *arg)
{
    struct due_op *op = mem_new(1, sizeof *op);
    struct args a = {0};
    char by[40];

    *op = (struct due_op){fn, arg};
    args_add(&a, "FCALL_RO");
    args_add(&a, "waking_v1");
    args_add(&a, "2");
    if (list) {
        snprintf(by, sizeof by, "state:%s", state_words[list - 1]);
        keys_add(&a, partition, "by", by);
    } else {
        keys_add(&a, partition, "deadlines", NULL);
    }
    keys_add(&a, partition, "deadlines", NULL);
    args_add_int(&a, from_rank);
    args_add_int(&a, DEADLINES_MAX);
    store_call(s, partition, &a, 0, due_read, op);
}

struct mend_op {
    mended_deadline_fn fn;
    void *arg;
};

static void mend_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct mend_op op = *(struct mend_op *)arg;

    free(arg);
    op.fn(op.arg, reply_int(reply) == 1, e);
}

void deadline_store_mend(struct store *s, const struct deadline *from, int64_t version,
                         int64_t to_ms, mended_deadline_fn fn, void *arg)
{
    struct mend_op *op = mem_new(1, sizeof *op);
    unsigned p = id_partition(from->id);
    struct args a = {0};

    *op = (struct mend_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "mend_waking_v1");
    args_add(&a, "2");
    keys_add(&a, p, "deadlines", NULL);
    keys_add(&a, p, "req", from->id);
    args_add(&a, from->id);
    if (version)
        args_add_int(&a, version);
    else
        args_add(&a, "");
    if (from->wake_ms)
        args_add_int(&a, from->wake_ms);
    else
        args_add(&a, "");
    args_add_int(&a, to_ms);
    store_call(s, p, &a, 0, mend_done, op);
}
