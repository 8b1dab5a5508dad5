/* Keys that a country's or a secretariat's requests are signed with (signed.h): registering one,
 * listing and revoking the own ones, and saying that nothing counts unsigned.
 *
 *   key_register_begin -> key_registered             key_revoke_begin -> key_revoked
 *   keys_begin -> keys_listed -> key_read ..         keys_require_begin -> keys_required */
#include "daemon/signing.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/operations.h"
#include "daemon/signed.h"
#include "daemon/task.h"
#include "store/signing_store.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void key_registered(void *arg, const struct err *e);
static void keys_listed(void *arg, json_t *ids, bool required, const struct err *e);
static void key_read(void *arg, const struct signer *signer, const struct err *e);
static void key_revoked(void *arg, const struct err *e);
static void keys_required(void *arg, const struct err *e);

struct wish {
    const char *public_key, *proof, *label;
    bool required;
};

const struct field signing_fields[] = {
    {"public_key",                                       FIELD_TEXT, true,   0,                                                         44, 44, NULL,                    NULL,                                                                       offsetof(struct wish,                      public_key),
     "an Ed25519 public key, base64 of its 32 bytes"},
    {"proof",                                                  FIELD_TEXT,                                                      true, 0, 88,  88,  NULL,                      NULL,                                                                                           offsetof(struct wish,                                                                                                           proof),
     "base64 of the key's signature over liaison-key-proof-v1, NUL, the holder such as "
     "country:KEN, NUL, the 32 bytes of the public key"},
    {"label", FIELD_TEXT,           false,           0,                                                          1,                                             60,                                    NULL, NULL,                             offsetof(struct wish,                               label),
     "where the private key is, for the list"},
    {NULL,                                            0,                       false,                             0,                                                                                   0,                                         0,                NULL,          NULL, 0, NULL}
};

const struct field signing_require_fields[] = {
    {"required", FIELD_BOOL, true, 0,           0,           0, NULL, NULL, offsetof(struct wish, required),
     "true: from now on a token or a session alone is refused"},
    {NULL,          0,                 false,           0, 0, 0, NULL,    NULL,    0,                 NULL                     }
};

struct key_op {
    struct task *task; /* held */
    char id[SIGNING_ID_BYTES];
    struct signer signer;
    json_t *ids;   /* owned; to read */
    json_t *items; /* owned; read */
    size_t at;
    bool required;
};

static struct key_op *op_new(struct task *t)
{
    struct key_op *op = mem_new(1, sizeof *op);

    op->task = t;
    return op;
}

static struct task *op_end(struct key_op *op)
{
    struct task *t = op->task;

    json_decref(op->ids);
    json_decref(op->items);
    free(op);
    return t;
}

static const char *state_of(const struct signer *signer)
{
    return signer->revoked ? "revoked"
                           : (signer->expires_ms <= clock_now_ms() ? "expired" : "valid");
}

static json_t *key_json(const char *id, const struct signer *signer)
{
    char text[SIGNING_PUBLIC_TEXT_BYTES];
    char issued[CLOCK_TEXT_BYTES], expires[CLOCK_TEXT_BYTES];

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "id", id, "label", signer->label, "state",
                     state_of(signer), "public_key",
                     signing_key_public_text(signer->public_key, text), "registered_at",
                     clock_text(signer->issued_ms, issued), "expires_at",
                     clock_text(signer->expires_ms, expires));
}

/* False, answered: the body is not what rows say. The document is to be kept as long as wish. */
static bool wish_read(struct task *t, const struct field *rows, struct wish *wish, json_t **doc,
                      struct faults *faults)
{
    struct err e = {0};

    if (task_read_json(t, true, doc, faults, &e) == ERR_OK &&
        field_decode(*doc, "#", rows, &t->app->codes, wish, faults))
        return true;
    if (e.code == ERR_OK)
        err_set(&e, ERR_VALIDATION, "signing key");
    task_faults(t, &e, faults);
    return false;
}

/* --- POST /v1/keys ---------------------------------------------------------------------------- */

