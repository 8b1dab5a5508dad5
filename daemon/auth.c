/* From the head to a principal:
 *
 *   auth_check -> bearer --------> auth_check_token -> (auth_known) -> judge -> then
 *              \-> cookie -> (session_known) -> the token it was opened with -/
 *              \-> signature -> signed.c ------------------------------> then
 *                                                      wrong -> auth_failed -> then
 *
 * Who is wrong too often is answered with 429, but a right token is never refused because others
 * were wrong: a secret of 256 bits cannot be guessed, so the limit protects the store and the log,
 * not the secret, and must not lock anybody out. For an address that was wrong too often only so
 * many unknown credentials a second are looked up; who was right a while ago is not among them. */
#include "daemon/auth.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/hash.h"
#include "daemon/limit.h"
#include "daemon/operations.h"
#include "daemon/peer.h"
#include "daemon/route.h"
#include "daemon/signed.h"
#include "daemon/task.h"
#include "protocol/cookie.h"
#include "store/reseal_store.h"
#include "store/session_store.h"
#include "store/token_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REMEMBERED_MAX = 4096,
    REMEMBERED_MS = 5000,
    WINDOW_MS = 60000,
    CALLERS_MAX = 16384,
    DOUBTFUL_PER_S = 200 /* look-ups for addresses that were wrong too often */
};

struct remembered {
    UT_hash_handle hh;
    char id[TOKEN_ID_BYTES];
    struct credential credential;
    int64_t until_mono_ms;
};

struct remembered_session {
    UT_hash_handle hh;
    char hash[COOKIE_HASH_BYTES];
    struct session session;
    int64_t until_mono_ms;
};

struct auth {
    struct app *app;                     /* borrowed */
    struct remembered *known;            /* by token id */
    struct remembered_session *sessions; /* by hash of the cookie */
    struct limit *failures;              /* of an address, "a <address>", or of a token, "t <id>" */
    struct limit *doubtful;              /* one bucket for all */
    struct signed_keys *signers;         /* owned */
    struct auth_stats stats;
};

struct auth *auth_new(struct app *app)
{
    struct auth *a = mem_new(1, sizeof *a);

    a->app = app;
    a->failures = limit_new(WINDOW_MS, CALLERS_MAX);
    a->doubtful = limit_new(1000, 1);
    a->signers = signed_keys_new();
    return a;
}

static void forget_tokens(struct auth *a)
{
    struct remembered *r, *next;

    HASH_ITER (hh, a->known, r, next) {
        HASH_DEL(a->known, r);
        free(r);
    }
}

static void forget_sessions(struct auth *a)
{
    struct remembered_session *r, *next;

    HASH_ITER (hh, a->sessions, r, next) {
        HASH_DEL(a->sessions, r);
        free(r);
    }
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    forget_tokens(a);
    forget_sessions(a);
    limit_free(a->failures);
    limit_free(a->doubtful);
    signed_keys_free(a->signers);
    free(a);
}

void auth_stats(const struct auth *a, struct auth_stats *ret_stats)
{
    *ret_stats = a->stats;
}

static void remember(struct auth *a, const char *id, const struct credential *c)
{
    struct remembered *r;

    HASH_FIND_STR(a->known, id, r);
    if (!r) {
        if (HASH_COUNT(a->known) >= REMEMBERED_MAX)
            forget_tokens(a);
        r = mem_new(1, sizeof *r);
        snprintf(r->id, sizeof r->id, "%s", id);
        HASH_ADD_STR(a->known, id, r);
    }
    r->credential = *c;
    r->until_mono_ms = clock_mono_ms() + REMEMBERED_MS;
}

static void remember_session(struct auth *a, const char *hash, const struct session *session)
{
    struct remembered_session *r;

    HASH_FIND_STR(a->sessions, hash, r);
    if (!r) {
        if (HASH_COUNT(a->sessions) >= REMEMBERED_MAX)
            forget_sessions(a);
        r = mem_new(1, sizeof *r);
        snprintf(r->hash, sizeof r->hash, "%s", hash);
        HASH_ADD_STR(a->sessions, hash, r);
    }
    r->session = *session;
    r->until_mono_ms = clock_mono_ms() + REMEMBERED_MS;
}

void auth_forget_session(struct auth *a, const char *cookie)
{
    struct remembered_session *r;
    char hash[COOKIE_HASH_BYTES];

    cookie_hash(a->app->ring, cookie, hash);
    HASH_FIND_STR(a->sessions, hash, r);
    if (!r)
        return;
    HASH_DEL(a->sessions, r);
    free(r);
}

