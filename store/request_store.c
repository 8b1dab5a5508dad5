#include "store/request_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/partition.h"
#include "protocol/seal.h"
#include "protocol/view.h"
#include "store/index.h"
#include "store/keys.h"
#include "store/lesson_store.h"
#include "store/queue_store.h"
#include "store/reply.h"
#include "store/totals.h"
#include "store/wait_store.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An Idempotency-Key is remembered for a week: long outages are normal for our users. */
static const int64_t idempotency_ms = 7 * CLOCK_DAY_MS;

void stored_clear(struct stored *s)
{
    json_decref(s->body);
    json_decref(s->inner);
    *s = (struct stored){0};
}

/* --- writing pieces -------------------------------------------------------------------------- */

static void add_json(struct args *a, const json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(6));

    if (!text)
        bug("cannot write JSON");
    args_add(a, text);
    free(text);
}

static void add_sealed(struct args *a, const struct keyring *ring, const struct record *r,
                       const char *field, const void *plain, size_t n)
{
    struct seal_place place = {r->country, r->id, field};
    size_t sealed_n;
    uint8_t *sealed = seal_write(ring, &place, plain, n, &sealed_n);

    args_add_n(a, sealed, sealed_n);
    free(sealed);
}

static void add_sealed_json(struct args *a, const struct keyring *ring, const struct record *r,
                            const char *field, const json_t *doc)
{
    char *text = doc ? json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;

    if (text)
        add_sealed(a, ring, r, field, text, strlen(text));
    else
        args_add(a, "");
    free(text);
}

static void add_meta(struct args *a, const struct record *r)
{
    json_t *meta = record_meta(r);

    add_json(a, meta);
    json_decref(meta);
}

/* The key where an Idempotency-Key is remembered; any key of the partition when there is none,
 * since the function then leaves it alone. */
static void add_idempotency_key(struct args *a, unsigned partition, const struct idempotency *i,
                                const char *id)
{
    char rest[PRINCIPAL_TEXT_BYTES + sizeof i->name + 1];

    if (!*i->name) {
        keys_add(a, partition, "req", id);
        return;
    }
    snprintf(rest, sizeof rest, "%s:%s", i->who, i->name);
    keys_add(a, partition, "idem", rest);
}

static void name_make(const struct keyring *ring, uint32_t kid, const struct seal_part *named,
                      size_t named_n, const struct seal_part *compared, size_t compared_n,
                      struct idempotency_name *ret_name)
{
    uint8_t name[FINGERPRINT_BYTES];

    /* Hashed, so that no key chosen outside shapes a key name of ours. */
    seal_fingerprint_with(ring, kid, named, named_n, name);
    sodium_bin2hex(ret_name->name, sizeof ret_name->name, name, (sizeof ret_name->name - 1) / 2);
    seal_fingerprint_with(ring, kid, compared, compared_n, ret_name->print);
    ret_name->kid = kid;
}

void idempotency_make(const struct keyring *ring, const struct seal_part *named, size_t named_n,
                      const struct seal_part *compared, size_t compared_n,
                      struct idempotency *ret_idempotency)
{
    struct idempotency *i = ret_idempotency;
    struct idempotency_name now;
    uint32_t kid;

    name_make(ring, keyring_active(ring), named, named_n, compared, compared_n, &now);
    memcpy(i->name, now.name, sizeof i->name);
    memcpy(i->print, now.print, sizeof i->print);
    for (i->others_n = 0; (kid = keyring_kid(ring, 1 + i->others_n)); i->others_n++)
        name_make(ring, kid, named, named_n, compared, compared_n, &i->others[i->others_n]);
}

/* Names for read_names in store/lua/common.lua. */
static void add_names(struct args *keys, struct args *rest, unsigned partition,
                      const struct idempotency *i)
{
    unsigned n = *i->name ? i->others_n : 0;

    args_add_int(rest, n);
    for (unsigned k = 0; k < n; k++) {
        char name[PRINCIPAL_TEXT_BYTES + sizeof i->name + 1];

        snprintf(name, sizeof name, "%s:%s", i->who, i->others[k].name);
        keys_add(keys, partition, "idem", name);
        args_add_n(rest, i->others[k].print, FINGERPRINT_BYTES);
    }
}

