/* POST /v1/requests, from the document to the answer, in the order it happens:
 *
 *   submit_begin -> (filing.c) -> submit_stored -> submit_answer
 *                                     |
 *                                     +-- Prefer: wait -> submit_routed or submit_waited
 *                                                         -> submit_answer
 *
 * A 201 leaves only after the request, its idempotency record, its queue entry and its event are
 * on disk in one step (promise G1). */
#include "daemon/operations.h"

#include "daemon/filing.h"
#include "daemon/resource.h"
#include "daemon/task.h"
#include "daemon/watch.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX_S = 10 };

struct submit {
    struct task *task; /* held */
    struct filing filing;
    int wait_s;              /* 0: answer at once */
    struct watcher *watcher; /* owned while waiting */
    struct event *deadline;  /* owned while waiting */
    bool routed;
};

static void submit_stored(void *arg, struct filing *f, const struct err *e);
static void submit_wait(struct submit *op);
static void submit_routed(void *arg, const struct event *event);
static void submit_waited(evutil_socket_t fd, short what, void *arg);
static void submit_answer(struct submit *op);

static void submit_free(struct submit *op)
{
    if (op->watcher)
        watch_remove(op->task->app->watch, op->watcher);
    if (op->deadline)
        event_free(op->deadline);
    filing_clear(&op->filing);
    free(op);
}

/* Ends the operation with the task still in hand. */
static struct task *submit_end(struct submit *op)
{
    struct task *t = op->task;

    submit_free(op);
    return t;
}

/* Prefer: wait=S (RFC 7240 section 4.3), at most WAIT_MAX_S. */
static int wait_preferred(const struct task *t)
{
    const struct head_slice *value = head_find(http_head(t->http), "Prefer");
    char text[64];
    const char *wait;
    long s;

    if (!value || value->bytes >= sizeof text)
        return 0;
    memcpy(text, value->text, value->bytes);
    text[value->bytes] = '\0';
    wait = strstr(text, "wait=");
    if (!wait || (wait > text && wait[-1] != ' ' && wait[-1] != ','))
        return 0;
    s = strtol(wait + 5, NULL, 10);
    return s < 0 ? 0 : s > WAIT_MAX_S ? WAIT_MAX_S : (int)s;
}

void submit_begin(struct task *t)
{
    struct submit *op = mem_new(1, sizeof *op);
    struct filing *f = &op->filing;
    struct err e = {0};
    const char *body;
    size_t body_n;
    json_t *doc = NULL;

    op->task = t;
    if (task_read_json(t, true, &doc, &f->faults, &e) != ERR_OK ||
        filing_read(f, t, doc, t->who.of, &e) != ERR_OK) {
        struct faults faults = f->faults;

        task_faults(submit_end(op), &e, &faults);
        return;
    }
    op->wait_s = wait_preferred(t);
    if (op->wait_s) /* before it is stored, so that its event cannot be missed */
        op->watcher = watch_add(t->app->watch, f->record.id, submit_routed, op);
    body = http_body(t->http, &body_n);
    filing_send(f, body, body_n, &t->idempotency, submit_stored, op);
}

static void submit_stored(void *arg, struct filing *f, const struct err *e)
{
    struct submit *op = arg;
    char known[ID_BYTES];

    if (e->code == ERR_VALIDATION) {
        struct faults faults = f->faults;

        task_faults(submit_end(op), e, &faults);
    } else if (e->code != ERR_OK) {
        task_problem(submit_end(op), e);
    } else if (f->is_replayed) {
        snprintf(known, sizeof known, "%s", f->record.id);
        http_add_header(op->task->http, "Idempotent-Replayed", "true");
        resource_reread(submit_end(op), 201, known);
    } else if (op->wait_s && !op->routed) {
        submit_wait(op);
    } else {
        submit_answer(op);
    }
}

static void submit_wait(struct submit *op)
{
    op->deadline = evtimer_new(op->task->app->base, submit_waited, op);
    if (!op->deadline)
        bug("out of memory");
    evtimer_add(op->deadline, &(struct timeval){.tv_sec = op->wait_s});
}

static void submit_routed(void *arg, const struct event *event)
{
    struct submit *op = arg;

    if (!event) { /* stopping: what was stored is known without the store */
        op->wait_s = 0;
        submit_answer(op);
        return;
    }
    if (!strcmp(event->action, action_words[ACTION_SUBMIT]))
        return; /* our own event */
    op->routed = true;
    if (op->deadline)
        submit_answer(op);
}

static void submit_waited(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    submit_answer(arg);
}

/* Without waiting the record is what we just stored; after waiting it is read again. */
static void submit_answer(struct submit *op)
{
    struct stored stored = {.record = op->filing.record, .inner = json_object()};
    char id[ID_BYTES];

    if (op->wait_s) {
        memcpy(id, op->filing.record.id, sizeof id);
        json_decref(stored.inner);
        resource_reread(submit_end(op), 201, id);
        return;
    }
    stored.body = json_incref(op->filing.doc);
    resource_reply(submit_end(op), 201, &stored);
}
