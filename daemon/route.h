/* The routes: one table from method and path to operation, with who may call it. Dispatch,
 * 404, 405 with Allow, the metrics' route label and the API description come from it. */
#ifndef DAEMON_ROUTE_H
#define DAEMON_ROUTE_H

#include "daemon/head.h"
#include "daemon/http.h"
#include "daemon/quota.h"
#include "protocol/principal.h"

#include <stddef.h>

struct app;
struct task;

/* An operation begins with a task that is given to it. */
typedef void (*route_begin_fn)(struct task *t);

struct route {
    enum head_method method;
    const char *path; /* "/v1/requests/{id}/{action}" */
    unsigned roles;   /* bit a role, and ROUTE_QUOTA; 0: open to all */
    bool takes_json;  /* has a JSON body */
    route_begin_fn begin;
    const char *about; /* one English sentence */
};

/* A limit besides QUOTA_DEFAULT, which holds for all: stands with the roles. */
#define ROUTE_QUOTA(policy) ((unsigned)(policy) << ROUTE_QUOTA_SHIFT)
enum { ROUTE_QUOTA_SHIFT = 16 };

extern const struct route routes[];
extern const size_t routes_n;

/* The two hooks of the HTTP layer; arg is struct app. */
bool route_admit(struct http_exchange *http, size_t *ret_body_bytes, void *arg);
void route_dispatch(struct http_exchange *http, void *arg);
/* What the HTTP layer could not read. */
void route_problem(struct http_exchange *http, int status, const char *reason, void *arg);

#endif
