/* The work queue in the store: reading as a group, attempts, dead letters, reconciling, health. */
#ifndef STORE_QUEUE_STORE_H
#define STORE_QUEUE_STORE_H

#include "base/id.h"
#include "protocol/judgement.h"
#include "store/args.h"
#include "store/store.h"

#include <jansson.h>

/* Makes the group on all partitions; harmless when it is there. */
void queue_store_prepare(struct store *s, void (*fn)(void *arg, const struct err *e), void *arg);

struct work {
    unsigned partition;
    char entry[32];    /* stream id */
    char id[ID_BYTES]; /* "" when the entry was not one of ours */
    int64_t enqueued_ms;
};
typedef void (*work_fn)(void *arg, const struct work *list, size_t n, const struct err *e);
/* One blocking read over all partitions, at most n entries of each. Needs a store of its own: a
 * blocked link answers nothing else. n is 0 when block_ms passed without work. */
void queue_store_read(struct store *s, const char *consumer, unsigned n, int64_t block_ms,
                      work_fn fn, void *arg);
/* Takes over entries of one partition that nobody touched for idle_ms. *cursor (a stream id) is
 * where to go on; lost: entries that were deleted while pending (must be 0). */
typedef void (*taken_fn)(void *arg, const struct work *list, size_t n, const char *cursor,
                         size_t lost, const struct err *e);
void queue_store_take_over(struct store *s, unsigned partition, const char *consumer,
                           int64_t idle_ms, const char *cursor, unsigned n, taken_fn fn, void *arg);

enum attempt_outcome { ATTEMPT_GO, ATTEMPT_DELAYED, ATTEMPT_DEAD, ATTEMPT_SETTLED };
typedef void (*attempted_fn)(void *arg, enum attempt_outcome outcome, int64_t attempts,
                             const struct err *e);
/* Counts an attempt. why: for operators, in English, without anything of the request.
 * delay_ms < 0: go on at once; else the entry comes back after it, doubled with each attempt. The
 * eighth makes it a dead letter. */
void queue_store_attempt(struct store *s, const struct work *w, int64_t now_ms, int64_t delay_ms,
                         const char *why, attempted_fn fn, void *arg);

/* Acknowledges an entry whose request needs no decision (any more); not answered: if it is lost
 * the entry only comes back. */
void queue_store_settle(struct store *s, const struct work *w);

typedef void (*counted_fn)(void *arg, int64_t first, int64_t second, const struct err *e);
/* first: how many delayed entries of the partition are in the stream again. */
void queue_store_wake(struct store *s, unsigned partition, int64_t now_ms, counted_fn fn,
                      void *arg);
/* first: looked at, second: mended. */
void queue_store_reconcile(struct store *s, unsigned partition, int64_t from_rank, unsigned n,
                           counted_fn fn, void *arg);
/* first: 1 when it was a dead letter. */
void queue_store_requeue(struct store *s, const char *id, counted_fn fn, void *arg);

/* [{"id","since","queue":"route"}] of all partitions, at most n each. Borrowed. */
typedef void (*json_fn)(void *arg, json_t *value, const struct err *e);
void queue_store_dead(struct store *s, unsigned n, json_fn fn, void *arg);
struct dead_letter {
    int64_t since_ms; /* 0: it is no dead letter */
    int64_t attempts;
    const char *why; /* borrowed */
};
typedef void (*dead_letter_fn)(void *arg, const struct dead_letter *d, const struct err *e);
void queue_store_dead_letter(struct store *s, const char *id, dead_letter_fn fn, void *arg);

/* --- health ---------------------------------------------------------------------------------- */

enum { HEALTH_NAMES_MAX = 64, HEALTH_BUCKETS_MAX = 20, HEALTH_WORKERS_MAX = 64 };
enum { HEARTBEAT_ROLES_BYTES = 48 };