/* --- being wrong ----------------------------------------------------------------------------- */

static bool address_of(const struct task *t, char out[LIMIT_WHO_BYTES])
{
    memcpy(out, "a ", 3);
    return peer_group(http_peer_of(t->http), out + 2, LIMIT_WHO_BYTES - 2);
}

struct failure {
    struct auth *auth;
    char who[LIMIT_WHO_BYTES];
};

/* Other daemons have seen it, too. */
static void failure_counted(void *arg, int64_t n, int64_t left_ms, const struct err *e)
{
    struct failure f = *(struct failure *)arg;
    int64_t quota = f.auth->app->settings.failures_per_minute;

    free(arg);
    if (e->code == ERR_OK && quota && n >= quota && left_ms > 0)
        limit_close(f.auth->failures, f.who, quota, left_ms, clock_mono_ms());
}

static void failure_tell(struct auth *a, const char *who)
{
    struct failure *f = mem_new(1, sizeof *f);

    *f = (struct failure){.auth = a};
    snprintf(f->who, sizeof f->who, "%s", who);
    session_store_failed(a->app->store, f->who + 2, WINDOW_MS, failure_counted, f);
}

/* Counts a wrong credential. id: of the token whose secret was wrong, NULL: unknown. */
static enum err_code auth_failed(struct auth *a, struct task *t, const char *id, struct err *e)
{
    int64_t quota = a->app->settings.failures_per_minute;
    int64_t now_ms = clock_mono_ms();
    struct limit_state address = {0};
    struct limit_state token = {0};
    char who[LIMIT_WHO_BYTES];
    char of_token[LIMIT_WHO_BYTES];

    a->stats.failed_n++;
    if (quota && address_of(t, who)) {
        address = limit_take(a->failures, who, quota, now_ms);
        if (!address.is_over) /* so at most quota writes a minute and address */
            failure_tell(a, who);
    }
    if (quota && id) {
        snprintf(of_token, sizeof of_token, "t %s", id);
        token = limit_take(a->failures, of_token, quota, now_ms);
    }
    if (!address.is_over && !token.is_over)
        return err_set(e, ERR_UNAUTHENTICATED, "credential not valid");
    a->stats.refused_n++;
    t->retry_s = (int)((address.is_over ? address.wait_ms : token.wait_ms) + 999) / 1000;
    t->violated = "sign-in";
    return err_set(e, ERR_QUOTA, "too many credentials that are not valid");
}

/* Whether the store is asked about a credential that nobody here remembers. */
static bool may_look_up(struct auth *a, const struct task *t)
{
    int64_t quota = a->app->settings.failures_per_minute;
    int64_t now_ms = clock_mono_ms();
    char who[LIMIT_WHO_BYTES];

    return !quota || !address_of(t, who) || !limit_look(a->failures, who, quota, now_ms).is_over ||
           !limit_take(a->doubtful, "", DOUBTFUL_PER_S, now_ms).is_over;
}

/* --- tokens ---------------------------------------------------------------------------------- */

static bool holds(const struct credential *c)
{
    return !c->revoked && c->expires_ms > clock_now_ms();
}

/* token NULL: a session shows that its secret was known. An unknown id costs the same work. */
static bool judge(const struct auth *a, const struct token *token, const struct credential *c)
{
    static const struct credential nobody = {.kid = 0};
    const struct credential *known = c ? c : &nobody;
    uint8_t digest[TOKEN_DIGEST_BYTES];
    bool same = !token;

    if (token) {
        same = token_digest(a->app->ring, c ? c->kid : keyring_active(a->app->ring), token, digest);
        same &= sodium_memcmp(digest, known->digest, sizeof digest) == 0;
    }
    return c && same && holds(c);
}

/* Its secret is known for a moment: the time to hash it with the key that is active now. */
static void rehash(const struct auth *a, const struct token *token, const struct credential *c)
{
    uint32_t kid = keyring_active(a->app->ring);
    uint8_t fresh[TOKEN_DIGEST_BYTES];

    if (c->kid != kid && token_digest(a->app->ring, kid, token, fresh))
        reseal_store_token(a->app->store, token->id, c->digest, fresh);
}

static void admit(struct task *t, const char *id, const struct credential *c)
{
    t->who = c->who;
    t->scopes = c->scopes;
    snprintf(t->token, sizeof t->token, "%s", id);
    snprintf(t->officer, sizeof t->officer, "%s", c->officer);
}

