/* Webhooks: where a country or a secretariat wants to be told of events (Standard Webhooks). Each
 * owner has its own; those of others are 404. Secrets are shown once.
 *
 *   webhook_create_begin -> created              webhooks_begin -> hooks_listed
 *   webhook_show_begin, webhook_delete_begin, webhook_act_begin, deliveries_begin
 *     -> hook_found -> one step by what was asked */
#include "daemon/operations.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/task.h"
#include "protocol/endpoint.h"
#include "protocol/event_name.h"
#include "protocol/seal.h"
#include "protocol/sign.h"
#include "protocol/webhook.h"
#include "store/hook_store.h"
#include "store/notice_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELIVERIES_MAX = 200, REPLAY_MAX = 1000 };
static const int64_t previous_ms = CLOCK_DAY_MS; /* how long old secrets sign beside new ones */

struct webhook_op {
    struct task *task;
    void (*step)(struct webhook_op *op);
    struct hook hook; /* owned */
    json_t *doc;      /* owned; the body, NULL: none */
    json_t *items;    /* owned; deliveries */
    json_t *shown;    /* owned; secrets to show */
    size_t left;
    int64_t counted;
    int64_t since_ms, until_ms; /* of a replay */
};

static struct webhook_op *op_new(struct task *t, void (*step)(struct webhook_op *op))
{
    struct webhook_op *op = mem_new(1, sizeof *op);

    op->task = t;
    op->step = step;
    return op;
}

static struct task *op_end(struct webhook_op *op)
{
    struct task *t = op->task;

    hook_clear(&op->hook);
    json_decref(op->doc);
    json_decref(op->items);
    json_decref(op->shown);
    free(op);
    return t;
}

static void op_problem(struct webhook_op *op, enum err_code code, const char *detail)
{
    struct err e = {.code = code};

    snprintf(e.detail, sizeof e.detail, "%s", detail);
    task_problem(op_end(op), &e);
}

/* --- what is shown ---------------------------------------------------------------------------- */

static void set_time(json_t *out, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    json_object_set_new(out, name, ms > 0 ? json_string(clock_text(ms, text)) : json_null());
}

static json_t *hook_json(const struct hook *h)
{
    const json_t *events = json_object_get(h->doc, "events");
    const char *seed_text = json_string_value(json_object_get(h->doc, "seed"));
    uint8_t seed[SIGN_SEED_BYTES];
    char public[SIGN_PUBLIC_TEXT_BYTES];
    json_t *out = json_pack("{s:s, s:O, s:s, s:s, s:I}", "id", h->id, "url",
                            json_object_get(h->doc, "url"), "state", hook_state_words[h->state],
                            "why", h->why, "failures", (json_int_t)h->fails_n);

    json_object_set_new(out, "events", events ? json_deep_copy(events) : json_array());
    set_time(out, "created_at", h->created_ms);
    set_time(out, "waits_until", h->until_ms);
    if (seed_text && !sodium_base642bin(seed, sizeof seed, seed_text, strlen(seed_text), NULL, NULL,
                                        NULL, sodium_base64_VARIANT_ORIGINAL))
        json_object_set_new(out, "public_key", json_string(sign_public(seed, public)));
    sodium_memzero(seed, sizeof seed);
    return out;
}

/* With the secret when it is new. */
static void hook_reply(struct webhook_op *op, int status)
{
    json_t *out = hook_json(&op->hook);

    json_object_update(out, op->shown);
    task_reply_json(op_end(op), status, out, NULL);
}

/* --- secrets ---------------------------------------------------------------------------------- */

/* Random; or, when the call may be repeated under a key, following from its id, so that the
 * repeated call gets the same answer. */
