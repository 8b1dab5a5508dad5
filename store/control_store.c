#include "store/control_store.h"

#include "store/keys.h"
#include "store/reply.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const queue_words[] = {"intake", "route", "deliver", NULL};

bool controls_is_quiet(const struct controls *c, const char *slot, int64_t started_ms)
{
    for (size_t i = 0; i < c->quiet_n; i++)
        if (!strcmp(c->quiet[i].slot, slot) && c->quiet[i].started_ms == started_ms)
            return true;
    return false;
}

/* "absent:<secretariat>:<officer>" */
static void absence_field_read(const char *name, const char *value, struct absences *all)
{
    struct absence one = {.from_ms = 0};
    size_t n = strcspn(name, ":");

    if (all->n == ABSENCES_MAX || !value || !name[n] || n >= sizeof one.of ||
        !absence_is_officer(name + n + 1) || !absence_read(value, &one))
        return;
    memcpy(one.of, name, n);
    snprintf(one.officer, sizeof one.officer, "%s", name + n + 1);
    all->list[all->n++] = one;
}

static void field_read(const char *name, const struct redisReply *reply, struct controls *c)
{
    struct quiet *q = &c->quiet[c->quiet_n];
    int64_t value = reply_int(reply);

    if (!strncmp(name, "absent:", 7)) {
        absence_field_read(name + 7, reply_text(reply), &c->absent);
        return;
    }

    for (unsigned i = 0; i < QUEUES_N; i++)
        if (!strncmp(name, "pause:", 6) && !strcmp(name + 6, queue_words[i]))
            c->paused_ms[i] = value;
    if (!strcmp(name, "rebuild"))
        c->rebuild_ms = value;
    if (!strncmp(name, "quiet:", 6) && c->quiet_n < CONTROL_QUIET_MAX &&
        strlen(name + 6) < sizeof q->slot) {
        strcpy(q->slot, name + 6);
        q->started_ms = value;
        c->quiet_n++;
    }
}

struct control_op {
    controls_fn fn;
    void *arg;
};

static struct control_op *control_op_new(controls_fn fn, void *arg)
{
    struct control_op *op = mem_new(1, sizeof *op);

    *op = (struct control_op){fn, arg};
    return op;
}

static void controls_answer(struct control_op *given, int64_t changed,
                            const struct redisReply *fields, const struct err *e)
{
    struct control_op op = *given;
    struct controls c = {.quiet_n = 0};

    free(given);
    for (size_t i = 0; i + 1 < reply_count(fields); i += 2)
        if (reply_text(reply_at(fields, i)))
            field_read(reply_text(reply_at(fields, i)), reply_at(fields, i + 1), &c);
    op.fn(op.arg, changed, &c, e);
}

static void controls_read(void *arg, const struct redisReply *reply, const struct err *e)
{
    controls_answer(arg, 0, reply, e);
}

static void controls_changed(void *arg, const struct redisReply *reply, const struct err *e)
{
    controls_answer(arg, reply_int(reply_at(reply, 0)), reply_at(reply, 1), e);
}

void control_store_read(struct store *s, controls_fn fn, void *arg)
{
    struct args a = {0};

    args_add(&a, "HGETALL");
    keys_add_system(&a, "controls", NULL);
    store_call(s, STORE_SYSTEM, &a, 0, controls_read, control_op_new(fn, arg));
}

/* FCALL with the keys of all of them, and what is told of the deed. */
static void call_begin(struct args *a, const char *function, const char *third,
                       const struct operated *what, int64_t now_ms)
{
    char who[PRINCIPAL_TEXT_BYTES];

    args_add(a, "FCALL");
    args_add(a, function);
    args_add(a, third ? "3" : "2");
    keys_add_system(a, "controls", NULL);
    keys_add_system(a, "events", NULL);
    if (third)
        keys_add_system(a, third, NULL);
    args_add(a, what->action);
    args_add(a, what->object);
    args_add(a, principal_text(what->who, who));
    args_add_int(a, now_ms);
}

void control_store_switch(struct store *s, const struct operated *what, unsigned pause,
                          unsigned resume, int64_t now_ms, controls_fn fn, void *arg)
{
    struct args a = {0};

    call_begin(&a, "control_v1", NULL, what, now_ms);
    for (unsigned i = 0; i < QUEUES_N; i++) {
        if (!((pause | resume) & 1u << i))
            continue;
        args_printf(&a, "pause:%s", queue_words[i]);
        if (pause & 1u << i)
            args_add_int(&a, now_ms);
        else
            args_add(&a, "");
    }
    store_call(s, STORE_SYSTEM, &a, 0, controls_changed, control_op_new(fn, arg));
}

