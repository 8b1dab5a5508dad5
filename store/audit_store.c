#include "store/audit_store.h"

#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *audit_stream_name(unsigned stream, char out[AUDIT_NAME_BYTES])
{
    if (stream < ID_PARTITIONS)
        snprintf(out, AUDIT_NAME_BYTES, "p%02u", stream % 100);
    else
        snprintf(out, AUDIT_NAME_BYTES, "sys");
    return out;
}

unsigned audit_stream_find(const char *name)
{
    char is[AUDIT_NAME_BYTES];
    unsigned i = 0;

    while (i < AUDIT_STREAMS_N && strcmp(audit_stream_name(i, is), name) != 0)
        i++;
    return i;
}

static unsigned place_of(unsigned stream)
{
    return stream < ID_PARTITIONS ? stream : STORE_SYSTEM;
}

static void add_key(struct args *a, unsigned stream, const char *name)
{
    if (stream < ID_PARTITIONS)
        keys_add(a, stream, name, NULL);
    else
        keys_add_system(a, name, NULL);
}

/* What is no UTF-8 nobody of ours wrote; it is kept all the same, in hex. */
static json_t *text_json(const struct redisReply *reply)
{
    json_t *text = json_stringn(reply_text(reply) ? reply_text(reply) : "", reply_bytes(reply));
    char *hex;

    if (text)
        return text;
    hex = mem_new(reply_bytes(reply) * 2 + 1, 1);
    sodium_bin2hex(hex, reply_bytes(reply) * 2 + 1, (const uint8_t *)reply_text(reply),
                   reply_bytes(reply));
    text = json_pack("{s:s}", "hex", hex);
    free(hex);
    return text;
}

/* The caller frees. */
static char *line_of(unsigned stream, const struct redisReply *entry)
{
    const struct redisReply *values = reply_at(entry, 1);
    char name[AUDIT_NAME_BYTES];
    json_t *fields = json_object();
    json_t *line;
    char *text;

    for (size_t i = 0; i + 1 < reply_count(values); i += 2) {
        const char *key = reply_text(reply_at(values, i));

        if (!key || json_object_set_new(fields, key, text_json(reply_at(values, i + 1))))
            json_object_set_new(fields, "not_text", json_true());
    }
    line = json_pack("{s:s?, s:o, s:s}", "entry", reply_text(reply_at(entry, 0)), "fields", fields,
                     "stream", audit_stream_name(stream, name));
    text = line ? json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text)
        bug("audit line");
    json_decref(line);
    return text;
}

struct read_op {
    unsigned stream;
    audit_fn fn;
    void *arg;
};

static void audit_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct read_op op = *(struct read_op *)arg;
    size_t n = reply_count(reply);
    struct audit_line *lines = mem_new(n + 1, sizeof *lines);
    char **texts = mem_new(n + 1, sizeof *texts);

    free(arg);
    for (size_t i = 0; i < n; i++) {
        texts[i] = line_of(op.stream, reply_at(reply, i));
        lines[i].text = texts[i];
        lines[i].entry = reply_text(reply_at(reply_at(reply, i), 0));
    }
    op.fn(op.arg, lines, n, e);
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
    free(lines);
}

void audit_store_read(struct store *s, unsigned stream, const char *after, unsigned max,
                      audit_fn fn, void *arg)
{
    struct read_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct read_op){stream, fn, arg};
    args_add(&a, "XRANGE");
    add_key(&a, stream, "events");
    args_printf(&a, "(%s", after);
    args_add(&a, "+");
    args_add(&a, "COUNT");
    args_add_int(&a, max);
    store_call(s, place_of(stream), &a, 0, audit_read, op);
}

static void note_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e;
}

void audit_store_note(struct store *s, unsigned stream, const char *entry)
{
    struct args a = {0};

    args_add(&a, "SET");
    add_key(&a, stream, "audited");
    args_add(&a, entry);
    store_call(s, place_of(stream), &a, 0, note_done, NULL);
}

struct retire_op {
    retired_fn fn;
    void *arg;
};

static void retire_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct retire_op op = *(struct retire_op *)arg;

    free(arg);
    op.fn(op.arg, reply_int(reply_at(reply, 0)), reply_int(reply_at(reply, 1)) == 1, e);
}

void audit_store_retire(struct store *s, unsigned stream, int64_t before_ms, unsigned max,
                        retired_fn fn, void *arg)
{
    struct retire_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct retire_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "retire_v1");
    args_add(&a, "2");
    add_key(&a, stream, "events");
    add_key(&a, stream, "audited");
    args_add_int(&a, before_ms > 0 ? before_ms : 0);
    args_add_int(&a, max);
    store_call(s, place_of(stream), &a, 0, retire_done, op);
}
