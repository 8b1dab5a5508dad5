/* GET /openapi.json: the API's description (OpenAPI 3.1), made from the tables that the code itself
 * goes by: routes, form fields, actions with their bodies, problem types. */
#include "daemon/operations.h"

#include "daemon/absence.h"
#include "daemon/control.h"
#include "daemon/route.h"
#include "daemon/session.h"
#include "daemon/signing.h"
#include "daemon/task.h"
#include "protocol/cookie.h"
#include "protocol/problem.h"
#include "protocol/request.h"
#include "protocol/view.h"
#include "protocol/webhook.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static json_t *words_schema(const char *const *words)
{
    json_t *list = json_array();

    for (size_t i = 0; words[i]; i++)
        if (*words[i])
            json_array_append_new(list, json_string(words[i]));
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *rows_schema(const struct field *rows);

static json_t *value_schema(const struct field *f)
{
    switch (f->kind) {
    case FIELD_TEXT:
        return json_pack("{s:s, s:I, s:I}", "type", "string", "minLength", (json_int_t)f->min,
                         "maxLength", (json_int_t)f->max);
    case FIELD_WORD:
        return words_schema(f->words);
    case FIELD_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case FIELD_COUNT:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)f->min,
                         "maximum", (json_int_t)f->max);
    case FIELD_NUMBER:
        return json_pack("{s:s, s:I, s:I}", "type", "number", "minimum", (json_int_t)f->min,
                         "maximum", (json_int_t)f->max);
    case FIELD_DATE:
        return json_pack("{s:s}", "type", "string");
    case FIELD_COUNTRY:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[A-Z]{3}$");
    case FIELD_SECRETARIAT:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[a-z]+$");
    case FIELD_OBJECT:
        return rows_schema(f->rows);
    }
    return json_object();
}

/* An object of exactly these members: a typo must not vanish. */
static json_t *rows_schema(const struct field *rows)
{
    json_t *properties = json_object();
    json_t *required = json_array();

    for (const struct field *f = rows; f->name; f++) {
        json_t *schema = value_schema(f);

        if (f->list_max)
            schema = json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", f->list_max, "items",
                               schema);
        if (f->about)
            json_object_set_new(schema, "description", json_string(f->about));
        json_object_set_new(properties, f->name, schema);
        if (f->required)
            json_array_append_new(required, json_string(f->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required",
                     required, "additionalProperties", 0);
}

static json_t *member_schema(const struct view_member *m)
{
    size_t n = strcspn(m->type, "?");
    json_t *type = json_stringn(m->type, n);

    if (m->type[n] == '?')
        type = json_pack("[o, s]", type, "null");
    return json_pack("{s:o, s:s}", "type", type, "description", m->about);
}

/* The request document and what the service adds to it; more may be added within /v1. */
static json_t *resource_schema(void)
{
    json_t *schema = rows_schema(request_fields);
    json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *property;

    json_object_foreach (properties, name, property)
        json_object_del(property, "maxItems"); /* a survivor has what several asked for */
    for (const struct view_member *m = view_members; m->name; m++)
        json_object_set_new(properties, m->name, member_schema(m));
    json_object_del(schema, "additionalProperties");
    json_object_set_new(schema, "required",
                        json_pack("[s, s, s, s]", "id", "reference", "state", "version"));
    return schema;
}

/* What assess says of a draft: two members of the resource. */
static json_t *assessment_schema(void)
{
    json_t *properties = json_object();

    for (const struct view_member *m = view_members; m->name; m++)
        if (!strcmp(m->name, "routing") || !strcmp(m->name, "duplicates"))
            json_object_set_new(properties, m->name, member_schema(m));
    return json_pack("{s:s, s:o, s:[s, s]}", "type", "object", "properties", properties, "required",
                     "routing", "duplicates");
}

static json_t *problem_schema(void)
{
    json_t *types = json_array();

    for (unsigned code = ERR_OK + 1; code < ERR_CODES_N; code++) {
        char uri[PROBLEM_URI_BYTES];

        if (problem_status((enum err_code)code) == 500 && code != ERR_INTERNAL)
            continue;
        json_array_append_new(types, json_string(problem_uri((enum err_code)code, uri)));
    }
    return json_pack(
        "{s:s, s:{s:{s:s, s:o}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s}, s:{s:s, s:{s:s, "
        "s:{s:{s:s}, s:{s:s}, s:{s:s}}}}}, s:[s, s, s]}",
        "type", "object", "properties", "type", "type", "string", "enum", types, "title", "type",
        "string", "status", "type", "integer", "detail", "type", "string", "request_id", "type",
        "string", "signature", "type", "string", "description",
        "what is wrong with the signature of a request, or that it must have one", "errors", "type",
        "array", "items", "type", "object", "properties", "pointer", "type", "string", "code",
        "type", "string", "detail", "type", "string", "required", "type", "title", "status");
}

static json_t *content(const char *media, json_t *schema)
{
    return json_pack("{s:{s:o}}", media, "schema", schema);
}

static json_t *reference_to(const char *name)
{
    char text[64];

    snprintf(text, sizeof text, "#/components/schemas/%s", name);
    return json_pack("{s:s}", "$ref", text);
}

/* The schema of what a route answers with; NULL: any object. */
static const char *answer_of(const struct route *r)
{
    if (!strcmp(r->path, "/v1/requests:assess"))
        return "Assessment";
    if (!strncmp(r->path, "/v1/requests", 12) && !strstr(r->path, "history") &&
        (r->method == METHOD_POST || strstr(r->path, "{id}")) && !strstr(r->path, "{file}"))
        return "Request";
    return NULL;
}

/* What a route also answers with, beside JSON. */
static const struct {
    enum head_method method;
    const char *path, *media, *about;
} media[] = {
    {METHOD_GET,  "/v1/requests/{id}/attachments/{file}", "*/*",
     "the file, of the type that its content shows, to be saved"                              },
    {METHOD_GET,  "/v1/requests",                         "application/x-ndjson",
     "all of them, a request a line, without other requests; the last line has summary: lines"},
    {METHOD_GET,  "/v1/requests",                         "text/csv",
     "all of them as a table with headings; formulas are made text by an apostrophe"          },
    {METHOD_POST, "/v1/requests:bulk",                    "application/x-ndjson",
     "a line for each line, in order: line, status, and id with reference, or problem; the last "
     "one "
     "has summary: ok, failed"                                                                },
    {METHOD_GET,  "/v1/events",                           "text/event-stream",
     "server-sent events: id (a position), event (the type), data (type, id, reference, country, "
     "from, to, version, at, actor); `reset` when the position cannot be gone on from"        },
};

static void add_media(json_t *answers, const struct route *r)
{
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++)
        if (media[i].method == r->method && !strcmp(media[i].path, r->path))
            json_object_set_new(answers, media[i].media,
                                json_pack("{s:{s:s, s:s}}", "schema", "type", "string",
                                          "description", media[i].about));
}

