#include "store/event_store.h"

#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READ_MAX = 256 };

struct end_op {
    position_fn fn;
    void *arg;
    struct event_position position;
    unsigned left;
    struct err fault;
    struct end_one {
        struct end_op *op;
        unsigned partition;
    } ones[ID_PARTITIONS];
};

static void end_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct end_one *one = arg;
    struct end_op *op = one->op;
    const char *last = reply_text(reply_at(reply_at(reply, 0), 0));

    if (e->code != ERR_OK)
        op->fault = *e;
    snprintf(op->position.ids[one->partition], sizeof op->position.ids[0], "%s",
             last ? last : "0-0");
    if (--op->left > 0)
        return;
    op->fn(op->arg, &op->position, &op->fault);
    free(op);
}

void event_store_end(struct store *s, position_fn fn, void *arg)
{
    struct end_op *op = mem_new(1, sizeof *op);

    op->fn = fn;
    op->arg = arg;
    op->left = ID_PARTITIONS;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};

        op->ones[p].op = op;
        op->ones[p].partition = p;
        args_add(&a, "XREVRANGE");
        keys_add(&a, p, "events", NULL);
        args_add(&a, "+");
        args_add(&a, "-");
        args_add(&a, "COUNT");
        args_add(&a, "1");
        store_call(s, p, &a, 0, end_read, &op->ones[p]);
    }
}

struct read_op {
    struct event_position *position; /* borrowed */
    events_fn fn;
    void *arg;
};

static void event_field(struct event *e, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **slot;
    } texts[] = {
        {"country", &e->country},
        {"action",  &e->action },
        {"actor",   &e->actor  },
        {"from",    &e->from   },
        {"to",      &e->to     },
        {"whom",    &e->whom   }
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!strcmp(name, texts[i].name))
            *texts[i].slot = value;
    if (!strcmp(name, "id") && id_is(value, "req_"))
        snprintf(e->id, sizeof e->id, "%s", value);
    else if (!strcmp(name, "version"))
        e->version = strtoll(value, NULL, 10);
    else if (!strcmp(name, "at"))
        e->at_ms = strtoll(value, NULL, 10);
    else if (!strcmp(name, "degree"))
        e->degree = (int)strtol(value, NULL, 10);
}

bool event_store_entry(const struct redisReply *entry, struct event *ret_event)
{
    const char *id = reply_text(reply_at(entry, 0));
    const struct redisReply *fields = reply_at(entry, 1);
    struct event e = {.country = "", .action = "", .actor = "", .from = "", .to = "", .whom = ""};

    if (!id || strlen(id) >= sizeof e.entry)
        return false;
    memcpy(e.entry, id, strlen(id) + 1);
    for (size_t i = 0; i + 1 < reply_count(fields); i += 2)
        if (reply_text(reply_at(fields, i)) && reply_text(reply_at(fields, i + 1)))
            event_field(&e, reply_text(reply_at(fields, i)), reply_text(reply_at(fields, i + 1)));
    *ret_event = e;
    return *e.id != '\0';
}

static void events_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct read_op op = *(struct read_op *)arg;
    struct event *list;
    size_t room = 1;
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i < reply_count(reply); i++)
        room += reply_count(reply_at(reply_at(reply, i), 1));
    list = mem_new(room, sizeof *list);
    for (size_t i = 0; i < reply_count(reply); i++) {
        const struct redisReply *stream = reply_at(reply, i);
        const struct redisReply *entries = reply_at(stream, 1);
        const char *name = reply_text(reply_at(stream, 0)); /* lia:{pNN}:events */
        unsigned p = name && strlen(name) > 8 ? (unsigned)strtoul(name + 6, NULL, 10) : 0;

        for (size_t k = 0; k < reply_count(entries); k++) {
            const char *entry = reply_text(reply_at(reply_at(entries, k), 0));

            if (entry && p < ID_PARTITIONS && op.position)
                snprintf(op.position->ids[p], sizeof op.position->ids[p], "%s", entry);
            n += event_store_entry(reply_at(entries, k), &list[n]);
        }
    }
    op.fn(op.arg, list, n, e);
    free(list);
}

