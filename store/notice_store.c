#include "store/notice_store.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/seal.h"
#include "protocol/word.h"
#include "store/event_store.h"
#include "store/group.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct group group = {"deliver", "events", "deliver_group_v1"};

const char *const notice_kind_words[] = {"mail", "hook", "event", NULL};
const char *const notice_outcome_words[] = {"sent", "later", "back", "dead", "dropped", NULL};

void notice_store_prepare(struct store *s, void (*fn)(void *arg, const struct err *e), void *arg)
{
    group_prepare(s, &group, fn, arg);
}

/* --- calls to all partitions ------------------------------------------------------------------ */

struct all_op {
    json_fn listed;
    notice_ids_fn ids;
    void *arg;
    unsigned left;
    unsigned n;
    json_t *items;
    struct err fault;
};

static struct all_op *all_op_new(void *arg)
{
    struct all_op *op = mem_new(1, sizeof *op);

    op->arg = arg;
    op->left = ID_PARTITIONS;
    op->items = json_array();
    return op;
}

static void all_op_free(struct all_op *op)
{
    json_decref(op->items);
    free(op);
}

/* --- events ----------------------------------------------------------------------------------- */

enum { EVENTS_MAX = 1024 };

struct events_op {
    struct store *store;
    happenings_fn fn;
    void *arg;
    unsigned partition; /* of events_left */
};

static void ignored(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e;
}

static void acknowledge(struct store *s, unsigned partition, const char *entry)
{
    struct args a = {0};

    log_error("strange_event", "partition=%u entry=%s", partition, entry);
    args_add(&a, "XACK");
    keys_add(&a, partition, "events", NULL);
    args_add(&a, group.name);
    args_add(&a, entry);
    store_call(s, partition, &a, 0, ignored, NULL);
}

static void copy(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text);
}

static size_t entries_read(struct store *s, const struct redisReply *entries, unsigned partition,
                           struct happening *list, size_t room)
{
    size_t n = 0;

    for (size_t i = 0; i < reply_count(entries) && n < room; i++) {
        const char *entry = reply_text(reply_at(reply_at(entries, i), 0));
        struct happening *h = &list[n];
        struct event e;

        if (!entry || !event_store_entry(reply_at(entries, i), &e)) {
            if (entry)
                acknowledge(s, partition, entry);
            continue;
        }
        *h = (struct happening){.partition = partition, .version = e.version, .at_ms = e.at_ms};
        copy(h->entry, sizeof h->entry, e.entry);
        copy(h->request, sizeof h->request, e.id);
        copy(h->country, sizeof h->country, e.country);
        copy(h->action, sizeof h->action, e.action);
        copy(h->actor, sizeof h->actor, e.actor);
        copy(h->from, sizeof h->from, e.from);
        copy(h->to, sizeof h->to, e.to);
        copy(h->whom, sizeof h->whom, e.whom);
        h->degree = e.degree;
        n++;
    }
    return n;
}

static void events_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct events_op op = *(struct events_op *)arg;
    struct happening *list = mem_new(EVENTS_MAX, sizeof *list);
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i < reply_count(reply); i++) {
        const struct redisReply *stream = reply_at(reply, i);

        n += entries_read(op.store, reply_at(stream, 1), group_partition(stream), list + n,
                          EVENTS_MAX - n);
    }
    op.fn(op.arg, list, n, e);
    free(list);
}

static void events_left_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct events_op op = *(struct events_op *)arg;
    struct happening *list = mem_new(EVENTS_MAX, sizeof *list);
    size_t n = entries_read(op.store, reply_at(reply, 1), op.partition, list, EVENTS_MAX);

    free(arg);
    op.fn(op.arg, list, n, e);
    free(list);
}

void notice_store_events(struct store *s, const char *consumer, unsigned n, int64_t block_ms,
                         happenings_fn fn, void *arg)
{
    struct events_op *op = mem_new(1, sizeof *op);

    *op = (struct events_op){s, fn, arg, 0};
    group_read(s, &group, consumer, n, block_ms, events_read, op);
}

void notice_store_events_left(struct store *s, unsigned partition, const char *consumer,
                              int64_t idle_ms, unsigned n, happenings_fn fn, void *arg)
{
    struct events_op *op = mem_new(1, sizeof *op);

    *op = (struct events_op){s, fn, arg, partition};
    group_take(s, &group, partition, consumer, idle_ms, "0-0", n, events_left_read, op);
}