static void add_print(struct args *a, const struct idempotency *i)
{
    args_add_n(a, i->print, *i->name ? FINGERPRINT_BYTES : 0);
}

/* FCALL name n keys.. args..: gathers keys and args apart, then joins them. */
struct fcall {
    struct args keys, rest;
};

static void fcall_send(struct store *s, const char *name, struct fcall *f, unsigned partition,
                       store_reply_fn fn, void *arg)
{
    struct args all = {0};

    args_add(&all, "FCALL");
    args_add(&all, name);
    args_add_int(&all, (int64_t)f->keys.n);
    args_append(&all, &f->keys);
    args_append(&all, &f->rest);
    args_clear(&f->keys);
    args_clear(&f->rest);
    store_call(s, partition, &all, 0, fn, arg);
}

/* --- the outcome of a writing call ----------------------------------------------------------- */

static const struct {
    const char *word;
    enum store_outcome outcome;
} outcomes[] = {
    {"done",     STORE_DONE    },
    {"stored",   STORE_DONE    },
    {"replayed", STORE_REPLAYED},
    {"reused",   STORE_REUSED  },
    {"stale",    STORE_STALE   },
    {"refused",  STORE_REFUSED },
    {"foreign",  STORE_ABSENT  },
    {"absent",   STORE_ABSENT  },
    {"epoch",    STORE_EPOCH   },
    {"already",  STORE_REPLAYED},
};

static enum err_code outcome_read(const struct redisReply *reply, enum store_outcome *ret_outcome,
                                  struct err *e)
{
    const char *word = reply_text(reply_at(reply, 0));

    for (size_t i = 0; word && i < sizeof outcomes / sizeof outcomes[0]; i++)
        if (!strcmp(word, outcomes[i].word)) {
            *ret_outcome = outcomes[i].outcome;
            return ERR_OK;
        }
    return err_set(e, ERR_INTERNAL, "store: unexpected reply");
}

struct write_op {
    submitted_fn submitted;
    moved_fn moved;
    void *arg;
    struct store *store;   /* borrowed */
    struct totals *totals; /* owned: what counts if it is done; NULL: nothing */
};

static struct write_op *write_op_new(submitted_fn submitted, moved_fn moved, void *arg)
{
    struct write_op *op = mem_new(1, sizeof *op);

    *op = (struct write_op){.submitted = submitted, .moved = moved, .arg = arg};
    return op;
}

/* The same for a step, which counts once it is done. */
static struct write_op *step_op_new(struct store *s, const struct movement *what, moved_fn fn,
                                    void *arg)
{
    struct write_op *op = write_op_new(NULL, fn, arg);

    op->store = s;
    op->totals = totals_new();
    for (size_t i = 0; i < what->changes_n; i++)
        totals_step(op->totals, what->changes[i].before, what->changes[i].after, what->action);
    return op;
}

static void write_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct write_op op = *(struct write_op *)arg;
    enum store_outcome outcome = STORE_ABSENT;
    const char *id = reply_text(reply_at(reply, 1));
    const char *reference = reply_text(reply_at(reply, 2));
    struct err fault = *e;

    free(arg);
    if (e->code == ERR_OK && outcome_read(reply, &outcome, &fault) != ERR_OK)
        outcome = STORE_ABSENT;
    if (op.totals && fault.code == ERR_OK && outcome == STORE_DONE)
        totals_move(store_totals(op.store), op.totals);
    totals_free(op.totals);
    if (op.moved)
        op.moved(op.arg, outcome, &fault);
    else
        op.submitted(op.arg, outcome, id ? id : "", reference ? reference : "", &fault);
}

/* --- submit, move, decide --------------------------------------------------------------------- */

