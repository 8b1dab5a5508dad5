#include "daemon/route.h"

#include "daemon/auth.h"
#include "daemon/operations.h"
#include "daemon/pages.h"
#include "daemon/task.h"
#include "protocol/problem.h"

#include <stdio.h>
#include <string.h>

#define COUNTRY (1u << ROLE_COUNTRY)
#define SECRETARIAT (1u << ROLE_SECRETARIAT)
#define COORDINATOR (1u << ROLE_COORDINATOR)
#define OPERATOR (1u << ROLE_OPERATOR)
#define OWNERS (COUNTRY | SECRETARIAT)
#define READERS (COUNTRY | SECRETARIAT | COORDINATOR)
#define ALL (READERS | OPERATOR)

/* clang-format off */
const struct route routes[] = {
    {METHOD_POST, "/v1/requests",                    COUNTRY | ROUTE_QUOTA(QUOTA_SUBMIT), true,  submit_begin,  "Submit a request"},
    {METHOD_POST, "/v1/requests:assess",             COUNTRY | COORDINATOR | ROUTE_QUOTA(QUOTA_ASSESS), true,  assess_begin,  "Where a draft would go and what it resembles; nothing is kept"},
    {METHOD_POST, "/v1/requests:bulk",               COUNTRY | COORDINATOR,  false, bulk_begin,    "Submit many requests, one a line"},
    {METHOD_GET,  "/v1/requests",                    READERS,                false, list_begin,    "List requests"},
    {METHOD_GET,  "/v1/requests/{id}",               READERS,                false, show_begin,    "One request"},
    {METHOD_GET,  "/v1/requests/{id}/history",       READERS,                false, history_begin, "Every transition, oldest first"},
    {METHOD_POST, "/v1/requests/{id}/{action}",      READERS,                true,  act_begin,     "An action of the life cycle"},
    {METHOD_POST, "/v1/attachments",                 COUNTRY,                false, upload_begin,  "A file that a request will refer to: PDF, image or text"},
    {METHOD_GET,  "/v1/requests/{id}/attachments/{file}", READERS,           false, download_begin, "An attachment of a request, as a download"},
    {METHOD_GET,  "/v1/inbox",                       SECRETARIAT | COORDINATOR, false, inbox_begin, "What waits, in working order"},
    {METHOD_GET,  "/v1/absences",                    SECRETARIAT,            false, absences_begin, "Who of this secretariat is away, and who acts for them"},
    {METHOD_POST, "/v1/absences",                    SECRETARIAT,            true,  absence_begin, "An officer is away for a time; claims pass to the deputy"},
    {METHOD_DELETE, "/v1/absences/{id}",             SECRETARIAT,            false, absence_end_begin, "An officer is back, or was not away"},
    {METHOD_GET,  "/v1/events",                      ALL,                    false, events_begin,  "What happens to requests, as it happens"},
    {METHOD_GET,  "/v1/statistics",                  0,                      false, statistics_begin, "How many requests, by stage, theme and region; small counts withheld"},
    {METHOD_GET,  "/v1/queue",                       OPERATOR | COORDINATOR, false, queue_begin,   "Queue health"},
    {METHOD_GET,  "/v1/queue/history",               OPERATOR | COORDINATOR, false, history_of_queues_begin, "Queue health over the last hour, day, week or ninety days"},
    {METHOD_POST, "/v1/queue/pause",                 OPERATOR,               true,  pause_begin,   "Let workers take no more from a queue (route, deliver), or take in no more requests (intake)"},
    {METHOD_POST, "/v1/queue/drain",                 OPERATOR,               true,  drain_begin,   "Take in no more requests and work off what is there"},
    {METHOD_POST, "/v1/queue/resume",                OPERATOR,               true,  resume_begin,  "Let a queue, or all, go on"},
    {METHOD_POST, "/v1/queue/reconcile",             OPERATOR,               true,  reconcile_begin, "Give every submitted request a live entry again, now"},
    {METHOD_POST, "/v1/queue/rebuild",               OPERATOR,               true,  rebuild_begin, "Let workers build the duplicates' index anew from the store"},
    {METHOD_POST, "/v1/workers/{id}/quiet",          OPERATOR,               true,  quiet_begin,   "Let a worker begin nothing new, until it is resumed or starts again"},
    {METHOD_POST, "/v1/workers/{id}/resume",         OPERATOR,               true,  unquiet_begin, "Let a quiet worker go on"},
    {METHOD_GET,  "/v1/dead-letters",                OPERATOR,               false, dead_begin,    "Requests that the router gave up, and notices that could not be delivered"},
    {METHOD_POST, "/v1/dead-letters/{id}/requeue",   OPERATOR,               true,  requeue_begin, "Give a dead letter new attempts"},
    {METHOD_GET,  "/v1/dead-letters/{id}",           OPERATOR,               false, dead_show_begin, "Why a dead letter was given up; no content"},
    {METHOD_DELETE, "/v1/dead-letters/{id}",         OPERATOR,               false, dead_delete_begin, "Give up a dead letter for good: a notice is dropped, a request goes to the coordinator's desk"},
    {METHOD_POST, "/v1/webhooks",                    OWNERS,                 true,  webhook_create_begin, "Be told of events at an address; the answer shows the secret, once"},
    {METHOD_GET,  "/v1/webhooks",                    OWNERS,                 false, webhooks_begin, "The own webhooks"},
    {METHOD_GET,  "/v1/webhooks/{id}",               OWNERS,                 false, webhook_show_begin, "One webhook"},
    {METHOD_DELETE, "/v1/webhooks/{id}",             OWNERS,                 false, webhook_delete_begin, "Be told no more"},
    {METHOD_GET,  "/v1/webhooks/{id}/deliveries",    OWNERS,                 false, deliveries_begin, "What was sent there, the newest first, with the last answer"},
    {METHOD_POST, "/v1/webhooks/{id}/{action}",      OWNERS,                 true,  webhook_act_begin, "pause, resume, rotate the secrets, test, or replay deliveries"},
    {METHOD_GET,  "/v1/secretariats",                ALL,                    false, secretariats_begin, "The secretariats"},
    {METHOD_GET,  "/v1/themes",                      ALL,                    false, themes_begin,  "The topics"},
    {METHOD_GET,  "/v1/countries",                   ALL,                    false, countries_begin, "The countries"},
    {METHOD_POST, "/v1/session",                     0,                      true,  session_begin, "Sign a browser in with a token"},
    {METHOD_GET,  "/v1/session",                     ALL,                    false, session_show_begin, "Who is signed in, and until when"},
    {METHOD_DELETE, "/v1/session",                   ALL,                    false, session_end_begin, "Sign a browser out"},
    {METHOD_POST, "/v1/keys",                        OWNERS,                 true,  key_register_begin, "Register an Ed25519 key that requests are signed with"},
    {METHOD_GET,  "/v1/keys",                        OWNERS,                 false, keys_begin,    "The own keys, and whether requests must be signed"},
    {METHOD_DELETE, "/v1/keys/{id}",                 OWNERS,                 false, key_revoke_begin, "Revoke a key: nothing that it signs counts any more"},
    {METHOD_POST, "/v1/keys:require",                OWNERS,                 true,  keys_require_begin, "Say, signed, that the own requests count only when signed, or that they need not be"},
    {METHOD_GET,  "/v1/audit/checkpoint",            0,                      false, checkpoint_begin, "The last signed head of the audit log"},
    {METHOD_GET,  "/livez",                          0,                      false, livez_begin,   "The process answers"},
    {METHOD_GET,  "/readyz",                         0,                      false, readyz_begin,  "Requests are accepted"},
    {METHOD_GET,  "/metrics",                        0,                      false, metrics_begin, "Prometheus metrics; loopback or operator"},
    {METHOD_GET,  "/openapi.json",                   0,                      false, openapi_begin, "This description"},
    {METHOD_GET,  "/",                               0,                      false, front_begin,   "What this is"},
    {METHOD_GET,  "/{page}",                         0,                      false, page_begin,    "The web pages: a path that they have"},
};
/* clang-format on */
const size_t routes_n = sizeof routes / sizeof routes[0];

