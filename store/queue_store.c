#include "store/queue_store.h"

#include "base/clock.h"
#include "store/group.h"
#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct group group = {"route", "work", "group_v1"};

void queue_store_prepare(struct store *s, void (*fn)(void *arg, const struct err *e), void *arg)
{
    group_prepare(s, &group, fn, arg);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum { WORK_MAX = 1024 };

/* Entries of one stream into list; returns how many. */
static size_t entries_read(const struct redisReply *entries, unsigned partition, struct work *list,
                           size_t room)
{
    size_t n = 0;

    for (size_t i = 0; i < reply_count(entries) && n < room; i++) {
        const char *entry = reply_text(reply_at(reply_at(entries, i), 0));
        const struct redisReply *fields = reply_at(reply_at(entries, i), 1);
        const char *id = reply_text(reply_at(fields, 1));
        struct work *w = &list[n];

        if (!entry || strlen(entry) >= sizeof w->entry)
            continue;
        *w = (struct work){.partition = partition, .enqueued_ms = strtoll(entry, NULL, 10)};
        snprintf(w->entry, sizeof w->entry, "%s", entry);
        if (id && id_is(id, "req_"))
            snprintf(w->id, sizeof w->id, "%s", id);
        n++;
    }
    return n;
}

struct read_op {
    work_fn fn;
    void *arg;
};

static void read_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct read_op op = *(struct read_op *)arg;
    struct work *list = mem_new(WORK_MAX, sizeof *list);
    size_t n = 0;

    free(arg);
    for (size_t i = 0; i < reply_count(reply); i++) {
        const struct redisReply *stream = reply_at(reply, i);

        n += entries_read(reply_at(stream, 1), group_partition(stream), list + n, WORK_MAX - n);
    }
    op.fn(op.arg, list, n, e);
    free(list);
}

void queue_store_read(struct store *s, const char *consumer, unsigned n, int64_t block_ms,
                      work_fn fn, void *arg)
{
    struct read_op *op = mem_new(1, sizeof *op);

    *op = (struct read_op){fn, arg};
    group_read(s, &group, consumer, n, block_ms, read_done, op);
}

struct take_op {
    taken_fn fn;
    void *arg;
    unsigned partition;
};

static void take_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct take_op op = *(struct take_op *)arg;
    struct work *list = mem_new(WORK_MAX, sizeof *list);
    const char *cursor = reply_text(reply_at(reply, 0));
    size_t n = entries_read(reply_at(reply, 1), op.partition, list, WORK_MAX);

    free(arg);
    op.fn(op.arg, list, n, cursor ? cursor : "0-0", reply_count(reply_at(reply, 2)), e);
    free(list);
}

void queue_store_take_over(struct store *s, unsigned partition, const char *consumer,
                           int64_t idle_ms, const char *cursor, unsigned n, taken_fn fn, void *arg)
{
    struct take_op *op = mem_new(1, sizeof *op);

    *op = (struct take_op){fn, arg, partition};
    group_take(s, &group, partition, consumer, idle_ms, cursor, n, take_done, op);
}

/* --- attempts --------------------------------------------------------------------------------- */

struct attempt_op {
    attempted_fn fn;
    void *arg;
};

static void attempt_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct attempt_op op = *(struct attempt_op *)arg;
    const char *word = reply_text(reply_at(reply, 0));
    enum attempt_outcome outcome = ATTEMPT_SETTLED;

    free(arg);
    if (word && !strcmp(word, "go"))
        outcome = ATTEMPT_GO;
    else if (word && !strcmp(word, "delayed"))
        outcome = ATTEMPT_DELAYED;
    else if (word && !strcmp(word, "dead"))
        outcome = ATTEMPT_DEAD;
    op.fn(op.arg, outcome, reply_int(reply_at(reply, 1)), e);
}

void queue_store_attempt(struct store *s, const struct work *w, int64_t now_ms, int64_t delay_ms,
                         const char *why, attempted_fn fn, void *arg)
{
    struct attempt_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    *op = (struct attempt_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "attempt_v2");
    args_add(&a, "6");
    keys_add(&a, w->partition, "req", w->id);
    keys_add(&a, w->partition, "work", NULL);
    keys_add(&a, w->partition, "queued", NULL);
    keys_add(&a, w->partition, "delayed", NULL);
    keys_add(&a, w->partition, "dead", NULL);
    keys_add(&a, w->partition, "stats", NULL);
    args_add(&a, w->id);
    args_add(&a, w->entry);
    args_add_int(&a, now_ms);
    if (delay_ms < 0)
        args_add(&a, "-");
    else
        args_add_int(&a, delay_ms);
    args_printf(&a, "%.3f", (double)randombytes_uniform(1000) / 1000);
    args_printf(&a, "%.120s", why);
    store_call(s, w->partition, &a, 0, attempt_done, op);
}