void request_store_submit(struct store *s, const struct submission *what, submitted_fn fn,
                          void *arg)
{
    const struct keyring *ring = store_keyring(s);
    const struct record *r = what->record;
    unsigned p = partition_of(r->country);
    char actor[PRINCIPAL_TEXT_BYTES];
    struct fcall f = {0};
    json_t *line = view_history(NULL, r, ACTION_SUBMIT, what->who, NULL, r->submitted_ms);

    keys_add(&f.keys, p, "req", r->id);
    add_idempotency_key(&f.keys, p, what->idempotency, r->id);
    keys_add(&f.keys, p, "work", NULL);
    keys_add(&f.keys, p, "queued", NULL);
    keys_add(&f.keys, p, "events", NULL);
    keys_add(&f.keys, p, "hist", r->id);
    keys_add(&f.keys, p, "country", r->country);
    keys_add(&f.keys, p, "refs", NULL);
    keys_add(&f.keys, p, "stats", NULL);
    args_add(&f.rest, r->id);
    args_add(&f.rest, r->country);
    args_add_int(&f.rest, clock_year(r->submitted_ms));
    args_add_int(&f.rest, r->submitted_ms);
    add_print(&f.rest, what->idempotency);
    args_add_int(&f.rest, idempotency_ms);
    add_meta(&f.rest, r);
    add_sealed(&f.rest, ring, r, "body", what->body, what->body_n);
    add_sealed_json(&f.rest, ring, r, "history", line);
    args_add(&f.rest, principal_text(what->who, actor));
    add_names(&f.keys, &f.rest, p, what->idempotency);
    index_write(&f.keys, &f.rest, p, NULL, r);
    json_decref(line);
    fcall_send(s, "submit_v2", &f, p, write_done, write_op_new(fn, NULL, arg));
}

char *request_store_operation(char out[OPERATION_BYTES])
{
    snprintf(out, OPERATION_BYTES, "%08x%08x", randombytes_random(), randombytes_random());
    return out;
}

/* Keys and arguments of read_parts in store/lua/common.lua. */
static void add_changes(struct fcall *f, const struct keyring *ring, const struct movement *what)
{
    unsigned p = partition_of(what->changes[0].after->country);

    args_add_int(&f->rest, (int64_t)what->changes_n);
    for (size_t i = 0; i < what->changes_n; i++) {
        const struct change *c = &what->changes[i];
        const struct record *r = c->after;
        struct args scores = {0};
        size_t n;

        if (partition_of(r->country) != p)
            bug("one step over two partitions");
        keys_add(&f->keys, p, "req", r->id);
        keys_add(&f->keys, p, "hist", r->id);
        args_add(&f->rest, r->id);
        args_add_int(&f->rest, c->before->version);
        args_add(&f->rest, state_words[r->state]);
        add_meta(&f->rest, r);
        add_sealed_json(&f->rest, ring, r, "inner", c->inner);
        add_sealed_json(&f->rest, ring, r, "history", c->history);
        n = index_write(&f->keys, &scores, p, c->before, r);
        args_add_int(&f->rest, (int64_t)n);
        args_append(&f->rest, &scores);
        args_clear(&scores);
    }
}

/* Arguments of write_judgements. */
static void add_judgements(struct args *a, const struct movement *what)
{
    args_add_int(a, (int64_t)what->judgements_n);
    for (size_t i = 0; i < what->judgements_n; i++) {
        const struct judgement *j = &what->judgements[i];

        args_printf(a, "%s %s", j->pair[0], j->pair[1]);
        args_add(a, verdict_words[j->verdict]);
        args_add(a, engine_words[j->engine]);
        args_printf(a, "%.3f", j->probability);
        args_add(a, j->by);
    }
}

