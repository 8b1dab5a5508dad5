#include "daemon/signed.h"

#include "base/clock.h"
#include "config/hash.h"
#include "daemon/operations.h"
#include "daemon/route.h"
#include "daemon/task.h"
#include "protocol/token.h"
#include "store/signing_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REMEMBERED_MAX = 4096,
    REMEMBERED_MS = 5000,
    NONCE_MS = 360000, /* longer than a signature can hold: SIGNATURE_VALID_S and skew */
    NAME_BYTES = 33
};

struct remembered {
    UT_hash_handle hh;
    char id[SIGNING_ID_BYTES];
    struct signer signer;
    int64_t until_mono_ms;
};

struct signed_keys {
    struct remembered *known; /* by id */
};

struct signed_keys *signed_keys_new(void)
{
    return mem_new(1, sizeof(struct signed_keys));
}

static void keys_forget(struct signed_keys *k)
{
    struct remembered *r, *next;

    HASH_ITER (hh, k->known, r, next) {
        HASH_DEL(k->known, r);
        free(r);
    }
}

void signed_keys_free(struct signed_keys *k)
{
    if (!k)
        return;
    keys_forget(k);
    free(k);
}

static void keys_remember(struct signed_keys *k, const char *id, const struct signer *signer)
{
    struct remembered *r;

    HASH_FIND_STR(k->known, id, r);
    if (!r) {
        if (HASH_COUNT(k->known) >= REMEMBERED_MAX)
            keys_forget(k);
        r = mem_new(1, sizeof *r);
        snprintf(r->id, sizeof r->id, "%.*s", SIGNING_ID_BYTES - 1, id);
        HASH_ADD_STR(k->known, id, r);
    }
    r->signer = *signer;
    r->until_mono_ms = clock_mono_ms() + REMEMBERED_MS;
}

/* --- the request under way -------------------------------------------------------------------- */

struct check {
    struct signed_keys *keys;         /* borrowed */
    struct auth *auth;                /* borrowed */
    const struct signed_hooks *hooks; /* static */
    struct task *task;                /* held */
    auth_then_fn then;
    struct signature signature;
    struct buf base; /* owned: the text that was signed */
};

static void signed_known(void *arg, const struct signer *signer, const struct err *e);
static void signed_judge(struct check *c, const struct signer *signer);
static void signed_first(void *arg, enum signing_nonce nonce, const struct err *e);

static void check_end(struct check *c, const struct err *e)
{
    struct task *t = c->task;
    auth_then_fn then = c->then;

    buf_clear(&c->base);
    free(c);
    then(t, e);
}

enum err_code signed_refuse(struct task *t, enum signature_fault fault, struct err *e)
{
    static const char *const variants[] = {
        [SIGNATURE_MALFORMED] = "signature-malformed",
        [SIGNATURE_COMPONENTS] = "signature-components",
        [SIGNATURE_PARAMETERS] = "signature-parameters",
        [SIGNATURE_TIME] = "signature-time",
        [SIGNATURE_KEY] = "signature-key",
        [SIGNATURE_WRONG] = "signature-wrong",
        [SIGNATURE_DIGEST] = "signature-digest",
        [SIGNATURE_REPLAYED] = "signature-replayed",
        [SIGNATURE_MISSING] = "signature-missing",
        [SIGNATURE_TWO] = "signature-two",
        [SIGNATURE_AUTHORITY] = "signature-authority",
    };

    t->variant = variants[fault];
    t->signature = signature_fault_words[fault];
    return err_set(e, ERR_UNAUTHENTICATED, "signature: %s", t->signature);
}

/* It says nothing about a key: the sender's clock or program is wrong. */
static void check_refuse(struct check *c, enum signature_fault fault)
{
    struct err e = {0};

    e.code = signed_refuse(c->task, fault, &e);
    check_end(c, &e);
}

/* Somebody tries keys: counted, and told to wait when too often. */
static void check_fail(struct check *c, enum signature_fault fault, const char *keyid)
{
    struct err e = {0};

    e.code = c->hooks->failed(c->auth, c->task, keyid, &e);
    if (e.code == ERR_UNAUTHENTICATED)
        e.code = signed_refuse(c->task, fault, &e);
    check_end(c, &e);
}

/* --- the message ------------------------------------------------------------------------------ */

static struct signature_slice slice_of(const struct head_slice *s)
{
    return s ? (struct signature_slice){s->text, s->bytes} : (struct signature_slice){"", 0};
}

static void message_make(const struct head *head, struct signature_field *fields,
                         struct signature_message *ret_m)
{
    *ret_m = (struct signature_message){.method = head_method_name(head->method),
                                        .authority = slice_of(head_find(head, "Host")),
                                        .path = slice_of(&head->path),
                                        .query = slice_of(&head->query),
                                        .fields = fields,
                                        .fields_n = head->fields_n,
                                        .has_body = head->content_length > 0};
    for (size_t i = 0; i < head->fields_n; i++)
        fields[i] = (struct signature_field){slice_of(&head->fields[i].name),
                                             slice_of(&head->fields[i].value)};
}

/* The name under which we were addressed is one of ours. */
static bool authority_fits(const struct app *app, const struct signature_slice *authority)
{
    const char *list = app->settings.authorities;

    if (!*list)
        return true;
    while (*list) {
        size_t n;

        list += strspn(list, ", ");
        n = strcspn(list, ", ");
        if (n > 0 && n == authority->n && !strncasecmp(list, authority->text, n))
            return true;
        list += n;
    }
    return false;
}