static void ignored(void *arg, const struct redisReply *reply, const struct err *e)
{
    (void)arg, (void)reply, (void)e;
}

void queue_store_settle(struct store *s, const struct work *w)
{
    static const char *const commands[] = {"XACK", "XDEL"};

    for (size_t i = 0; i < 2; i++) {
        struct args a = {0};

        args_add(&a, commands[i]);
        keys_add(&a, w->partition, "work", NULL);
        if (i == 0)
            args_add(&a, group.name);
        args_add(&a, w->entry);
        store_call(s, w->partition, &a, 0, ignored, NULL);
    }
    if (*w->id) {
        struct args a = {0};

        args_add(&a, "HDEL");
        keys_add(&a, w->partition, "queued", NULL);
        args_add(&a, w->id);
        store_call(s, w->partition, &a, 0, ignored, NULL);
    }
}

struct count_op {
    counted_fn fn;
    void *arg;
};

static void count_done(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct count_op op = *(struct count_op *)arg;

    free(arg);
    if (reply_count(reply))
        op.fn(op.arg, reply_int(reply_at(reply, 0)), reply_int(reply_at(reply, 1)), e);
    else
        op.fn(op.arg, reply_int(reply), 0, e);
}

static struct count_op *count_op_new(counted_fn fn, void *arg)
{
    struct count_op *op = mem_new(1, sizeof *op);

    *op = (struct count_op){fn, arg};
    return op;
}

void queue_store_wake(struct store *s, unsigned partition, int64_t now_ms, counted_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "wake_v1");
    args_add(&a, "3");
    keys_add(&a, partition, "work", NULL);
    keys_add(&a, partition, "queued", NULL);
    keys_add(&a, partition, "delayed", NULL);
    args_add_int(&a, now_ms);
    args_add(&a, "100");
    store_call(s, partition, &a, 0, count_done, count_op_new(fn, arg));
}

void queue_store_reconcile(struct store *s, unsigned partition, int64_t from_rank, unsigned n,
                           counted_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "reconcile_v1");
    args_add(&a, "6");
    keys_add(&a, partition, "by", "state:submitted");
    keys_add(&a, partition, "work", NULL);
    keys_add(&a, partition, "queued", NULL);
    keys_add(&a, partition, "delayed", NULL);
    keys_add(&a, partition, "dead", NULL);
    keys_add(&a, partition, "stats", NULL);
    args_add_int(&a, from_rank);
    args_add_int(&a, n);
    store_call(s, partition, &a, 0, count_done, count_op_new(fn, arg));
}

void queue_store_requeue(struct store *s, const char *id, counted_fn fn, void *arg)
{
    unsigned p = id_partition(id);
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "requeue_v1");
    args_add(&a, "4");
    keys_add(&a, p, "req", id);
    keys_add(&a, p, "work", NULL);
    keys_add(&a, p, "queued", NULL);
    keys_add(&a, p, "dead", NULL);
    args_add(&a, id);
    store_call(s, p, &a, 0, count_done, count_op_new(fn, arg));
}

struct dead_op {
    json_fn fn;
    void *arg;
    json_t *items;
    unsigned left;
    struct err fault;
};

static void dead_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct dead_op *op = arg;
    char text[CLOCK_TEXT_BYTES];

    if (e->code != ERR_OK)
        op->fault = *e;
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2)
        json_array_append_new(
            op->items,
            json_pack("{s:s, s:s, s:s}", "id", reply_text(reply_at(reply, i)), "since",
                      clock_text(reply_int(reply_at(reply, i + 1)), text), "queue", "route"));
    if (--op->left > 0)
        return;
    op->fn(op->arg, op->items, &op->fault);
    json_decref(op->items);
    free(op);
}

