/* Events as they are told to the outside: an entry of the event stream with the record that it is
 * about, from which follows who may see it. Ids and words of the life cycle only, never what people
 * wrote. */
#ifndef DAEMON_TOLD_H
#define DAEMON_TOLD_H

#include "daemon/app.h"
#include "store/event_store.h"
#include "store/request_store.h"

struct told {
    char entry[EVENT_ID_BYTES];
    enum action action;
    enum state from, to; /* STATES_N: none */
    char actor[PRINCIPAL_TEXT_BYTES];
    char whom[PRINCIPAL_TEXT_BYTES]; /* a reminder: of whom; "": nobody */
    int degree;                      /* a reminder or escalation: how far; 0: none */
    int64_t version, at_ms;
    struct record record; /* as it is now; its id alone until it was read, "" if it is gone */
};

/* False: a newer version wrote something that this one does not know. The record is not read. */
bool told_read(const struct event *event, struct told *ret_told);

/* Reads the records of list (n, borrowed until then); those that are gone have an empty id after
 * that. e: then nothing was read. */
typedef void (*told_fn)(void *arg, const struct err *e);
void told_complete(struct store *s, struct told *list, size_t n, told_fn fn, void *arg);

/* What came after *p in the partitions of mask, at most per_partition of each, oldest first over
 * all; country: only what is about this one (NULL: any), the others are left out. list: borrowed
 * for the call. seen: where each partition was read to, and whether that was all there was. */
struct told_seen {
    struct event_position to;
    unsigned partial; /* mask: there was more */
    size_t n;         /* entries read, with those left out */
};
typedef void (*told_list_fn)(void *arg, const struct told *list, size_t n,
                             const struct told_seen *seen, const struct err *e);
void told_since(struct store *s, const struct event_position *p, unsigned mask,
                unsigned per_partition, const char *country, told_list_fn fn, void *arg);

/* May who hear of it now? Somebody who came to see the request later hears of what is told from
 * then on; nobody but its country and the desk hears that it was submitted. */
bool told_may_hear(const struct told *t, const struct principal *who);
/* What is told: type, id, reference, country, from, to, version, at, actor; of reminders and
 * escalations also degree and whom. New reference. */
json_t *told_json(const struct told *t) __attribute__((returns_nonnull));

/* The partitions that a reader's events lie in. */
unsigned told_mask(const struct principal *who);
/* ?topics=request.claimed,..: bits of actions; all without it. False: a name that is none. */
bool told_topics(const char *text, unsigned long long *ret_actions);

#endif