/* The streams of mask and where to read on in each. */
static void add_streams(struct args *a, const struct event_position *p, unsigned mask)
{
    args_add(a, "STREAMS");
    for (unsigned i = 0; i < ID_PARTITIONS; i++)
        if (mask & 1u << i)
            keys_add(a, i, "events", NULL);
    for (unsigned i = 0; i < ID_PARTITIONS; i++)
        if (mask & 1u << i)
            args_add(a, p->ids[i]);
}

void event_store_read(struct store *s, struct event_position *p, int64_t block_ms, events_fn fn,
                      void *arg)
{
    struct read_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct read_op){p, fn, arg};
    args_add(&a, "XREAD");
    args_add(&a, "COUNT");
    args_add_int(&a, READ_MAX);
    args_add(&a, "BLOCK");
    args_add_int(&a, block_ms);
    add_streams(&a, p, EVENT_PARTITIONS_ALL);
    store_call(s, STORE_SYSTEM, &a, block_ms + 2000, events_read, op);
}

void event_store_since(struct store *s, const struct event_position *p, unsigned mask, unsigned n,
                       events_fn fn, void *arg)
{
    struct read_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct read_op){NULL, fn, arg};
    args_add(&a, "XREAD");
    args_add(&a, "COUNT");
    args_add_int(&a, n);
    add_streams(&a, p, mask);
    store_call(s, STORE_SYSTEM, &a, 0, events_read, op);
}

/* --- kept ------------------------------------------------------------------------------------- */

struct kept_op {
    kept_fn fn;
    void *arg;
    struct event_position position;
    unsigned left;
    bool is_kept;
    struct err fault;
    struct kept_one {
        struct kept_op *op;
        unsigned partition;
    } ones[ID_PARTITIONS];
};

/* XINFO STREAM: name, value, name, value .. */
static const struct redisReply *info_find(const struct redisReply *reply, const char *name)
{
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2)
        if (reply_text(reply_at(reply, i)) && !strcmp(reply_text(reply_at(reply, i)), name))
            return reply_at(reply, i + 1);
    return NULL;
}

static bool is_before(const char *a, const char *b)
{
    return event_id_compare(a, b) < 0;
}

/* Redis counts what was ever added, so that a stream that begins later is told from a cut one. What
 * was deleted by name (retire_v1) is known by the newest of it: a place behind that misses nothing,
 * though the stream may begin later. Trimming, which we never do, leaves no such trace. */
static bool stream_keeps(const struct redisReply *info, const char *at)
{
    const char *first = reply_text(reply_at(info_find(info, "first-entry"), 0));
    const char *last = reply_text(info_find(info, "last-generated-id"));
    const char *deleted = reply_text(info_find(info, "max-deleted-entry-id"));
    int64_t cut_n =
        reply_int(info_find(info, "entries-added")) - reply_int(info_find(info, "length"));

    if (!last || is_before(last, at))
        return false;
    if (cut_n == 0 || !is_before(at, last))
        return true;
    if (deleted && is_before("0-0", deleted))
        return !is_before(at, deleted);
    return first && !is_before(at, first);
}

static void kept_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct kept_one *one = arg;
    struct kept_op *op = one->op;
    const char *at = op->position.ids[one->partition];

    if (e->code == ERR_OK)
        op->is_kept &= stream_keeps(reply, at);
    else if (strstr(e->detail, "no such key")) /* no event yet */
        op->is_kept &= !is_before("0-0", at);
    else
        op->fault = *e;
    if (--op->left > 0)
        return;
    op->fn(op->arg, op->is_kept, &op->fault);
    free(op);
}

void event_store_kept(struct store *s, const struct event_position *p, unsigned mask, kept_fn fn,
                      void *arg)
{
    struct kept_op *op = mem_new(1, sizeof *op);

    op->fn = fn;
    op->arg = arg;
    op->position = *p;
    op->is_kept = true;
    op->left = (unsigned)__builtin_popcount(mask);
    for (unsigned i = 0; i < ID_PARTITIONS; i++) {
        struct args a = {0};

        if (!(mask & 1u << i))
            continue;
        op->ones[i] = (struct kept_one){op, i};
        args_add(&a, "XINFO");
        args_add(&a, "STREAM");
        keys_add(&a, i, "events", NULL);
        store_call(s, i, &a, 0, kept_read, &op->ones[i]);
    }
}
