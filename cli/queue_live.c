#include "cli/queue_live.h"

#include "base/clock.h"
#include "base/err.h"
#include "cli/queue_alarm.h"
#include "cli/screen.h"
#include "cli/sheet.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_N = 60, QUEUES_MAX = 4, NAME_N = 9, LABEL_N = 16 };

/* What of a queue is plotted. */
static const struct {
    const char *label, *member;
} plots[] = {
    {"depth",   "depth"             },
    {"oldest",  "oldest_age_seconds"},
    {"in a s",  "in_rate"           },
    {"out a s", "out_rate"          }
};
enum { PLOTS_N = sizeof plots / sizeof plots[0] };

struct queue_live {
    bool utf8;
    json_t *last;                                   /* owned: the last answer; NULL: none yet */
    double samples[QUEUES_MAX][PLOTS_N][SAMPLES_N]; /* -1: not known */
    size_t samples_n;                               /* ever taken */
};

struct queue_live *queue_live_new(bool utf8)
{
    struct queue_live *l = mem_new(1, sizeof *l);

    l->utf8 = utf8;
    return l;
}

void queue_live_free(struct queue_live *l)
{
    if (!l)
        return;
    json_decref(l->last);
    free(l);
}

static void live_take(struct queue_live *l, const json_t *health)
{
    const json_t *queues = json_object_get(health, "queues");
    size_t at = l->samples_n++ % SAMPLES_N;

    for (size_t q = 0; q < QUEUES_MAX; q++)
        for (size_t p = 0; p < PLOTS_N; p++) {
            const json_t *value = json_object_get(json_array_get(queues, q), plots[p].member);

            l->samples[q][p][at] = json_is_number(value) ? json_number_value(value) : -1;
        }
}

/* The newest samples at the right, each as high as its share of the greatest. */
static void add_plot(const struct queue_live *l, size_t q, size_t p, size_t columns,
                     struct buf *out)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char ascii[] = "_.,-~=*#";
    size_t have = l->samples_n < SAMPLES_N ? l->samples_n : SAMPLES_N;
    double most = 0;

    if (columns > SAMPLES_N)
        columns = SAMPLES_N;
    for (size_t i = 0; i < have; i++)
        if (l->samples[q][p][i] > most)
            most = l->samples[q][p][i];
    for (size_t i = 0; i < columns; i++) {
        size_t back = columns - i; /* 1: the newest */
        double value = back <= have ? l->samples[q][p][(l->samples_n - back) % SAMPLES_N] : -1;
        size_t step = most > 0 && value > 0 ? (size_t)(value / most * 7) : 0;

        if (value < 0)
            buf_add(out, " ", 1);
        else if (l->utf8)
            buf_add_text(out, blocks[step]);
        else
            buf_add(out, &ascii[step], 1);
    }
}

/* --- lines: of at most so many columns, so many of them ----------------------------------------
 */

struct page {
    struct buf *out; /* borrowed */
    size_t width, rows;
    size_t rows_n;
};

static bool page_has_room(const struct page *p)
{
    return p->rows_n < p->rows;
}

/* text may be longer than a line; control characters in it are escaped. */
static void page_line(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void page_line(struct page *p, const char *fmt, ...)
{
    BUF_AUTO struct buf safe = {0};
    char text[1024];
    va_list ap;

    if (!page_has_room(p))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    screen_add_safe(&safe, text, false);
    if (p->rows_n++)
        buf_add_text(p->out, "\n");
    if (screen_width(buf_text(&safe)) > p->width)
        screen_add_cell(p->out, buf_text(&safe), p->width);
    else
        buf_add_text(p->out, buf_text(&safe));
}

static void write_queue(const struct queue_live *l, size_t q, const json_t *queue, struct page *p)
{
    size_t columns = p->width > NAME_N + LABEL_N + 16 ? (p->width - 2 * LABEL_N - 8) / 2 : 8;
    const char *since = sheet_text(queue, "paused_since");

    page_line(p, "%s%s%.5s%s", sheet_text(queue, "name"), since ? "  paused since " : "",
              since ? since + 11 : "",
              json_is_true(json_object_get(queue, "stalled")) ? "  STALLED: nobody works on it"
                                                              : "");
    for (size_t i = 0; i < PLOTS_N; i += 2) {
        BUF_AUTO struct buf line = {0};

        for (size_t k = i; k < i + 2; k++) {
            BUF_AUTO struct buf value = {0};

            sheet_add_value(&value, plots[k].member, json_object_get(queue, plots[k].member));
            buf_printf(&line, "  %-8s", plots[k].label);
            add_plot(l, q, k, columns, &line);
            buf_printf(&line, " %-*s", LABEL_N - 9, *buf_text(&value) ? buf_text(&value) : "-");
        }
        page_line(p, "%s", buf_text(&line));
    }
}

static void write_workers(const json_t *workers, struct page *p)
{
    BUF_AUTO struct buf line = {0};
    const json_t *worker;
    size_t i;

    json_array_foreach (workers, i, worker)
        buf_printf(&line, "%s%s %s", i ? ", " : "", sheet_text(worker, "slot"),
                   sheet_text(worker, "state"));
    page_line(p, "workers: %s", json_array_size(workers) ? buf_text(&line) : "none");
}

static json_int_t count_at(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

static void write_secretariats(const json_t *list, struct page *p)
{
    const json_t *one;
    size_t i;

    if (!json_array_size(list))
        return;
    page_line(p, "%-12s %8s %8s %8s %8s %8s", "SECRETARIAT", "OFFERS", "OVERDUE", "CLAIMS", "LATE",
              "ENDING");
    json_array_foreach (list, i, one)
        page_line(
            p, "%-12s %8lld %8lld %8lld %8lld %8lld", sheet_text(one, "secretariat"),
            (long long)count_at(one, "offers_pending"), (long long)count_at(one, "offers_overdue"),
            (long long)count_at(one, "claims_open"), (long long)count_at(one, "claims_overdue"),
            (long long)count_at(one, "leases_ending"));
}

static void write_alarm(void *arg, const char *text)
{
    page_line(arg, "! %s", text);
}

void queue_live_draw(struct queue_live *l, const json_t *health, int64_t now_ms, size_t width,
                     size_t rows, struct buf *out)
{
    struct page p = {.out = out, .width = width ? width : 1, .rows = rows};
    char now[CLOCK_TEXT_BYTES];
    const char *as_of;
    const json_t *queue;
    size_t q;

    if (health) {
        live_take(l, health);
        json_decref(l->last);
        l->last = json_incref((json_t *)(uintptr_t)health);
    }
    as_of = l->last ? sheet_text(l->last, "as_of") : NULL;
    clock_text(now_ms, now);
    if (health)
        page_line(&p, "Liaison, as of %.8s UTC; Ctrl-C ends", as_of ? as_of + 11 : now + 11);
    else
        page_line(&p, "NO ANSWER at %.8s UTC; what follows is of %.8s; Ctrl-C ends", now + 11,
                  as_of ? as_of + 11 : "never..");
    queue_alarms(l->last, write_alarm, &p);
    json_array_foreach (json_object_get(l->last, "queues"), q, queue)
        if (q < QUEUES_MAX)
            write_queue(l, q, queue, &p);
    write_workers(json_object_get(l->last, "workers"), &p);
    write_secretariats(json_object_get(l->last, "secretariats"), &p);
}
