/* Notices in the store: what somebody is to be told of an event (store/lua/notice.lua).
 *
 *   events --group `deliver`--> announce --> waiting --> begin --> sent
 *                                              ^  later |  |
 *                                              +--------+  +--> dead --requeue--> waiting
 *
 * Events are read as a group, so each is given to one worker, and to another one when that one left
 * it behind. Announcing writes all notices of an event and acknowledges it in one step. */
#ifndef STORE_NOTICE_STORE_H
#define STORE_NOTICE_STORE_H

#include "base/id.h"
#include "config/notice.h"
#include "protocol/principal.h"
#include "store/queue_store.h"
#include "store/store.h"

#include <jansson.h>

/* --- events ----------------------------------------------------------------------------------- */

/* An event with texts of its own. */
struct happening {
    unsigned partition;
    char entry[32]; /* of the stream; "" when it is not to be acknowledged */
    char request[ID_BYTES];
    char country[4];
    char action[16];
    char actor[PRINCIPAL_TEXT_BYTES];
    char from[20], to[20];
    char whom[PRINCIPAL_TEXT_BYTES]; /* "": none (event_store.h) */
    int degree;                      /* 0: none */
    int64_t version, at_ms;
};

/* Makes the group on all partitions; harmless when it is there. */
void notice_store_prepare(struct store *s, void (*fn)(void *arg, const struct err *e), void *arg);

typedef void (*happenings_fn)(void *arg, const struct happening *list, size_t n,
                              const struct err *e);
/* New ones, at most n of each partition, waiting up to block_ms. Needs a store of its own. An entry
 * that is none of ours is acknowledged here. */
void notice_store_events(struct store *s, const char *consumer, unsigned n, int64_t block_ms,
                         happenings_fn fn, void *arg);
/* Those of one partition that a worker began and left for idle_ms. */
void notice_store_events_left(struct store *s, unsigned partition, const char *consumer,
                              int64_t idle_ms, unsigned n, happenings_fn fn, void *arg);

/* --- notices ---------------------------------------------------------------------------------- */

enum notice_kind {
    NOTICE_MAIL,
    NOTICE_HOOK,
    NOTICE_EVENT, /* telling of the event failed; an attempt tells of it anew */
    NOTICE_KINDS_N
};
extern const char *const notice_kind_words[]; /* ends with NULL */

struct notice {
    char id[ID_BYTES];
    enum notice_kind kind;
    struct happening event; /* entry is "" */
    char words[24];
    enum notice_reply reply;
    int64_t due_ms;       /* when to send it first; of new ones 0: at once */
    int64_t until_ms;     /* answers are accepted until then */
    uint32_t kid;         /* that the answer's token is made with */
    char whom[ID_BYTES];  /* "mail", or the webhook's id */
    const char *payload;  /* webhook: the body; borrowed, "" for a mail */
    const json_t *person; /* mail: {who, email, name, language}; kept sealed; borrowed */
    int64_t tries, made_ms, last_ms;
    long status;        /* of the last attempt: of HTTP or SMTP; 0: none came */
    const char *state;  /* waiting, sent, dead or dropped; borrowed */
    const char *answer; /* what came with that status, for webhooks; borrowed */
};

/* The id of the notice of this event to this recipient. step: of all events of that step. */
void notice_store_id(struct store *s, const struct happening *event, bool step,
                     enum notice_kind kind, const char *recipient, char ret_id[ID_BYTES]);

/* made: how many are new; -1: another worker has done this event. */
typedef void (*announced_fn)(void *arg, int64_t made, const struct err *e);
/* Writes the notices of one event and acknowledges it. NOTICE_EVENT is a dead letter
 * from the start. keep_ms: how long they are kept. */
void notice_store_announce(struct store *s, const struct happening *event,
                           const struct notice *list, size_t n, int64_t now_ms, int64_t keep_ms,
                           announced_fn fn, void *arg);

typedef void (*notice_ids_fn)(void *arg, const char (*ids)[ID_BYTES], size_t n,
                              const struct err *e);
enum { NOTICE_TAKE_MAX = 64 };
/* Those of one partition that are due, at most n: nobody else gets them for lease_ms. */
void notice_store_take(struct store *s, unsigned partition, int64_t now_ms, int64_t lease_ms,
                       unsigned n, notice_ids_fn fn, void *arg);

/* n is NULL when there is nothing to do, or with an error; borrowed for the call. */
typedef void (*notice_fn)(void *arg, const struct notice *n, const struct err *e);
/* An attempt begins: it is counted. */
void notice_store_begin(struct store *s, const char *id, notice_fn fn, void *arg);
/* Just looks. */
void notice_store_read(struct store *s, const char *id, notice_fn fn, void *arg);

/* BACK: tried for nothing, not counted; DROPPED: not to be sent at all, and no dead letter. */
enum notice_outcome { NOTICE_SENT, NOTICE_LATER, NOTICE_BACK, NOTICE_DEAD, NOTICE_DROPPED };
extern const char *const notice_outcome_words[]; /* ends with NULL */
struct settlement {
    enum notice_outcome outcome;
    int64_t due_ms;     /* LATER, BACK: when to try next */
    long status;        /* as in struct notice */
    const char *answer; /* "": nothing; sealed in the store */
};
/* n: of which id, kind, request and country are looked at. first: 1 unless it was settled
 * meanwhile. */
void notice_store_settle(struct store *s, const struct notice *n, const struct settlement *how,
                         int64_t now_ms, counted_fn fn, void *arg);

/* first: 1 when it waits now. also_sent: one that was sent is sent again. */
void notice_store_requeue(struct store *s, const char *id, int64_t now_ms, int64_t keep_ms,
                          bool also_sent, counted_fn fn, void *arg);
/* Gives up a dead one for good. first: 1 when it was one. keep_ms as above. */
void notice_store_delete(struct store *s, const char *id, int64_t keep_ms, counted_fn fn,
                         void *arg);
/* Those given up: [{"id","since","queue":"deliver"}], at most n of each partition. Borrowed. */
void notice_store_dead(struct store *s, unsigned n, json_fn fn, void *arg);
/* Ids of the notices to whom ("mail" or a webhook's id), the newest first, at most n of all. */
void notice_store_list(struct store *s, const char *whom, unsigned n, notice_ids_fn fn, void *arg);

#endif
