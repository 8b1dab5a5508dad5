/* Requests in the store: submit, read, move, decide. Replies are checked and opened here;
 * callbacks get values. Each function calls back exactly once, never before it returned. */
#ifndef STORE_REQUEST_STORE_H
#define STORE_REQUEST_STORE_H

#include "protocol/judgement.h"
#include "protocol/seal.h"
#include "protocol/transition.h"
#include "store/store.h"

enum { REQUEST_KEY_MAX = 255, FINGERPRINT_BYTES = 32 };

/* A record with its opened parts. */
struct stored {
    struct record record;
    json_t *body;  /* owned; the request document */
    json_t *inner; /* owned; an object, empty before routing */
};
void stored_clear(struct stored *s);

/* Who repeats what: an Idempotency-Key in its scope (method, path and one principal), with the
 * print of its request. */
struct idempotency_name {
    uint32_t kid;  /* of the key that both were made with */
    char name[33]; /* hash of method, path and key, in hex; "" when no key was sent */
    uint8_t print[FINGERPRINT_BYTES];
};
struct idempotency {
    char name[33];
    char who[PRINCIPAL_TEXT_BYTES];
    uint8_t print[FINGERPRINT_BYTES];
    /* The same under keys that were active before, as long as the key file has them: it may be
     * remembered there. */
    struct idempotency_name others[KEYS_MAX - 1];
    unsigned others_n;
};
/* Fills name, print and others: both are keyed hashes, of the parts that name and of those that are
 * compared. who is the caller's. */
void idempotency_make(const struct keyring *ring, const struct seal_part *named, size_t named_n,
                      const struct seal_part *compared, size_t compared_n,
                      struct idempotency *ret_idempotency);

enum store_outcome {
    STORE_DONE,
    STORE_REPLAYED, /* the key was used for the same request before */
    STORE_REUSED,   /* .. for another one */
    STORE_STALE,    /* the record moved on meanwhile: read again, decide again */
    STORE_REFUSED,  /* the store's own guards said no */
    STORE_ABSENT,
    STORE_EPOCH, /* decide: another request of the country was decided meanwhile */
};

/* --- submit -------------------------------------------------------------------------------- */

struct submission {
    const struct record *record; /* id, country and all that record_meta writes; no reference */
    const void *body;            /* as it came */
    size_t body_n;
    const struct principal *who;
    const struct idempotency *idempotency;
};
/* id: whose request it is now (another one when replayed); "" on error. */
typedef void (*submitted_fn)(void *arg, enum store_outcome outcome, const char *id,
                             const char *reference, const struct err *e);
void request_store_submit(struct store *s, const struct submission *what, submitted_fn fn,
                          void *arg);

/* --- read ---------------------------------------------------------------------------------- */

/* stored is NULL with ERR_NOT_FOUND when there is none; else given to the callee's eyes for the
 * call only: what must live is taken out (set to NULL). */
typedef void (*read_fn)(void *arg, struct stored *stored, const struct err *e);
/* who: a request hidden from them is ERR_NOT_FOUND like one that is not there, and as fast; NULL:
 * all are seen. */
void request_store_read(struct store *s, const char *id, const struct principal *who, read_fn fn,
                        void *arg);
/* list has n entries in the order of ids; one that is absent or unreadable has an
 * empty record.id. */
typedef void (*read_many_fn)(void *arg, struct stored *list, size_t n, const struct err *e);
void request_store_read_many(struct store *s, const char (*ids)[ID_BYTES], size_t n,
                             read_many_fn fn, void *arg);
/* The same without their texts: body and inner are NULL. */
void request_store_read_records(struct store *s, const char (*ids)[ID_BYTES], size_t n,
                                read_many_fn fn, void *arg);
/* id is "" when there is no such reference. */
typedef void (*found_fn)(void *arg, const char *id, const struct err *e);
void request_store_find(struct store *s, const char *reference, found_fn fn, void *arg);
/* History lines from the first-th on (0: oldest), at most n. lines: array, borrowed. */
typedef void (*history_fn)(void *arg, json_t *lines, const struct err *e);
void request_store_history(struct store *s, const char *country, const char *id, int64_t first,
                           int64_t n, history_fn fn, void *arg);

/* --- move ---------------------------------------------------------------------------------- */

/* What becomes of one request. */
struct change {
    const struct record *before, *after;
    const json_t *inner;   /* NULL: unchanged */
    const json_t *history; /* line */
};
/* A new name for an attempt. Returns out. */
enum { OPERATION_BYTES = 17 };
char *request_store_operation(char out[OPERATION_BYTES]);

/* One step of one request, or of several of one country together: all or none. */
struct movement {
    const struct change *changes; /* first: the request acted on */
    size_t changes_n;
    enum action action;
    const struct principal *who;
    const struct judgement *judgements; /* what it says of pairs */
    size_t judgements_n;
    const struct idempotency *idempotency;
    const char *operation; /* names this attempt, so that it is applied once */
    const json_t *lesson;  /* protocol/lesson.h, kept in the same step; NULL: none */
    int64_t lessons_kept;  /* the newest of a partition; 0: none */
    const char *half;      /* id of the request whose half of a link is then due; NULL: none */
    int degree;            /* for the event (event_store.h); 0: none */
    const char *whom;      /* .. NULL: none */
};
/* outcome STORE_REPLAYED: operation was already applied under the same key. */
typedef void (*moved_fn)(void *arg, enum store_outcome outcome, const struct err *e);
void request_store_move(struct store *s, const struct movement *what, moved_fn fn, void *arg);

/* Whether that key was used before by a request of this partition: STORE_REPLAYED, STORE_REUSED or
 * STORE_ABSENT. */
void request_store_seen(struct store *s, unsigned partition, const struct idempotency *i,
                        moved_fn fn, void *arg);

/* The router's decision. entry: the work entry that is thereby acknowledged; epoch: the country's
 * at which duplicates were looked for. STORE_EPOCH and STORE_STALE: look again. */
struct ruling {
    struct movement movement; /* idempotency, operation, lesson and half unused */
    const char *entry;
    int64_t epoch;
    const char *verdict; /* of the best duplicate, for the counters */
    const char *theme;   /* main topic, for the counters; "": none */
    const void *vector;  /* what later requests are compared with (candidate_store.h) */
    size_t vector_n;     /* 0: none */
};
void request_store_decide(struct store *s, const struct ruling *what, moved_fn fn, void *arg);

#endif