void queue_store_dead(struct store *s, unsigned n, json_fn fn, void *arg)
{
    struct dead_op *op = mem_new(1, sizeof *op);

    op->fn = fn;
    op->arg = arg;
    op->items = json_array();
    op->left = ID_PARTITIONS;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};

        args_add(&a, "ZRANGE");
        keys_add(&a, p, "dead", NULL);
        args_add(&a, "0");
        args_add_int(&a, (int64_t)n - 1);
        args_add(&a, "WITHSCORES");
        store_call(s, p, &a, 0, dead_read, op);
    }
}

struct letter_op {
    dead_letter_fn fn;
    void *arg;
};

static void letter_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct letter_op op = *(struct letter_op *)arg;
    const char *why = reply_text(reply_at(reply, 2));
    struct dead_letter d = {.since_ms = reply_int(reply_at(reply, 0)),
                            .attempts = reply_int(reply_at(reply, 1)),
                            .why = why ? why : ""};

    free(arg);
    op.fn(op.arg, &d, e);
}

void queue_store_dead_letter(struct store *s, const char *id, dead_letter_fn fn, void *arg)
{
    struct letter_op *op = mem_new(1, sizeof *op);
    unsigned p = id_partition(id);
    struct args a = {0};

    *op = (struct letter_op){fn, arg};
    args_add(&a, "FCALL_RO");
    args_add(&a, "dead_v1");
    args_add(&a, "2");
    keys_add(&a, p, "req", id);
    keys_add(&a, p, "dead", NULL);
    args_add(&a, id);
    store_call(s, p, &a, 0, letter_read, op);
}

/* --- health ----------------------------------------------------------------------------------- */

const double health_wait_bounds[] = {.01, .025, .05, .1,  .25,  .5,   1,     2.5,  5,
                                     10,  30,   60,  300, 1800, 3600, 21600, 86400};
const size_t health_wait_bounds_n = sizeof health_wait_bounds / sizeof health_wait_bounds[0];

void queue_store_add_wait(struct args *a, int64_t wait_ms)
{
    for (size_t i = 0; i < health_wait_bounds_n; i++)
        if ((double)wait_ms / 1000 <= health_wait_bounds[i]) {
            args_printf(a, "%g", health_wait_bounds[i]);
            return;
        }
    args_add(a, "+Inf");
}

struct health_op {
    health_fn fn;
    void *arg;
    size_t names_n;
    unsigned left;
    struct health health;
    struct err fault;
};

/* "certain:duplicate" */
static void judgement_read(int64_t counts[ENGINE_VERDICTS_N][VERDICTS_N], const char *name,
                           int64_t value)
{
    for (unsigned e = 0; e < ENGINE_VERDICTS_N; e++)
        for (unsigned v = VERDICT_DUPLICATE; v < VERDICTS_N; v++) {
            char text[32];

            snprintf(text, sizeof text, "%s:%s", engine_words[e], verdict_words[v]);
            if (!strcmp(name, text))
                counts[e][v] += value;
        }
}

/* "sent:mail" */
static void notice_read(struct health *h, const char *name, int64_t value)
{
    static const char *const counts[NOTICE_COUNTS_N] = {"made",  "again", "sent",
                                                        "later", "dead",  "dropped"};
    static const char *const kinds[] = {"mail", "hook"};

    for (unsigned c = 0; c < NOTICE_COUNTS_N; c++)
        for (unsigned k = 0; k < 2; k++) {
            char text[32];

            snprintf(text, sizeof text, "%s:%s", counts[c], kinds[k]);
            if (!strcmp(name, text))
                h->notices[c][k] += value;
        }
}

/* "2.5" or "+Inf": an index of waits. */
static size_t bucket_of(const char *text)
{
    double bound = strcmp(text, "+Inf") != 0 ? strtod(text, NULL) : 1e300;
    size_t i = 0;

    while (i < health_wait_bounds_n && health_wait_bounds[i] < bound * 0.999)
        i++;
    return i;
}

