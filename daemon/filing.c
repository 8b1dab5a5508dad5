#include "daemon/filing.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/control.h"
#include "daemon/named.h"
#include "daemon/vault.h"
#include "protocol/document.h"
#include "protocol/partition.h"

#include <stdio.h>
#include <string.h>

static void filing_join_read(void *arg, struct stored *stored, const char *fault,
                             const struct err *e);
static void filing_join_refused(struct filing *f, const char *fault);
static void filing_seen(void *arg, enum store_outcome outcome, const struct err *e);
static void filing_store(struct filing *f);
static void filing_end(struct filing *f, const struct err *e);
static void filing_stored(void *arg, enum store_outcome outcome, const char *id,
                          const char *reference, const struct err *e);

void filing_clear(struct filing *f)
{
    json_decref(f->doc);
    f->doc = NULL;
}

static void record_begin(struct record *r, const struct request *request, const json_t *doc)
{
    int64_t now_ms = clock_now_ms();

    id_new("req_", partition_of(request->country), now_ms, r->id);
    snprintf(r->country, sizeof r->country, "%s", request->country);
    r->language = (enum language)request->language;
    r->urgency = (enum urgency)request->urgency;
    r->disclosure = (enum disclosure)request->disclosure;
    r->state = STATE_SUBMITTED;
    r->version = 1;
    r->submitted_ms = r->updated_ms = r->since_ms = now_ms;
    r->return_state = STATE_SAME;
    item_begin(r, doc);
}

/* A reader is told no other size than it has. */
static void attachment_check(struct filing *f, const char *at, const json_t *one, int64_t bytes)
{
    const json_t *told = json_object_get(one, "bytes");
    struct fault *fault = told && json_integer_value(told) != bytes
                              ? fault_add(&f->faults, at, "bytes", "out_of_range")
                              : NULL;

    if (fault)
        fault->min = fault->max = bytes;
}

/* They stay from now on, also if the request is not stored after all: it may be sent again. */
static enum err_code attachments_keep(struct filing *f, struct err *e)
{
    struct vault *vault = f->task->app->vault;
    const json_t *list = json_object_get(f->doc, "attachments");
    const json_t *one;
    int64_t all_bytes = 0;
    size_t i;

    if (json_array_size(list) > 0 && !vault)
        return err_set(e, ERR_UNAVAILABLE, "no vault");
    json_array_foreach (list, i, one) {
        char at[64];
        int64_t bytes = 0;
        enum err_code rc =
            vault_keep(vault, f->request.country, document_text(one, "id"), &bytes, e);

        snprintf(at, sizeof at, "#/attachments/%zu", i);
        if (rc == ERR_NOT_FOUND)
            fault_add(&f->faults, at, "id", "unknown_attachment");
        else if (rc != ERR_OK)
            return rc;
        else
            attachment_check(f, at, one, bytes);
        all_bytes += bytes;
    }
    if (all_bytes > VAULT_REQUEST_MAX) {
        struct fault *fault = fault_add(&f->faults, "#", "attachments", "too_large");

        if (fault)
            fault->max = VAULT_REQUEST_MAX >> 20;
    }
    return f->faults.n ? err_set(e, ERR_VALIDATION, "attachments") : ERR_OK;
}

enum err_code filing_read(struct filing *f, struct task *t, json_t *doc, const char *country,
                          struct err *e)
{
    f->task = t;
    f->doc = doc;
    if (!request_decode(doc, country, &t->app->codes, &f->request, &f->faults))
        return err_set(e, ERR_VALIDATION, "%zu faults", f->faults.n);
    record_begin(&f->record, &f->request, doc);
    return ERR_OK;
}

void filing_send(struct filing *f, const void *body, size_t n, const struct idempotency *i,
                 filing_fn fn, void *arg)
{
    struct err e = {0};

    f->body = body;
    f->body_n = n;
    f->idempotency = *i;
    f->fn = fn;
    f->arg = arg;
    if (control_is_closed(f->task)) {
        filing_end(f, &(struct err){ERR_UNAVAILABLE, "nothing is taken in"});
        return;
    }
    if (attachments_keep(f, &e) != ERR_OK) {
        filing_end(f, &e);
        return;
    }
    if (f->request.join)
        named_read(f->task, f->request.join, filing_join_read, f);
    else
        filing_store(f);
}

static void filing_end(struct filing *f, const struct err *e)
{
    f->fn(f->arg, f, e);
}

/* A merged request is an alias: its survivor is meant. */
static void filing_join_read(void *arg, struct stored *stored, const char *fault,
                             const struct err *e)
{
    struct filing *f = arg;

    if (e->code != ERR_OK)
        filing_end(f, e);
    else if (!stored)
        filing_join_refused(f, fault);
    else if (stored->record.state == STATE_MERGED)
        named_read(f->task, stored->record.merged_into, filing_join_read, f);
    else if (lifecycle_is_terminal(stored->record.state))
        filing_join_refused(f, "not_open");
    else {
        memcpy(f->record.join, stored->record.id, sizeof f->record.join);
        filing_store(f);
    }
}

/* It may have been open when the same document first came, whose answer was lost. */
static void filing_join_refused(struct filing *f, const char *fault)
{
    f->join_fault = fault;
    if (*f->idempotency.name)
        request_store_seen(f->task->app->store, id_partition(f->record.id), &f->idempotency,
                           filing_seen, f);
    else
        filing_seen(f, STORE_ABSENT, &(struct err){0});
}

static void filing_seen(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct filing *f = arg;

    if (e->code != ERR_OK) {
        filing_end(f, e);
    } else if (outcome != STORE_ABSENT) {
        filing_store(f); /* which finds the key again and answers as then */
    } else {
        fault_add(&f->faults, "#", "join", f->join_fault);
        filing_end(f, &(struct err){ERR_VALIDATION, "join"});
    }
}

static void filing_store(struct filing *f)
{
    const struct submission what = {.record = &f->record,
                                    .body = f->body,
                                    .body_n = f->body_n,
                                    .who = &f->task->who,
                                    .idempotency = &f->idempotency};

    request_store_submit(f->task->app->store, &what, filing_stored, f);
}

static void filing_stored(void *arg, enum store_outcome outcome, const char *id,
                          const char *reference, const struct err *e)
{
    struct filing *f = arg;
    char trace[TASK_TRACE_BYTES];

    if (e->code != ERR_OK) {
        filing_end(f, e);
    } else if (outcome == STORE_REUSED) {
        filing_end(f, &(struct err){ERR_KEY_REUSED, "other body"});
    } else if (outcome == STORE_REPLAYED && id_is(id, "req_")) {
        f->is_replayed = true;
        snprintf(f->record.id, sizeof f->record.id, "%s", id);
        filing_end(f, e);
    } else if (outcome != STORE_DONE) {
        filing_end(f, &(struct err){ERR_INTERNAL, "submit: unexpected outcome"});
    } else {
        snprintf(f->record.reference, sizeof f->record.reference, "%s", reference);
        log_info("submitted", "request=%s via=%s trace=%s", f->record.id,
                 http_request_id(f->task->http), task_trace(f->task, trace));
        filing_end(f, e);
    }
}