void request_store_move(struct store *s, const struct movement *what, moved_fn fn, void *arg)
{
    const struct record *r = what->changes[0].after;
    unsigned p = partition_of(r->country);
    struct fcall f = {0};

    add_idempotency_key(&f.keys, p, what->idempotency, r->id);
    keys_add(&f.keys, p, "events", NULL);
    keys_add(&f.keys, p, "delayed", NULL);
    keys_add(&f.keys, p, "dead", NULL);
    keys_add(&f.keys, p, "stats", NULL);
    keys_add(&f.keys, p, "verdicts", NULL);
    keys_add(&f.keys, p, "halves", NULL);
    keys_add(&f.keys, p, "lessons", NULL);
    wait_store_add_key(&f.keys, p, r->updated_ms);
    args_add(&f.rest, what->operation);
    args_add(&f.rest, action_words[what->action]);
    args_add(&f.rest, role_words[what->who->role]);
    args_add(&f.rest, what->who->of);
    args_add_int(&f.rest, r->updated_ms);
    add_print(&f.rest, what->idempotency);
    args_add_int(&f.rest, idempotency_ms);
    if (what->half)
        args_printf(&f.rest, "%s %s %s", r->id, what->half, what->operation);
    else
        args_add(&f.rest, "");
    lesson_store_add(&f.rest, store_keyring(s), p, what->lessons_kept > 0 ? what->lesson : NULL);
    args_add_int(&f.rest, what->lessons_kept);
    if (what->degree)
        args_add_int(&f.rest, what->degree);
    else
        args_add(&f.rest, "");
    args_add(&f.rest, what->whom ? what->whom : "");
    wait_store_add(&f.rest, what->changes[0].before, r);
    add_names(&f.keys, &f.rest, p, what->idempotency);
    add_judgements(&f.rest, what);
    add_changes(&f, store_keyring(s), what);
    fcall_send(s, "transition_v3", &f, p, write_done, step_op_new(s, what, fn, arg));
}

void request_store_seen(struct store *s, unsigned partition, const struct idempotency *i,
                        moved_fn fn, void *arg)
{
    struct fcall f = {0};

    add_idempotency_key(&f.keys, partition, i, "");
    add_print(&f.rest, i);
    add_names(&f.keys, &f.rest, partition, i);
    fcall_send(s, "seen_v2", &f, partition, write_done, write_op_new(NULL, fn, arg));
}

void request_store_decide(struct store *s, const struct ruling *what, moved_fn fn, void *arg)
{
    const struct movement *m = &what->movement;
    const struct record *r = m->changes[0].after;
    unsigned p = partition_of(r->country);
    struct fcall f = {0};

    keys_add(&f.keys, p, "work", NULL);
    keys_add(&f.keys, p, "queued", NULL);
    keys_add(&f.keys, p, "delayed", NULL);
    keys_add(&f.keys, p, "dead", NULL);
    keys_add(&f.keys, p, "events", NULL);
    keys_add(&f.keys, p, "decided", r->country);
    keys_add(&f.keys, p, "stats", NULL);
    keys_add(&f.keys, p, "verdicts", NULL);
    args_add(&f.rest, what->entry);
    args_add_int(&f.rest, what->epoch);
    args_add(&f.rest, action_words[m->action]);
    args_add_int(&f.rest, r->updated_ms);
    queue_store_add_wait(&f.rest, r->updated_ms - r->submitted_ms);
    args_add_int(&f.rest, r->updated_ms - r->submitted_ms);
    args_add(&f.rest, what->verdict);
    args_add(&f.rest, what->theme);
    if (what->vector_n)
        add_sealed(&f.rest, store_keyring(s), r, "vector", what->vector, what->vector_n);
    else
        args_add(&f.rest, "");
    add_judgements(&f.rest, m);
    add_changes(&f, store_keyring(s), m);
    fcall_send(s, "decide_v3", &f, p, write_done, step_op_new(s, m, fn, arg));
}

/* --- read ------------------------------------------------------------------------------------- */

static enum err_code open_json(const struct keyring *ring, const struct record *r,
                               const char *field, const struct redisReply *sealed, json_t **ret_doc,
                               struct err *e)
{
    struct seal_place place = {r->country, r->id, field};
    enum err_code rc;
    char *plain;
    size_t n;

    rc = seal_read(ring, &place, reply_text(sealed), reply_bytes(sealed), &plain, &n, e);
    if (rc != ERR_OK)
        return rc;
    *ret_doc = json_loadb(plain, n, 0, NULL);
    sodium_memzero(plain, n);
    free(plain);
    return *ret_doc ? ERR_OK : err_set(e, ERR_INTERNAL, "%s of %s: no JSON", field, r->id);
}

