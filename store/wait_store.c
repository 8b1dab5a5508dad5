#include "store/wait_store.h"

#include "base/clock.h"
#include "store/keys.h"
#include "store/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t kept_ms = 400 * CLOCK_DAY_MS;

/* "202611", so many months before. */
static void month_text(int64_t now_ms, int before, char out[8])
{
    char text[CLOCK_TEXT_BYTES];
    int months;

    clock_text(now_ms, text);
    months = clock_year(now_ms) * 12 + (text[5] - '0') * 10 + (text[6] - '0') - 1 - before;
    snprintf(out, 8, "%04u%02u", (unsigned)(months / 12) % 10000u, (unsigned)(months % 12) + 1u);
}

void wait_store_add_key(struct args *keys, unsigned partition, int64_t now_ms)
{
    char month[8];

    month_text(now_ms, 0, month);
    keys_add(keys, partition, "waits", month);
}

/* "claim:routine:37" */
void wait_store_add(struct args *args, const struct record *before, const struct record *after)
{
    enum wait_step step;
    int64_t ms;

    if (waits_ended(before, after, &step, &ms))
        args_printf(args, "%s:%s:%d", wait_words[step], urgency_words[after->urgency],
                    waits_bucket(ms));
    else
        args_add(args, "");
    args_add_int(args, kept_ms);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct waits_op {
    waits_fn fn;
    void *arg;
    unsigned left;
    struct err fault;
    struct waits waits;
};

static void count(struct waits *w, const char *field, int64_t n)
{
    char step[12], urgency[12];
    int bucket, s, u;

    if (!field || sscanf(field, "%11[a-z]:%11[a-z]:%d", step, urgency, &bucket) != 3)
        return;
    s = word_index(wait_words, step);
    u = word_index(urgency_words, urgency);
    if (s >= 0 && u >= 0 && bucket >= 0 && bucket < WAIT_BUCKETS && n > 0)
        w->counts[s][u][bucket] += n;
}

static void waits_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct waits_op *op = arg;

    if (e->code != ERR_OK)
        op->fault = *e;
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2)
        count(&op->waits, reply_text(reply_at(reply, i)), reply_int(reply_at(reply, i + 1)));
    if (--op->left > 0)
        return;
    op->fn(op->arg, &op->waits, &op->fault);
    free(op);
}

void wait_store_read(struct store *s, int64_t now_ms, waits_fn fn, void *arg)
{
    struct waits_op *op = mem_new(1, sizeof *op);

    op->fn = fn;
    op->arg = arg;
    op->left = ID_PARTITIONS * WAIT_MONTHS;
    for (unsigned p = 0; p < ID_PARTITIONS; p++)
        for (int m = 0; m < WAIT_MONTHS; m++) {
            struct args a = {0};
            char month[8];

            month_text(now_ms, m, month);
            args_add(&a, "HGETALL");
            keys_add(&a, p, "waits", month);
            store_call(s, p, &a, 0, waits_read, op);
        }
}

struct ahead_op {
    ahead_fn fn;
    void *arg;
    unsigned left;
    int64_t ahead_n;
    struct err fault;
};

static void ahead_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct ahead_op *op = arg;

    if (e->code != ERR_OK)
        op->fault = *e;
    op->ahead_n += reply_int(reply);
    if (--op->left > 0)
        return;
    op->fn(op->arg, op->ahead_n, &op->fault);
    free(op);
}

void wait_store_ahead(struct store *s, const char *inbox, int64_t score, ahead_fn fn, void *arg)
{
    struct ahead_op *op = mem_new(1, sizeof *op);

    op->fn = fn;
    op->arg = arg;
    op->left = ID_PARTITIONS;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};

        args_add(&a, "ZCOUNT");
        keys_add(&a, p, "inbox", inbox);
        args_add(&a, "-inf");
        args_printf(&a, "(%lld", (long long)score);
        store_call(s, p, &a, 0, ahead_read, op);
    }
}