static void stat_read(struct health *h, const char *name, int64_t value)
{
    static const char *const verdicts[] = {"none", "possible", "likely", "certain"};
    const struct {
        const char *name;
        int64_t *slot;
    } counters[] = {
        {"enqueued",  &h->enqueued  },
        {"processed", &h->processed },
        {"retried",   &h->retried   },
        {"dead",      &h->dead_total},
        {"mended",    &h->mended    },
        {"waited_ms", &h->waited_ms },
        {"told_ms",   &h->told_ms   }
    };

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (!strcmp(name, counters[i].name))
            *counters[i].slot += value;
    if (!strncmp(name, "verdict:", 8)) {
        for (size_t i = 0; i < 4; i++)
            if (!strcmp(name + 8, verdicts[i]))
                h->verdicts[i] += value;
    } else if (!strncmp(name, "notice:", 7)) {
        notice_read(h, name + 7, value);
    } else if (!strncmp(name, "judged:", 7)) {
        judgement_read(h->judged, name + 7, value);
    } else if (!strncmp(name, "given:", 6)) {
        judgement_read(h->given, name + 6, value);
    } else if (!strncmp(name, "wait:", 5)) {
        h->waits[bucket_of(name + 5)] += value;
    } else if (!strncmp(name, "told:", 5)) {
        h->told[bucket_of(name + 5)] += value;
    }
}

static void keep_oldest(int64_t *oldest, int64_t ms)
{
    if (ms > 0 && (*oldest == 0 || ms < *oldest))
        *oldest = ms;
}

static void health_finish(struct health_op *op)
{
    if (--op->left > 0)
        return;
    op->fn(op->arg, &op->health, &op->fault);
    free(op);
}

static void health_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct health_op *op = arg;
    struct health *h = &op->health;
    const struct redisReply *stats = reply_at(reply, 6);
    const struct redisReply *counts = reply_at(reply, 7);
    int64_t waiting = reply_int(reply_at(reply, 0));

    if (e->code != ERR_OK)
        op->fault = *e;
    h->waiting = waiting < 0 || h->waiting < 0 ? -1 : h->waiting + waiting;
    h->pending += reply_int(reply_at(reply, 1));
    keep_oldest(&h->oldest_waiting_ms, reply_int(reply_at(reply, 2)));
    keep_oldest(&h->oldest_pending_ms, reply_int(reply_at(reply, 3)));
    h->delayed += reply_int(reply_at(reply, 4));
    h->dead += reply_int(reply_at(reply, 5));
    for (size_t i = 0; i + 1 < reply_count(stats); i += 2)
        stat_read(h, reply_text(reply_at(stats, i)), reply_int(reply_at(stats, i + 1)));
    for (size_t i = 0; i < op->names_n; i++) {
        h->counts[i] += reply_int(reply_at(counts, 4 * i));
        keep_oldest(&h->oldest_ms[i], reply_int(reply_at(counts, 4 * i + 1)));
        h->overdue[i] += reply_int(reply_at(counts, 4 * i + 2));
        h->ending[i] += reply_int(reply_at(counts, 4 * i + 3));
    }
    health_finish(op);
}

enum { LIVE_MS = 15000 };

bool heartbeat_is_live(const struct heartbeat *w, int64_t now_ms)
{
    return now_ms - w->seen_ms <= LIVE_MS;
}

bool heartbeat_has_role(const struct heartbeat *w, const char *role)
{
    const char *at = w->roles;
    size_t n = strlen(role);

    for (; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && !strncmp(at, role, n))
            return true;
    return !*w->roles;
}

static void deliver_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct health_op *op = arg;
    struct health *h = &op->health;
    int64_t waiting = reply_int(reply_at(reply, 4));

    if (e->code != ERR_OK)
        op->fault = *e;
    h->tell.due += reply_int(reply_at(reply, 0));
    h->tell.later += reply_int(reply_at(reply, 1));
    keep_oldest(&h->tell.oldest_ms, reply_int(reply_at(reply, 2)));
    h->tell.dead += reply_int(reply_at(reply, 3));
    h->tell.events_waiting =
        waiting < 0 || h->tell.events_waiting < 0 ? -1 : h->tell.events_waiting + waiting;
    h->tell.events_pending += reply_int(reply_at(reply, 5));
    keep_oldest(&h->tell.oldest_ms, reply_int(reply_at(reply, 6)));
    health_finish(op);
}

/* "seen started done busy requests countries load quiet roles": numbers, then words; before the
 * corpus there were four, before operators could quiet a worker seven. */