static void secrets_make(const struct task *t, const struct hook *h, json_t *doc)
{
    char secret[SIGN_SECRET_TEXT_BYTES] = "whsec_";
    uint8_t seed[32], raw[32];
    char seed_text[48];

    if (*t->idempotency.name) {
        const struct seal_part of_secret[] = {
            {"webhook-secret", 14           },
            {h->id,            strlen(h->id)}
        };
        const struct seal_part of_seed[] = {
            {"webhook-seed", 12           },
            {h->id,          strlen(h->id)}
        };

        seal_fingerprint_with(t->app->ring, keyring_oldest(t->app->ring), of_secret, 2, raw);
        sodium_bin2base64(secret + 6, sizeof secret - 6, raw, sizeof raw,
                          sodium_base64_VARIANT_ORIGINAL);
        seal_fingerprint_with(t->app->ring, keyring_oldest(t->app->ring), of_seed, 2, seed);
    } else {
        sign_secret_new(secret);
        sign_seed_new(seed);
    }
    sodium_bin2base64(seed_text, sizeof seed_text, seed, sizeof seed,
                      sodium_base64_VARIANT_ORIGINAL);
    json_object_set_new(doc, "secret", json_string(secret));
    json_object_set_new(doc, "seed", json_string(seed_text));
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(raw, sizeof raw);
    sodium_memzero(seed_text, sizeof seed_text);
}

static void show_secret(struct webhook_op *op, const json_t *doc)
{
    op->shown = json_pack("{s:O}", "secret", json_object_get(doc, "secret"));
}

/* --- POST /v1/webhooks ------------------------------------------------------------------------ */

static void id_make(const struct task *t, char id[ID_BYTES])
{
    uint8_t print[32];
    char hex[65];
    const struct idempotency *i = &t->idempotency;
    const uint32_t oldest = keyring_oldest(t->app->ring);
    struct seal_part parts[] = {
        {"webhook-id", 10             },
        {i->name,      strlen(i->name)},
        {i->who,       strlen(i->who) },
        {i->print,     sizeof i->print}
    };

    if (!*i->name) {
        id_new("whk_", 0, clock_now_ms(), id);
        return;
    }
    for (unsigned k = 0; k < i->others_n; k++)
        if (i->others[k].kid == oldest) {
            parts[1].bytes = i->others[k].name;
            parts[3].bytes = i->others[k].print;
        }
    seal_fingerprint_with(t->app->ring, oldest, parts, sizeof parts / sizeof parts[0], print);
    sodium_bin2hex(hex, sizeof hex, print, sizeof print);
    snprintf(id, ID_BYTES, "whk_%.12s7%.3s8%.14s0", hex, hex + 12, hex + 15);
}

static void created(void *arg, int64_t made, int64_t unused, const struct err *e)
{
    struct webhook_op *op = arg;

    (void)unused;
    if (e->code != ERR_OK) {
        op_problem(op, e->code, e->detail);
        return;
    }
    if (!made) {
        op_problem(op, ERR_QUOTA, "as many webhooks as there may be");
        return;
    }
    log_info("webhook_created", "webhook=%s", op->hook.id);
    hook_reply(op, 201);
}

static void check_wish(const struct task *t, const struct webhook_wish *wish, struct faults *faults)
{
    const json_t *one;
    size_t i;

    if (wish->url && !endpoint_url_is_good(wish->url, t->app->settings.webhook_loopback))
        fault_add(faults, "#", "url", "webhook_url");
    json_array_foreach (wish->events, i, one)
        if (!event_name_actions(json_string_value(one))) {
            fault_add(faults, "#", "events", "webhook_event");
            break;
        }
}

void webhook_create_begin(struct task *t)
{
    struct webhook_op *op = op_new(t, NULL);
    struct webhook_wish wish = {.url = NULL};
    struct faults faults = {.n = 0};
    struct err e = {0};

    if (task_read_json(t, true, &op->doc, &faults, &e) != ERR_OK) {
        task_faults(op_end(op), &e, &faults);
        return;
    }
    if (webhook_wish_decode(op->doc, &wish, &faults))
        check_wish(t, &wish, &faults);
    if (faults.n) {
        err_set(&e, ERR_VALIDATION, "%zu faults", faults.n);
        task_faults(op_end(op), &e, &faults);
        return;
    }
    op->hook.who = t->who;
    op->hook.created_ms = clock_now_ms();
    id_make(t, op->hook.id);
    op->hook.doc = json_pack("{s:s}", "url", wish.url);
    if (json_array_size(wish.events))
        json_object_set(op->hook.doc, "events", (json_t *)(uintptr_t)wish.events);
    secrets_make(t, &op->hook, op->hook.doc);
    show_secret(op, op->hook.doc);
    hook_store_put(t->app->store, &op->hook, created, op);
}

