#include "workers/hooks.h"

#include <stdlib.h>

struct hooks {
    struct store *store; /* borrowed */
    struct hook *list;   /* owned */
    size_t n;
    int64_t changes; /* as of when it was read; -1: never */
    int64_t reading;
    void (*fn)(void *arg, const struct err *e);
    void *arg;
};

static void list_clear(struct hooks *h)
{
    for (size_t i = 0; i < h->n; i++)
        hook_clear(&h->list[i]);
    free(h->list);
    h->list = NULL;
    h->n = 0;
}

struct hooks *hooks_new(struct store *store)
{
    struct hooks *h = mem_new(1, sizeof *h);

    h->store = store;
    h->changes = -1;
    return h;
}

void hooks_free(struct hooks *h)
{
    if (!h)
        return;
    list_clear(h);
    free(h);
}

static void hooks_read(void *arg, struct hook *list, size_t n, const struct err *e)
{
    struct hooks *h = arg;

    if (e->code == ERR_OK) {
        list_clear(h);
        h->list = mem_new(n + 1, sizeof *h->list);
        for (size_t i = 0; i < n; i++) {
            h->list[i] = list[i];
            list[i].doc = NULL;
        }
        h->n = n;
        h->changes = h->reading;
    }
    h->fn(h->arg, e);
}

static void hooks_counted(void *arg, int64_t changes, int64_t unused, const struct err *e)
{
    struct hooks *h = arg;

    (void)unused;
    h->reading = changes;
    if (e->code != ERR_OK || changes == h->changes)
        h->fn(h->arg, e);
    else
        hook_store_all(h->store, hooks_read, h);
}

void hooks_refresh(struct hooks *h, void (*fn)(void *arg, const struct err *e), void *arg)
{
    h->fn = fn;
    h->arg = arg;
    hook_store_changes(h->store, hooks_counted, h);
}

const struct hook *hooks_list(const struct hooks *h, size_t *ret_n)
{
    *ret_n = h->n;
    return h->list;
}
