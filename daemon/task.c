#include "daemon/task.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/coding.h"
#include "daemon/meter.h"
#include "daemon/route.h"
#include "daemon/signed.h"
#include "protocol/document.h"
#include "protocol/etag.h"
#include "protocol/problem.h"
#include "protocol/seal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char media_json[] = "application/json";
static const char media_problem[] = "application/problem+json";

/* A header as a C string; NULL when absent or longer than out. */
static const char *header(const struct http_exchange *http, const char *name, char *out, size_t n)
{
    const struct head_slice *value = head_find(http_head(http), name);

    if (!value || value->bytes >= n)
        return NULL;
    memcpy(out, value->text, value->bytes);
    out[value->bytes] = '\0';
    return out;
}

static int language_of(const struct http_exchange *http, int otherwise)
{
    char accept[256];

    return words_negotiate(header(http, "Accept-Language", accept, sizeof accept), otherwise);
}

int task_language(const struct task *t, int otherwise)
{
    return language_of(t->http, otherwise);
}

struct task *task_new(struct app *app, struct http_exchange *http, const struct route *route)
{
    struct task *t = mem_new(1, sizeof *t);

    t->app = app;
    t->http = http;
    t->route = route;
    t->language = language_of(http, language_find("en"));
    t->began_mono_ms = clock_mono_ms();
    return t;
}

/* --- reading --------------------------------------------------------------------------------- */

void task_make_idempotency(const struct task *t, const char *key, size_t n, const void *body,
                           size_t body_n, struct idempotency *ret_idempotency)
{
    const struct head *head = http_head(t->http);
    const char *method = head_method_name(head->method);
    char path[256]; /* decoded, as the route was found by it */
    struct seal_part parts[3] = {
        {method, strlen(method)}
    };
    struct seal_part compared[3];

    if (!head_path_decode(head, path, sizeof path))
        bug("a path that no route has");
    principal_text(&t->who, ret_idempotency->who);
    parts[1] = (struct seal_part){path, strlen(path)};
    parts[2] = (struct seal_part){key, n};
    memcpy(compared, parts, sizeof compared);
    compared[2] = (struct seal_part){body, body_n};
    idempotency_make(t->app->ring, parts, 3, compared, 3, ret_idempotency);
}