/* --- GET /v1/webhooks ------------------------------------------------------------------------- */

static void hooks_listed(void *arg, struct hook *list, size_t n, const struct err *e)
{
    struct webhook_op *op = arg;
    json_t *items = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, hook_json(&list[i]));
    if (e->code == ERR_OK) {
        task_reply_json(op_end(op), 200, json_pack("{s:o}", "items", items), NULL);
        return;
    }
    json_decref(items);
    op_problem(op, e->code, e->detail);
}

void webhooks_begin(struct task *t)
{
    hook_store_of(t->app->store, &t->who, hooks_listed, op_new(t, NULL));
}

/* --- one of them ------------------------------------------------------------------------------ */

static void hook_found(void *arg, struct hook *list, size_t n, const struct err *e)
{
    struct webhook_op *op = arg;

    if (e->code != ERR_OK) {
        op_problem(op, e->code, e->detail);
        return;
    }
    if (!n || list[0].who.role != op->task->who.role ||
        strcmp(list[0].who.of, op->task->who.of) != 0) {
        op_problem(op, ERR_NOT_FOUND, "no such webhook");
        return;
    }
    op->hook = list[0];
    list[0].doc = NULL;
    op->step(op);
}

static void find_begin(struct webhook_op *op)
{
    struct task *t = op->task;

    if (id_is(t->id, "whk_"))
        hook_store_read(t->app->store, t->id, hook_found, op);
    else
        op_problem(op, ERR_NOT_FOUND, "no such webhook");
}

static void show_step(struct webhook_op *op)
{
    hook_reply(op, 200);
}

void webhook_show_begin(struct task *t)
{
    find_begin(op_new(t, show_step));
}

static void deleted(void *arg, int64_t there, int64_t unused, const struct err *e)
{
    struct webhook_op *op = arg;
    json_t *out;

    (void)unused, (void)there; /* gone is gone, whoever did it */
    if (e->code != ERR_OK) {
        op_problem(op, e->code, e->detail);
        return;
    }
    log_info("webhook_deleted", "webhook=%s", op->hook.id);
    out = json_pack("{s:s, s:s}", "id", op->hook.id, "state", "deleted");
    task_reply_json(op_end(op), 200, out, NULL);
}

static void delete_step(struct webhook_op *op)
{
    hook_store_delete(op->task->app->store, &op->hook, deleted, op);
}

void webhook_delete_begin(struct task *t)
{
    find_begin(op_new(t, delete_step));
}

/* --- deliveries: hook_found -> deliveries_listed -> delivery_read .. ---------------------------
 */

static json_t *delivery_json(const struct notice *n)
{
    json_t *payload = json_loads(n->payload, 0, NULL);
    json_t *out = json_pack("{s:s, s:O?, s:O?, s:s, s:I, s:I, s:s}", "id", n->id, "type",
                            json_object_get(payload, "type"), "request",
                            json_object_get(json_object_get(payload, "data"), "id"), "state",
                            n->state, "attempts", (json_int_t)n->tries, "status",
                            (json_int_t)n->status, "answer", n->answer);

    if (!out) /* an answer that is no UTF-8 */
        out = json_pack("{s:s, s:O?, s:s, s:I, s:I}", "id", n->id, "type",
                        json_object_get(payload, "type"), "state", n->state, "attempts",
                        (json_int_t)n->tries, "status", (json_int_t)n->status);
    set_time(out, "made_at", n->made_ms);
    set_time(out, "last_at", n->last_ms);
    json_decref(payload);
    return out;
}

static int newest_first(const void *a, const void *b)
{
    return -strcmp(json_string_value(json_object_get(*(json_t *const *)a, "id")),
                   json_string_value(json_object_get(*(json_t *const *)b, "id")));
}

/* Each was read by itself, in no order. */
static void deliveries_reply(struct webhook_op *op)
{
    size_t n = json_array_size(op->items);
    json_t **list = mem_new(n + 1, sizeof *list);
    json_t *items = json_array();

    for (size_t i = 0; i < n; i++)
        list[i] = json_array_get(op->items, i);
    qsort(list, n, sizeof *list, newest_first);
    for (size_t i = 0; i < n; i++)
        json_array_append(items, list[i]);
    free(list);
    task_reply_json(op_end(op), 200, json_pack("{s:o}", "items", items), NULL);
}