/* --- finding --------------------------------------------------------------------------------- */

static bool segment_take(const char **path, const char **ret_text, size_t *ret_n)
{
    if (**path != '/')
        return false;
    *ret_text = *path + 1;
    *ret_n = strcspn(*ret_text, "/");
    *path = *ret_text + *ret_n;
    return true;
}

static bool param_keep(const char *text, size_t n, char *out)
{
    if (n == 0 || n >= TASK_PARAM_BYTES)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

/* id and action (TASK_PARAM_BYTES each) receive what stands for {id} and for {action} or {file}. */
static bool route_matches(const struct app *app, const struct route *route, const char *path,
                          char *id, char *action)
{
    const char *pattern = route->path;
    const char *want, *have;
    size_t want_n, have_n;

    *id = *action = '\0';
    if (!strcmp(pattern, "/{page}")) /* of any depth */
        return pages_find(app->pages, path) != NULL;
    while (*pattern || *path) {
        if (!segment_take(&pattern, &want, &want_n) || !segment_take(&path, &have, &have_n))
            return false;
        if (!strncmp(want, "{id}", want_n) && want_n == 4) {
            if (!param_keep(have, have_n, id))
                return false;
        } else if ((want_n == 8 && !strncmp(want, "{action}", want_n)) ||
                   (want_n == 6 && !strncmp(want, "{file}", want_n))) {
            if (!param_keep(have, have_n, action))
                return false;
        } else if (want_n != have_n || strncmp(want, have, want_n) != 0) {
            return false;
        }
    }
    return true;
}

struct match {
    const struct route *route; /* NULL: see allowed */
    char id[TASK_PARAM_BYTES];
    char action[TASK_PARAM_BYTES];
    char allowed[64]; /* methods of this path, "" when there is no such path */
};

static void match_find(const struct app *app, const struct http_exchange *http, struct match *m)
{
    enum head_method method = http_method(http);
    char path[256];

    *m = (struct match){0};
    if (!head_path_decode(http_head(http), path, sizeof path))
        return;
    for (size_t i = 0; i < routes_n; i++) {
        char id[TASK_PARAM_BYTES], action[TASK_PARAM_BYTES];
        size_t n = strlen(m->allowed);

        if (!route_matches(app, &routes[i], path, id, action))
            continue;
        if (routes[i].method == method ||
            (method == METHOD_HEAD && routes[i].method == METHOD_GET)) {
            m->route = &routes[i];
            memcpy(m->id, id, sizeof id);
            memcpy(m->action, action, sizeof action);
            return;
        }
        snprintf(m->allowed + n, sizeof m->allowed - n, "%s%s%s", n ? ", " : "",
                 head_method_name(routes[i].method),
                 routes[i].method == METHOD_GET ? ", HEAD" : "");
    }
}

/* --- the hooks ------------------------------------------------------------------------------- */

/* Bodies that are no JSON document: what they are, and how long they may be. The operation takes
 * them piece by piece. */
static const struct body {
    const char *path, *media; /* media NULL: any */
    size_t bytes;
} bodies[] = {
    {"/v1/requests:bulk", "application/x-ndjson", 8 << 20 },
    {"/v1/attachments",   NULL,                   10 << 20}, /* what it is shows by itself */
};

static const struct body *route_body(const struct route *r)
{
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        if (r->method == METHOD_POST && !strcmp(r->path, bodies[i].path))
            return &bodies[i];
    return NULL;
}

static bool is_media(const struct head *head, const char *media)
{
    const struct head_slice *type = head_find(head, "Content-Type");
    size_t n = strlen(media);

    if (head->content_length == 0) /* without a body the type says nothing */
        return true;
    return type && type->bytes >= n && !strncasecmp(type->text, media, n) &&
           (type->bytes == n || type->text[n] == ';' || type->text[n] == ' ');
}

static const char media_json[] = "application/json";

static bool refuse(struct app *app, struct http_exchange *http, enum err_code code)
{
    task_refuse(app, http, code, problem_type(code), NULL);
    return false;
}

bool route_admit(struct http_exchange *http, size_t *ret_body_bytes, void *arg)
{
    struct app *app = arg;
    const struct head *head = http_head(http);
    const struct body *body;
    const char *media;
    struct match m;

    match_find(app, http, &m);
    if (!m.route && *m.allowed) {
        http_add_header(http, "Allow", m.allowed);
        task_refuse(app, http, ERR_METHOD, "method",
                    (struct word_value[]){
                        {"allowed", m.allowed},
                        {NULL,      NULL     }
        });
        return false;
    }
    if (!m.route)
        return refuse(app, http, ERR_NOT_FOUND);
    /* Without any credential no body is read. */
    if (m.route->roles && !auth_is_offered(head))
        return refuse(app, http, ERR_UNAUTHENTICATED);
    body = route_body(m.route);
    media = body ? body->media : media_json;
    if ((body || m.route->takes_json) && media && !is_media(head, media)) {
        task_refuse(app, http, ERR_MEDIA_TYPE, media,
                    (struct word_value[]){
                        {"media", media},
                        {NULL,    NULL }
        });
        return false;
    }
    if (body)
        http_body_defer(http);
    *ret_body_bytes = body ? body->bytes : (size_t)app->settings.body_bytes;
    return true;
}

static void route_begin(struct task *t, const struct err *e)
{
    struct err fault = *e;

    if (fault.code == ERR_OK)
        fault.code = quota_take(t->app->quota, t, &fault);
    if (fault.code == ERR_OK && t->route->roles && !(t->route->roles & 1u << t->who.role))
        err_set(&fault, ERR_FORBIDDEN, "role %s", role_words[t->who.role]);
    if (fault.code == ERR_OK && t->route->roles)
        fault.code = auth_permit(t, &fault);
    if (fault.code == ERR_OK && t->route->takes_json)
        fault.code = task_read_idempotency(t, &fault);
    if (fault.code != ERR_OK)
        task_problem(t, &fault);
    else
        t->route->begin(t);
}

void route_dispatch(struct http_exchange *http, void *arg)
{
    struct app *app = arg;
    struct match m;
    struct task *t;

    match_find(app, http, &m);
    t = task_new(app, http, m.route);
    memcpy(t->id, m.id, sizeof t->id);
    memcpy(t->action, m.action, sizeof t->action);
    if (t->route->roles)
        auth_check(app->auth, t, route_begin);
    else
        route_begin(t, &(struct err){0});
}

void route_problem(struct http_exchange *http, int status, const char *reason, void *arg)
{
    struct app *app = arg;
    const struct body *body;
    struct match m;
    char limit[24];

    match_find(app, http, &m);
    body = m.route ? route_body(m.route) : NULL;
    snprintf(limit, sizeof limit, "%lld",
             body ? (long long)body->bytes : (long long)app->settings.body_bytes);
    task_refuse(app, http, problem_of_status(status), reason,
                status == 413 ? (struct word_value[]){{"limit", limit}, {NULL, NULL}} : NULL);
}
