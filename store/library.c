#include "store/library.h"

#include "store/reply.h"

#include <string.h>

const char library_name[] = "liaison_v1";

bool library_is(const struct redisReply *entry)
{
    for (size_t i = 0; i + 1 < reply_count(entry); i += 2) {
        const char *field = reply_text(reply_at(entry, i));
        const struct redisReply *value = reply_at(entry, i + 1);

        if (field && !strcmp(field, "library_code"))
            return reply_bytes(value) == library_bytes &&
                   !memcmp(reply_text(value), library_code, library_bytes);
    }
    return false;
}
