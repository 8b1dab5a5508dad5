/* GET /v1/requests/{id}: by id, or by the reference people use (LN-2026-KEN-0001).
 *
 *   show_begin -> (show_found) -> show_read -> resource_reply */
#include "daemon/operations.h"

#include "daemon/named.h"
#include "daemon/resource.h"
#include "daemon/task.h"
#include "protocol/etag.h"

#include <string.h>

static const struct err absent = {ERR_NOT_FOUND, "no such request"};

static void show_found(void *arg, const char *id, const struct err *e);
static void show_read(void *arg, struct stored *stored, const struct err *e);

void show_begin(struct task *t)
{
    if (id_is(t->id, "req_"))
        request_store_read(t->app->store, t->id, &t->who, show_read, t);
    else if (named_may_ask(t, t->id))
        request_store_find(t->app->store, t->id, show_found, t);
    else
        task_problem(t, &absent);
}

static void show_found(void *arg, const char *id, const struct err *e)
{
    struct task *t = arg;

    if (e->code != ERR_OK)
        task_problem(t, e);
    else if (!*id)
        task_problem(t, &absent);
    else
        request_store_read(t->app->store, id, &t->who, show_read, t);
}

/* If-None-Match with the tag that an answer would have: nothing new, no body (RFC 9110 section
 * 13.1.2). */
static bool is_known(const struct task *t, const struct record *r)
{
    const struct head_slice *value = head_find(http_head(t->http), "If-None-Match");
    char text[256];

    if (!value || value->bytes >= sizeof text)
        return false;
    memcpy(text, value->text, value->bytes);
    text[value->bytes] = '\0';
    return etag_none_matches(text, r->version, resource_language_tag(t, r));
}

static void show_read(void *arg, struct stored *stored, const struct err *e)
{
    struct task *t = arg;
    char tag[ETAG_BYTES];

    if (!stored)
        task_problem(t, e);
    else if (record_view_of(&stored->record, &t->who) != RECORD_HIDDEN &&
             is_known(t, &stored->record))
        task_reply_json(
            t, 304, NULL,
            etag_write(stored->record.version, resource_language_tag(t, &stored->record), tag));
    else
        resource_reply(t, 200, stored);
}
