#include "store/info_store.h"

#include "base/clock.h"
#include "store/deadline_store.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* store_info_read -> info_told -> info_timed */
struct info_op {
    struct store *store; /* borrowed */
    store_info_fn fn;
    void *arg;
    struct store_info info;
};

/* The value of "\r\nname:value\r\n"; NULL: it is not there. */
static const char *value_of(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = text; (at = strstr(at, name)); at += n)
        if (at > text && at[-1] == '\n' && at[n] == ':')
            return at + n + 1;
    return NULL;
}

static int64_t number_of(const char *text, const char *name)
{
    const char *value = value_of(text, name);

    return value ? strtoll(value, NULL, 10) : 0;
}

static bool is_ok(const char *text, const char *name)
{
    const char *value = value_of(text, name);

    return !value || !strncmp(value, "ok", 2);
}

static void info_timed(void *arg, int64_t store_ms, const struct err *e)
{
    struct info_op op = *(struct info_op *)arg;

    free(arg);
    op.info.apart_ms = store_ms - clock_now_ms();
    op.fn(op.arg, &op.info, e);
}

static void info_told(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct info_op *op = arg;
    struct store_info *i = &op->info;
    const char *text = reply_text(reply);

    if (e->code != ERR_OK) {
        op->fn(op->arg, i, e);
        free(op);
        return;
    }
    if (!text)
        text = "";
    if (value_of(text, "redis_version"))
        snprintf(i->version, sizeof i->version, "%.*s",
                 (int)strcspn(value_of(text, "redis_version"), "\r\n"),
                 value_of(text, "redis_version"));
    i->memory_bytes = number_of(text, "used_memory");
    i->memory_max = number_of(text, "maxmemory");
    i->aof_bytes = number_of(text, "aof_current_size");
    i->aof_on = number_of(text, "aof_enabled") == 1;
    i->aof_good = is_ok(text, "aof_last_write_status") && is_ok(text, "aof_last_bgrewrite_status");
    i->clients_n = number_of(text, "connected_clients");
    deadline_store_time(op->store, info_timed, op);
}

void store_info_read(struct store *s, store_info_fn fn, void *arg)
{
    struct info_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    op->store = s;
    op->fn = fn;
    op->arg = arg;
    args_add(&a, "INFO");
    store_call(s, STORE_SYSTEM, &a, 0, info_told, op);
}
