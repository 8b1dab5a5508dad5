#include "store/reader.h"

#include "base/err.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

struct reader {
    redisReader *reader; /* owned */
    redisReplyObjectFunctions functions, defaults;
    size_t reply_bytes;
    unsigned reply_elements;
    size_t reading_bytes; /* fed since the last whole reply */
};

/* hiredis allocates an array as long as its header says, before one element is there. */
static void *array_create(const redisReadTask *task, int elements)
{
    const struct reader *r = task->privdata;

    if (elements < 0 || (unsigned)elements > r->reply_elements)
        return NULL; /* the reader ends with an error */
    return r->defaults.createArray(task, elements);
}

struct reader *reader_new(size_t reply_bytes, unsigned reply_elements)
{
    struct reader *r = mem_new(1, sizeof *r);

    r->reader = redisReaderCreate();
    if (!r->reader)
        bug("out of memory");
    r->defaults = *r->reader->fn;
    r->functions = r->defaults;
    r->functions.createArray = array_create;
    r->reader->fn = &r->functions;
    r->reader->privdata = r;
    r->reply_bytes = reply_bytes;
    r->reply_elements = reply_elements;
    return r;
}

void reader_free(struct reader *r)
{
    if (!r)
        return;
    redisReaderFree(r->reader);
    free(r);
}

bool reader_feed(struct reader *r, const void *bytes, size_t n)
{
    r->reading_bytes += n;
    return r->reading_bytes <= r->reply_bytes && redisReaderFeed(r->reader, bytes, n) == REDIS_OK;
}

enum reader_state reader_next(struct reader *r, struct redisReply **ret_reply)
{
    void *reply = NULL;

    if (redisReaderGetReply(r->reader, &reply) != REDIS_OK)
        return READER_BROKEN;
    if (!reply)
        return READER_MORE;
    r->reading_bytes = 0;
    *ret_reply = reply;
    return READER_REPLY;
}
