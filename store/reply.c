#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix;
    enum err_code code;
} errors[] = {
    {"LOADING",                ERR_UNAVAILABLE},
    {"TRYAGAIN",               ERR_UNAVAILABLE},
    {"CLUSTERDOWN",            ERR_UNAVAILABLE},
    {"MASTERDOWN",             ERR_UNAVAILABLE},
    {"READONLY",               ERR_UNAVAILABLE},
    {"UNBLOCKED",              ERR_UNAVAILABLE},
    {"NOREPLICAS",             ERR_UNAVAILABLE},
    {"OOM",                    ERR_UNAVAILABLE},
    {"MISCONF",                ERR_UNAVAILABLE},
    {"BUSY ",                  ERR_UNAVAILABLE},
    {"ERR Function not found", ERR_UNAVAILABLE},
};

enum err_code reply_check(const struct redisReply *reply, struct err *e)
{
    if (reply->type != REDIS_REPLY_ERROR)
        return ERR_OK;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (!strncmp(reply->str, errors[i].prefix, strlen(errors[i].prefix)))
            return err_set(e, errors[i].code, "store: %s", reply->str);
    return err_set(e, ERR_INTERNAL, "store: %s", reply->str);
}

bool reply_lacks_function(const struct redisReply *reply)
{
    static const char text[] = "ERR Function not found";

    return reply && reply->type == REDIS_REPLY_ERROR && !strncmp(reply->str, text, sizeof text - 1);
}

const struct redisReply *reply_at(const struct redisReply *reply, size_t i)
{
    if (!reply || reply->type != REDIS_REPLY_ARRAY || i >= reply->elements)
        return NULL;
    return reply->element[i];
}

size_t reply_count(const struct redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

static bool has_text(const struct redisReply *reply)
{
    return reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
}

const char *reply_text(const struct redisReply *reply)
{
    return has_text(reply) ? reply->str : NULL;
}

size_t reply_bytes(const struct redisReply *reply)
{
    return has_text(reply) ? (size_t)reply->len : 0;
}

int64_t reply_int(const struct redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    return has_text(reply) ? strtoll(reply->str, NULL, 10) : 0;
}
