#include "cli/watch_command.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/sheet.h"
#include "cli/url.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LINE_MAX_BYTES = 1 << 16, /* of a stream; a longer one is none of ours */
    SILENT_S = 45,            /* three heartbeats */
    PAUSE_MS = 5000
};

struct watch {
    const struct line *line; /* borrowed */
    struct screen screen;
    struct buf text; /* owned: the line under way */
    struct buf data; /* owned: of the event under way */
    char *id;        /* owned: the last position, NULL: none */
    int64_t pause_ms;
    bool is_broken; /* a line too long, or nothing can be written any more */
};

/* --- an event --------------------------------------------------------------------------------- */

static void put_safe(const struct watch *w, const char *text, size_t width)
{
    BUF_AUTO struct buf safe = {0};
    BUF_AUTO struct buf cell = {0};

    screen_add_safe(&safe, text, false);
    if (w->screen.is_terminal && width)
        screen_add_cell(&cell, buf_text(&safe), width);
    fputs(w->screen.is_terminal && width ? buf_text(&cell) : buf_text(&safe), stdout);
}

static void write_event(struct watch *w, const json_t *event)
{
    static const struct {
        const char *name;
        size_t width;
    } cells[] = {
        {"at",        24},
        {"reference", 18},
        {"type",      20},
        {"from",      12},
        {"to",        12},
        {"actor",     0 },
    };

    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const char *text = sheet_text(event, cells[i].name);

        if (i)
            fputs(w->screen.is_terminal ? "  " : "\t", stdout);
        put_safe(w, text ? text : "", cells[i].width);
    }
    fputc('\n', stdout);
}

static void take_event(struct watch *w)
{
    json_t *event = json_loadb(buf_text(&w->data), w->data.bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *type = event ? sheet_text(event, "type") : NULL;

    if (type && !strcmp(type, "reset")) {
        report_remark(w->line, "some events were missed: look at the list");
    } else if (event && line_has(w->line, "json")) {
        if (w->id)
            json_object_set_new(event, "position", json_string(w->id));
        json_dumpf(event, stdout, JSON_COMPACT);
        fputc('\n', stdout);
    } else if (event) {
        write_event(w, event);
    }
    json_decref(event);
    if (fflush(stdout))
        w->is_broken = true;
}

/* --- the stream, line by line (WHATWG HTML 9.2) -------------------------------------------------
 */

static void take_line(struct watch *w)
{
    const char *line = buf_text(&w->text);
    size_t n = strcspn(line, ":");
    const char *value = line[n] ? line + n + 1 : line + n;

    if (*value == ' ')
        value++;
    if (!*line) {
        if (w->data.bytes)
            take_event(w);
        buf_clear(&w->data);
    } else if (n == 2 && !strncmp(line, "id", 2)) {
        free(w->id);
        w->id = mem_text(value);
    } else if (n == 4 && !strncmp(line, "data", 4)) {
        buf_add_text(&w->data, value);
    } else if (n == 5 && !strncmp(line, "retry", 5)) {
        w->pause_ms = strtoll(value, NULL, 10);
        if (w->pause_ms < 0 || w->pause_ms > 60000)
            w->pause_ms = PAUSE_MS;
    }
    buf_clear(&w->text);
}

static bool take_bytes(void *arg, const char *bytes, size_t n)
{
    struct watch *w = arg;

    while (n > 0 && !w->is_broken) {
        const char *end = memchr(bytes, '\n', n);
        size_t part = end ? (size_t)(end - bytes) : n;

        if (w->text.bytes + part > LINE_MAX_BYTES || w->data.bytes > LINE_MAX_BYTES) {
            w->is_broken = true;
            break;
        }
        buf_add(&w->text, bytes, part);
        if (end)
            take_line(w);
        part += end ? 1 : 0;
        bytes += part;
        n -= part;
    }
    return !w->is_broken;
}

/* --- connection after connection ----------------------------------------------------------------
 */

static void pause_between(const struct watch *w)
{
    int64_t ms = w->pause_ms / 2 + (int64_t)randombytes_uniform((uint32_t)w->pause_ms / 2 + 1);
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left))
        ;
}

static bool is_passing(int status)
{
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

static enum exit_code watch_once(struct watch *w, struct api *api, const char *path,
                                 bool *ret_again)
{
    struct api_stream stream = {.path = path,
                                .accept = "text/event-stream",
                                .last_id = w->id,
                                .silent_s = SILENT_S,
                                .take = take_bytes,
                                .arg = w};
    struct api_answer answer = {0};
    struct err e = {0};
    enum err_code rc = api_take(api, &stream, &answer, &e);
    enum exit_code code = EXIT_DONE;

    *ret_again = !w->is_broken && rc != ERR_CONFIG &&
                 (is_passing(answer.status) || (answer.status >= 200 && answer.status < 300));
    if (*ret_again)
        report_remark(w->line, "%s; going on in a moment",
                      rc == ERR_OK ? "the stream ended" : e.detail);
    else if (w->is_broken)
        code = EXIT_FAILED;
    else if (rc != ERR_OK)
        code = report_err(w->line, NULL, &e);
    else {
        code = exit_code_of_status(answer.status);
        report_problem(w->line, "events", &answer);
    }
    api_answer_clear(&answer);
    buf_clear(&w->text);
    buf_clear(&w->data);
    return code;
}

enum exit_code watch_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};
    const char *after = line_flag(line, "after");
    struct watch w = {.line = line, .id = after ? mem_text(after) : NULL, .pause_ms = PAUSE_MS};
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);
    bool again = rc == EXIT_DONE;

    buf_add_text(&path, "/v1/events");
    url_add_query(&path, "topics", line_flag(line, "topics"));
    screen_init(&w.screen, stdout, line);
    while (again) {
        rc = watch_once(&w, api, buf_text(&path), &again);
        if (again)
            pause_between(&w);
    }
    free(w.id);
    api_close(api);
    return rc;
}
