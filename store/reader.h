/* hiredis' reader with bounds (rule R-15): bytes in, whole replies out. Bytes from a server that
 * cannot be trusted at this moment end in READER_BROKEN, never in memory without end. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include <stdbool.h>
#include <stddef.h>

struct redisReply;
struct reader;

/* reply_bytes: of one reply as it stands on the wire; reply_elements: of one array. */
struct reader *reader_new(size_t reply_bytes, unsigned reply_elements)
    __attribute__((returns_nonnull));
void reader_free(struct reader *r); /* NULL is fine */

/* Takes n bytes; false: the reply that they belong to is too large, read no further. */
bool reader_feed(struct reader *r, const void *bytes, size_t n);

enum reader_state { READER_MORE, READER_REPLY, READER_BROKEN };
/* READER_REPLY: *ret_reply is the next one, for the caller to free with freeReplyObject.
 * READER_MORE: feed first. READER_BROKEN: not a reply of Redis, read no further. */
enum reader_state reader_next(struct reader *r, struct redisReply **ret_reply);

#endif