void control_store_quiet(struct store *s, const struct operated *what, bool quiet, int64_t now_ms,
                         controls_fn fn, void *arg)
{
    struct args a = {0};

    call_begin(&a, "quiet_v1", "workers", what, now_ms);
    args_add(&a, quiet ? "1" : "");
    store_call(s, STORE_SYSTEM, &a, 0, controls_changed, control_op_new(fn, arg));
}

void control_store_rebuild(struct store *s, const struct operated *what, int64_t now_ms,
                           controls_fn fn, void *arg)
{
    struct args a = {0};

    call_begin(&a, "rebuild_v1", NULL, what, now_ms);
    store_call(s, STORE_SYSTEM, &a, 0, controls_changed, control_op_new(fn, arg));
}

void control_store_absence(struct store *s, const struct operated *what,
                           const struct absence *absence, const struct absences *known,
                           int64_t now_ms, controls_fn fn, void *arg)
{
    char value[2 * 21 + OFFICER_BYTES + 2];
    struct args a = {0};

    call_begin(&a, "control_v1", NULL, what, now_ms);
    for (size_t i = 0; i < known->n; i++) {
        const struct absence *past = &known->list[i];

        if (strcmp(past->of, absence->of) != 0 || past->until_ms > now_ms ||
            !strcmp(past->officer, absence->officer))
            continue;
        args_printf(&a, "absent:%s:%s", past->of, past->officer);
        args_add(&a, "");
    }
    args_printf(&a, "absent:%s:%s", absence->of, absence->officer); /* what stood before goes */
    args_add(&a, "");
    if (absence->until_ms) {
        absence_write(absence, value, sizeof value);
        args_printf(&a, "absent:%s:%s", absence->of, absence->officer);
        args_add(&a, value);
    }
    store_call(s, STORE_SYSTEM, &a, 0, controls_changed, control_op_new(fn, arg));
}

struct note_op {
    void (*fn)(void *arg, const struct err *e);
    void *arg;
};

static void noted(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct note_op op = *(struct note_op *)arg;

    (void)reply;
    free(arg);
    op.fn(op.arg, e);
}

void control_store_note(struct store *s, const struct operated *what, int64_t now_ms,
                        void (*fn)(void *arg, const struct err *e), void *arg)
{
    struct note_op *op = mem_new(1, sizeof *op);
    char who[PRINCIPAL_TEXT_BYTES];
    struct args a = {0};

    *op = (struct note_op){fn, arg};
    args_add(&a, "FCALL");
    args_add(&a, "operated_v1");
    args_add(&a, "1");
    keys_add_system(&a, "events", NULL);
    args_add(&a, what->action);
    args_add(&a, what->object);
    args_add(&a, principal_text(what->who, who));
    args_add_int(&a, now_ms);
    store_call(s, STORE_SYSTEM, &a, 0, noted, op);
}

/* --- keeping up: watch_tick -> watch_read -> wait ----------------------------------------------
 */

enum { WATCH_MS = 1000, UNKNOWN_MS = 20 };

struct control_watch {
    struct store *store; /* borrowed */
    struct event *timer; /* owned */
    bool is_known;
    struct controls now;
    void (*changed)(void *arg);
    void *arg;
};

static void watch_wait(struct control_watch *w)
{
    int64_t ms = w->is_known ? WATCH_MS : UNKNOWN_MS;
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};

    evtimer_add(w->timer, &tv);
}

void control_watch_set(struct control_watch *w, const struct controls *c)
{
    bool differs = !w->is_known || memcmp(&w->now, c, sizeof *c) != 0;

    w->now = *c;
    w->is_known = true;
    if (differs && w->changed)
        w->changed(w->arg);
}

static void watch_read(void *arg, int64_t changed, const struct controls *c, const struct err *e)
{
    struct control_watch *w = arg;

    (void)changed;
    if (e->code == ERR_OK)
        control_watch_set(w, c);
    watch_wait(w);
}

static void watch_tick(evutil_socket_t fd, short what, void *arg)
{
    struct control_watch *w = arg;

    (void)fd, (void)what;
    if (store_is_ready(w->store))
        control_store_read(w->store, watch_read, w);
    else
        watch_wait(w);
}

struct control_watch *control_watch_new(struct event_base *base, struct store *s,
                                        void (*changed)(void *arg), void *arg)
{
    struct control_watch *w = mem_new(1, sizeof *w);

    w->store = s;
    w->changed = changed;
    w->arg = arg;
    w->timer = evtimer_new(base, watch_tick, w);
    if (!w->timer)
        bug("out of memory");
    watch_wait(w);
    return w;
}

void control_watch_free(struct control_watch *w)
{
    if (!w)
        return;
    event_free(w->timer);
    free(w);
}

const struct controls *control_watch_now(const struct control_watch *w)
{
    return w->is_known ? &w->now : NULL;
}