/* bare: without what is sealed. */
static void add_read(struct args *a, const char *id, bool bare)
{
    args_add(a, "HMGET");
    keys_add(a, id_partition(id), "req", id);
    args_add(a, "state");
    args_add(a, "version");
    args_add(a, "country");
    args_add(a, "ref");
    args_add(a, "meta");
    if (bare)
        return;
    args_add(a, "body");
    args_add(a, "inner");
}

/* ERR_NOT_FOUND: no such record, or hidden from who (NULL: from nobody). */
static enum err_code stored_read(const struct keyring *ring, const char *id,
                                 const struct principal *who, bool bare,
                                 const struct redisReply *reply, struct stored *ret_stored,
                                 struct err *e)
{
    struct stored s = {0};
    int state = word_index(state_words, reply_text(reply_at(reply, 0)));
    const char *country = reply_text(reply_at(reply, 2));
    const char *reference = reply_text(reply_at(reply, 3));
    json_t *meta = NULL;
    enum err_code rc;

    if (state < 0 || !country || !reference || strlen(country) != 3)
        return err_set(e, ERR_NOT_FOUND, "no request %s", id);
    snprintf(s.record.id, sizeof s.record.id, "%s", id);
    snprintf(s.record.reference, sizeof s.record.reference, "%s", reference);
    memcpy(s.record.country, country, 4);
    s.record.state = (enum state)state;
    s.record.version = reply_int(reply_at(reply, 1));
    meta =
        json_loads(reply_text(reply_at(reply, 4)) ? reply_text(reply_at(reply, 4)) : "", 0, NULL);
    rc = meta ? record_read_meta(&s.record, meta, e)
              : err_set(e, ERR_INTERNAL, "meta of %s: no JSON", id);
    json_decref(meta);
    if (rc == ERR_OK && who && record_view_of(&s.record, who) == RECORD_HIDDEN)
        return err_set(e, ERR_NOT_FOUND, "hidden");
    if (rc == ERR_OK && !bare)
        rc = open_json(ring, &s.record, "body", reply_at(reply, 5), &s.body, e);
    if (rc == ERR_OK && reply_text(reply_at(reply, 6)))
        rc = open_json(ring, &s.record, "inner", reply_at(reply, 6), &s.inner, e);
    if (rc != ERR_OK) {
        stored_clear(&s);
        return rc;
    }
    if (!s.inner && !bare)
        s.inner = json_object();
    *ret_stored = s;
    return ERR_OK;
}

struct read_op {
    struct store *store;
    char id[ID_BYTES];
    struct principal who;
    bool has_who;
    read_fn fn;
    void *arg;
};

static void read_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct read_op *op = arg;
    struct stored s = {0};
    struct err fault = *e;

    if (fault.code == ERR_OK)
        fault.code = stored_read(store_keyring(op->store), op->id, op->has_who ? &op->who : NULL,
                                 false, reply, &s, &fault);
    op->fn(op->arg, fault.code == ERR_OK ? &s : NULL, &fault);
    stored_clear(&s);
    free(op);
}

void request_store_read(struct store *s, const char *id, const struct principal *who, read_fn fn,
                        void *arg)
{
    struct read_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    op->store = s;
    op->has_who = who != NULL;
    if (who)
        op->who = *who;
    snprintf(op->id, sizeof op->id, "%s", id);
    op->fn = fn;
    op->arg = arg;
    add_read(&a, id, false);
    store_call(s, id_partition(id), &a, 0, read_done, op);
}

/* Several records, a bounded number of them side by side, so that a few long lists do not fill
 * the link; answered when the last one is there. */
enum { READ_WINDOW = 32 };

struct read_many_op {
    struct store *store;
    read_many_fn fn;
    void *arg;
    size_t n, asked, left;
    bool bare;
    struct stored *list;   /* owned */
    struct read_one *ones; /* owned */
    struct err fault;
};

struct read_one {
    struct read_many_op *op;
    char id[ID_BYTES];
};

static void read_one_done(void *arg, const struct redisReply *reply, const struct err *e);

static void read_one(struct read_one *one)
{
    struct args a = {0};

    add_read(&a, one->id, one->op->bare);
    store_call(one->op->store, id_partition(one->id), &a, 0, read_one_done, one);
}

