/* GET /livez and /readyz: for machines that watch. metrics.c has the third. */
#include "daemon/operations.h"

#include "base/clock.h"
#include "daemon/control.h"
#include "daemon/gauge.h"
#include "daemon/task.h"
#include "daemon/tls.h"

#include <stdio.h>
#include <string.h>

static const char plain[] = "text/plain; charset=utf-8";

void livez_begin(struct task *t)
{
    task_reply_text(t, 200, plain, "ok\n");
}

/* --- readyz: readyz_begin -> readyz_looked ---------------------------------------------------- */

static char mark(bool good)
{
    return good ? '+' : '-';
}

/* One line, '-' when somebody should act; nothing where there is no TLS. */
static void tls_say(const struct app *app, char *out, size_t out_bytes)
{
    const int64_t day_ms = 86400000, soon_days = 14;
    int64_t days = app->tls ? (tls_expires_ms(app->tls) - clock_now_ms()) / day_ms : 0;

    out[0] = '\0';
    if (app->tls)
        snprintf(out, out_bytes, "[%c]certificate %lld days left\n", mark(days >= soon_days),
                 (long long)days);
}

static void readyz_looked(void *arg, const struct health *h, const struct err *e)
{
    struct task *t = arg;
    const struct app *app = t->app;
    bool mails = *app->settings.smtp_url && *app->settings.mail_from;
    bool routes = e->code == ERR_OK && gauge_live_n(h, "route", clock_now_ms()) > 0;
    char text[480], tls[64];

    tls_say(app, tls, sizeof tls);
    snprintf(text, sizeof text,
             "[%c]redis %s\n[%c]draining %s\n[%c]workers %s\n[%c]intake %s\n[%c]disk %s\n"
             "[%c]mail %s\n%s",
             mark(e->code == ERR_OK), e->code == ERR_OK ? "ok" : "no answer", mark(!app->draining),
             app->draining ? "yes" : "no", mark(routes), routes ? "ok" : "none seen for 15 s",
             mark(!control_paused_ms(app, QUEUE_INTAKE)),
             control_paused_ms(app, QUEUE_INTAKE) ? "paused: liaison queue resume intake" : "open",
             mark(!gauge_is_full(app->gauge)),
             gauge_is_full(app->gauge) ? "nearly full: nothing is taken in" : "ok", mark(mails),
             mails ? "set up" : "not set up: smtp_url, mail_from", tls);
    task_reply_text(t, e->code == ERR_OK && !t->app->draining ? 200 : 503, plain, text);
}

void readyz_begin(struct task *t)
{
    bool ready = store_is_ready(t->app->store) && !t->app->draining;
    char verbose[8];

    if (task_query(t, "verbose", verbose, sizeof verbose) &&
        head_query(http_head(t->http), "verbose", verbose, sizeof verbose) == HEAD_MEMBER_FOUND &&
        task_is_local(t))
        gauge_look(t->app->gauge, readyz_looked, t);
    else
        task_reply_text(t, ready ? 200 : 503, plain, ready ? "ok\n" : "not ready\n");
}
