/* POST /v1/requests:bulk: a request document a line in, a line of what became of it out, in order.
 *
 *   bulk_begin -> bulk_piece -> bulk_lines -> line_begin -> line_filed -> bulk_answer
 *                     ^             |                           |
 *                     +-- go on ----+<--- there is room again --+
 *
 * Lines are taken as they arrive, some at a time; while these are being stored no more of the body
 * is read. Each line is stored by itself, with a key of its own (its member idempotency_key, else
 * the Idempotency-Key of the whole and the line's number), so that after a failure the same body
 * may be sent again. With ?atomic=true nothing is stored unless every line is a valid document.
 * What is answered is kept until all is done, and bounded: many clients read only then. */
#include "daemon/operations.h"

#include "daemon/control.h"
#include "daemon/filing.h"
#include "daemon/task.h"
#include "protocol/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 1000, WINDOW = 32, FAULTS_TOLD_MAX = 10, BULKS_MAX = 4 };

struct bulk {
    struct task *task;     /* held */
    struct head_slice key; /* of the whole; borrowed from the head */
    bool is_atomic;
    bool is_checking; /* atomic: looking only, nothing is stored yet */
    bool has_all;     /* the last piece has come */
    bool is_gone;     /* the client has */
    bool is_cut;      /* too many lines: the rest is not looked at */
    bool is_running;  /* bulk_lines is under way further up */
    bool is_skipping; /* inside a line that is too long */
    struct buf text;  /* owned: came, not dealt with; atomic: all of it */
    size_t at;        /* in text: the next line */
    unsigned line_n;
    unsigned told_n; /* lines answered */
    unsigned pending_n;
    char *told[WINDOW]; /* owned: answers that wait for an earlier one, by line */
    struct buf out;     /* owned: answers in order */
    unsigned ok_n, failed_n;
};

struct bulk_line {
    struct bulk *bulk; /* borrowed */
    unsigned n;
    struct filing filing;
    char *body; /* owned: the document as it is kept */
};

static bool bulk_piece(struct http_exchange *x, const void *bytes, size_t n, bool is_last,
                       void *arg);
static void bulk_left(struct http_exchange *x, void *arg);
static void bulk_lines(struct bulk *op);
static void line_begin(struct bulk *op, const char *text, size_t n);
static void line_filed(void *arg, struct filing *f, const struct err *e);
static void bulk_answer(struct bulk *op);

static struct task *bulk_end(struct bulk *op)
{
    struct task *t = op->task;

    for (unsigned i = 0; i < WINDOW; i++)
        free(op->told[i]);
    buf_clear(&op->text);
    buf_clear(&op->out);
    t->app->bulks_n--;
    free(op);
    return t;
}

void bulk_begin(struct task *t)
{
    struct bulk *op;
    struct head_slice key;
    struct err e = {0};
    char atomic[8];
    struct faults faults = {.n = 0};

    if (task_read_key(t, &key, &e) != ERR_OK) {
        task_problem(t, &e);
        return;
    }
    if (!task_query(t, "atomic", atomic, sizeof atomic) ||
        (*atomic && strcmp(atomic, "true") != 0 && strcmp(atomic, "false") != 0)) {
        fault_words(fault_add(&faults, "?atomic", NULL, "unknown_word"),
                    (const char *const[]){"true", "false", NULL});
        task_faults(t, &(struct err){ERR_MALFORMED, "atomic"}, &faults);
        return;
    }
    if (control_is_closed(t)) {
        task_problem(t, &(struct err){ERR_UNAVAILABLE, "nothing is taken in"});
        return;
    }
    if (t->app->bulks_n >= BULKS_MAX || http_is_gone(t->http)) {
        task_problem(t, &(struct err){ERR_UNAVAILABLE, "too many at a time"});
        return;
    }
    op = mem_new(1, sizeof *op);
    t->app->bulks_n++;
    op->task = t;
    op->key = key;
    op->is_atomic = op->is_checking = !strcmp(atomic, "true");
    http_on_closed(t->http, bulk_left, op);
    http_body_begin(t->http, bulk_piece, op);
}

/* --- the body --------------------------------------------------------------------------------- */

