#include "daemon/quota.h"

#include "base/buf.h"
#include "base/clock.h"
#include "daemon/limit.h"
#include "daemon/peer.h"
#include "daemon/route.h"
#include "daemon/task.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOW_S = 60, CALLERS_MAX = 16384 };

static const char *const policy_names[QUOTA_POLICIES_N] = {"default", "submit", "assess"};

struct quota {
    const struct app *app; /* borrowed */
    struct limit *limits[QUOTA_POLICIES_N];
};

struct quota *quota_new(const struct app *app)
{
    struct quota *q = mem_new(1, sizeof *q);

    q->app = app;
    for (unsigned i = 0; i < QUOTA_POLICIES_N; i++)
        q->limits[i] = limit_new(WINDOW_S * 1000, CALLERS_MAX);
    return q;
}

void quota_free(struct quota *q)
{
    if (!q)
        return;
    for (unsigned i = 0; i < QUOTA_POLICIES_N; i++)
        limit_free(q->limits[i]);
    free(q);
}

/* 0: no limit. */
static int64_t quota_of(const struct quota *q, enum quota_policy policy)
{
    const int64_t of[QUOTA_POLICIES_N] = {[QUOTA_DEFAULT] = q->app->settings.rate_per_minute,
                                          [QUOTA_SUBMIT] = q->app->settings.submits_per_minute,
                                          [QUOTA_ASSESS] = q->app->settings.assesses_per_minute};

    return of[policy];
}

/* False: a neighbour behind a Unix socket that says nothing of its client; it has its own limits.
 */
static bool caller_of(const struct task *t, char out[LIMIT_WHO_BYTES])
{
    char who[PRINCIPAL_TEXT_BYTES];

    if (t->route->roles) {
        snprintf(out, LIMIT_WHO_BYTES, "%s", principal_text(&t->who, who));
        return true;
    }
    return peer_group(http_peer_of(t->http), out, LIMIT_WHO_BYTES);
}

/* The policies that hold for a route: the common one, then its own. */
static unsigned policies_of(const struct quota *q, const struct route *route,
                            enum quota_policy out[2])
{
    enum quota_policy own = (enum quota_policy)(route->roles >> ROUTE_QUOTA_SHIFT);
    unsigned n = 0;

    if (quota_of(q, QUOTA_DEFAULT))
        out[n++] = QUOTA_DEFAULT;
    if (own != QUOTA_DEFAULT && quota_of(q, own))
        out[n++] = own;
    return n;
}

static int64_t seconds(int64_t ms)
{
    return (ms + 999) / 1000;
}

enum err_code quota_take(struct quota *q, struct task *t, struct err *e)
{
    BUF_AUTO struct buf policy = {0};
    BUF_AUTO struct buf left = {0};
    enum quota_policy policies[2];
    char who[LIMIT_WHO_BYTES];
    int64_t now_ms = clock_mono_ms();
    unsigned n = caller_of(t, who) ? policies_of(q, t->route, policies) : 0;
    const char *over = NULL;

    for (unsigned i = 0; i < n; i++) {
        int64_t quota = quota_of(q, policies[i]);
        const char *name = policy_names[policies[i]];
        /* What is over one limit uses up nothing of the next. */
        struct limit_state s = over ? limit_look(q->limits[policies[i]], who, quota, now_ms)
                                    : limit_take(q->limits[policies[i]], who, quota, now_ms);

        buf_printf(&policy, "%s\"%s\";q=%lld;w=%d", i ? ", " : "", name, (long long)quota,
                   WINDOW_S);
        buf_printf(&left, "%s\"%s\";r=%lld;t=%lld", i ? ", " : "", name, (long long)s.left,
                   (long long)seconds(s.wait_ms ? s.wait_ms : WINDOW_S * 1000 / quota));
        if (s.is_over && !over) {
            over = name;
            t->retry_s = (int)seconds(s.wait_ms);
        }
    }
    if (n) {
        http_add_header(t->http, "RateLimit-Policy", buf_text(&policy));
        http_add_header(t->http, "RateLimit", buf_text(&left));
    }
    t->violated = over;
    return over ? err_set(e, ERR_QUOTA, "over the limit %s", over) : ERR_OK;
}

void quota_return(struct quota *q, const struct task *t)
{
    enum quota_policy policies[2];
    char who[LIMIT_WHO_BYTES];
    unsigned n = caller_of(t, who) ? policies_of(q, t->route, policies) : 0;

    for (unsigned i = 0; i < n; i++)
        limit_return(q->limits[policies[i]], who, quota_of(q, policies[i]), clock_mono_ms());
}