/* --- announcing ------------------------------------------------------------------------------- */

void notice_store_id(struct store *s, const struct happening *event, bool step,
                     enum notice_kind kind, const char *recipient, char ret_id[ID_BYTES])
{
    uint8_t print[32];
    char what[160];
    char hex[2 * sizeof print + 1];
    struct seal_part parts[] = {
        {"notice",                6                              },
        {what,                    0                              },
        {notice_kind_words[kind], strlen(notice_kind_words[kind])},
        {recipient,               strlen(recipient)              }
    };

    if (step)
        snprintf(what, sizeof what, "%s %s %s %lld", event->country, event->action, event->actor,
                 (long long)event->at_ms);
    else
        snprintf(what, sizeof what, "%s %lld %s %d %s", event->request, (long long)event->version,
                 event->action, event->degree, event->whom);
    parts[1].n = strlen(what);
    /* The oldest: told before the master key changed is told. */
    seal_fingerprint_with(store_keyring(s), keyring_oldest(store_keyring(s)), parts,
                          sizeof parts / sizeof parts[0], print);
    sodium_bin2hex(hex, sizeof hex, print, sizeof print);
    snprintf(ret_id, ID_BYTES, "ntc_%012llx7%.3s%c%.14s%x",
             (unsigned long long)event->at_ms & 0xffffffffffffull, hex, "89ab"[print[20] & 3u],
             hex + 3, event->partition & 15u);
}

static void pair_add(struct args *a, const char *name, const char *value)
{
    args_add(a, name);
    args_add(a, value);
}

static void pair_add_int(struct args *a, const char *name, int64_t value)
{
    args_add(a, name);
    args_add_int(a, value);
}

static void pair_add_sealed(struct args *a, const struct keyring *ring, const struct notice *n,
                            const char *name, const char *text)
{
    struct seal_place place = {n->event.country, n->id, name};
    size_t sealed_n;
    uint8_t *sealed = seal_write(ring, &place, text, strlen(text), &sealed_n);

    args_add(a, name);
    args_add_n(a, sealed, sealed_n);
    free(sealed);
}

static void pairs_add(struct args *a, const struct keyring *ring, const struct notice *n)
{
    char *person = n->person ? json_dumps(n->person, JSON_COMPACT) : NULL;

    pair_add(a, "kind", notice_kind_words[n->kind]);
    pair_add(a, "request", n->event.request);
    pair_add(a, "country", n->event.country);
    pair_add(a, "action", n->event.action);
    pair_add(a, "actor", n->event.actor);
    pair_add(a, "from", n->event.from);
    pair_add(a, "to", n->event.to);
    pair_add(a, "event_whom", n->event.whom);
    pair_add_int(a, "degree", n->event.degree);
    pair_add_int(a, "version", n->event.version);
    pair_add_int(a, "at", n->event.at_ms);
    pair_add(a, "words", n->words);
    pair_add(a, "reply", notice_reply_words[n->reply]);
    pair_add_int(a, "until", n->until_ms);
    pair_add_int(a, "due", n->due_ms);
    pair_add_int(a, "kid", n->kid);
    pair_add(a, "whom", n->whom);
    pair_add(a, "payload", n->payload ? n->payload : "");
    pair_add_sealed(a, ring, n, "person", person ? person : "");
    if (person)
        sodium_memzero(person, strlen(person));
    free(person);
}

struct count_op {
    counted_fn counted;
    announced_fn announced;
    void *arg;
};

static void count_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct count_op op = *(struct count_op *)arg;
    int64_t n = reply_int(reply_count(reply) ? reply_at(reply, 0) : reply);

    free(arg);
    if (op.announced)
        op.announced(op.arg, n, e);
    else if (op.counted)
        op.counted(op.arg, n, 0, e);
}

static struct count_op *count_op_new(counted_fn counted, announced_fn announced, void *arg)
{
    struct count_op *op = mem_new(1, sizeof *op);

    *op = (struct count_op){counted, announced, arg};
    return op;
}