static enum signature_fault check_read(struct check *c, const struct head *head)
{
    const struct head_slice *input = head_find(head, "Signature-Input");
    const struct head_slice *sig = head_find(head, "Signature");
    struct signature_field fields[HEAD_FIELDS_MAX];
    struct signature_message m;
    enum signature_fault fault;

    if (head_find(head, "Authorization"))
        return SIGNATURE_TWO;
    if (head_count(head, "Signature-Input") != 1 || head_count(head, "Signature") != 1 ||
        !signature_read(input->text, input->bytes, sig->text, sig->bytes, SIGNATURE_LABEL,
                        &c->signature))
        return SIGNATURE_MALFORMED;
    message_make(head, fields, &m);
    fault = signature_check(&c->signature, &m, clock_now_ms() / 1000);
    if (fault == SIGNATURE_GOOD && !authority_fits(c->task->app, &m.authority))
        fault = SIGNATURE_AUTHORITY;
    if (fault == SIGNATURE_GOOD && !signature_base(&c->signature, &m, &c->base))
        fault = SIGNATURE_COMPONENTS;
    return fault;
}

bool signed_is_offered(const struct head *head)
{
    return head_find(head, "Signature-Input") || head_find(head, "Signature");
}

void signed_begin(struct signed_keys *k, struct auth *a, const struct signed_hooks *hooks,
                  struct task *t, auth_then_fn then)
{
    struct check *c = mem_new(1, sizeof *c);
    struct remembered *r = NULL;
    enum signature_fault fault;

    *c = (struct check){.keys = k, .auth = a, .hooks = hooks, .task = t, .then = then};
    fault = check_read(c, http_head(t->http));
    if (fault != SIGNATURE_GOOD) {
        check_refuse(c, fault);
        return;
    }
    HASH_FIND_STR(k->known, c->signature.keyid, r);
    if (r && r->until_mono_ms > clock_mono_ms())
        signed_judge(c, &r->signer);
    else if (signing_key_is_id(c->signature.keyid) && (r || hooks->may_look_up(a, t)))
        signing_store_get(t->app->store, c->signature.keyid, signed_known, c);
    else
        signed_judge(c, NULL);
}

static void signed_known(void *arg, const struct signer *signer, const struct err *e)
{
    struct check *c = arg;

    if (!signer && e->code != ERR_NOT_FOUND) {
        check_end(c, e);
        return;
    }
    if (signer)
        keys_remember(c->keys, c->signature.keyid, signer);
    signed_judge(c, signer);
}

/* --- key, signature, body --------------------------------------------------------------------- */

/* False: the body is not what was signed. What comes in pieces is looked at then. */
static bool body_fits(struct task *t)
{
    const struct head *head = http_head(t->http);
    const struct head_slice *value = head_find(head, "Content-Digest");
    size_t n;
    const char *body = http_body(t->http, &n);

    if (!value)
        return head->content_length <= 0;
    t->digest = mem_new(1, sizeof *t->digest);
    if (head_count(head, "Content-Digest") != 1 ||
        !digest_read(value->text, value->bytes, t->digest))
        return false;
    if (head->content_length > 0 && n == 0) /* deferred */
        return true;
    return task_body_fits(t, body, n, true);
}

/* Names a nonce, and one signature: the same one means the same request, bit by bit. */
static void name_of(const void *what, size_t n, const char *keyid, char out[NAME_BYTES])
{
    crypto_generichash_state state;
    uint8_t hash[(NAME_BYTES - 1) / 2];

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)keyid, strlen(keyid) + 1);
    crypto_generichash_update(&state, what, n);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(out, NAME_BYTES, hash, sizeof hash);
}

/* signer NULL: there is none; that costs the same work. */
static void signed_judge(struct check *c, const struct signer *signer)
{
    static const uint8_t nobody[SIGNING_PUBLIC_BYTES] = {
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
        0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
        0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    const struct signature *s = &c->signature;
    bool is_right = signature_verify(s, &c->base, signer ? signer->public_key : nobody);
    char nonce[NAME_BYTES], print[NAME_BYTES];

    if (!signer || (is_right && (signer->revoked || signer->expires_ms <= clock_now_ms()))) {
        check_fail(c, SIGNATURE_KEY, NULL);
    } else if (!is_right) {
        check_fail(c, SIGNATURE_WRONG, s->keyid);
    } else if (!body_fits(c->task)) {
        check_refuse(c, SIGNATURE_DIGEST);
    } else {
        c->task->who = signer->who;
        name_of(s->nonce, strlen(s->nonce), s->keyid, nonce);
        name_of(s->bytes, sizeof s->bytes, s->keyid, print);
        signing_store_nonce(c->task->app->store, nonce, print, NONCE_MS, signed_first, c);
    }
}

/* --- once ------------------------------------------------------------------------------------- */

/* Doing it again does nothing again: its Idempotency-Key, which is signed, says that it was done.
 */
static bool is_harmless_again(const struct task *t)
{
    return (t->route->begin == submit_begin || t->route->begin == act_begin) &&
           head_find(http_head(t->http), "Idempotency-Key");
}

static void signed_first(void *arg, enum signing_nonce nonce, const struct err *e)
{
    struct check *c = arg;
    struct task *t = c->task;

    if (e->code != ERR_OK) {
        check_end(c, e);
        return;
    }
    if (nonce == NONCE_USED || (nonce == NONCE_SAME && !is_harmless_again(t))) {
        check_refuse(c, SIGNATURE_REPLAYED);
        return;
    }
    t->scopes = TOKEN_READ | TOKEN_WRITE;
    t->is_signed = true;
    snprintf(t->token, sizeof t->token, "%.*s", SIGNING_ID_BYTES - 1, c->signature.keyid);
    check_end(c, e);
}