static void delivery_read(void *arg, const struct notice *n, const struct err *e)
{
    struct webhook_op *op = arg;

    (void)e; /* one that has run out meanwhile is not listed */
    if (n)
        json_array_append_new(op->items, delivery_json(n));
    if (--op->left == 0)
        deliveries_reply(op);
}

static void deliveries_listed(void *arg, const char (*ids)[ID_BYTES], size_t n, const struct err *e)
{
    struct webhook_op *op = arg;

    if (e->code != ERR_OK) {
        op_problem(op, e->code, e->detail);
        return;
    }
    op->items = json_array();
    op->left = n;
    for (size_t i = 0; i < n; i++)
        notice_store_read(op->task->app->store, ids[i], delivery_read, op);
    if (!n)
        deliveries_reply(op);
}

static void deliveries_step(struct webhook_op *op)
{
    notice_store_list(op->task->app->store, op->hook.id, DELIVERIES_MAX, deliveries_listed, op);
}

void deliveries_begin(struct task *t)
{
    find_begin(op_new(t, deliveries_step));
}

/* --- pause, resume, rotate -------------------------------------------------------------------- */

static void changed(void *arg, int64_t there, int64_t unused, const struct err *e)
{
    struct webhook_op *op = arg;

    (void)unused;
    if (e->code != ERR_OK)
        op_problem(op, e->code, e->detail);
    else if (!there)
        op_problem(op, ERR_NOT_FOUND, "gone meanwhile");
    else
        hook_reply(op, 200);
}

static void pause_step(struct webhook_op *op)
{
    op->hook.state = HOOK_PAUSED;
    hook_store_change(op->task->app->store, op->hook.id, HOOK_PAUSED, NULL, changed, op);
}

static void rotate_step(struct webhook_op *op)
{
    json_t *doc = json_copy(op->hook.doc);
    json_t *previous = json_pack("{s:O, s:O, s:I}", "secret", json_object_get(doc, "secret"),
                                 "seed", json_object_get(doc, "seed"), "until",
                                 (json_int_t)(clock_now_ms() + previous_ms));
    struct idempotency none = {.name = ""};

    op->task->idempotency = none; /* new ones in any case */
    json_object_set_new(doc, "previous", previous);
    secrets_make(op->task, &op->hook, doc);
    show_secret(op, doc);
    json_decref(op->hook.doc);
    op->hook.doc = doc;
    hook_store_change(op->task->app->store, op->hook.id, -1, doc, changed, op);
}

/* --- replay, and what waited when it is resumed: replay_listed -> replay_done .. ---------------
 */

static void replay_reply(struct webhook_op *op)
{
    json_t *out;

    if (op->step != NULL) { /* resumed */
        hook_reply(op, 200);
        return;
    }
    out = json_pack("{s:s, s:I}", "id", op->hook.id, "replayed", (json_int_t)op->counted);
    task_reply_json(op_end(op), 200, out, NULL);
}

static void replay_done(void *arg, int64_t again, int64_t unused, const struct err *e)
{
    struct webhook_op *op = arg;

    (void)unused, (void)e; /* what could not be asked for is not counted */
    op->counted += again;
    if (--op->left == 0)
        replay_reply(op);
}

static void replay_one(struct webhook_op *op, const char *id, bool also_sent)
{
    struct app *app = op->task->app;

    op->left++;
    notice_store_requeue(app->store, id, clock_now_ms(), app->settings.reply_days * CLOCK_DAY_MS,
                         also_sent, replay_done, op);
}

static void replay_listed(void *arg, const char (*ids)[ID_BYTES], size_t n, const struct err *e)
{
    struct webhook_op *op = arg;
    const char *only = json_string_value(json_object_get(op->doc, "delivery"));
    bool resumes = op->step != NULL;

    if (e->code != ERR_OK) {
        op_problem(op, e->code, e->detail);
        return;
    }
    op->left = 1;
    for (size_t i = 0; i < n; i++) {
        int64_t at_ms = id_time_ms(ids[i]);

        if (only ? !strcmp(only, ids[i]) : at_ms >= op->since_ms && at_ms < op->until_ms)
            replay_one(op, ids[i], !resumes);
    }
    replay_done(op, 0, 0, e);
}

