/* POST, GET and DELETE /v1/session: browsers sign in with a token, and out.
 *
 *   session_begin -> session_allowed -> session_opened            the token is right -> a cookie
 *   session_end_begin -> session_ended
 *
 * A sign-in always makes a new session: nothing that a browser brought along goes on. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/auth.h"
#include "daemon/session.h"
#include "daemon/task.h"
#include "protocol/cookie.h"
#include "store/session_store.h"

#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void session_allowed(struct task *t, const struct err *e);
static void session_opened(void *arg, const struct err *e);
static void session_ended(void *arg, const struct err *e);

struct sign_in {
    const char *token; /* borrowed from the document */
};

const struct field session_fields[] = {
    {"token", FIELD_TEXT, true, 0,        1,           200, NULL, NULL, offsetof(struct sign_in, token),
     "an access token"},
    {NULL,       0,              false,           0, 0, 0,   NULL,      NULL,    0,                  NULL                   }
};

static json_t *session_json(const struct task *t)
{
    char who[PRINCIPAL_TEXT_BYTES];
    char csrf[COOKIE_HASH_BYTES], until[CLOCK_TEXT_BYTES];
    json_t *scopes = json_array();
    json_t *doc;

    for (unsigned i = 0; token_scope_words[i]; i++)
        if (t->scopes & 1u << i)
            json_array_append_new(scopes, json_string(token_scope_words[i]));
    doc = json_pack("{s:s, s:s, s:s?, s:s, s:o}", "who", principal_text(&t->who, who), "role",
                    role_words[t->who.role], "of", *t->who.of ? t->who.of : NULL, "token", t->token,
                    "scopes", scopes);
    if (!doc)
        bug("session_json");
    if (*t->officer)
        json_object_set_new(doc, "officer", json_string(t->officer));
    if (t->cookie) {
        cookie_csrf(t->app->ring, t->cookie, csrf);
        json_object_set_new(doc, "csrf_token", json_string(csrf));
        json_object_set_new(doc, "until", json_string(clock_text(t->session_until_ms, until)));
        json_object_set_new(doc, "idle_seconds", json_integer(SESSION_SURE_MS / 1000));
    }
    return doc;
}

void session_begin(struct task *t)
{
    struct faults faults = {0};
    struct sign_in in = {NULL};
    json_auto_t *doc = NULL;
    struct token token;
    struct err e = {0};

    /* A page elsewhere must not sign somebody in as somebody else. */
    if (head_find(http_head(t->http), "Origin") && !auth_is_same_site(http_head(t->http))) {
        t->variant = "csrf";
        task_problem(t, &(struct err){ERR_FORBIDDEN, "not from a page of ours"});
        return;
    }
    if (task_read_json(t, true, &doc, &faults, &e) != ERR_OK ||
        !field_decode(doc, "#", session_fields, &t->app->codes, &in, &faults)) {
        if (e.code == ERR_OK)
            err_set(&e, ERR_VALIDATION, "sign-in");
        task_faults(t, &e, &faults);
        return;
    }
    auth_check_token(t->app->auth, t,
                     token_read(in.token, strlen(in.token), &token) ? &token : NULL,
                     session_allowed);
    sodium_memzero(&token, sizeof token);
}

static void session_allowed(struct task *t, const struct err *e)
{
    struct session session = {.who = t->who, .since_ms = clock_now_ms()};
    char hash[COOKIE_HASH_BYTES];

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    snprintf(session.token, sizeof session.token, "%.16s", t->token);
    session.until_ms = session.since_ms + SESSION_TOTAL_MS;
    t->cookie = mem_new(COOKIE_BYTES, 1);
    t->session_until_ms = session.until_ms;
    cookie_new(t->cookie);
    cookie_hash(t->app->ring, t->cookie, hash);
    session_store_open(t->app->store, hash, &session, session_opened, t);
}

static void session_opened(void *arg, const struct err *e)
{
    struct task *t = arg;
    char header[COOKIE_HEADER_BYTES];

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    cookie_header(t->cookie, header);
    http_add_header(t->http, "Set-Cookie", header);
    sodium_memzero(header, sizeof header);
    task_reply_json(t, 201, session_json(t), NULL);
}

void session_show_begin(struct task *t)
{
    task_reply_json(t, 200, session_json(t), NULL);
}

void session_end_begin(struct task *t)
{
    if (!t->cookie) { /* a token ends with `liaison token revoke` */
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no session"});
        return;
    }
    auth_forget_session(t->app->auth, t->cookie);
    session_store_close(t->app->store, t->cookie, session_ended, t);
}

static void session_ended(void *arg, const struct err *e)
{
    struct task *t = arg;
    char header[COOKIE_HEADER_BYTES];

    if (e->code != ERR_OK && e->code != ERR_NOT_FOUND) {
        task_problem(t, e);
        return;
    }
    cookie_header(NULL, header);
    http_add_header(t->http, "Set-Cookie", header);
    task_reply_text(t, 204, NULL, "");
}
