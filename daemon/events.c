/* GET /v1/events: what happens to the requests that the reader may see, as it happens.
 *
 *   events_begin -> event_hub_join                       server-sent events
 *                -> poll_read -> (poll_read ..) -> poll_answer   ?after= or ?limit=: as JSON
 */
#include "daemon/operations.h"

#include "daemon/event_hub.h"
#include "daemon/task.h"
#include "daemon/told.h"
#include "protocol/event_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 200, PER_PARTITION = 64, SCAN_MAX = 4096 };

struct wish {
    unsigned long long topics;
    char position[EVENT_POSITION_TEXT_BYTES]; /* "": none */
    bool is_known;                            /* a position was given, and it can be read */
    struct event_position at;
};

static void refuse(struct faults *faults, const char *name, const char *code)
{
    struct fault *fault = fault_add(faults, name, NULL, code);

    if (!fault)
        return;
    fault->min = 1;
    fault->max = LIMIT_MAX;
    snprintf(fault->words, sizeof fault->words, "%s, %s, %s ..", event_name(ACTION_SUBMIT),
             event_name(ACTION_CLAIM), event_name(ACTION_ANSWER));
}

static bool is_given(const struct task *t, const char *name)
{
    char text[4];

    return head_query(http_head(t->http), name, text, sizeof text) != HEAD_MEMBER_ABSENT;
}

/* A header that is too long is no position of ours: "?" is none either. */
static void header_position(const struct task *t, char out[EVENT_POSITION_TEXT_BYTES])
{
    const struct head_slice *value = head_find(http_head(t->http), "Last-Event-ID");

    if (!value || !value->bytes)
        return;
    snprintf(out, EVENT_POSITION_TEXT_BYTES, "%.*s",
             value->bytes < EVENT_POSITION_TEXT_BYTES ? (int)value->bytes : 1,
             value->bytes < EVENT_POSITION_TEXT_BYTES ? value->text : "?");
}

static void wish_read(const struct task *t, const char *name, struct wish *w, struct faults *faults)
{
    char topics[256];

    if (!task_query(t, "topics", topics, sizeof topics) || !told_topics(topics, &w->topics))
        refuse(faults, "?topics", "unknown_word");
    if (!task_query(t, name, w->position, sizeof w->position))
        snprintf(w->position, sizeof w->position, "?");
    if (!*w->position)
        header_position(t, w->position);
    w->is_known =
        *w->position && event_position_read(t->app->ring, w->position, told_mask(&t->who), &w->at);
}

/* --- polling ---------------------------------------------------------------------------------- */

struct poll {
    struct task *task; /* held */
    struct wish wish;
    unsigned limit;
    json_t *items; /* owned */
    size_t scanned_n;
    bool is_reset, has_more;
};

static void poll_kept(void *arg, bool is_kept, const struct err *e);
static void poll_read(struct poll *op);
static void poll_came(void *arg, const struct told *list, size_t n, const struct told_seen *seen,
                      const struct err *e);
static void poll_answer(struct poll *op);

static void poll_fail(struct poll *op, const struct err *e)
{
    struct task *t = op->task;

    json_decref(op->items);
    free(op);
    task_problem(t, e);
}

static void poll_begin(struct task *t, struct wish *wish, unsigned limit)
{
    struct poll *op = mem_new(1, sizeof *op);

    op->task = t;
    op->wish = *wish;
    op->limit = limit;
    op->items = json_array();
    if (wish->is_known) {
        event_store_kept(t->app->store, &wish->at, told_mask(&t->who), poll_kept, op);
        return;
    }
    op->is_reset = *wish->position != '\0';
    poll_answer(op);
}

static void poll_kept(void *arg, bool is_kept, const struct err *e)
{
    struct poll *op = arg;

    op->is_reset = !is_kept;
    if (e->code != ERR_OK)
        poll_fail(op, e);
    else if (is_kept)
        poll_read(op);
    else
        poll_answer(op);
}

static void poll_read(struct poll *op)
{
    const struct principal *who = &op->task->who;

    told_since(op->task->app->store, &op->wish.at, told_mask(who), PER_PARTITION,
               who->role == ROLE_COUNTRY ? who->of : NULL, poll_came, op);
}

static void poll_came(void *arg, const struct told *list, size_t n, const struct told_seen *seen,
                      const struct err *e)
{
    struct poll *op = arg;
    const struct principal *who = &op->task->who;
    char id[EVENT_POSITION_TEXT_BYTES];

    if (e->code != ERR_OK) {
        poll_fail(op, e);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *item;

        if (!*list[i].record.id)
            continue;
        memcpy(op->wish.at.ids[id_partition(list[i].record.id)], list[i].entry, EVENT_ID_BYTES);
        if (!(op->wish.topics & 1ULL << list[i].action) || !told_may_hear(&list[i], who))
            continue;
        item = told_json(&list[i]);
        json_object_set_new(item, "position",
                            json_string(event_position_write(op->task->app->ring, &op->wish.at,
                                                             told_mask(who), id)));
        json_array_append_new(op->items, item);
        if (json_array_size(op->items) == op->limit) {
            op->has_more = true; /* perhaps: the next answer tells */
            poll_answer(op);
            return;
        }
    }
    op->wish.at = seen->to;
    op->scanned_n += seen->n;
    op->has_more = seen->partial != 0;
    if (op->has_more && op->scanned_n < SCAN_MAX)
        poll_read(op);
    else
        poll_answer(op);
}

static void poll_answer(struct poll *op)
{
    struct task *t = op->task;
    char id[EVENT_POSITION_TEXT_BYTES];
    char next[EVENT_POSITION_TEXT_BYTES + 64];
    struct event_position at = op->wish.at;
    json_t *doc;

    if (!op->wish.is_known || op->is_reset) {
        if (!event_hub_position(t->app->events, &at)) {
            poll_fail(op, &(struct err){ERR_UNAVAILABLE, "the event streams are not followed yet"});
            return;
        }
    }
    snprintf(next, sizeof next, "/v1/events?after=%s&limit=%u",
             event_position_write(t->app->ring, &at, told_mask(&t->who), id), op->limit);
    doc = json_pack("{s:o, s:s, s:b, s:b}", "items", op->items, "next", next, "more",
                    (int)op->has_more, "reset", (int)op->is_reset);
    free(op);
    task_reply_json(t, 200, doc, NULL);
}

/* --- beginning -------------------------------------------------------------------------------- */

void events_begin(struct task *t)
{
    bool polls = is_given(t, "after") || is_given(t, "limit");
    struct wish wish = {.position = ""};
    struct faults faults = {.n = 0};
    char text[24];
    char *end;
    long limit = LIMIT_DEFAULT;

    wish_read(t, polls ? "after" : "last_event_id", &wish, &faults);
    if (!task_query(t, "limit", text, sizeof text) ||
        (*text && ((limit = strtol(text, &end, 10)) < 1 || limit > LIMIT_MAX || *end)))
        refuse(&faults, "?limit", "out_of_range");
    if (faults.n) {
        task_faults(t, &(struct err){ERR_MALFORMED, "query"}, &faults);
    } else if (polls) {
        poll_begin(t, &wish, (unsigned)limit);
    } else if (http_method(t->http) == METHOD_HEAD) { /* has no body, so it would never end */
        task_reply_text(t, 200, "text/event-stream", "");
    } else {
        event_hub_join(t->app->events, t,
                       &(struct event_wish){.position = wish.is_known ? &wish.at : NULL,
                                            .is_lost = *wish.position && !wish.is_known,
                                            .topics = wish.topics});
    }
}