static void replay_begin(struct webhook_op *op)
{
    notice_store_list(op->task->app->store, op->hook.id, REPLAY_MAX, replay_listed, op);
}

static void replay_step(struct webhook_op *op)
{
    const char *delivery = json_string_value(json_object_get(op->doc, "delivery"));
    const char *since = json_string_value(json_object_get(op->doc, "since"));
    const char *until = json_string_value(json_object_get(op->doc, "until"));

    op->step = NULL;
    op->until_ms = INT64_MAX;
    if ((since && !clock_read(since, &op->since_ms)) ||
        (until && !clock_read(until, &op->until_ms)) || (!delivery && !since)) {
        op_problem(op, ERR_MALFORMED, "say delivery, or since and until");
        return;
    }
    replay_begin(op);
}

/* What waited for it is due at once; dead letters of it too, since its owner has seen to it. */
static void resumed(void *arg, int64_t there, int64_t unused, const struct err *e)
{
    struct webhook_op *op = arg;

    if (e->code != ERR_OK || !there) {
        changed(op, there, unused, e);
        return;
    }
    op->until_ms = INT64_MAX;
    replay_begin(op);
}

static void resume_step(struct webhook_op *op)
{
    op->hook.state = HOOK_ACTIVE;
    op->hook.fails_n = op->hook.until_ms = 0;
    op->hook.why[0] = '\0';
    hook_store_change(op->task->app->store, op->hook.id, HOOK_ACTIVE, NULL, resumed, op);
}

/* --- test: a delivery of no request ------------------------------------------------------------
 */

static void test_made(void *arg, int64_t made, const struct err *e)
{
    struct webhook_op *op = arg;

    (void)made;
    if (e->code != ERR_OK)
        op_problem(op, e->code, e->detail);
    else
        hook_reply(op, 200);
}

static void test_step(struct webhook_op *op)
{
    struct app *app = op->task->app;
    int64_t now_ms = clock_now_ms();
    struct notice n = {.kind = NOTICE_HOOK, .event = {.at_ms = now_ms}};
    char at[CLOCK_TEXT_BYTES];
    json_t *doc = json_pack("{s:s, s:s, s:{s:s}}", "type", "webhook.test", "timestamp",
                            clock_text(now_ms, at), "data", "webhook", op->hook.id);
    char *payload = json_dumps(doc, JSON_COMPACT);

    id_new("ntc_", 0, now_ms, n.id);
    snprintf(n.event.request, sizeof n.event.request, "%s", op->hook.id);
    memcpy(n.whom, op->hook.id, sizeof n.whom);
    n.payload = payload;
    op->shown = json_pack("{s:s}", "delivery", n.id);
    notice_store_announce(app->store, &n.event, &n, 1, now_ms,
                          app->settings.reply_days * CLOCK_DAY_MS, test_made, op);
    free(payload);
    json_decref(doc);
}

/* --- POST /v1/webhooks/{id}/{action} ---------------------------------------------------------- */

static const struct {
    const char *action;
    void (*step)(struct webhook_op *op);
} steps[] = {
    {"pause",  pause_step },
    {"resume", resume_step},
    {"rotate", rotate_step},
    {"test",   test_step  },
    {"replay", replay_step}
};

static const struct field no_fields[] = {
    {NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL}
};

void webhook_act_begin(struct task *t)
{
    struct webhook_op *op = op_new(t, NULL);
    struct faults faults = {.n = 0};
    struct err e = {0};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (!strcmp(t->action, steps[i].action))
            op->step = steps[i].step;
    if (!op->step) {
        op_problem(op, ERR_NOT_FOUND, "no such action");
        return;
    }
    if (task_read_json(t, false, &op->doc, &faults, &e) != ERR_OK) {
        task_faults(op_end(op), &e, &faults);
        return;
    }
    if (op->doc &&
        !field_decode(op->doc, "#", op->step == replay_step ? webhook_replay_fields : no_fields,
                      NULL, NULL, &faults)) {
        err_set(&e, ERR_VALIDATION, "%zu faults", faults.n);
        task_faults(op_end(op), &e, &faults);
        return;
    }
    find_begin(op);
}
