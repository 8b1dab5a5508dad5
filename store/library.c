#include "store/library.h"

#include "store/reply.h"

#include <string.h>

const char library_name[] = "liaison_v1";

/* NULL: entry has no such field. */
static const struct redisReply *field_of(const struct redisReply *entry, const char *name)
{
    for (size_t i = 0; i + 1 < reply_count(entry); i += 2) {
        const char *field = reply_text(reply_at(entry, i));

        if (field && !strcmp(field, name))
            return reply_at(entry, i + 1);
    }
    return NULL;
}

bool library_is(const struct redisReply *entry)
{
    const struct redisReply *code = field_of(entry, "library_code");

    return code && reply_bytes(code) == library_bytes &&
           !memcmp(reply_text(code), library_code, library_bytes);
}

static bool has_function(const struct redisReply *functions, const char *name, size_t n)
{
    for (size_t i = 0; i < reply_count(functions); i++) {
        const struct redisReply *own = field_of(reply_at(functions, i), "name");

        if (own && reply_bytes(own) == n && !memcmp(reply_text(own), name, n))
            return true;
    }
    return false;
}

bool library_serves(const struct redisReply *entry)
{
    static const char *const marks[] = {"register_function('", "function_name = '"};
    const struct redisReply *functions = field_of(entry, "functions");

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        for (const char *at = library_code; (at = strstr(at, marks[i]));) {
            at += strlen(marks[i]);
            if (!has_function(functions, at, strcspn(at, "'")))
                return false;
        }
    return true;
}