void key_register_begin(struct task *t)
{
    struct faults faults = {0};
    struct wish wish = {.label = ""};
    json_auto_t *doc = NULL;
    struct key_op *op;
    struct signer signer = {.who = t->who, .issued_ms = clock_now_ms()};

    if (!wish_read(t, signing_fields, &wish, &doc, &faults))
        return;
    signer.expires_ms = signer.issued_ms + SIGNING_DAYS_MAX * CLOCK_DAY_MS;
    if (!signing_key_read_public(wish.public_key, signer.public_key))
        fault_add(&faults, "#", "public_key", "not_a_key");
    else if (!signing_key_is_proven(signer.public_key, &t->who, wish.proof))
        fault_add(&faults, "#", "proof", "no_proof");
    if (faults.n) {
        task_faults(t, &(struct err){ERR_VALIDATION, "signing key"}, &faults);
        return;
    }
    op = op_new(t);
    snprintf(signer.label, sizeof signer.label, "%.60s", wish.label);
    op->signer = signer;
    signing_key_id(signer.public_key, op->id);
    signing_store_put(t->app->store, op->id, &op->signer, key_registered, op);
}

static void key_registered(void *arg, const struct err *e)
{
    struct key_op *op = arg;
    struct task *t = op->task;
    struct faults faults = {0};
    json_t *doc = key_json(op->id, &op->signer);

    if (e->code == ERR_OK)
        log_info("key_registered", "key=%s", op->id);
    op_end(op);
    if (e->code == ERR_OK) {
        task_reply_json(t, 201, doc, NULL);
        return;
    }
    json_decref(doc);
    if (e->code == ERR_CLAIMED) {
        fault_add(&faults, "#", "public_key", "key_taken");
        task_faults(t, &(struct err){ERR_VALIDATION, "signing key"}, &faults);
        return;
    }
    if (e->code == ERR_STATE)
        t->variant = "keys_full";
    task_problem(t, e);
}

/* --- GET /v1/keys ----------------------------------------------------------------------------- */

void keys_begin(struct task *t)
{
    signing_store_list(t->app->store, &t->who, keys_listed, op_new(t));
}

static void key_next(struct key_op *op)
{
    const char *id = json_string_value(json_array_get(op->ids, op->at));
    bool required = op->required;
    json_t *items;

    if (id) {
        signing_store_get(op->task->app->store, id, key_read, op);
        return;
    }
    items = json_incref(op->items);
    task_reply_json(op_end(op), 200,
                    json_pack("{s:o, s:b}", "items", items, "required", (int)required), NULL);
}

static void keys_listed(void *arg, json_t *ids, bool required, const struct err *e)
{
    struct key_op *op = arg;

    if (e->code != ERR_OK) {
        task_problem(op_end(op), e);
        return;
    }
    op->ids = json_incref(ids);
    op->items = json_array();
    op->required = required;
    key_next(op);
}

static void key_read(void *arg, const struct signer *signer, const struct err *e)
{
    struct key_op *op = arg;

    if (!signer && e->code != ERR_NOT_FOUND) {
        task_problem(op_end(op), e);
        return;
    }
    if (signer)
        json_array_append_new(op->items,
                              key_json(json_string_value(json_array_get(op->ids, op->at)), signer));
    op->at++;
    key_next(op);
}

/* --- DELETE /v1/keys/{id} --------------------------------------------------------------------- */

void key_revoke_begin(struct task *t)
{
    if (signing_key_is_id(t->id))
        signing_store_revoke(t->app->store, t->id, &t->who, key_revoked, t);
    else
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no such key"});
}

static void key_revoked(void *arg, const struct err *e)
{
    struct task *t = arg;

    if (e->code == ERR_OK) {
        log_info("key_revoked", "key=%s", t->id);
        task_reply_json(t, 200, json_pack("{s:s, s:s}", "id", t->id, "state", "revoked"), NULL);
        return;
    }
    if (e->code == ERR_STATE)
        t->variant = "keys_last";
    task_problem(t, e);
}

/* --- POST /v1/keys:require -------------------------------------------------------------------- */

/* Only who signs may say that all must be: so nobody is locked out by saying it. */
void keys_require_begin(struct task *t)
{
    struct faults faults = {0};
    struct wish wish = {.required = false};
    json_auto_t *doc = NULL;
    struct key_op *op;
    struct err e = {0};

    if (!wish_read(t, signing_require_fields, &wish, &doc, &faults))
        return;
    if (!t->is_signed) {
        e.code = signed_refuse(t, SIGNATURE_MISSING, &e);
        task_problem(t, &e);
        return;
    }
    op = op_new(t);
    op->required = wish.required;
    signing_store_require(t->app->store, &t->who, wish.required, NULL, keys_required, op);
}

static void keys_required(void *arg, const struct err *e)
{
    struct key_op *op = arg;
    bool required = op->required;
    struct task *t = op_end(op);
    char who[PRINCIPAL_TEXT_BYTES];

    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    log_info("signing_required", "who=%s required=%d", principal_text(&t->who, who), required);
    task_reply_json(t, 200, json_pack("{s:b}", "required", (int)required), NULL);
}
