#include "workers/resealer.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/reseal_store.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAUSE_MS = 2, RETRY_MS = 1000, TOLD_MS = 1000, CLEAN_MS = 60000 };

struct resealer {
    struct crew *crew;   /* borrowed */
    struct event *timer; /* owned */
    bool is_busy;        /* a call has not been answered */
    bool is_known;       /* what was told before is */
    char cursor[RESEAL_CURSOR_BYTES];
    struct reseal_report report; /* of this sweep */
    int64_t began_ms;            /* it */
    int64_t since_ms;            /* the first one under the key that is active */
    int64_t told_mono_ms;
};

static void resealer_tick(evutil_socket_t fd, short what, void *arg);
static void resealer_known(void *arg, const json_t *doc, const struct err *e);
static void resealer_paged(void *arg, const char *next, const struct reseal_report *page,
                           const struct err *e);

static void resealer_arm(struct resealer *r, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(r->timer, &tv);
}

struct resealer *resealer_new(struct crew *crew)
{
    struct resealer *r = mem_new(1, sizeof *r);

    r->crew = crew;
    r->timer = evtimer_new(crew->base, resealer_tick, r);
    if (!r->timer)
        bug("out of memory");
    if (keyring_kid(crew->ring, 1)) /* else there is nothing to do until the next start */
        resealer_arm(r, 0);
    return r;
}

void resealer_free(struct resealer *r)
{
    if (!r)
        return;
    event_free(r->timer);
    free(r);
}

static void resealer_tell(struct resealer *r, bool is_done)
{
    json_t *left = json_object();
    json_t *tokens = json_object();
    json_t *doc;

    for (size_t i = 0; i < r->report.kids_n; i++) {
        char kid[16];

        snprintf(kid, sizeof kid, "%u", (unsigned)r->report.kids[i].kid);
        json_object_set_new(left, kid, json_integer(r->report.kids[i].left_n));
        json_object_set_new(tokens, kid, json_integer(r->report.kids[i].tokens_n));
    }
    doc = json_pack("{s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "active",
                    (json_int_t)keyring_active(r->crew->ring), "done", (int)is_done, "since_ms",
                    (json_int_t)r->since_ms, "began_ms", (json_int_t)r->began_ms, "at_ms",
                    (json_int_t)clock_now_ms(), "values", (json_int_t)r->report.values_n,
                    "resealed", (json_int_t)r->report.resealed_n, "unreadable",
                    (json_int_t)r->report.unreadable_n, "left", left, "tokens", tokens);
    if (!doc)
        bug("resealer_tell");
    r->told_mono_ms = clock_mono_ms();
    reseal_store_tell(r->crew->store, "values", doc, NULL, NULL);
    json_decref(doc);
}

static void resealer_tick(evutil_socket_t fd, short what, void *arg)
{
    struct resealer *r = arg;

    (void)fd, (void)what;
    if (r->crew->stopping || r->is_busy)
        return;
    if (!store_is_ready(r->crew->store)) {
        resealer_arm(r, RETRY_MS);
        return;
    }
    r->is_busy = true;
    if (!r->is_known) {
        reseal_store_told(r->crew->store, "values", resealer_known, r);
        return;
    }
    if (!*r->cursor) {
        snprintf(r->cursor, sizeof r->cursor, "0");
        r->report = (struct reseal_report){0};
        r->began_ms = clock_now_ms();
    }
    reseal_store_page(r->crew->store, r->cursor, resealer_paged, r);
}

/* When the key that is active became so, as far as anybody has seen. */
static void resealer_known(void *arg, const json_t *doc, const struct err *e)
{
    struct resealer *r = arg;
    bool is_same = json_integer_value(json_object_get(doc, "active")) ==
                   (json_int_t)keyring_active(r->crew->ring);

    r->is_busy = false;
    r->is_known = e->code == ERR_OK;
    r->since_ms = is_same ? json_integer_value(json_object_get(doc, "since_ms")) : clock_now_ms();
    if (!r->crew->stopping)
        resealer_arm(r, r->is_known ? 0 : RETRY_MS);
}

static bool is_clean(const struct resealer *r)
{
    for (size_t i = 0; i < r->report.kids_n; i++)
        if (r->report.kids[i].left_n)
            return false;
    return true;
}

static void resealer_paged(void *arg, const char *next, const struct reseal_report *page,
                           const struct err *e)
{
    struct resealer *r = arg;
    int64_t pause_ms = PAUSE_MS;

    r->is_busy = false;
    if (r->crew->stopping)
        return;
    if (e->code != ERR_OK) { /* this page again: what it did is done */
        resealer_arm(r, RETRY_MS);
        return;
    }
    reseal_report_add(&r->report, page);
    snprintf(r->cursor, sizeof r->cursor, "%s", next);
    if (next[0] == '0' && !next[1]) {
        resealer_tell(r, true);
        log_info("resealed", "active=%u values=%lld resealed=%lld unreadable=%lld",
                 (unsigned)keyring_active(r->crew->ring), (long long)r->report.values_n,
                 (long long)r->report.resealed_n, (long long)r->report.unreadable_n);
        *r->cursor = '\0';
        pause_ms = is_clean(r) && !r->report.resealed_n ? CLEAN_MS : RETRY_MS;
    } else if (clock_mono_ms() - r->told_mono_ms > TOLD_MS) {
        resealer_tell(r, false);
    }
    resealer_arm(r, pause_ms);
}
