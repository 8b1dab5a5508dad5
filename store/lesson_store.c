#include "store/lesson_store.h"

#include "protocol/seal.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

/* A lesson is bound to its partition, as others are to their request. */
static struct seal_place place_of(unsigned partition, char id[8])
{
    snprintf(id, 8, "p%02u", partition);
    return (struct seal_place){"", id, "lesson"};
}

void lesson_store_add(struct args *a, const struct keyring *ring, unsigned partition,
                      const json_t *lesson)
{
    char id[8];
    struct seal_place place = place_of(partition, id);
    uint8_t *sealed;
    char *text;
    size_t n;

    if (!lesson) {
        args_add(a, "");
        return;
    }
    text = json_dumps(lesson, JSON_COMPACT);
    if (!text)
        bug("cannot write a lesson");
    sealed = seal_write(ring, &place, text, strlen(text), &n);
    args_add_n(a, sealed, n);
    free(sealed);
    free(text);
}

struct lessons_op {
    struct store *store;
    unsigned partition;
    lessons_fn fn;
    void *arg;
};

static json_t *lesson_open(const struct lessons_op *op, const struct redisReply *sealed)
{
    char id[8];
    struct seal_place place = place_of(op->partition, id);
    struct err e = {0};
    json_t *lesson;
    char *plain;
    size_t n;

    if (seal_read(store_keyring(op->store), &place, reply_text(sealed), reply_bytes(sealed), &plain,
                  &n, &e) != ERR_OK)
        return NULL;
    lesson = json_loadb(plain, n, 0, NULL);
    free(plain);
    return lesson;
}

static void lessons_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct lessons_op *op = arg;
    json_t *lessons = json_array();
    size_t unreadable_n = 0;

    for (size_t i = 0; i < reply_count(reply); i++) {
        json_t *lesson = lesson_open(op, reply_at(reply, i));

        if (lesson)
            json_array_append_new(lessons, lesson);
        else
            unreadable_n++;
    }
    op->fn(op->arg, lessons, unreadable_n, e);
    json_decref(lessons);
    free(op);
}

void lesson_store_read(struct store *s, unsigned partition, int64_t first, int64_t n, lessons_fn fn,
                       void *arg)
{
    struct lessons_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct lessons_op){s, partition, fn, arg};
    args_add(&a, "LRANGE");
    keys_add(&a, partition, "lessons", NULL);
    args_add_int(&a, first);
    args_add_int(&a, first + n - 1);
    store_call(s, partition, &a, 0, lessons_read, op);
}