void notice_store_announce(struct store *s, const struct happening *event,
                           const struct notice *list, size_t n, int64_t now_ms, int64_t keep_ms,
                           announced_fn fn, void *arg)
{
    enum { FIELDS_N = 19 };
    unsigned p = event->partition;
    struct args keys = {0};
    struct args rest = {0};
    struct args a = {0};

    keys_add(&keys, p, "events", NULL);
    keys_add(&keys, p, "outgoing", NULL);
    keys_add(&keys, p, "undelivered", NULL);
    keys_add(&keys, p, "stats", NULL);
    args_add(&rest, event->entry);
    args_add_int(&rest, now_ms);
    args_add_int(&rest, keep_ms);
    args_add_int(&rest, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        size_t before;

        keys_add(&keys, p, "notice", list[i].id);
        keys_add(&keys, p, "noticed", list[i].whom);
        args_add(&rest, list[i].id);
        if (list[i].kind == NOTICE_EVENT)
            args_add(&rest, "dead");
        else
            args_add_int(&rest, list[i].due_ms > now_ms ? list[i].due_ms : now_ms);
        args_add_int(&rest, FIELDS_N);
        before = rest.n;
        pairs_add(&rest, store_keyring(s), &list[i]);
        if (rest.n - before != (size_t)(2 * FIELDS_N))
            bug("a notice has %zu words", rest.n - before);
    }
    args_add(&a, "FCALL");
    args_add(&a, "announce_v1");
    args_add_int(&a, (int64_t)keys.n);
    args_append(&a, &keys);
    args_append(&a, &rest);
    args_clear(&keys);
    args_clear(&rest);
    store_call(s, p, &a, 0, count_read, count_op_new(NULL, fn, arg));
}

/* --- taking and reading ----------------------------------------------------------------------- */

struct take_op {
    notice_ids_fn fn;
    void *arg;
};

static void taken(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct take_op op = *(struct take_op *)arg;
    char ids[NOTICE_TAKE_MAX][ID_BYTES];
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i < reply_count(reply) && n < NOTICE_TAKE_MAX; i++) {
        const char *id = reply_text(reply_at(reply, i));

        if (id && id_is(id, "ntc_"))
            memcpy(ids[n++], id, ID_BYTES);
    }
    op.fn(op.arg, (const char(*)[ID_BYTES])ids, n, e);
}

void notice_store_take(struct store *s, unsigned partition, int64_t now_ms, int64_t lease_ms,
                       unsigned n, notice_ids_fn fn, void *arg)
{
    struct take_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct take_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "take_notices_v1");
    args_add(&a, "1");
    keys_add(&a, partition, "outgoing", NULL);
    args_add_int(&a, now_ms);
    args_add_int(&a, lease_ms);
    args_add_int(&a, n < NOTICE_TAKE_MAX ? n : NOTICE_TAKE_MAX);
    store_call(s, partition, &a, 0, taken, op);
}

static void text_slot(char *slot, size_t room, const char *have, const char *name,
                      const char *value)
{
    if (!strcmp(have, name))
        snprintf(slot, room, "%s", value);
}

static void field_read(struct notice *n, const char *name, const char *value)
{
    const struct {
        const char *name;
        int64_t *slot;
    } numbers[] = {
        {"version", &n->event.version},
        {"at",      &n->event.at_ms  },
        {"until",   &n->until_ms     },
        {"tries",   &n->tries        },
        {"made",    &n->made_ms      },
        {"due",     &n->due_ms       },
        {"last",    &n->last_ms      }
    };
    int word;

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!strcmp(name, numbers[i].name))
            *numbers[i].slot = strtoll(value, NULL, 10);
    text_slot(n->event.request, sizeof n->event.request, name, "request", value);
    text_slot(n->event.country, sizeof n->event.country, name, "country", value);
    text_slot(n->event.action, sizeof n->event.action, name, "action", value);
    text_slot(n->event.actor, sizeof n->event.actor, name, "actor", value);
    text_slot(n->event.from, sizeof n->event.from, name, "from", value);
    text_slot(n->event.to, sizeof n->event.to, name, "to", value);
    text_slot(n->event.whom, sizeof n->event.whom, name, "event_whom", value);
    text_slot(n->words, sizeof n->words, name, "words", value);
    text_slot(n->whom, sizeof n->whom, name, "whom", value);
    if (!strcmp(name, "kid"))
        n->kid = (uint32_t)strtoul(value, NULL, 10);
    else if (!strcmp(name, "degree"))
        n->event.degree = (int)strtol(value, NULL, 10);
    else if (!strcmp(name, "status"))
        n->status = strtol(value, NULL, 10);
    else if (!strcmp(name, "state"))
        n->state = value;
    else if (!strcmp(name, "payload"))
        n->payload = value;
    else if (!strcmp(name, "reply") && (word = word_index(notice_reply_words, value)) >= 0)
        n->reply = (enum notice_reply)word;
    else if (!strcmp(name, "kind") && (word = word_index(notice_kind_words, value)) >= 0)
        n->kind = (enum notice_kind)word;
}

