#include "daemon/resealing.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/vault.h"
#include "store/reseal_store.h"

#include <event2/event.h>
#include <stdlib.h>

enum { FILE_PAUSE_MS = 20, WALK_PAUSE_MS = 15000 };

struct resealing {
    struct app *app;     /* borrowed */
    struct event *timer; /* owned */
    struct vault_reseal walk;
    json_t *values;       /* owned; what the worker last told; NULL: nothing */
    int64_t files_left_n; /* of the last walk; -1: none yet */
    bool is_busy;
};

static void resealing_arm(struct resealing *r, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(r->timer, &tv);
}

static void files_tell(struct resealing *r)
{
    json_t *doc = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "active",
                            (json_int_t)keyring_active(r->app->ring), "at_ms",
                            (json_int_t)clock_now_ms(), "files", (json_int_t)r->walk.files_n,
                            "resealed", (json_int_t)r->walk.resealed_n, "unreadable",
                            (json_int_t)r->walk.unreadable_n, "left", (json_int_t)r->walk.left_n);

    if (!doc)
        bug("files_tell");
    reseal_store_tell(r->app->store, "files", doc, NULL, NULL);
    json_decref(doc);
    if (r->walk.resealed_n)
        log_info("attachments_resealed", "files=%lld resealed=%lld", (long long)r->walk.files_n,
                 (long long)r->walk.resealed_n);
}

static void values_told(void *arg, const json_t *doc, const struct err *e)
{
    struct resealing *r = arg;

    r->is_busy = false;
    if (e->code != ERR_OK)
        return;
    json_decref(r->values);
    r->values = json_deep_copy(doc);
}

static void resealing_tick(evutil_socket_t fd, short what, void *arg)
{
    struct resealing *r = arg;

    (void)fd, (void)what;
    if (r->app->vault && vault_reseal(r->app->vault, &r->walk)) {
        resealing_arm(r, FILE_PAUSE_MS);
        return;
    }
    r->files_left_n = r->walk.left_n;
    if (r->app->vault)
        files_tell(r);
    vault_reseal_clear(&r->walk);
    if (!r->is_busy) {
        r->is_busy = true;
        reseal_store_told(r->app->store, "values", values_told, r);
    }
    resealing_arm(r, WALK_PAUSE_MS);
}

struct resealing *resealing_new(struct app *app)
{
    struct resealing *r = mem_new(1, sizeof *r);

    r->app = app;
    r->files_left_n = -1;
    r->timer = evtimer_new(app->base, resealing_tick, r);
    if (!r->timer)
        bug("out of memory");
    if (keyring_kid(app->ring, 1))
        resealing_arm(r, 0);
    return r;
}

void resealing_free(struct resealing *r)
{
    if (!r)
        return;
    event_free(r->timer);
    vault_reseal_clear(&r->walk);
    json_decref(r->values);
    free(r);
}

void resealing_write(const struct resealing *r, struct buf *out)
{
    json_t *left = json_object_get(r->values, "left");
    const char *kid;
    json_t *n;

    buf_add_text(out, "# HELP liaison_sealed_values_left Values under a key that is not active, as "
                      "last counted.\n# TYPE liaison_sealed_values_left gauge\n");
    json_object_foreach (left, kid, n)
        buf_printf(out, "liaison_sealed_values_left{kid=\"%s\"} %lld\n", kid,
                   (long long)json_integer_value(n));
    buf_add_text(out,
                 "# HELP liaison_sealed_files_left Attachments under a key that is not active, "
                 "as last counted.\n# TYPE liaison_sealed_files_left gauge\n");
    if (r->files_left_n >= 0)
        buf_printf(out, "liaison_sealed_files_left %lld\n", (long long)r->files_left_n);
}