/* What a route takes that is no JSON document. */
static const struct {
    const char *path, *media, *about;
} taken[] = {
    {"/v1/attachments",   "*/*",
     "the file as it is, up to 10 MiB: PDF, PNG, JPEG, GIF, WebP, TIFF or plain text; the answer's "
     "id "
     "is what a request's attachments name"                                         },
    {"/v1/requests:bulk", "application/x-ndjson",
     "a Draft a line, up to 1,000 lines and 8 MiB; each may have an idempotency_key"},
};

static void add_taken(json_t *op, const struct route *r)
{
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (r->method == METHOD_POST && !strcmp(taken[i].path, r->path))
            json_object_set_new(
                op, "requestBody",
                json_pack("{s:o}", "content",
                          content(taken[i].media, json_pack("{s:s, s:s}", "type", "string",
                                                            "description", taken[i].about))));
}

/* Members of the query, by route. */
static const struct {
    enum head_method method;
    const char *path, *name, *about;
} queries[] = {
    {METHOD_GET,  "/v1/requests",      "of",
     "with lines or a table: requests, or history for the lines of their histories"                   },
    {METHOD_POST, "/v1/requests:bulk", "atomic",
     "true: nothing is stored unless all lines are valid"                                             },
    {METHOD_GET,  "/v1/events",        "topics",        "only these types, parted by commas"          },
    {METHOD_GET,  "/v1/inbox",         "officer",
     "only what this officer answers for now, and what nobody in particular does"                     },
    {METHOD_GET,  "/v1/events",        "last_event_id", "go on behind this position, as Last-Event-ID"},
    {METHOD_GET,  "/v1/events",        "after",         "poll: what came after this position, as JSON"},
    {METHOD_GET,  "/v1/queue/history", "range",         "1h (default), 24h, 7d or 90d"                },
    {METHOD_GET,  "/v1/events",        "limit",         "poll: at most so many, 1 to 200"             },
};