bool task_is_key(const char *text, size_t n)
{
    if (n < 1 || n > REQUEST_KEY_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (text[i] < 0x21 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
            return false;
    return true;
}

enum err_code task_read_key(const struct task *t, struct head_slice *ret_key, struct err *e)
{
    const struct head *head = http_head(t->http);
    const struct head_slice *value = head_find(head, "Idempotency-Key");
    struct head_slice key = {.text = ""};

    if (value) {
        key = *value;
        if (key.bytes >= 2 && key.text[0] == '"' && key.text[key.bytes - 1] == '"') {
            key.text++;
            key.bytes -= 2;
        }
        if (!task_is_key(key.text, key.bytes) || head_count(head, "Idempotency-Key") > 1)
            return err_set(e, ERR_KEY_INVALID, "length, count or characters");
    }
    *ret_key = key;
    return ERR_OK;
}

enum err_code task_read_idempotency(struct task *t, struct err *e)
{
    struct head_slice key;
    size_t n;
    const char *body = http_body(t->http, &n);
    enum err_code rc = task_read_key(t, &key, e);

    if (rc == ERR_OK && key.bytes)
        task_make_idempotency(t, key.text, key.bytes, body, n, &t->idempotency);
    return rc;
}

enum err_code task_read_json(struct task *t, bool required, json_t **ret_doc, struct faults *faults,
                             struct err *e)
{
    size_t n;
    const char *body = http_body(t->http, &n);

    if (n == 0 && !required) {
        *ret_doc = NULL;
        return ERR_OK;
    }
    return document_parse(body, n, ret_doc, faults, e);
}

bool task_body_fits(struct task *t, const void *bytes, size_t n, bool is_last)
{
    struct err e;

    if (!t->digest)
        return true;
    digest_update(t->digest, bytes, n);
    if (!is_last || digest_fits(t->digest))
        return true;
    signed_refuse(t, SIGNATURE_DIGEST, &e);
    return false;
}

bool task_query(const struct task *t, const char *name, char *out, size_t out_bytes)
{
    enum head_member found = head_query(http_head(t->http), name, out, out_bytes);

    if (found == HEAD_MEMBER_ABSENT)
        *out = '\0';
    return found == HEAD_MEMBER_ABSENT || found == HEAD_MEMBER_FOUND;
}

/* --- answering ------------------------------------------------------------------------------- */

static void task_end(struct task *t, int status)
{
    meter_count(t->app->meter, t->route, status, clock_mono_ms() - t->began_mono_ms);
    if (t->cookie)
        sodium_memzero(t->cookie, strlen(t->cookie));
    free(t->cookie);
    free(t->digest);
    free(t);
}

/* Takes the exchange: what is asked of it comes before. */
static void reply_bytes(struct task *t, int status, const char *type, const void *bytes, size_t n)
{
    if (status == 304)
        quota_return(t->app->quota, t);
    http_reply(t->http, status, type, bytes, n);
}

static char *dumped(json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(6));

    if (!text)
        bug("cannot write JSON");
    json_decref(doc);
    return text;
}

static void reply_dumped(struct http_exchange *http, int status, const char *type, json_t *doc)
{
    char *text = dumped(doc);

    http_reply(http, status, type, text, strlen(text));
    free(text);
}

/* Whether an answer may go compressed. The length of one that mixes a secret with what the asker
 * chose tells of the secret (BREACH), so a browser's session gets it only where the browser says
 * that a page of ours asks. */
static bool may_pack(const struct task *t)
{
    const struct head *head = http_head(t->http);
    const struct head_slice *accepted = head_find(head, "Accept-Encoding");
    const struct head_slice *site = head_find(head, "Sec-Fetch-Site");

    return accepted && coding_is_accepted(accepted->text, accepted->bytes, "gzip") &&
           (!t->cookie || (site && head_slice_is(site, "same-origin")));
}

/* tag: of the plain bytes, NULL: none. The packed ones have another, as they are others (RFC 9110
 * section 8.8.1). */
static void add_tag(struct task *t, const char *tag, bool is_packed)
{
    char packed[ETAG_BYTES + 8];

    if (!tag)
        return;
    snprintf(packed, sizeof packed, "%.*s-gzip\"", (int)strlen(tag) - 1, tag);
    http_add_header(t->http, "ETag", is_packed && strncmp(tag, "W/", 2) != 0 ? packed : tag);
}

/* The client has the packed bytes: its If-None-Match says so. */
static bool is_packed_known(const struct task *t)
{
    const struct head_slice *known = head_find(http_head(t->http), "If-None-Match");

    return known && memmem(known->text, known->bytes, "-gzip\"", strlen("-gzip\""));
}

static void reply_packed(struct task *t, int status, const char *type, const char *text,
                         const char *tag)
{
    size_t n = strlen(text);
    BUF_AUTO struct buf packed = {0};
    bool is_packed = may_pack(t) && coding_gzip(text, n, &packed);

    add_tag(t, tag, is_packed);
    if (is_packed)
        http_add_header(t->http, "Content-Encoding", "gzip");
    reply_bytes(t, status, type, is_packed ? packed.text : text, is_packed ? packed.bytes : n);
}

static void reply_document(struct task *t, int status, json_t *doc, const char *tag)
{
    char *text = dumped(doc);

    reply_packed(t, status, media_json, text, tag);
    free(text);
    task_end(t, status);
}

void task_reply_json(struct task *t, int status, json_t *doc, const char *tag)
{
    http_add_header(t->http, "Vary", "Accept, Accept-Encoding, Accept-Language");
    http_add_header(t->http, "Cache-Control", "private, no-cache");
    if (status == 304) {
        add_tag(t, tag, may_pack(t) && is_packed_known(t));
        reply_bytes(t, status, NULL, "", 0);
        task_end(t, status);
    } else {
        reply_document(t, status, doc, tag);
    }
}

void task_reply_public(struct task *t, json_t *doc, const char *caching)
{
    http_add_header(t->http, "Vary", "Accept, Accept-Encoding, Accept-Language");
    http_add_header(t->http, "Cache-Control", caching);
    reply_document(t, 200, doc, NULL);
}

void task_reply_bytes(struct task *t, int status, const char *content_type, const void *bytes,
                      size_t n)
{
    http_add_header(t->http, "Cache-Control", "private, no-cache");
    http_reply(t->http, status, content_type, bytes, n);
    task_end(t, status);
}

void task_abandon(struct task *t)
{
    http_abandon(t->http);
    free(t->digest);
    free(t);
}

void task_reply_page(struct task *t, int status, const char *content_type, const void *bytes,
                     size_t n)
{
    reply_bytes(t, status, content_type, bytes, n);
    task_end(t, status);
}

void task_reply_text(struct task *t, int status, const char *content_type, const char *text)
{
    task_reply_page(t, status, content_type, text, strlen(text));
}

/* Counted when it begins: how long a stream is read says nothing about us. */
void task_stream_begin(struct task *t, const char *content_type)
{
    meter_count(t->app->meter, t->route, 200, clock_mono_ms() - t->began_mono_ms);
    http_stream_begin(t->http, 200, content_type);
}

void task_stream_end(struct task *t)
{
    http_stream_end(t->http);
    free(t->digest);
    free(t);
}

static json_t *faults_json(const struct app *app, int language, const struct faults *faults)
{
    json_t *list = json_array();

    for (size_t i = 0; i < faults->n; i++) {
        const struct fault *f = &faults->list[i];
        char key[64], min[24], max[24];
        const struct word_value values[] = {
            {"min",    min     },
            {"max",    max     },
            {"words",  f->words},
            {"member", f->words},
            {NULL,     NULL    }
        };
        char *detail;

        snprintf(key, sizeof key, "fault.%s", f->code);
        snprintf(min, sizeof min, "%lld", (long long)f->min);
        snprintf(max, sizeof max, "%lld", (long long)f->max);
        detail = words_fill(app->config->words, key, language, values);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "pointer", f->pointer, "code",
                                              f->code, "detail", detail));
        free(detail);
    }
    return list;
}

