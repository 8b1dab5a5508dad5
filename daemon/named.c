#include "daemon/named.h"

#include <stdlib.h>
#include <string.h>

/* named_read -> (named_found) -> named_opened */
struct named {
    struct task *task; /* borrowed */
    named_fn fn;
    void *arg;
};

static void named_found(void *arg, const char *id, const struct err *e);
static void named_opened(void *arg, struct stored *stored, const struct err *e);

bool named_may_ask(const struct task *t, const char *reference)
{
    char country[4];

    return record_is_reference(reference, country) &&
           (t->who.role != ROLE_COUNTRY || !strcmp(country, t->who.of));
}

static void named_end(struct named *op, struct stored *stored, const char *fault,
                      const struct err *e)
{
    struct named ended = *op;

    free(op);
    ended.fn(ended.arg, stored, fault, e);
}

void named_read(struct task *t, const char *name, named_fn fn, void *arg)
{
    struct named *op = mem_new(1, sizeof *op);
    const struct err good = {0};
    char country[4];

    *op = (struct named){t, fn, arg};
    if (id_is(name, "req_"))
        request_store_read(t->app->store, name, &t->who, named_opened, op);
    else if (named_may_ask(t, name))
        request_store_find(t->app->store, name, named_found, op);
    else
        named_end(op, NULL,
                  record_is_reference(name, country) ? "unknown_request" : "invalid_reference",
                  &good);
}

static void named_found(void *arg, const char *id, const struct err *e)
{
    struct named *op = arg;

    if (e->code != ERR_OK)
        named_end(op, NULL, NULL, e);
    else if (!*id)
        named_end(op, NULL, "unknown_request", e);
    else
        request_store_read(op->task->app->store, id, &op->task->who, named_opened, op);
}

static void named_opened(void *arg, struct stored *stored, const struct err *e)
{
    struct named *op = arg;

    if (e->code == ERR_NOT_FOUND)
        named_end(op, NULL, "unknown_request", &(struct err){0});
    else
        named_end(op, stored, NULL, e);
}
