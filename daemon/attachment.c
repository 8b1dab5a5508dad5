/* POST /v1/attachments: a file comes in, piece by piece, and is there when all of it is on disk.
 *
 *   upload_begin -> upload_piece .. -> upload_settle (on another thread) -> upload_settled -> the
 *   answer; the request that is sent next names its id
 *
 * GET /v1/requests/{id}/attachments/{file}: whoever may read the whole request gets it, as a
 * download that no browser shows or runs.
 *
 *   download_begin -> download_read -> download_go <-> download_drained
 */
#include "daemon/operations.h"

#include "base/log.h"
#include "daemon/offload.h"
#include "daemon/task.h"
#include "daemon/vault.h"
#include "protocol/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UPLOADS_MAX = 16, DOWNLOADS_MAX = 64, UNSENT_MAX = 65536 };

/* --- coming in -------------------------------------------------------------------------------- */

struct upload {
    struct app *app;           /* borrowed */
    struct task *task;         /* held; NULL: its sender has left while it was being settled */
    struct vault_upload *file; /* owned */
    int64_t bytes;
    char id[VAULT_ID_BYTES];
    char type[VAULT_TYPE_BYTES];
    struct err fault; /* of settling */
};

static bool upload_piece(struct http_exchange *x, const void *bytes, size_t n, bool is_last,
                         void *arg);
static void upload_left(struct http_exchange *x, void *arg);
static void upload_settle(void *job);
static void upload_settled(void *job);
static void upload_left_settling(struct http_exchange *x, void *arg);

static struct task *upload_end(struct upload *op)
{
    struct task *t = op->task;

    vault_drop(op->file);
    op->app->uploads_n--;
    free(op);
    return t;
}

static void upload_fail(struct task *t, const struct err *e)
{
    char limit[24];

    if (e->code == ERR_MEDIA_TYPE) {
        task_problem_with(t, e, "attachment", NULL, NULL);
        return;
    }
    snprintf(limit, sizeof limit, "%d", VAULT_FILE_MAX);
    task_problem_with(t, e, NULL,
                      e->code == ERR_TOO_LARGE ? (struct word_value[]){{"limit", limit}, {NULL, NULL}}
                                               : NULL,
                      NULL);
}

void upload_begin(struct task *t)
{
    struct upload *op;
    struct vault_upload *file = NULL;
    struct err e = {0};

    if (!t->app->vault || t->app->uploads_n >= UPLOADS_MAX || http_is_gone(t->http))
        err_set(&e, ERR_UNAVAILABLE, "no vault, or too many uploads at a time");
    else
        e.code = vault_begin(t->app->vault, t->who.of, &file, &e);
    if (e.code != ERR_OK) {
        upload_fail(t, &e);
        return;
    }
    op = mem_new(1, sizeof *op);
    op->app = t->app;
    op->task = t;
    op->file = file;
    t->app->uploads_n++;
    http_on_closed(t->http, upload_left, op);
    http_body_begin(t->http, upload_piece, op);
}

/* All of it has come; the disk may take its time without holding up others. */
static void upload_whole(struct upload *op)
{
    struct http_exchange *x = op->task->http;
    struct err e = {0};

    if (vault_seal(op->file, op->id, op->type, &e) != ERR_OK) {
        http_on_closed(x, NULL, NULL);
        upload_fail(upload_end(op), &e);
        return;
    }
    http_on_closed(x, upload_left_settling, op);
    offload_run(op->app->offload, upload_settle, upload_settled, op);
}

static void upload_settle(void *job)
{
    struct upload *op = job;

    op->fault.code = vault_settle(op->file, &op->fault);
}

static void upload_settled(void *job)
{
    struct upload *op = job;
    struct err e = op->fault;
    json_t *doc = json_pack("{s:s, s:s, s:I}", "id", op->id, "type", op->type, "bytes",
                            (json_int_t)op->bytes);
    struct task *t = upload_end(op);

    if (t)
        http_on_closed(t->http, NULL, NULL);
    if (t && e.code == ERR_OK)
        task_reply_json(t, 201, doc, NULL);
    else if (t)
        upload_fail(t, &e);
    if (!t || e.code != ERR_OK)
        json_decref(doc);
}

static void upload_left_settling(struct http_exchange *x, void *arg)
{
    struct upload *op = arg;

    (void)x;
    task_abandon(op->task);
    op->task = NULL;
}

static bool upload_piece(struct http_exchange *x, const void *bytes, size_t n, bool is_last,
                         void *arg)
{
    struct upload *op = arg;
    struct err e = {0};

    op->bytes += (int64_t)n;
    if (!task_body_fits(op->task, bytes, n, is_last)) {
        http_on_closed(x, NULL, NULL);
        task_problem(upload_end(op), &(struct err){ERR_UNAUTHENTICATED, "another body"});
        return false;
    }
    if (vault_write(op->file, bytes, n, &e) != ERR_OK) {
        http_on_closed(x, NULL, NULL);
        upload_fail(upload_end(op), &e);
        return false;
    }
    if (is_last)
        upload_whole(op);
    return !is_last;
}