char *task_trace(const struct task *t, char out[TASK_TRACE_BYTES])
{
    static const char form[] = "00-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    const struct head_slice *value = head_find(http_head(t->http), "traceparent");
    bool good = value && value->bytes == sizeof form - 1;

    for (size_t i = 0; good && form[i]; i++)
        good = form[i] == 'x' ? value->text[i] && strchr("0123456789abcdef", value->text[i]) != NULL
                              : value->text[i] == form[i];
    snprintf(out, TASK_TRACE_BYTES, "%.*s", good ? 32 : 1, good ? value->text + 3 : "-");
    return out;
}

bool task_is_local(const struct task *t)
{
    const char *peer = http_peer(t->http);

    return !strcmp(peer, "unix") || !strncmp(peer, "127.", 4) || !strcmp(peer, "::1");
}

/* Seconds after which trying again makes sense; NULL: none are told. */
static const char *retry_after(enum err_code code, int retry_s, char out[12])
{
    if (code == ERR_QUOTA && retry_s == 0)
        retry_s = 60;
    if ((code == ERR_UNAVAILABLE || code == ERR_KEY_RUNNING) && retry_s == 0)
        retry_s = 1;
    snprintf(out, 12, "%d", retry_s);
    return retry_s ? out : NULL;
}

static json_t *problem_json(struct app *app, struct http_exchange *http, int language,
                            enum err_code code, const char *variant, int retry_s,
                            const struct faults *faults, const struct word_value *values,
                            json_t *members)
{
    const char *type = problem_type(code);
    char again[12];
    const struct word_value defaults[] = {
        {"seconds", retry_after(code, retry_s, again)},
        {NULL,   NULL                  }
    };
    char uri[PROBLEM_URI_BYTES], title[64], key[64];
    char *detail;
    json_t *doc;

    problem_uri(code, uri);
    snprintf(title, sizeof title, "problem.%s", type);
    snprintf(key, sizeof key, "detail.%s%s%s", type, variant ? "." : "", variant ? variant : "");
    detail = words_fill(app->config->words, key, language,
                        values              ? values
                        : defaults[0].value ? defaults
                                            : &defaults[1]);
    doc = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", uri, "title",
                    words_get(app->config->words, title, language), "status", problem_status(code),
                    "detail", detail, "request_id", http_request_id(http));
    free(detail);
    if (!doc)
        bug("problem_json");
    if (faults && faults->n)
        json_object_set_new(doc, "errors", faults_json(app, language, faults));
    json_object_update(doc, members);
    json_decref(members);
    return doc;
}