/* "" for an empty field. The caller frees. */
static char *open_field(const struct keyring *ring, const struct notice *n, const char *field,
                        const struct redisReply *sealed)
{
    struct seal_place place = {n->event.country, n->id, field};
    struct err e = {0};
    char *plain = NULL;
    size_t bytes;

    if (reply_bytes(sealed) == 0)
        return mem_text("");
    if (seal_read(ring, &place, reply_text(sealed), reply_bytes(sealed), &plain, &bytes, &e) !=
        ERR_OK) {
        log_error("notice_unreadable", "notice=%s field=%s why=\"%s\"", n->id, field, e.detail);
        return NULL;
    }
    return plain;
}

struct begin_op {
    struct store *store;
    char id[ID_BYTES];
    notice_fn fn;
    void *arg;
};

static void notice_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct begin_op op = *(struct begin_op *)arg;
    const struct keyring *ring = store_keyring(op.store);
    struct notice n = {.state = "", .payload = "", .answer = ""};
    const struct redisReply *sealed_person = NULL;
    const struct redisReply *sealed_answer = NULL;
    char *person = NULL;
    char *answer = NULL;
    json_t *doc = NULL;

    free(arg);
    memcpy(n.id, op.id, sizeof n.id);
    n.event.partition = id_partition(n.id);
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2) {
        const char *name = reply_text(reply_at(reply, i));

        if (!strcmp(name, "person"))
            sealed_person = reply_at(reply, i + 1);
        else if (!strcmp(name, "answer"))
            sealed_answer = reply_at(reply, i + 1);
        else
            field_read(&n, name, reply_text(reply_at(reply, i + 1)));
    }
    if (sealed_person && (person = open_field(ring, &n, "person", sealed_person)) && *person)
        n.person = doc = json_loads(person, 0, NULL);
    if (sealed_answer && (answer = open_field(ring, &n, "answer", sealed_answer)))
        n.answer = answer;
    op.fn(op.arg, *n.event.request ? &n : NULL, e);
    json_decref(doc);
    free(person);
    free(answer);
}

static struct begin_op *begin_op_new(struct store *s, const char *id, notice_fn fn, void *arg)
{
    struct begin_op *op = mem_new(1, sizeof *op);

    op->store = s;
    memcpy(op->id, id, sizeof op->id);
    op->fn = fn;
    op->arg = arg;
    return op;
}

void notice_store_begin(struct store *s, const char *id, notice_fn fn, void *arg)
{
    unsigned p = id_partition(id);
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "begin_notice_v1");
    args_add(&a, "2");
    keys_add(&a, p, "notice", id);
    keys_add(&a, p, "outgoing", NULL);
    args_add(&a, id);
    store_call(s, p, &a, 0, notice_read, begin_op_new(s, id, fn, arg));
}

void notice_store_read(struct store *s, const char *id, notice_fn fn, void *arg)
{
    unsigned p = id_partition(id);
    struct args a = {0};

    args_add(&a, "HGETALL");
    keys_add(&a, p, "notice", id);
    store_call(s, p, &a, 0, notice_read, begin_op_new(s, id, fn, arg));
}

/* --- settling --------------------------------------------------------------------------------- */

void notice_store_settle(struct store *s, const struct notice *n, const struct settlement *how,
                         int64_t now_ms, counted_fn fn, void *arg)
{
    unsigned p = id_partition(n->id);
    struct seal_place place = {n->event.country, n->id, "answer"};
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "settle_notice_v2");
    args_add(&a, "4");
    keys_add(&a, p, "notice", n->id);
    keys_add(&a, p, "outgoing", NULL);
    keys_add(&a, p, "undelivered", NULL);
    keys_add(&a, p, "stats", NULL);
    args_add(&a, n->id);
    args_add(&a, notice_outcome_words[how->outcome]);
    args_add_int(&a, now_ms);
    args_add_int(&a, how->due_ms);
    args_add_int(&a, how->status);
    if (how->answer && *how->answer) {
        size_t sealed_n;
        uint8_t *sealed =
            seal_write(store_keyring(s), &place, how->answer, strlen(how->answer), &sealed_n);

        args_add_n(&a, sealed, sealed_n);
        free(sealed);
    } else {
        args_add(&a, "");
    }
    args_add(&a, notice_kind_words[n->kind]);
    if (how->outcome == NOTICE_SENT) {
        int64_t since_ms = n->due_ms > n->made_ms ? n->due_ms : n->made_ms;
        int64_t wait_ms = now_ms > since_ms ? now_ms - since_ms : 0;

        queue_store_add_wait(&a, wait_ms);
        args_add_int(&a, wait_ms);
    }
    store_call(s, p, &a, 0, count_read, count_op_new(fn, NULL, arg));
}

