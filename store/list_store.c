#include "store/list_store.h"

#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

/* A page of each of up to 2 x 16 sets is read, then merged: scores and ids are totally ordered. */
enum { TIES_MAX = 64 };

struct list_op {
    struct store *store;
    struct list_query query;
    listed_fn fn;
    void *arg;
    unsigned left;
    struct cursor *rows; /* owned */
    size_t n, room;
    int64_t total;
    struct err fault;
};

static int compare(const struct cursor *a, const struct cursor *b)
{
    if (a->score != b->score)
        return a->score < b->score ? -1 : 1;
    return strcmp(a->id, b->id);
}

static int compare_oldest(const void *a, const void *b)
{
    return compare(a, b);
}

static int compare_newest(const void *a, const void *b)
{
    return compare(b, a);
}

static void list_finish(struct list_op *op)
{
    size_t kept = 0;

    if (op->n) /* qsort may not be given NULL */
        qsort(op->rows, op->n, sizeof *op->rows,
              op->query.order == LIST_NEWEST ? compare_newest : compare_oldest);
    for (size_t i = 0; i < op->n && kept < op->query.n; i++)
        if (kept == 0 || strcmp(op->rows[i].id, op->rows[kept - 1].id) != 0)
            op->rows[kept++] = op->rows[i];
    op->fn(op->arg, op->rows, op->fault.code == ERR_OK ? kept : 0, op->total, &op->fault);
    free(op->rows);
    free(op);
}

static bool behind_cursor(const struct list_op *op, const struct cursor *row)
{
    int order;

    if (!op->query.from_cursor)
        return true;
    order = compare(row, &op->query.cursor);
    return op->query.order == LIST_NEWEST ? order < 0 : order > 0;
}

static void list_rows_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_op *op = arg;

    if (e->code != ERR_OK)
        op->fault = *e;
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2) {
        struct cursor row = {.score = reply_int(reply_at(reply, i + 1))};
        const char *id = reply_text(reply_at(reply, i));

        if (!id || !id_is(id, "req_"))
            continue;
        memcpy(row.id, id, ID_BYTES);
        if (!behind_cursor(op, &row))
            continue;
        if (op->n == op->room) {
            op->room = op->room ? 2 * op->room : 64;
            op->rows = mem_grow(op->rows, op->room, sizeof *op->rows);
        }
        op->rows[op->n++] = row;
    }
    if (--op->left == 0)
        list_finish(op);
}

static void list_count_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_op *op = arg;

    if (e->code != ERR_OK)
        op->fault = *e;
    op->total += reply_int(reply);
    if (--op->left == 0)
        list_finish(op);
}

static void list_shared_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct list_op *op = arg;

    if (e->code != ERR_OK)
        op->fault = *e;
    op->total -= reply_int(reply);
    if (--op->left == 0)
        list_finish(op);
}

/* What stands in both sets would be counted twice. */
static void list_ask_shared(struct list_op *op, unsigned p)
{
    const struct list_query *q = &op->query;
    struct args a = {0};

    args_add(&a, "ZINTERCARD");
    args_add(&a, "2");
    keys_add(&a, p, q->name, q->rest[0]);
    keys_add(&a, p, q->name, q->rest[1]);
    op->left++;
    store_call(op->store, p, &a, 0, list_shared_read, op);
}

/* Scores equal to the cursor's are read again, as ids decide among them. */
static void list_ask(struct list_op *op, unsigned p, const char *rest)
{
    const struct list_query *q = &op->query;
    bool newest = q->order == LIST_NEWEST;
    struct args rows = {0};

    args_add(&rows, "ZRANGE");
    keys_add(&rows, p, q->name, rest);
    if (q->from_cursor)
        args_add_int(&rows, q->cursor.score);
    else
        args_add(&rows, newest ? "+inf" : "-inf");
    args_add(&rows, newest ? "-inf" : "+inf");
    args_add(&rows, "BYSCORE");
    if (newest)
        args_add(&rows, "REV");
    args_add(&rows, "LIMIT");
    args_add(&rows, "0");
    args_add_int(&rows, q->n + (q->from_cursor ? TIES_MAX : 0));
    args_add(&rows, "WITHSCORES");
    op->left++;
    store_call(op->store, p, &rows, 0, list_rows_read, op);
}

static void list_ask_count(struct list_op *op, unsigned p, const char *rest)
{
    struct args count = {0};

    args_add(&count, "ZCARD");
    keys_add(&count, p, op->query.name, rest);
    op->left++;
    store_call(op->store, p, &count, 0, list_count_read, op);
}

void list_store_read(struct store *s, const struct list_query *query, listed_fn fn, void *arg)
{
    struct list_op *op = mem_new(1, sizeof *op);
    unsigned sets_n = query->rest[1] ? 2 : 1;
    unsigned first = query->partition < 0 ? 0 : (unsigned)query->partition;
    unsigned last = query->partition < 0 ? ID_PARTITIONS - 1 : first;

    op->store = s;
    op->query = *query;
    op->fn = fn;
    op->arg = arg;
    for (unsigned p = first; p <= last; p++) {
        for (unsigned i = 0; i < sets_n; i++) {
            list_ask(op, p, query->rest[i]);
            if (!query->counted)
                list_ask_count(op, p, query->rest[i]);
        }
        if (sets_n == 2 && !query->counted)
            list_ask_shared(op, p);
    }
    op->query.rest[0] = op->query.rest[1] = NULL; /* borrowed for the asking only */
}