static bool beat_read(const char *slot, const char *text, struct heartbeat *ret_beat)
{
    long long n[8] = {[6] = -1};

    if (sscanf(text, "%lld %lld %lld %lld %lld %lld %lld %lld %47[a-z,-]", &n[0], &n[1], &n[2],
               &n[3], &n[4], &n[5], &n[6], &n[7], ret_beat->roles) < 4)
        return false;
    snprintf(ret_beat->slot, sizeof ret_beat->slot, "%s", slot);
    ret_beat->seen_ms = n[0];
    ret_beat->started_ms = n[1];
    ret_beat->done_n = n[2];
    ret_beat->busy = n[3] != 0;
    ret_beat->corpus_requests_n = n[4];
    ret_beat->corpus_countries_n = n[5];
    ret_beat->corpus_load_ms = n[6];
    ret_beat->quiet = n[7] != 0;
    return true;
}

static void workers_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct health_op *op = arg;
    struct health *h = &op->health;

    if (e->code != ERR_OK)
        op->fault = *e;
    for (size_t i = 0; i + 1 < reply_count(reply) && h->workers_n < HEALTH_WORKERS_MAX; i += 2) {
        const char *slot = reply_text(reply_at(reply, i));
        const char *text = reply_text(reply_at(reply, i + 1));

        if (slot && text && beat_read(slot, text, &h->workers[h->workers_n]))
            h->workers_n++;
    }
    health_finish(op);
}

void queue_store_workers(struct store *s, health_fn fn, void *arg)
{
    struct health_op *op = mem_new(1, sizeof *op);
    struct args a = {0};

    op->fn = fn;
    op->arg = arg;
    op->left = 1;
    args_add(&a, "HGETALL");
    keys_add_system(&a, "workers", NULL);
    store_call(s, STORE_SYSTEM, &a, 0, workers_read, op);
}

void queue_store_health(struct store *s, const char *const *names, size_t inboxes_at,
                        int64_t now_ms, health_fn fn, void *arg)
{
    struct health_op *op = mem_new(1, sizeof *op);
    struct args workers = {0};

    op->fn = fn;
    op->arg = arg;
    while (names[op->names_n])
        op->names_n++;
    if (op->names_n > HEALTH_NAMES_MAX)
        bug("health: too many names");
    op->left = 2 * ID_PARTITIONS + 1;
    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        struct args a = {0};
        struct args tell = {0};

        args_add(&a, "FCALL_RO");
        args_add(&a, "health_v1");
        args_add_int(&a, (int64_t)op->names_n + 4);
        keys_add(&a, p, "work", NULL);
        keys_add(&a, p, "delayed", NULL);
        keys_add(&a, p, "dead", NULL);
        keys_add(&a, p, "stats", NULL);
        for (size_t i = 0; i < op->names_n; i++)
            keys_add(&a, p, names[i], NULL);
        args_add_int(&a, (int64_t)inboxes_at);
        args_add_int(&a, now_ms);
        store_call(s, p, &a, 0, health_read, op);
        args_add(&tell, "FCALL_RO");
        args_add(&tell, "deliver_health_v1");
        args_add(&tell, "3");
        keys_add(&tell, p, "outgoing", NULL);
        keys_add(&tell, p, "undelivered", NULL);
        keys_add(&tell, p, "events", NULL);
        args_add_int(&tell, now_ms);
        store_call(s, p, &tell, 0, deliver_read, op);
    }
    args_add(&workers, "HGETALL");
    keys_add_system(&workers, "workers", NULL);
    store_call(s, STORE_SYSTEM, &workers, 0, workers_read, op);
}

void queue_store_heartbeat(struct store *s, const struct heartbeat *beat)
{
    struct args a = {0};

    args_add(&a, "FCALL");
    args_add(&a, "heartbeat_v1");
    args_add(&a, "1");
    keys_add_system(&a, "workers", NULL);
    args_add(&a, beat->slot);
    args_printf(&a, "%lld %lld %lld %d %lld %lld %lld %d %s", (long long)beat->seen_ms,
                (long long)beat->started_ms, (long long)beat->done_n, beat->busy,
                (long long)beat->corpus_requests_n, (long long)beat->corpus_countries_n,
                (long long)beat->corpus_load_ms, beat->quiet, beat->roles);
    store_call(s, STORE_SYSTEM, &a, 0, ignored, NULL);
}

void queue_store_farewell(struct store *s, const char *slot, counted_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "HDEL");
    keys_add_system(&a, "workers", NULL);
    args_add(&a, slot);
    store_call(s, STORE_SYSTEM, &a, 0, count_done, count_op_new(fn, arg));
}