static void read_one_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct read_one *one = arg;
    struct read_many_op *op = one->op;
    struct err fault = *e;

    if (fault.code == ERR_OK)
        fault.code = stored_read(store_keyring(op->store), one->id, NULL, op->bare, reply,
                                 &op->list[one - op->ones], &fault);
    if (e->code != ERR_OK)
        op->fault = *e;
    else if (fault.code != ERR_OK && fault.code != ERR_NOT_FOUND) /* must not hide the others */
        log_error("record_unreadable", "why=\"%s\"", fault.detail);
    if (op->asked < op->n)
        read_one(&op->ones[op->asked++]);
    if (--op->left > 0)
        return;
    op->fn(op->arg, op->list, op->fault.code == ERR_OK ? op->n : 0, &op->fault);
    for (size_t i = 0; i < op->n; i++)
        stored_clear(&op->list[i]);
    free(op->list);
    free(op->ones);
    free(op);
}

static void read_list(struct store *s, const char (*ids)[ID_BYTES], size_t n, bool bare,
                      read_many_fn fn, void *arg)
{
    struct read_many_op *op = mem_new(1, sizeof *op);

    if (n == 0)
        bug("read_many of nothing would never be answered");
    op->store = s;
    op->fn = fn;
    op->arg = arg;
    op->n = op->left = n;
    op->bare = bare;
    op->list = mem_new(n, sizeof *op->list);
    op->ones = mem_new(n, sizeof *op->ones);
    for (size_t i = 0; i < n; i++) {
        op->ones[i].op = op;
        snprintf(op->ones[i].id, ID_BYTES, "%s", ids[i]);
    }
    while (op->asked < n && op->asked < READ_WINDOW)
        read_one(&op->ones[op->asked++]);
}

void request_store_read_many(struct store *s, const char (*ids)[ID_BYTES], size_t n,
                             read_many_fn fn, void *arg)
{
    read_list(s, ids, n, false, fn, arg);
}

void request_store_read_records(struct store *s, const char (*ids)[ID_BYTES], size_t n,
                                read_many_fn fn, void *arg)
{
    read_list(s, ids, n, true, fn, arg);
}

struct find_op {
    found_fn fn;
    void *arg;
};

static void find_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct find_op op = *(struct find_op *)arg;
    const char *id = reply_text(reply);

    free(arg);
    op.fn(op.arg, id && id_is(id, "req_") ? id : "", e);
}

void request_store_find(struct store *s, const char *reference, found_fn fn, void *arg)
{
    struct find_op *op = mem_new(1, sizeof *op);
    char country[4] = {0};
    struct args a = {0};
    unsigned p;

    op->fn = fn;
    op->arg = arg;
    if (!record_is_reference(reference, country))
        reference = ""; /* nothing is called so */
    p = partition_of(country);
    args_add(&a, "HGET");
    keys_add(&a, p, "refs", NULL);
    args_add(&a, reference);
    store_call(s, p, &a, 0, find_done, op);
}

struct history_op {
    struct store *store;
    struct record record; /* id and country only */
    history_fn fn;
    void *arg;
};

static void history_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct history_op *op = arg;
    json_t *lines = json_array();
    struct err fault = *e;

    for (size_t i = 0; fault.code == ERR_OK && i < reply_count(reply); i++) {
        json_t *line;

        fault.code = open_json(store_keyring(op->store), &op->record, "history", reply_at(reply, i),
                               &line, &fault);
        if (fault.code == ERR_OK)
            json_array_append_new(lines, line);
    }
    op->fn(op->arg, lines, &fault);
    json_decref(lines);
    free(op);
}

void request_store_history(struct store *s, const char *country, const char *id, int64_t first,
                           int64_t n, history_fn fn, void *arg)
{
    struct history_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    op->store = s;
    snprintf(op->record.id, sizeof op->record.id, "%s", id);
    snprintf(op->record.country, sizeof op->record.country, "%s", country);
    op->fn = fn;
    op->arg = arg;
    args_add(&a, "LRANGE");
    keys_add(&a, id_partition(id), "hist", id);
    args_add_int(&a, first);
    args_add_int(&a, first + n - 1);
    store_call(s, id_partition(id), &a, 0, history_done, op);
}