static bool bulk_piece(struct http_exchange *x, const void *bytes, size_t n, bool is_last,
                       void *arg)
{
    struct bulk *op = arg;

    buf_add(&op->text, bytes, n);
    op->has_all = is_last;
    if (is_last) /* it may have closed its side only: it is answered all the same */
        http_on_closed(x, NULL, NULL);
    if (!task_body_fits(op->task, bytes, n, is_last)) {
        task_problem(bulk_end(op), &(struct err){ERR_UNAUTHENTICATED, "another body"});
        return false;
    }
    if ((op->is_atomic || op->task->digest) && !is_last) /* nothing before all of it is known */
        return true;
    bulk_lines(op); /* goes on reading when it has room, which ends op perhaps */
    return false;
}

/* Nobody would read the answer; what is being stored is. */
static void bulk_left(struct http_exchange *x, void *arg)
{
    struct bulk *op = arg;

    (void)x;
    op->is_gone = true;
    if (op->pending_n == 0)
        task_abandon(bulk_end(op));
}

/* The next line without its end; false: it is not all here. The last one may lack its end. */
static bool line_take(struct bulk *op, const char **ret_line, size_t *ret_n)
{
    const char *from = buf_text(&op->text) + op->at;
    size_t left = op->text.bytes - op->at;
    const char *end = left ? memchr(from, '\n', left) : NULL;
    size_t n = end ? (size_t)(end - from) : left;

    if (!end && (!op->has_all || left == 0))
        return false;
    op->at += n + (end ? 1 : 0);
    if (n > 0 && from[n - 1] == '\r')
        n--;
    *ret_line = from;
    *ret_n = n;
    return true;
}

/* What is dealt with makes room. A line too long to be one is passed over up to its end. */
static void text_shrink(struct bulk *op)
{
    size_t left = op->text.bytes - op->at;

    if (op->is_atomic || !op->text.text)
        return;
    memmove(op->text.text, op->text.text + op->at, left);
    op->text.bytes = left;
    op->at = 0;
    if (left > (size_t)op->task->app->settings.body_bytes && !memchr(op->text.text, '\n', left)) {
        op->is_skipping = true;
        op->text.bytes = 1; /* what is there of it says nothing */
    }
}

static void line_tell(struct bulk *op, unsigned line, json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT);
    unsigned slot = line % WINDOW;

    if (!text)
        bug("cannot write JSON");
    json_decref(doc);
    op->told[slot] = text;
    while (op->told[slot = (op->told_n + 1) % WINDOW]) {
        buf_add_text(&op->out, op->told[slot]);
        buf_add_text(&op->out, "\n");
        free(op->told[slot]);
        op->told[slot] = NULL;
        op->told_n++;
    }
}

static void line_fail(struct bulk *op, unsigned line, const struct err *e, struct faults *faults,
                      const struct word_value *values)
{
    json_t *problem;

    if (faults && faults->n > FAULTS_TOLD_MAX)
        faults->n = FAULTS_TOLD_MAX;
    problem = task_problem_json(op->task, e, faults, values);
    op->failed_n++;
    line_tell(op, line,
              json_pack("{s:i, s:O, s:o}", "line", (int)line, "status",
                        json_object_get(problem, "status"), "problem", problem));
}

/* Too many lines, or too long a one. */
static void line_too_large(struct bulk *op, int64_t most)
{
    char limit[24];

    snprintf(limit, sizeof limit, "%lld", (long long)most);
    line_fail(op, op->line_n,
              &(struct err){
                  ERR_TOO_LARGE, "in a body of lines"
    },
              NULL, (struct word_value[]){{"limit", limit}, {NULL, NULL}});
}

static bool is_blank(const char *text, size_t n)
{
    return strspn(text, " \t") >= n;
}

/* As many lines as there is room for. */
static void bulk_lines(struct bulk *op)
{
    const char *text;
    size_t n;

    op->is_running = true;
    while (!op->is_gone && !op->is_cut && op->line_n - op->told_n < WINDOW - 1 &&
           line_take(op, &text, &n)) {
        if (++op->line_n > LINES_MAX) {
            op->is_cut = op->has_all = true;
            line_too_large(op, LINES_MAX);
        } else if (op->is_skipping || n > (size_t)op->task->app->settings.body_bytes) {
            op->is_skipping = false;
            line_too_large(op, op->task->app->settings.body_bytes);
        } else if (is_blank(text, n)) {
            line_tell(op, op->line_n,
                      json_pack("{s:i, s:i}", "line", (int)op->line_n, "status", 204));
        } else {
            line_begin(op, text, n);
        }
    }
    op->is_running = false;
    if (op->is_gone) {
        if (op->pending_n == 0)
            task_abandon(bulk_end(op));
        return;
    }
    if (op->pending_n == 0 && (op->is_cut || (op->has_all && op->at == op->text.bytes))) {
        bulk_answer(op);
        return;
    }
    text_shrink(op);
    if (!op->has_all && op->line_n - op->told_n < WINDOW - 1)
        http_body_go_on(op->task->http);
}

