#include "daemon/outlook.h"

#include "base/clock.h"
#include "store/index.h"
#include "store/wait_store.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOOK_S = 60, FIRST_LOOK_MS = 200 };

struct outlook {
    struct app *app;     /* borrowed */
    struct event *timer; /* owned */
    struct waits waits;
    bool looking;
};

/* outlook_ask -> outlook_placed -> the caller */
struct question {
    struct outlook *outlook;
    struct record record;
    int language;
    outlook_fn fn;
    void *arg;
};

static void outlook_looked(void *arg, const struct waits *w, const struct err *e)
{
    struct outlook *o = arg;

    o->looking = false;
    if (e->code == ERR_OK)
        o->waits = *w;
}

static void outlook_tick(evutil_socket_t fd, short what, void *arg)
{
    struct outlook *o = arg;
    struct timeval next = {.tv_sec = LOOK_S};

    (void)fd, (void)what;
    if (!store_is_ready(o->app->store)) {
        next = (struct timeval){.tv_usec = FIRST_LOOK_MS * 1000};
    } else if (!o->looking) {
        o->looking = true;
        wait_store_read(o->app->store, clock_now_ms(), outlook_looked, o);
    }
    evtimer_add(o->timer, &next);
}

struct outlook *outlook_new(struct app *app)
{
    struct outlook *o = mem_new(1, sizeof *o);

    o->app = app;
    o->timer = evtimer_new(app->base, outlook_tick, o);
    if (!o->timer)
        bug("out of memory");
    evtimer_add(o->timer, &(struct timeval){.tv_usec = FIRST_LOOK_MS * 1000});
    return o;
}

void outlook_free(struct outlook *o)
{
    if (!o)
        return;
    event_free(o->timer);
    free(o);
}

bool outlook_is_for(const struct record *r, const struct principal *who)
{
    enum wait_step step;
    int64_t since_ms;

    return who->role == ROLE_COUNTRY && r->state != STATE_SUBMITTED &&
           waits_running(r, &step, &since_ms);
}

static void set_time(json_t *doc, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    json_object_set_new(doc, name, ms ? json_string(clock_text(ms, text)) : json_null());
}

static json_t *tell(const struct question *q, int64_t place)
{
    const struct words *words = q->outlook->app->config->words;
    const struct record *r = &q->record;
    int64_t now_ms = clock_now_ms();
    int64_t since_ms = now_ms;
    int64_t measured = 0, p50_ms = 0, p90_ms = 0;
    enum wait_step step = WAIT_CLAIM;
    char place_text[24], from[CLOCK_TEXT_BYTES], to[CLOCK_TEXT_BYTES];
    bool is_known;
    json_t *doc;
    char *text;

    waits_running(r, &step, &since_ms);
    is_known = waits_range(&q->outlook->waits, step, r->urgency, now_ms - since_ms, &measured,
                           &p50_ms, &p90_ms);
    doc = json_pack("{s:s, s:I, s:b, s:I}", "step", wait_words[step], "place", (json_int_t)place,
                    "enough_data", (int)is_known, "measured", (json_int_t)measured);
    set_time(doc, "from", is_known ? since_ms + p50_ms : 0);
    set_time(doc, "to", is_known ? since_ms + p90_ms : 0);
    snprintf(place_text, sizeof place_text, "%lld", (long long)place);
    clock_text(since_ms + p50_ms, from);
    clock_text(since_ms + p90_ms, to);
    from[10] = to[10] = '\0'; /* the day */
    text = words_fill(words, is_known ? "expected.range" : "expected.unknown", q->language,
                      (const struct word_value[]){
                          {"place", place_text},
                          {"from",  from      },
                          {"to",    to        },
                          {NULL,    NULL      }
    });
    json_object_set_new(doc, "text", json_string(text));
    free(text);
    return doc;
}

static void outlook_placed(void *arg, int64_t ahead_n, const struct err *e)
{
    struct question q = *(struct question *)arg;

    free(arg);
    q.fn(q.arg, e->code == ERR_OK ? tell(&q, ahead_n + 1) : NULL);
}

void outlook_ask(struct outlook *o, const struct record *r, int language, outlook_fn fn, void *arg)
{
    struct question *q = mem_new(1, sizeof *q);
    char inbox[24] = "coordinator";

    *q = (struct question){o, *r, language, fn, arg};
    if (lifecycle_ball(r->state) == BALL_SECRETARIAT)
        snprintf(inbox, sizeof inbox, "%s:%.11s", r->state == STATE_OFFERED ? "offer" : "claim",
                 r->lead);
    wait_store_ahead(o->app->store, inbox, index_inbox_score(r->urgency, r->due_ms), outlook_placed,
                     q);
}
