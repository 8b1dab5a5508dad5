/* A request document on its way into the store: decoded, the request that it wishes to join looked
 * up, written once for its Idempotency-Key. Shared by all ways in (submit.c, bulk.c).
 *
 *   filing_read -> filing_send -> (join) -> stored -> fn */
#ifndef DAEMON_FILING_H
#define DAEMON_FILING_H

#include "daemon/task.h"
#include "protocol/request.h"

struct filing;
/* e: ERR_OK: record has id and reference; is_replayed: it is stored from before, and only the id is
 * known. ERR_VALIDATION: faults say why. */
typedef void (*filing_fn)(void *arg, struct filing *f, const struct err *e);

struct filing {
    struct task *task; /* borrowed: who sends it, on which app */
    json_t *doc;       /* owned; request borrows from it */
    struct request request;
    struct record record;
    struct faults faults;
    bool is_replayed;
    /* of filing_send */
    const void *body; /* borrowed */
    size_t body_n;
    struct idempotency idempotency;
    const char *join_fault; /* static: what is wrong with the request to join */
    filing_fn fn;
    void *arg;
};

/* doc is given. country: whose request it must be. ERR_VALIDATION: faults say why. */
enum err_code filing_read(struct filing *f, struct task *t, json_t *doc, const char *country,
                          struct err *e) ERR_CHECK;
/* After filing_read. body: the document as it is kept; both it and *f live until fn is called,
 * perhaps before this returns (a wrong name of a request or an attachment). */
void filing_send(struct filing *f, const void *body, size_t n, const struct idempotency *i,
                 filing_fn fn, void *arg);
void filing_clear(struct filing *f);

#endif
