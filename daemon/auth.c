#include "daemon/auth.h"

#include "base/clock.h"
#include "config/hash.h"
#include "daemon/task.h"
#include "protocol/token.h"
#include "store/token_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REMEMBERED_MAX = 4096, REMEMBERED_MS = 5000 };

struct remembered {
    UT_hash_handle hh;
    char id[TOKEN_ID_BYTES];
    struct credential credential;
    int64_t until_mono_ms;
};

struct auth {
    struct app *app;          /* borrowed */
    struct remembered *known; /* by token id */
};

struct auth *auth_new(struct app *app)
{
    struct auth *a = mem_new(1, sizeof *a);

    a->app = app;
    return a;
}

static void forget_all(struct auth *a)
{
    struct remembered *r, *next;

    HASH_ITER (hh, a->known, r, next) {
        HASH_DEL(a->known, r);
        free(r);
    }
}

void auth_free(struct auth *a)
{
    if (!a)
        return;
    forget_all(a);
    free(a);
}

static void remember(struct auth *a, const char *id, const struct credential *c)
{
    struct remembered *r;

    HASH_FIND_STR(a->known, id, r);
    if (!r) {
        if (HASH_COUNT(a->known) >= REMEMBERED_MAX)
            forget_all(a);
        r = mem_new(1, sizeof *r);
        snprintf(r->id, sizeof r->id, "%s", id);
        HASH_ADD_STR(a->known, id, r);
    }
    r->credential = *c;
    r->until_mono_ms = clock_mono_ms() + REMEMBERED_MS;
}

struct check {
    struct auth *auth;
    struct task *task;
    auth_then_fn then;
    struct token token;
};

static enum err_code judge(const struct auth *a, const struct token *t, const struct credential *c,
                           struct err *e)
{
    static const struct credential nobody; /* an unknown id costs the same work */
    const struct credential *known = c ? c : &nobody;
    uint8_t digest[TOKEN_DIGEST_BYTES];
    bool same;

    token_digest(a->app->ring, t, digest);
    same = sodium_memcmp(digest, known->digest, sizeof digest) == 0;
    if (!c || !same || known->revoked || known->expires_ms <= clock_now_ms())
        return err_set(e, ERR_UNAUTHENTICATED, "token not valid");
    return ERR_OK;
}

static void auth_known(void *arg, const struct credential *c, const struct err *e)
{
    struct check *check = arg;
    struct check k = *check;
    struct err fault = {0};

    sodium_memzero(check, sizeof *check);
    free(check);
    if (!c && e->code != ERR_NOT_FOUND)
        fault = *e;
    else if (judge(k.auth, &k.token, c, &fault) == ERR_OK) {
        remember(k.auth, k.token.id, c);
        k.task->who = c->who;
    }
    sodium_memzero(&k.token, sizeof k.token);
    k.then(k.task, &fault);
}

static bool bearer_read(const struct task *t, struct token *ret_token)
{
    const struct head *head = http_head(t->http);
    const struct head_slice *value = head_find(head, "Authorization");

    return value && head_count(head, "Authorization") == 1 && value->bytes > 7 &&
           !strncasecmp(value->text, "Bearer ", 7) &&
           token_read(value->text + 7, value->bytes - 7, ret_token);
}

void auth_check(struct auth *a, struct task *t, auth_then_fn then)
{
    struct remembered *r = NULL;
    struct check *check;
    struct token token;
    struct err fault = {0};

    if (!bearer_read(t, &token)) {
        then(t, &(struct err){ERR_UNAUTHENTICATED, "no token"});
        return;
    }
    HASH_FIND_STR(a->known, token.id, r);
    if (r && r->until_mono_ms > clock_mono_ms()) {
        if (judge(a, &token, &r->credential, &fault) == ERR_OK)
            t->who = r->credential.who;
        sodium_memzero(&token, sizeof token);
        then(t, &fault);
        return;
    }
    check = mem_new(1, sizeof *check);
    *check = (struct check){a, t, then, token};
    sodium_memzero(&token, sizeof token);
    token_store_get(a->app->store, check->token.id, auth_known, check);
}