/* What a worker says of itself, every few seconds. */
struct heartbeat {
    char slot[48];
    int64_t seen_ms, started_ms, done_n;
    int busy, quiet;
    char roles[HEARTBEAT_ROLES_BYTES]; /* "route,clock"; "": it does not say, from before roles */
    int64_t corpus_requests_n, corpus_countries_n; /* that it compares new requests with */
    int64_t corpus_load_ms;                        /* what taking them all in took; -1: not yet */
};

/* Of notices: made, made anew by a person, attempts by outcome. */
enum notice_count {
    NOTICE_COUNT_MADE,
    NOTICE_COUNT_AGAIN,
    NOTICE_COUNT_SENT,
    NOTICE_COUNT_LATER,
    NOTICE_COUNT_DEAD,
    NOTICE_COUNT_DROPPED,
    NOTICE_COUNTS_N
};

struct health {
    /* Of the queue `route`: */
    int64_t waiting; /* -1: unknown */
    int64_t pending, delayed, dead;
    int64_t oldest_waiting_ms, oldest_pending_ms; /* wall clock; 0: none */
    int64_t enqueued, processed, retried, dead_total, mended;
    int64_t waited_ms;                 /* of all processed, together */
    int64_t waits[HEALTH_BUCKETS_MAX]; /* by health_wait_bounds, not cumulative */
    /* Of the queue `deliver`: notices by their time, and events that nobody was told of yet. */
    struct {
        int64_t due, later, dead;
        int64_t events_waiting; /* -1: unknown */
        int64_t events_pending;
        int64_t oldest_ms; /* wall clock; 0: none */
    } tell;
    int64_t told_ms;                  /* waits of all that were sent, together */
    int64_t told[HEALTH_BUCKETS_MAX]; /* like waits */
    int64_t verdicts[4];              /* none possible likely certain */
    /* What people say of pairs that the engine had given a verdict: what stands now, and all that
     * was ever said. */
    int64_t judged[ENGINE_VERDICTS_N][VERDICTS_N];
    int64_t given[ENGINE_VERDICTS_N][VERDICTS_N];
    int64_t notices[NOTICE_COUNTS_N][2]; /* what became of mails [0] and calls of webhooks [1] */
    int64_t counts[HEALTH_NAMES_MAX];    /* of the names asked for */
    int64_t oldest_ms[HEALTH_NAMES_MAX]; /* 0: none. Of inboxes: the earliest due time */
    int64_t overdue[HEALTH_NAMES_MAX];   /* of inboxes only */
    int64_t ending[HEALTH_NAMES_MAX];    /* of inboxes: due within a day */
    size_t workers_n;
    struct heartbeat workers[HEALTH_WORKERS_MAX];
};
extern const double health_wait_bounds[]; /* seconds; the last bucket is +Inf */
extern const size_t health_wait_bounds_n;

/* Adds the bucket of a wait, as the counters of the store name it. */
void queue_store_add_wait(struct args *a, int64_t wait_ms);

typedef void (*health_fn)(void *arg, const struct health *h, const struct err *e);
/* names: sorted sets to count, "by:state:offered" ..; NULL ends. Those from inboxes_at on are
 * inboxes, "inbox:offer:ramsar" ... */
void queue_store_health(struct store *s, const char *const *names, size_t inboxes_at,
                        int64_t now_ms, health_fn fn, void *arg);
/* The same of the workers alone. */
void queue_store_workers(struct store *s, health_fn fn, void *arg);
/* Whether it was seen lately. */
bool heartbeat_is_live(const struct heartbeat *w, int64_t now_ms);
/* Whether it has that role, or may have it. */
bool heartbeat_has_role(const struct heartbeat *w, const char *role);
/* Notes that this worker lives; queue_store_farewell that it has ended well. */
void queue_store_heartbeat(struct store *s, const struct heartbeat *beat);
void queue_store_farewell(struct store *s, const char *slot, counted_fn fn, void *arg);

#endif