struct check {
    struct auth *auth;
    struct task *task;
    auth_then_fn then;
    char id[TOKEN_ID_BYTES];
    struct token token;
    bool has_token; /* else a session's, by its id */
};

static struct check *check_new(struct auth *a, struct task *t, auth_then_fn then, const char *id,
                               const struct token *token)
{
    struct check *check = mem_new(1, sizeof *check);

    *check = (struct check){.auth = a, .task = t, .then = then, .has_token = token != NULL};
    snprintf(check->id, sizeof check->id, "%s", id);
    if (token)
        check->token = *token;
    return check;
}

static void check_end(struct check *check, const struct err *e)
{
    struct task *t = check->task;
    auth_then_fn then = check->then;

    sodium_memzero(check, sizeof *check);
    free(check);
    then(t, e);
}

/* c NULL: there is none. is_fresh: the store has just said so. */
static void check_judge(struct check *check, const struct credential *c, bool is_fresh)
{
    struct auth *a = check->auth;
    struct err fault = {0};

    if (!judge(a, check->has_token ? &check->token : NULL, c))
        fault.code = auth_failed(a, check->task, c ? check->id : NULL, &fault);
    else if (c->must_sign)
        fault.code = signed_refuse(check->task, SIGNATURE_MISSING, &fault);
    else
        admit(check->task, check->id, c);
    if (fault.code == ERR_OK && check->has_token && is_fresh)
        rehash(a, &check->token, c);
    check_end(check, &fault);
}

static void auth_known(void *arg, const struct credential *c, const struct err *e)
{
    struct check *check = arg;

    if (!c && e->code != ERR_NOT_FOUND) {
        check_end(check, e);
        return;
    }
    if (c)
        remember(check->auth, check->id, c);
    check_judge(check, c, true);
}

static void check_begin(struct check *check)
{
    struct auth *a = check->auth;
    struct remembered *r = NULL;
    struct err fault = {0};

    HASH_FIND_STR(a->known, check->id, r);
    if (r && r->until_mono_ms > clock_mono_ms()) {
        check_judge(check, &r->credential, false);
    } else if (check->has_token && !(r && judge(a, &check->token, &r->credential)) &&
               !may_look_up(a, check->task)) {
        fault.code = auth_failed(a, check->task, NULL, &fault);
        check_end(check, &fault);
    } else {
        token_store_get(a->app->store, check->id, auth_known, check);
    }
}

void auth_check_token(struct auth *a, struct task *t, const struct token *token, auth_then_fn then)
{
    struct err fault = {0};

    if (token) {
        check_begin(check_new(a, t, then, token->id, token));
        return;
    }
    fault.code = auth_failed(a, t, NULL, &fault);
    then(t, &fault);
}

/* --- sessions -------------------------------------------------------------------------------- */

struct session_check {
    struct auth *auth;
    struct task *task;
    auth_then_fn then;
    char cookie[COOKIE_BYTES];
};

static void session_admitted(struct session_check *check, const struct session *session)
{
    struct session_check c = *check;

    sodium_memzero(check, sizeof *check);
    free(check);
    c.task->cookie = mem_text(c.cookie);
    c.task->session_until_ms = session->until_ms;
    sodium_memzero(c.cookie, sizeof c.cookie);
    check_begin(check_new(c.auth, c.task, c.then, session->token, NULL));
}

static void session_known(void *arg, const struct session *session, const struct err *e)
{
    struct session_check *check = arg;
    char hash[COOKIE_HASH_BYTES];
    struct err fault = *e;

    if (session) {
        cookie_hash(check->auth->app->ring, check->cookie, hash);
        remember_session(check->auth, hash, session);
        session_admitted(check, session);
        return;
    }
    if (fault.code == ERR_NOT_FOUND)
        fault.code = auth_failed(check->auth, check->task, NULL, &fault);
    check->then(check->task, &fault);
    sodium_memzero(check, sizeof *check);
    free(check);
}

static void auth_check_cookie(struct auth *a, struct task *t, const char *cookie, auth_then_fn then)
{
    struct session_check *check = NULL;
    struct remembered_session *r = NULL;
    char hash[COOKIE_HASH_BYTES];
    struct err fault = {0};

    cookie_hash(a->app->ring, cookie, hash);
    HASH_FIND_STR(a->sessions, hash, r);
    if (!r && !may_look_up(a, t)) {
        fault.code = auth_failed(a, t, NULL, &fault);
        then(t, &fault);
        return;
    }
    check = mem_new(1, sizeof *check);
    *check = (struct session_check){.auth = a, .task = t, .then = then};
    snprintf(check->cookie, sizeof check->cookie, "%s", cookie);
    if (r && r->until_mono_ms > clock_mono_ms() && r->session.until_ms > clock_now_ms())
        session_admitted(check, &r->session);
    else
        session_store_seen(a->app->store, cookie, session_known, check);
}

