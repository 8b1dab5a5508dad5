/* A request being served, from dispatch to its one answer: what every operation needs beside its
 * own state. An operation is given a task; each of task_reply_*, task_problem and
 * task_faults takes it back and ends it. */
#ifndef DAEMON_TASK_H
#define DAEMON_TASK_H

#include "config/words.h"
#include "daemon/app.h"
#include "daemon/http.h"
#include "protocol/absence.h"
#include "protocol/digest.h"
#include "protocol/fault.h"
#include "protocol/principal.h"
#include "store/request_store.h"

#include <jansson.h>

struct route;

enum { TASK_PARAM_BYTES = 64 };

struct task {
    struct app *app;               /* borrowed */
    struct http_exchange *http;    /* held until the answer */
    const struct route *route;     /* borrowed */
    struct principal who;          /* meaningful where the route asks for a role */
    unsigned scopes;               /* of the token, enum token_scope; else as who */
    char token[TASK_PARAM_BYTES];  /* its id; else as who */
    char officer[OFFICER_BYTES];   /* of the secretariat, as the token says; "": none */
    char *cookie;                  /* owned, wiped: the session's; NULL: a bearer token */
    int64_t session_until_ms;      /* with cookie: its end, at the latest */
    const char *variant;           /* chooses among the words of a problem; NULL: the usual ones */
    const char *signature;         /* what is wrong with it, a word for programs; NULL: nothing */
    bool is_signed;                /* by a key of who (signed.h); token is then the key's id */
    struct digest *digest;         /* owned: of the body, as it was signed; NULL: was not */
    const char *violated;          /* a limit that is passed, NULL: none */
    int retry_s;                   /* when to come again; 0: as usual with this problem */
    char id[TASK_PARAM_BYTES];     /* {id} of the path, "" when it has none */
    char action[TASK_PARAM_BYTES]; /* {action} or {file} */
    int language; /* index, config/mandate.h: for words in the answer; English unless asked for */
    struct idempotency idempotency;
    int64_t began_mono_ms;
};

struct task *task_new(struct app *app, struct http_exchange *http, const struct route *route);

/* Reads Idempotency-Key (a structured-field string or the bare form, 1-255 visible ASCII) and
 * prints method, path and body. ERR_KEY_INVALID. */
enum err_code task_read_idempotency(struct task *t, struct err *e) ERR_CHECK;
/* Text of a key that may stand in it. */
bool task_is_key(const char *text, size_t n);
/* The trace that the caller is in (W3C traceparent): 32 hex digits, or "-". Returns out. */
enum { TASK_TRACE_BYTES = 33 };
char *task_trace(const struct task *t, char out[TASK_TRACE_BYTES]);
/* From this machine. */
bool task_is_local(const struct task *t);
/* The header alone: ERR_KEY_INVALID; no bytes when there is none. Borrowed from the head. */
enum err_code task_read_key(const struct task *t, struct head_slice *ret_key,
                            struct err *e) ERR_CHECK;
/* The same for a part of the body that has a key of its own, n and body_n bytes long. */
void task_make_idempotency(const struct task *t, const char *key, size_t n, const void *body,
                           size_t body_n, struct idempotency *ret_idempotency);
/* The body as one JSON object; ERR_MALFORMED with the reason in faults. required false: an empty
 * body gives NULL. The caller owns *ret_doc. */
enum err_code task_read_json(struct task *t, bool required, json_t **ret_doc, struct faults *faults,
                             struct err *e) ERR_CHECK;
/* The next n bytes of a body that comes in pieces; with the last ones: false when a signed request
 * was sent with another body (t->variant says so). True until then. */
bool task_body_fits(struct task *t, const void *bytes, size_t n, bool is_last);
/* A query member into out, "" when absent. False: it is there twice or too long. */
bool task_query(const struct task *t, const char *name, char *out, size_t out_bytes);

/* --- answers; each takes the task ------------------------------------------------------------ */

/* The language that the reader asks for, else the one given. */
int task_language(const struct task *t, int otherwise);

/* doc is given; NULL with 304, which has none. tag: the ETag, or NULL. Goes packed to who accepts
 * it (daemon/coding.h). */
void task_reply_json(struct task *t, int status, json_t *doc, const char *tag);
/* The same for what is no secret of the caller's; caching: a Cache-Control value. */
void task_reply_public(struct task *t, json_t *doc, const char *caching);
/* As it stands, with the headers that the caller added: for what is public. */
void task_reply_page(struct task *t, int status, const char *content_type, const void *bytes,
                     size_t n);
void task_reply_text(struct task *t, int status, const char *content_type, const char *text);
/* The problem document of e->code. 503 and 429 carry Retry-After. */
void task_problem(struct task *t, const struct err *e);
/* The same where more is to be said: variant chooses among its words (detail.<type>.<variant>;
 * NULL: detail.<type>), values fill their {placeholders}, ending with a row whose name is NULL;
 * members (given) are added for programs. */
void task_problem_with(struct task *t, const struct err *e, const char *variant,
                       const struct word_value *values, json_t *members);
/* The same with all field faults. */
void task_faults(struct task *t, const struct err *e, const struct faults *faults);

/* The problem document of e->code as a part of an answer; faults and values may be NULL. New
 * reference. */
json_t *task_problem_json(const struct task *t, const struct err *e, const struct faults *faults,
                          const struct word_value *values) __attribute__((returns_nonnull));
/* Bytes as they are, of the given media type. */
void task_reply_bytes(struct task *t, int status, const char *content_type, const void *bytes,
                      size_t n);

/* The client has gone in the middle of its request. */
void task_abandon(struct task *t);

/* An answer that goes on: http_stream_write on t->http, until task_stream_end takes the task. */
void task_stream_begin(struct task *t, const char *content_type);
void task_stream_end(struct task *t);

/* For the HTTP layer's own refusals, before there is a task. */
void task_refuse(struct app *app, struct http_exchange *http, enum err_code code,
                 const char *detail_for_log, const struct word_value *values);

#endif