void notice_store_requeue(struct store *s, const char *id, int64_t now_ms, int64_t keep_ms,
                          bool also_sent, counted_fn fn, void *arg)
{
    unsigned p = id_partition(id);
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "requeue_notice_v1");
    args_add(&a, "4");
    keys_add(&a, p, "notice", id);
    keys_add(&a, p, "outgoing", NULL);
    keys_add(&a, p, "undelivered", NULL);
    keys_add(&a, p, "stats", NULL);
    args_add(&a, id);
    args_add_int(&a, now_ms);
    args_add_int(&a, keep_ms);
    args_add(&a, also_sent ? "1" : "0");
    store_call(s, p, &a, 0, count_read, count_op_new(fn, NULL, arg));
}

void notice_store_delete(struct store *s, const char *id, int64_t keep_ms, counted_fn fn, void *arg)
{
    unsigned p = id_partition(id);
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "delete_notice_v1");
    args_add(&a, "2");
    keys_add(&a, p, "notice", id);
    keys_add(&a, p, "undelivered", NULL);
    args_add(&a, id);
    args_add_int(&a, keep_ms);
    store_call(s, p, &a, 0, count_read, count_op_new(fn, NULL, arg));
}

/* --- lists ------------------------------------------------------------------------------------ */

static void dead_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct all_op *op = arg;
    char text[CLOCK_TEXT_BYTES];

    if (e->code != ERR_OK)
        op->fault = *e;
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2)
        json_array_append_new(
            op->items,
            json_pack("{s:s, s:s, s:s}", "id", reply_text(reply_at(reply, i)), "since",
                      clock_text(reply_int(reply_at(reply, i + 1)), text), "queue", "deliver"));
    if (--op->left > 0)
        return;
    op->listed(op->arg, op->items, &op->fault);
    all_op_free(op);
}

void notice_store_dead(struct store *s, unsigned n, json_fn fn, void *arg)
{
    struct all_op *op = all_op_new(arg);

    op->listed = fn;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};

        args_add(&a, "ZRANGE");
        keys_add(&a, p, "undelivered", NULL);
        args_add(&a, "0");
        args_add_int(&a, (int64_t)n - 1);
        args_add(&a, "WITHSCORES");
        store_call(s, p, &a, 0, dead_read, op);
    }
}

static int newest_first(const void *a, const void *b)
{
    return -strcmp(a, b); /* ids begin with their time */
}

static void list_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct all_op *op = arg;
    char(*ids)[ID_BYTES];
    size_t n = 0;

    if (e->code != ERR_OK)
        op->fault = *e;
    for (size_t i = 0; i < reply_count(reply); i++)
        json_array_append_new(op->items, json_string(reply_text(reply_at(reply, i))));
    if (--op->left > 0)
        return;
    ids = mem_new(json_array_size(op->items) + 1, sizeof *ids);
    for (size_t i = 0; i < json_array_size(op->items); i++) {
        const char *id = json_string_value(json_array_get(op->items, i));

        if (id && id_is(id, "ntc_"))
            memcpy(ids[n++], id, ID_BYTES);
    }
    qsort(ids, n, sizeof *ids, newest_first);
    op->ids(op->arg, (const char(*)[ID_BYTES])ids, n < op->n ? n : op->n, &op->fault);
    free(ids);
    all_op_free(op);
}

void notice_store_list(struct store *s, const char *whom, unsigned n, notice_ids_fn fn, void *arg)
{
    struct all_op *op = all_op_new(arg);

    op->ids = fn;
    op->n = n;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};

        args_add(&a, "ZREVRANGE");
        keys_add(&a, p, "noticed", whom);
        args_add(&a, "0");
        args_add_int(&a, (int64_t)n - 1);
        store_call(s, p, &a, 0, list_read, op);
    }
}