static void add_queries(json_t *parameters, const struct route *r)
{
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
        if (queries[i].method == r->method && !strcmp(queries[i].path, r->path))
            json_array_append_new(parameters,
                                  json_pack("{s:s, s:s, s:s, s:{s:s}}", "name", queries[i].name,
                                            "in", "query", "description", queries[i].about,
                                            "schema", "type", "string"));
}

/* id: operationId. body: NULL for none; taken. */
static json_t *operation(const struct route *r, const char *id, const char *about, json_t *body)
{
    json_t *parameters = json_array();
    json_t *roles = json_array();
    const char *answer = answer_of(r);
    json_t *op;

    if (strstr(r->path, "{id}"))
        json_array_append_new(parameters,
                              json_pack("{s:s, s:s, s:b, s:{s:s}}", "name", "id", "in", "path",
                                        "required", 1, "schema", "type", "string"));
    if (strstr(r->path, "{file}"))
        json_array_append_new(parameters,
                              json_pack("{s:s, s:s, s:b, s:{s:s}}", "name", "file", "in", "path",
                                        "required", 1, "schema", "type", "string"));
    if (r->takes_json)
        json_array_append_new(parameters,
                              json_pack("{s:s, s:s, s:{s:s, s:i}}", "name", "Idempotency-Key", "in",
                                        "header", "schema", "type", "string", "maxLength",
                                        REQUEST_KEY_MAX));
    add_queries(parameters, r);
    for (unsigned role = 0; role < ROLES_N; role++)
        if (r->roles & 1u << role)
            json_array_append_new(roles, json_string(role_words[role]));
    op = json_pack("{s:s, s:s, s:o, s:o, s:{s:{s:s, s:o}, s:{s:s, s:o}}}", "operationId", id,
                   "summary", about, "parameters", parameters, "x-roles", roles, "responses",
                   "default", "description", "a problem document", "content",
                   content("application/problem+json", reference_to("Problem")), "2XX",
                   "description", "done", "content",
                   content("application/json",
                           answer ? reference_to(answer) : json_pack("{s:s}", "type", "object")));
    add_media(json_object_get(json_object_get(json_object_get(op, "responses"), "2XX"), "content"),
              r);
    add_taken(op, r);
    if (body)
        json_object_set_new(op, "requestBody",
                            json_pack("{s:o}", "content", content("application/json", body)));
    json_object_set_new(
        op, "security",
        r->roles ? json_pack("[{s:[]}, {s:[]}, {s:[]}]", "bearer", "session", "signature")
                 : json_array());
    return op;
}

enum { METHOD_NAME_BYTES = 8 };

/* In small letters, as OpenAPI has them. Returns out. */
static char *method_name(enum head_method method, char out[METHOD_NAME_BYTES])
{
    snprintf(out, METHOD_NAME_BYTES, "%s", head_method_name(method));
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return out;
}

static void add_operation(json_t *paths, const char *path, enum head_method method, json_t *op)
{
    char name[METHOD_NAME_BYTES];
    json_t *item = json_object_get(paths, path);

    if (!item) {
        item = json_object();
        json_object_set_new(paths, path, item);
    }
    json_object_set_new(item, method_name(method, name), op);
}

/* What a route takes; NULL: nothing that is said here. */
static json_t *body_of(const struct route *r)
{
    if (r->method != METHOD_POST)
        return NULL;
    if (!strcmp(r->path, "/v1/requests") || !strcmp(r->path, "/v1/requests:assess"))
        return reference_to("Draft");
    if (!strcmp(r->path, "/v1/webhooks"))
        return rows_schema(webhook_fields);
    if (!strcmp(r->path, "/v1/absences"))
        return rows_schema(absence_fields);
    if (!strcmp(r->path, "/v1/queue/pause") || !strcmp(r->path, "/v1/queue/resume"))
        return rows_schema(control_fields);
    if (!strcmp(r->path, "/v1/keys"))
        return rows_schema(signing_fields);
    if (!strcmp(r->path, "/v1/keys:require"))
        return rows_schema(signing_require_fields);
    return strcmp(r->path, "/v1/session") != 0 ? NULL : rows_schema(session_fields);
}

