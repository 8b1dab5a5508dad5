/* POST /v1/requests, from the document to the answer, in the order it happens:
 *
 *   submit_begin -> (submit_join_read) -> submit_store -> submit_stored -> submit_answer
 *                     |                                        |
 *                     +-- no such request -> submit_seen       |
 *                         (it was, when this key was first     |
 *                         used)                                |
 *                                                              +-- Prefer: wait -> submit_routed or
 * submit_waited -> submit_answer
 *
 * A 201 leaves only after the request, its idempotency record, its queue entry and its event are
 * on disk in one step (promise G1). */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/named.h"
#include "daemon/resource.h"
#include "daemon/task.h"
#include "daemon/watch.h"
#include "protocol/partition.h"
#include "protocol/request.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX_S = 10 };

struct submit {
    struct task *task; /* held */
    json_t *doc;       /* owned; request borrows from it */
    struct request request;
    struct record record;
    int wait_s;              /* 0: answer at once */
    struct watcher *watcher; /* owned while waiting */
    struct event *deadline;  /* owned while waiting */
    bool routed;
    const char *join_fault; /* static: what is wrong with the request to join */
};

static void submit_join_read(void *arg, struct stored *stored, const char *fault,
                             const struct err *e);
static void submit_join_refused(struct submit *op, const char *fault);
static void submit_seen(void *arg, enum store_outcome outcome, const struct err *e);
static void submit_store(struct submit *op);
static void submit_stored(void *arg, enum store_outcome outcome, const char *id,
                          const char *reference, const struct err *e);
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
    json_decref(op->doc);
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

static void submit_record(struct submit *op)
{
    struct record *r = &op->record;
    int64_t now_ms = clock_now_ms();

    id_new("req_", partition_of(op->request.country), now_ms, r->id);
    snprintf(r->country, sizeof r->country, "%s", op->request.country);
    r->language = (enum language)op->request.language;
    r->urgency = (enum urgency)op->request.urgency;
    r->disclosure = (enum disclosure)op->request.disclosure;
    r->state = STATE_SUBMITTED;
    r->version = 1;
    r->submitted_ms = r->updated_ms = r->since_ms = now_ms;
    r->return_state = STATE_SAME;
}

void submit_begin(struct task *t)
{
    struct submit *op = mem_new(1, sizeof *op);
    struct faults faults = {.n = 0};
    struct err e = {0};

    op->task = t;
    if (task_read_json(t, true, &op->doc, &faults, &e) != ERR_OK) {
        task_faults(submit_end(op), &e, &faults);
        return;
    }
    if (!request_decode(op->doc, t->who.of, &t->app->codes, &op->request, &faults)) {
        err_set(&e, ERR_VALIDATION, "%zu faults", faults.n);
        task_faults(submit_end(op), &e, &faults);
        return;
    }
    submit_record(op);
    if (op->request.join)
        named_read(t, op->request.join, submit_join_read, op);
    else
        submit_store(op);
}

/* A merged request is an alias: its survivor is meant. */
static void submit_join_read(void *arg, struct stored *stored, const char *fault,
                             const struct err *e)
{
    struct submit *op = arg;

    if (e->code != ERR_OK)
        task_problem(submit_end(op), e);
    else if (!stored)
        submit_join_refused(op, fault);
    else if (stored->record.state == STATE_MERGED)
        named_read(op->task, stored->record.merged_into, submit_join_read, op);
    else if (lifecycle_is_terminal(stored->record.state))
        submit_join_refused(op, "not_open");
    else {
        memcpy(op->record.join, stored->record.id, sizeof op->record.join);
        submit_store(op);
    }
}

/* It may have been open when the same submission first came, whose answer was lost. */
static void submit_join_refused(struct submit *op, const char *fault)
{
    struct task *t = op->task;

    op->join_fault = fault;
    if (*t->idempotency.name)
        request_store_seen(t->app->store, id_partition(op->record.id), &t->idempotency, submit_seen,
                           op);
    else
        submit_seen(op, STORE_ABSENT, &(struct err){0});
}

static void submit_seen(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct submit *op = arg;
    struct faults faults = {.n = 0};

    if (e->code != ERR_OK) {
        task_problem(submit_end(op), e);
    } else if (outcome != STORE_ABSENT) {
        submit_store(op); /* which finds the key again and answers as then */
    } else {
        fault_add(&faults, "#", "join", op->join_fault);
        task_faults(submit_end(op), &(struct err){ERR_VALIDATION, "join"}, &faults);
    }
}

static void submit_store(struct submit *op)
{
    struct task *t = op->task;
    struct submission what = {
        .record = &op->record, .who = &t->who, .idempotency = &t->idempotency};

    op->wait_s = wait_preferred(t);
    if (op->wait_s) /* before it is stored, so that its event cannot be missed */
        op->watcher = watch_add(t->app->watch, op->record.id, submit_routed, op);
    what.body = http_body(t->http, &what.body_n);
    request_store_submit(t->app->store, &what, submit_stored, op);
}

static void submit_stored(void *arg, enum store_outcome outcome, const char *id,
                          const char *reference, const struct err *e)
{
    struct submit *op = arg;
    char known[ID_BYTES];

    if (e->code != ERR_OK) {
        task_problem(submit_end(op), e);
    } else if (outcome == STORE_REUSED) {
        task_problem(submit_end(op), &(struct err){ERR_KEY_REUSED, "other body"});
    } else if (outcome == STORE_REPLAYED && id_is(id, "req_")) {
        snprintf(known, sizeof known, "%s", id);
        http_add_header(op->task->http, "Idempotent-Replayed", "true");
        resource_reread(submit_end(op), 201, known);
    } else if (outcome != STORE_DONE) {
        task_problem(submit_end(op), &(struct err){ERR_INTERNAL, "submit: unexpected outcome"});
    } else {
        snprintf(op->record.reference, sizeof op->record.reference, "%s", reference);
        if (op->wait_s && !op->routed)
            submit_wait(op);
        else
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
    struct stored stored = {.record = op->record, .inner = json_object()};
    char id[ID_BYTES];

    if (op->wait_s) {
        memcpy(id, op->record.id, sizeof id);
        json_decref(stored.inner);
        resource_reread(submit_end(op), 201, id);
        return;
    }
    stored.body = json_incref(op->doc);
    resource_reply(submit_end(op), 201, &stored);
}
