#include "cli/queue_alarm.h"

#include "cli/sheet.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct teller {
    void (*tell)(void *arg, const char *text);
    void *arg;
};

static void say(const struct teller *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const struct teller *t, const char *fmt, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    t->tell(t->arg, text);
}

static bool is_live(const json_t *worker)
{
    const char *state = sheet_text(worker, "state");

    return state && strcmp(state, "missing") != 0;
}

static void queue_alarm(const struct teller *t, const json_t *queue, size_t live)
{
    const char *name = sheet_text(queue, "name");
    json_int_t dead = json_integer_value(json_object_get(queue, "dead_letters"));
    json_int_t depth = json_integer_value(json_object_get(queue, "depth"));

    if (json_is_true(json_object_get(queue, "stalled")) && live)
        say(t, "nobody works on the queue %s, which has %lld", name, (long long)depth);
    if (json_is_null(json_object_get(queue, "depth")))
        say(t, "the depth of the queue %s is not known: see the daemon's log", name);
    if (dead)
        say(t, "%lld dead letter%s: liaison dead (%s)", (long long)dead, dead == 1 ? "" : "s",
            name);
    if (json_is_true(json_object_get(queue, "paused")))
        say(t, "the queue %s is paused: liaison queue resume %s", name, name);
}

void queue_alarms(const json_t *health, void (*tell)(void *arg, const char *text), void *arg)
{
    const struct teller t = {tell, arg};
    const json_t *queues = json_object_get(health, "queues");
    const json_t *intake = json_object_get(health, "intake");
    json_int_t waiting = 0;
    size_t live = 0;
    const json_t *one;
    size_t i;

    if (!health)
        return;
    json_array_foreach (json_object_get(health, "workers"), i, one)
        live += is_live(one);
    json_array_foreach (queues, i, one)
        waiting += json_integer_value(json_object_get(one, "depth"));
    if (!live)
        say(&t, "no worker is alive%s", waiting ? ", and requests wait" : "");
    if (json_is_true(json_object_get(intake, "paused")))
        say(&t, "requests are not taken in: liaison queue resume intake%s",
            json_is_true(json_object_get(health, "drained")) ? " (nothing is left to do)" : "");
    json_array_foreach (queues, i, one)
        queue_alarm(&t, one, live);
}