json_t *task_problem_json(const struct task *t, const struct err *e, const struct faults *faults,
                          const struct word_value *values)
{
    return problem_json(t->app, t->http, t->language, e->code, NULL, 0, faults, values, NULL);
}

static void problem_headers(struct http_exchange *http, int language, enum err_code code,
                            int retry_s)
{
    char again[12];

    http_add_header(http, "Content-Language", language_codes[language]);
    if (code == ERR_UNAUTHENTICATED)
        http_add_header(http, "WWW-Authenticate",
                        "Bearer realm=\"liaison\", error=\"invalid_token\"");
    if (retry_after(code, retry_s, again))
        http_add_header(http, "Retry-After", again);
}

static void problem_reply(struct task *t, const struct err *e, const char *variant,
                          const struct faults *faults, const struct word_value *values,
                          json_t *members)
{
    int status = problem_status(e->code);

    if (status >= 500) /* with a variant: somebody has wanted it so */
        log_event(t->variant ? LOG_INFO : LOG_ERROR, "request_failed",
                  "request=%s status=%d why=\"%s\"", http_request_id(t->http), status, e->detail);
    problem_headers(t->http, t->language, e->code, t->retry_s);
    reply_dumped(t->http, status, media_problem,
                 problem_json(t->app, t->http, t->language, e->code, variant, t->retry_s, faults,
                              values, members));
    task_end(t, status);
}

void task_problem(struct task *t, const struct err *e)
{
    json_t *members = NULL;

    if (t->violated)
        members = json_pack("{s:[s]}", "violated-policies", t->violated);
    else if (t->signature)
        members = json_pack("{s:s}", "signature", t->signature);
    problem_reply(t, e, t->variant, NULL, NULL, members);
}

void task_problem_with(struct task *t, const struct err *e, const char *variant,
                       const struct word_value *values, json_t *members)
{
    problem_reply(t, e, variant, NULL, values, members);
}

void task_faults(struct task *t, const struct err *e, const struct faults *faults)
{
    problem_reply(t, e, NULL, faults, NULL, NULL);
}

void task_refuse(struct app *app, struct http_exchange *http, enum err_code code,
                 const char *detail_for_log, const struct word_value *values)
{
    int language = language_of(http, language_find("en"));

    log_debug("refused", "status=%d why=\"%s\"", problem_status(code), detail_for_log);
    problem_headers(http, language, code, 0);
    meter_count(app->meter, NULL, problem_status(code), 0);
    reply_dumped(http, problem_status(code), media_problem,
                 problem_json(app, http, language, code, NULL, 0, NULL, values, NULL));
}