/* Actions on webhooks: all take nothing but replay. */
static void add_webhook_actions(json_t *paths, const struct route *r)
{
    static const char *const actions[] = {"pause", "resume", "rotate", "test", "replay"};

    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        char path[96];
        char id[48];

        snprintf(path, sizeof path, "/v1/webhooks/{id}/%s", actions[i]);
        snprintf(id, sizeof id, "webhook_%s", actions[i]);
        add_operation(paths, path, METHOD_POST,
                      operation(r, id, r->about,
                                strcmp(actions[i], "replay") != 0
                                    ? NULL
                                    : rows_schema(webhook_replay_fields)));
    }
}

/* What arrives at a webhook (OpenAPI 3.1, top-level `webhooks`). */
static json_t *webhooks_json(void)
{
    json_t *data =
        json_pack("{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, "
                  "s:{s:s}, s:{s:s}, s:{s:s}}}",
                  "type", "object", "properties", "id", "type", "string", "reference", "type",
                  "string", "country", "type", "string", "action", "type", "string", "actor",
                  "type", "string", "from", "type", "string", "state", "type", "string", "version",
                  "type", "integer", "degree", "type", "integer");
    json_t *schema = json_pack("{s:s, s:{s:{s:s}, s:{s:s}, s:o}, s:[s, s, s]}", "type", "object",
                               "properties", "type", "type", "string", "timestamp", "type",
                               "string", "data", data, "required", "type", "timestamp", "data");

    return json_pack(
        "{s:{s:{s:s, s:s, s:{s:o}, s:{s:{s:s}, s:{s:s}}}}}", "event", "post", "operationId",
        "webhook_event", "summary",
        "One event; signed in webhook-signature over webhook-id, webhook-timestamp and "
        "body (Standard Webhooks), at least once under the same webhook-id",
        "requestBody", "content", content("application/json", schema), "responses", "2XX",
        "description", "taken", "410", "description", "disables the webhook");
}

/* One path an action: each has a body of its own. */
static void add_actions(json_t *paths, const struct route *r)
{
    for (unsigned a = ACTION_CLAIM; a < ACTIONS_N; a++) {
        char path[96];

        snprintf(path, sizeof path, "/v1/requests/{id}/%s", action_words[a]);
        add_operation(paths, path, METHOD_POST,
                      operation(r, action_words[a], r->about,
                                rows_schema(transition_fields((enum action)a))));
    }
}

static json_t *paths_json(void)
{
    json_t *paths = json_object();

    for (size_t i = 0; i < routes_n; i++) {
        const struct route *r = &routes[i];
        char name[METHOD_NAME_BYTES];
        char id[48];

        if (!strcmp(r->path, "/v1/webhooks/{id}/{action}")) {
            add_webhook_actions(paths, r);
            continue;
        }
        if (strstr(r->path, "{action}")) {
            add_actions(paths, r);
            continue;
        }
        snprintf(id, sizeof id, "%s_%zu", method_name(r->method, name), i);
        add_operation(paths, r->path, r->method, operation(r, id, r->about, body_of(r)));
    }
    return paths;
}

void openapi_begin(struct task *t)
{
    json_t *doc = json_pack(
        "{s:s, s:{s:s, s:s}, s:o, s:{s:{s:o, s:o, s:o, s:o}, s:{s:{s:s, s:s}, s:{s:s, s:s, s:s, "
        "s:s}, s:{s:s, s:s, s:s, s:s}}}}",
        "openapi", "3.1.0", "info", "title", "Liaison", "version", LIAISON_VERSION, "paths",
        paths_json(), "components", "schemas", "Draft", rows_schema(request_fields), "Assessment",
        assessment_schema(), "Request", resource_schema(), "Problem", problem_schema(),
        "securitySchemes", "bearer", "type", "http", "scheme", "bearer", "session", "type",
        "apiKey", "in", "cookie", "name", COOKIE_NAME, "description",
        "from POST /v1/session; whatever changes something also needs X-CSRF-Token", "signature",
        "type", "apiKey", "in", "header", "name", "Signature", "description",
        "HTTP Message Signatures (RFC 9421), Ed25519, label liaison, with Signature-Input: "
        "@method, "
        "@authority, @path, @query and, where the request has them, content-digest (RFC 9530), "
        "content-type, idempotency-key; created, expires at most 300 s later, nonce of 16 random "
        "bytes or more in base64, keyid as POST /v1/keys gave it, alg ed25519, tag liaison-v1");

    if (!doc)
        bug("openapi_begin");
    json_object_set_new(doc, "webhooks", webhooks_json());
    task_reply_json(t, 200, doc, NULL);
}
