/* Any bytes as what a server sends. What must hold:
 *   - cut anywhere, the same bytes give the same replies and the same end;
 *   - no array is longer than its limit, no reply deeper than the nine levels of hiredis;
 *   - each accessor gives a value or none, never something outside the reply;
 *   - what a reply says about a request opens as a record or not at all. */
#include "store/reader.h"
#include "store/reply.h"

#include "protocol/record.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_BYTES = 64 << 10, REPLY_ELEMENTS = 1024, LEVELS_MAX = 9 };

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static void check_value(const struct redisReply *reply)
{
    const char *text = reply_text(reply);
    struct err e = {0};
    enum err_code rc = reply_check(reply, &e);

    must((rc == ERR_OK) == (reply->type != REDIS_REPLY_ERROR));
    must(rc == ERR_OK || (rc == e.code && !text && !reply_count(reply) && !reply_int(reply)));
    must(!reply_lacks_function(reply) || rc == ERR_UNAVAILABLE);
    must(text || reply_bytes(reply) == 0);
    if (text)
        must(text[reply_bytes(reply)] == '\0' && strlen(text) <= reply_bytes(reply));
    (void)reply_int(reply);
    must(!reply_at(reply, reply_count(reply)));
}

/* What request_store.c does with such a text. */
static void check_meta(const struct redisReply *reply)
{
    const char *text = reply_text(reply);
    json_t *meta = text ? json_loads(text, 0, NULL) : NULL;
    struct record r;
    struct record empty;
    struct err e = {0};
    json_t *written;

    memset(&r, 0, sizeof r);
    memset(&empty, 0, sizeof empty);
    if (meta && record_read_meta(&r, meta, &e) == ERR_OK) {
        must(r.offers_n <= RECORD_OFFERS_MAX && r.informed_n <= RECORD_OFFERS_MAX);
        must(r.outcome <= OUTCOME_NO_REPLY && r.return_state <= STATES_N);
        for (size_t i = 0; i < r.offers_n; i++)
            must(r.offers[i].reason < REASONS_N &&
                 strnlen(r.offers[i].secretariat, PRINCIPAL_OF_BYTES) < PRINCIPAL_OF_BYTES);
        written = record_meta(&r);
        must(record_read_meta(&r, written, &e) == ERR_OK);
        json_decref(written);
    } else {
        must(memcmp(&r, &empty, sizeof r) == 0);
    }
    json_decref(meta);
}

static void check_reply(const struct redisReply *reply, unsigned level)
{
    must(level <= LEVELS_MAX);
    check_value(reply);
    check_meta(reply);
    must(reply_count(reply) <= REPLY_ELEMENTS);
    for (size_t i = 0; i < reply_count(reply); i++) {
        must(reply_at(reply, i));
        check_reply(reply_at(reply, i), level + 1);
    }
}

struct ending {
    unsigned replies;
    enum reader_state end;
};

/* Feeds n bytes, step at a time. */
static struct ending run(const uint8_t *input, size_t n, size_t step)
{
    struct reader *r = reader_new(REPLY_BYTES, REPLY_ELEMENTS);
    struct ending out = {.end = READER_MORE};
    redisReply *reply;

    for (size_t at = 0; at < n && out.end != READER_BROKEN; at += step) {
        if (!reader_feed(r, input + at, n - at < step ? n - at : step)) {
            out.end = READER_BROKEN;
            break;
        }
        while ((out.end = reader_next(r, &reply)) == READER_REPLY) {
            out.replies++;
            check_reply(reply, 1);
            freeReplyObject(reply);
        }
    }
    reader_free(r);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct ending whole, parts;

    if (n > REPLY_BYTES)
        return 0;
    whole = run(input, n, n ? n : 1);
    parts = run(input, n, n ? 1 + input[n - 1] % 7u : 1);
    must(whole.replies == parts.replies && whole.end == parts.end);
    check_reply(&(redisReply){.type = REDIS_REPLY_NIL}, 1);
    return 0;
}