/* --- a line ----------------------------------------------------------------------------------- */

static void line_free(struct bulk_line *l)
{
    filing_clear(&l->filing);
    free(l->body);
    free(l);
}

/* Its own key, which is no part of the request; else that of the whole and its number. */
static enum err_code line_idempotency(struct bulk_line *l, json_t *doc,
                                      struct idempotency *ret_idempotency, struct err *e)
{
    struct bulk *op = l->bulk;
    const json_t *own = json_object_get(doc, "idempotency_key");
    char key[REQUEST_KEY_MAX + 16];
    int n = 0;

    if (own &&
        (!json_is_string(own) || !task_is_key(json_string_value(own), json_string_length(own))))
        return err_set(e, ERR_KEY_INVALID, "of a line");
    if (own)
        n = snprintf(key, sizeof key, "%s", json_string_value(own));
    else if (op->key.bytes)
        n = snprintf(key, sizeof key, "%.*s %u", (int)op->key.bytes, op->key.text, l->n);
    json_object_del(doc, "idempotency_key");
    l->body = json_dumps(doc, JSON_COMPACT);
    if (!l->body)
        bug("cannot write JSON");
    if (n)
        task_make_idempotency(op->task, key, (size_t)n, l->body, strlen(l->body), ret_idempotency);
    return ERR_OK;
}

/* A country sends its own requests, the desk those of any country. */
static const char *line_country(const struct task *t, const json_t *doc)
{
    return t->who.role == ROLE_COUNTRY ? t->who.of : document_text(doc, "country");
}

static void line_begin(struct bulk *op, const char *text, size_t n)
{
    struct bulk_line *l = mem_new(1, sizeof *l);
    struct idempotency idempotency = {.name = ""};
    struct task *t = op->task;
    json_t *doc = NULL;
    struct err e = {0};

    l->bulk = op;
    l->n = op->line_n;
    if (document_parse(text, n, &doc, &l->filing.faults, &e) == ERR_OK) {
        l->filing.doc = doc;
        e.code = line_idempotency(l, doc, &idempotency, &e);
    }
    if (e.code == ERR_OK)
        e.code = filing_read(&l->filing, t, doc, line_country(t, doc), &e);
    if (e.code != ERR_OK) {
        line_fail(op, l->n, &e, &l->filing.faults, NULL);
        line_free(l);
    } else if (op->is_checking) {
        op->ok_n++;
        line_tell(op, l->n, json_pack("{s:i, s:i}", "line", (int)l->n, "status", 200));
        line_free(l);
    } else {
        op->pending_n++;
        filing_send(&l->filing, l->body, strlen(l->body), &idempotency, line_filed, l);
    }
}

static void line_filed(void *arg, struct filing *f, const struct err *e)
{
    struct bulk_line *l = arg;
    struct bulk *op = l->bulk;

    op->pending_n--;
    if (e->code != ERR_OK) {
        line_fail(op, l->n, e, &f->faults, NULL);
    } else {
        json_t *doc =
            json_pack("{s:i, s:i, s:s}", "line", (int)l->n, "status", 201, "id", f->record.id);

        op->ok_n++;
        if (f->is_replayed)
            json_object_set_new(doc, "replayed", json_true());
        else
            json_object_set_new(doc, "reference", json_string(f->record.reference));
        line_tell(op, l->n, doc);
    }
    line_free(l);
    if (!op->is_running)
        bulk_lines(op);
}

/* --- the answer ------------------------------------------------------------------------------- */

/* Atomic: every line is valid, so now in earnest. */
static void bulk_again(struct bulk *op)
{
    buf_clear(&op->out);
    op->is_checking = false;
    op->at = 0;
    op->line_n = op->told_n = op->ok_n = 0;
    bulk_lines(op);
}

static void bulk_answer(struct bulk *op)
{
    BUF_AUTO struct buf out = {0};
    int status = op->is_checking && op->failed_n ? 422 : 200;

    if (op->is_checking && !op->failed_n) {
        bulk_again(op);
        return;
    }
    buf_printf(&op->out, "{\"summary\":{\"ok\":%u,\"failed\":%u}}\n", status == 200 ? op->ok_n : 0,
               op->failed_n);
    out = op->out;
    op->out = (struct buf){0};
    task_reply_bytes(bulk_end(op), status, "application/x-ndjson", out.text, out.bytes);
}
