#include "cli/queue_view.h"

#include "cli/queue_alarm.h"
#include "cli/sheet.h"
#include "cli/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A column: its heading, and the member it shows. */
struct view_column {
    const char *heading;
    const char *member;
};

static void heading(const struct screen *s, const char *text)
{
    fputc('\n', s->out);
    screen_strong(s, text);
    fputc('\n', s->out);
}

static char *value_text(const json_t *object, const char *member)
{
    struct buf text = {0};
    struct buf safe = {0};

    sheet_add_value(&text, member, json_object_get(object, member));
    screen_add_safe(&safe, *buf_text(&text) ? buf_text(&text) : "-", false);
    buf_clear(&text);
    return buf_take(&safe);
}

static void write_table(const json_t *list, const struct view_column *columns,
                        const struct screen *s)
{
    enum { COLUMNS_MAX = 8 };
    const char *headings[COLUMNS_MAX + 1] = {NULL};
    struct table *t;
    const json_t *row;
    size_t i;

    for (size_t c = 0; columns[c].heading; c++)
        headings[c] = columns[c].heading;
    t = table_new(headings);
    json_array_foreach (list, i, row) {
        char *cells[COLUMNS_MAX];

        for (size_t c = 0; columns[c].heading; c++)
            cells[c] = value_text(row, columns[c].member);
        table_add(t, (const char *const *)cells);
        for (size_t c = 0; columns[c].heading; c++)
            free(cells[c]);
    }
    table_write(t, s, 2);
    table_free(t);
}

/* "submitted 0, triage 3, .." without what is zero. */
static void write_counts(const json_t *counts, const char *name, const struct screen *s)
{
    struct buf line = {0};
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)counts, key, value) {
        if (!json_integer_value(value))
            continue;
        buf_add_text(&line, line.bytes ? ", " : "");
        screen_add_safe(&line, key, false);
        buf_printf(&line, " %lld", (long long)json_integer_value(value));
    }
    fprintf(s->out, "  %-9s %s\n", name, line.bytes ? buf_text(&line) : "none");
    buf_clear(&line);
}

static void write_alarm(void *arg, const char *text)
{
    const struct screen *s = arg;
    BUF_AUTO struct buf safe = {0};

    screen_add_safe(&safe, text, false);
    fprintf(s->out, "! %s\n", buf_text(&safe));
}

static void write_queue(const json_t *queue, const struct screen *s)
{
    static const char *const members[] = {
        "depth", "waiting", "pending", "delayed", "oldest_age_seconds", "time_to_clear_seconds"};
    static const char *const names[] = {"depth",   "waiting", "in work",
                                        "delayed", "oldest",  "clears in"};
    const json_t *wait = json_object_get(queue, "wait_seconds");

    fputs("  ", s->out);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        char *text = value_text(queue, members[i]);

        fprintf(s->out, "%s%s %s", i ? ", " : "", names[i], text);
        free(text);
    }
    fprintf(s->out, "\n  in %.2f/s, out %.2f/s",
            json_number_value(json_object_get(queue, "in_rate")),
            json_number_value(json_object_get(queue, "out_rate")));
    fputs("; wait", s->out);
    for (size_t i = 0; i < 3; i++) {
        static const char *const shares[] = {"p50", "p95", "p99"};
        const json_t *value = json_object_get(wait, shares[i]);

        if (json_is_number(value))
            fprintf(s->out, " %s %g s", shares[i], json_number_value(value));
        else
            fprintf(s->out, " %s -", shares[i]);
    }
    fputs(" (last 5 min)\n", s->out);
}

/* How often people agreed with the engine; nothing while nobody has judged a pair. */
static void write_judgements(const json_t *judgements, const struct screen *s)
{
    static const struct view_column columns[] = {
        {"ENGINE SAID", "engine"   },
        {"DUPLICATE",   "duplicate"},
        {"RELATED",     "related"  },
        {"NOT",         "not"      },
        {"PRECISION",   "precision"},
        {NULL,          NULL       }
    };
    json_t *rows = json_array();
    const char *engine;
    json_t *counts;

    json_object_foreach ((json_t *)(uintptr_t)judgements, engine, counts) {
        json_t *row = json_copy(counts);

        json_object_set_new(row, "engine", json_string(engine));
        if (json_integer_value(json_object_get(row, "duplicate")) ||
            json_integer_value(json_object_get(row, "related")) ||
            json_integer_value(json_object_get(row, "not")))
            json_array_append(rows, row);
        json_decref(row);
    }
    if (json_array_size(rows)) {
        heading(s, "What people say of pairs");
        write_table(rows, columns, s);
    }
    json_decref(rows);
}

void queue_view_write(const json_t *health, const struct screen *s)
{
    static const struct view_column workers[] = {
        {"WORKER",    "slot"                 },
        {"STATE",     "state"                },
        {"LAST SEEN", "heartbeat_age_seconds"},
        {"DECIDED",   "decided_total"        },
        {NULL,        NULL                   }
    };
    static const struct view_column secretariats[] = {
        {"SECRETARIAT", "secretariat"          },
        {"OFFERS",      "offers_pending"       },
        {"OVERDUE",     "offers_overdue"       },
        {"NEXT DUE",    "earliest_offer_due_at"},
        {"CLAIMS",      "claims_open"          },
        {"LATE",        "claims_overdue"       },
        {"ENDING",      "leases_ending"        },
        {NULL,          NULL                   }
    };
    const json_t *requests = json_object_get(health, "requests");
    const json_t *queue;
    size_t i;

    queue_alarms(health, write_alarm, (void *)(uintptr_t)s);
    json_array_foreach (json_object_get(health, "queues"), i, queue) {
        BUF_AUTO struct buf name = {0};

        buf_add_text(&name, i ? "\nQueue " : "Queue ");
        screen_add_safe(&name, sheet_text(queue, "name") ? sheet_text(queue, "name") : "-", false);
        screen_strong(s, buf_text(&name));
        fputc('\n', s->out);
        write_queue(queue, s);
    }
    heading(s, "Workers");
    write_table(json_object_get(health, "workers"), workers, s);
    heading(s, "Secretariats");
    write_table(json_object_get(health, "secretariats"), secretariats, s);
    heading(s, "Requests");
    write_counts(json_object_get(requests, "by_state"), "by state", s);
    write_counts(json_object_get(requests, "by_ball"), "by ball", s);
    write_counts(json_object_get(health, "duplicate_verdicts"), "twins", s);
    write_judgements(json_object_get(health, "duplicate_judgements"), s);
}