/* --- the head -------------------------------------------------------------------------------- */

bool auth_is_offered(const struct head *head)
{
    const struct head_slice *cookies = head_find(head, "Cookie");
    char cookie[COOKIE_BYTES];
    bool found = cookies && cookie_read(cookies->text, cookies->bytes, cookie) != COOKIE_ABSENT;

    sodium_memzero(cookie, sizeof cookie);
    return found || head_find(head, "Authorization") || signed_is_offered(head);
}

static bool bearer_read(const struct head *head, struct token *ret_token)
{
    const struct head_slice *value = head_find(head, "Authorization");

    return head_count(head, "Authorization") == 1 && value->bytes > 7 &&
           !strncasecmp(value->text, "Bearer ", 7) &&
           token_read(value->text + 7, value->bytes - 7, ret_token);
}

static const struct signed_hooks signed_hooks = {.failed = auth_failed, .may_look_up = may_look_up};

void auth_check(struct auth *a, struct task *t, auth_then_fn then)
{
    const struct head *head = http_head(t->http);
    const struct head_slice *cookies = head_find(head, "Cookie");
    char cookie[COOKIE_BYTES];
    struct token token;
    bool good;

    if (!auth_is_offered(head)) {
        then(t, &(struct err){ERR_UNAUTHENTICATED, "no credential"});
    } else if (signed_is_offered(head)) { /* .. nor of this */
        signed_begin(a->signers, a, &signed_hooks, t, then);
    } else if (head_find(head, "Authorization")) { /* such a request's cookies are not read */
        good = bearer_read(head, &token);
        auth_check_token(a, t, good ? &token : NULL, then);
        sodium_memzero(&token, sizeof token);
    } else if (head_count(head, "Cookie") == 1 &&
               cookie_read(cookies->text, cookies->bytes, cookie) == COOKIE_FOUND) {
        auth_check_cookie(a, t, cookie, then);
        sodium_memzero(cookie, sizeof cookie);
    } else {
        auth_check_token(a, t, NULL, then);
    }
}

/* --- what may be done ------------------------------------------------------------------------ */

static bool is_safe(enum head_method method)
{
    return method == METHOD_GET || method == METHOD_HEAD || method == METHOD_OPTIONS;
}

bool auth_is_same_site(const struct head *head)
{
    const struct head_slice *fetch = head_find(head, "Sec-Fetch-Site");
    const struct head_slice *origin = head_find(head, "Origin");
    const struct head_slice *host = head_find(head, "Host");
    static const char *const schemes[] = {"https://", "http://"};

    if (fetch && (head_count(head, "Sec-Fetch-Site") > 1 || !head_slice_is(fetch, "same-origin")))
        return false;
    if (!origin)
        return fetch != NULL;
    for (size_t i = 0; host && i < 2; i++) {
        size_t n = strlen(schemes[i]);

        if (head_count(head, "Origin") == 1 && origin->bytes == n + host->bytes &&
            !memcmp(origin->text, schemes[i], n) &&
            !strncasecmp(origin->text + n, host->text, host->bytes))
            return true;
    }
    return false;
}

static bool csrf_fits(const struct task *t)
{
    const struct head *head = http_head(t->http);
    const struct head_slice *given = head_find(head, "X-CSRF-Token");

    return given && head_count(head, "X-CSRF-Token") == 1 &&
           cookie_csrf_fits(t->app->ring, t->cookie, given->text, given->bytes);
}

enum err_code auth_permit(struct task *t, struct err *e)
{
    const struct head *head = http_head(t->http);

    if (is_safe(head->method))
        return ERR_OK;
    if (t->cookie && (!auth_is_same_site(head) || !csrf_fits(t))) {
        t->variant = "csrf";
        return err_set(e, ERR_FORBIDDEN, "not from a page of ours");
    }
    if (!(t->scopes & TOKEN_WRITE) && t->route->begin != session_end_begin) {
        t->variant = "scope";
        return err_set(e, ERR_FORBIDDEN, "the token only reads");
    }
    return ERR_OK;
}