static void upload_left(struct http_exchange *x, void *arg)
{
    (void)x;
    task_abandon(upload_end(arg));
}

/* --- going out -------------------------------------------------------------------------------- */

struct download {
    struct task *task;         /* held */
    struct vault_reader *file; /* owned */
};

static void download_read(void *arg, struct stored *stored, const struct err *e);
static void download_go(struct download *op);
static void download_drained(struct http_exchange *x, void *arg);
static void download_left(struct http_exchange *x, void *arg);

static const struct err absent = {ERR_NOT_FOUND, "no such attachment"};

void download_begin(struct task *t)
{
    if (!id_is(t->id, "req_") || !vault_is_id(t->action))
        task_problem(t, &absent);
    else if (!t->app->vault || t->app->downloads_n >= DOWNLOADS_MAX)
        task_problem(t, &(struct err){ERR_UNAVAILABLE, "no vault, or too many at a time"});
    else
        request_store_read(t->app->store, t->id, &t->who, download_read, t);
}

/* The request's own entry for it; NULL: it does not refer to it. */
static const json_t *entry_find(const json_t *body, const char *id)
{
    const json_t *one;
    size_t i;

    json_array_foreach (json_object_get(body, "attachments"), i, one)
        if (!strcmp(document_text(one, "id"), id))
            return one;
    return NULL;
}

/* RFC 6266 and 8187: the name as its sender wrote it, in no form that could be more than a name. */
static void add_name(struct task *t, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    BUF_AUTO struct buf value = {0};

    buf_add_text(&value, "attachment; filename*=UTF-8''");
    for (const char *c = *name ? name : "attachment"; *c; c++)
        if (strchr(plain, *c))
            buf_add(&value, c, 1);
        else
            buf_printf(&value, "%%%02X", (unsigned char)*c);
    http_add_header(t->http, "Content-Disposition", buf_text(&value));
}

static void download_read(void *arg, struct stored *stored, const struct err *e)
{
    struct task *t = arg;
    const json_t *entry = stored ? entry_find(stored->body, t->action) : NULL;
    struct vault_reader *file = NULL;
    struct download *op;
    struct err fault = {0};

    if (!stored || !entry || record_view_of(&stored->record, &t->who) != RECORD_FULL) {
        task_problem(t, e->code != ERR_OK ? e : &absent);
        return;
    }
    if (vault_open(t->app->vault, stored->record.country, t->action, &file, &fault) != ERR_OK) {
        task_problem(t, &fault);
        return;
    }
    add_name(t, document_text(entry, "name"));
    http_add_header(t->http, "Content-Security-Policy", "sandbox; default-src 'none'");
    http_add_header(t->http, "Cache-Control", "private, no-store");
    if (http_method(t->http) == METHOD_HEAD) {
        task_reply_text(t, 200, vault_type(file), "");
        vault_close(file);
        return;
    }
    op = mem_new(1, sizeof *op);
    op->task = t;
    op->file = file;
    t->app->downloads_n++;
    http_stream_length(t->http, vault_bytes(file));
    task_stream_begin(t, vault_type(file));
    http_on_closed(t->http, download_left, op);
    download_go(op);
}

static void download_end(struct download *op, bool is_whole)
{
    struct task *t = op->task;

    http_on_closed(t->http, NULL, NULL);
    http_on_drained(t->http, NULL, NULL);
    vault_close(op->file);
    t->app->downloads_n--;
    free(op);
    if (is_whole)
        task_stream_end(t);
    else
        task_abandon(t); /* shorter than its length: the client knows */
}

static void download_go(struct download *op)
{
    struct http_exchange *x = op->task->http;
    char chunk[VAULT_CHUNK_BYTES];
    struct err e = {0};
    size_t n;

    while (http_stream_unsent(x) <= UNSENT_MAX) {
        if (vault_read(op->file, chunk, &n, &e) != ERR_OK) {
            log_error("attachment_damaged", "request=%s why=\"%s\"", http_request_id(x), e.detail);
            download_end(op, false);
            return;
        }
        if (n == 0 || !http_stream_write(x, chunk, n)) {
            download_end(op, n == 0);
            return;
        }
    }
    http_on_drained(x, download_drained, op);
}

static void download_drained(struct http_exchange *x, void *arg)
{
    (void)x;
    download_go(arg);
}

static void download_left(struct http_exchange *x, void *arg)
{
    (void)x;
    download_end(arg, false);
}
