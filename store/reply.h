/* Replies of Redis, checked before a step sees them. */
#ifndef STORE_REPLY_H
#define STORE_REPLY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;

/* ERR_OK unless reply is an error reply; then the code by its first word (reply table of the
 * reliability rules): ERR_UNAVAILABLE for what passes, ERR_INTERNAL for what must not happen. */
enum err_code reply_check(const struct redisReply *reply, struct err *e) ERR_CHECK;
/* True when the library is not loaded there: the link must be made anew, which loads it. */
bool reply_lacks_function(const struct redisReply *reply);

/* The i-th element, NULL when reply is no array or shorter. Borrowed. */
const struct redisReply *reply_at(const struct redisReply *reply, size_t i);
size_t reply_count(const struct redisReply *reply);
/* Text of a string or status reply (NUL-terminated by hiredis); NULL for anything else. */
const char *reply_text(const struct redisReply *reply);
size_t reply_bytes(const struct redisReply *reply);
/* An integer reply or a string of digits; 0 for anything else. */
int64_t reply_int(const struct redisReply *reply);

#endif
