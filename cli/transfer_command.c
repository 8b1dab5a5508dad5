#include "cli/transfer_command.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/input.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/request_command.h"
#include "cli/screen.h"
#include "cli/sheet.h"
#include "cli/url.h"
#include "config/csv.h"
#include "protocol/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_BYTES_MAX = 64 << 20,
    CHUNK_LINES = 500,
    CHUNK_BYTES = 4 << 20, /* of one call; a line may come on top */
    SILENT_S = 60
};

/* --- import: a table is made lines first -------------------------------------------------------
 */

static const struct field *field_find(const char *name)
{
    for (const struct field *f = request_fields; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

static json_t *value_of(const struct field *f, const char *cell, size_t n)
{
    char *text = mem_text_n(cell, n);
    json_t *value = NULL;
    char *end = text;

    if (f && f->kind == FIELD_BOOL && (!strcmp(text, "yes") || !strcmp(text, "no")))
        value = json_boolean(!strcmp(text, "yes"));
    else if (f && f->kind == FIELD_COUNT && *text)
        value = json_integer(strtoll(text, &end, 10));
    if (*end && f && f->kind == FIELD_COUNT) { /* no number: the server says so */
        json_decref(value);
        value = NULL;
    }
    if (!value)
        value = json_string(text);
    free(text);
    return value;
}

/* What a table of ours has before what looks like a formula. */
static const char *without_apostrophe(const char *cell)
{
    return *cell == '\'' && cell[1] && strchr("=+-@\t\r \n", cell[1]) ? cell + 1 : cell;
}

static enum err_code row_take(void *arg, const struct csv *row, struct err *e)
{
    struct buf *out = arg;
    json_auto_t *doc = json_object();
    char *text;

    for (size_t i = 0; i < row->columns_n; i++) {
        const char *name = row->columns[i];
        const struct field *f = field_find(name);
        const char *cell = without_apostrophe(row->cells[i]);
        const char *part;
        size_t n;

        if ((!f && strcmp(name, "idempotency_key") != 0) || (f && f->kind == FIELD_OBJECT))
            return csv_fault(row, e, "column %.40s is no text of a request", name);
        if (!*cell)
            continue;
        if (!f || !f->list_max) {
            json_object_set_new(doc, name, value_of(f, cell, strlen(cell)));
            continue;
        }
        json_object_set_new(doc, name, json_array());
        while (csv_part(&cell, &part, &n))
            json_array_append_new(json_object_get(doc, name), value_of(f, part, n));
    }
    text = json_dumps(doc, JSON_COMPACT);
    if (!text)
        return csv_fault(row, e, "cannot be written as JSON");
    buf_add_text(out, text);
    buf_add_text(out, "\n");
    free(text);
    return ERR_OK;
}

static bool is_table(const struct line *line, const char *name)
{
    size_t n = strlen(name);

    return line_has(line, "csv") || (n > 4 && !strcmp(name + n - 4, ".csv"));
}

/* --- import: chunk by chunk ----------------------------------------------------------------------
 */

struct import {
    const struct line *line;
    struct screen screen;
    unsigned first; /* lines before this chunk */
    unsigned ok_n, failed_n;
};

static void told_write(struct import *im, json_t *told)
{
    const json_t *problem = json_object_get(told, "problem");
    const json_t *error = json_array_get(json_object_get(problem, "errors"), 0);
    json_int_t line = json_integer_value(json_object_get(told, "line")) + im->first;
    BUF_AUTO struct buf safe = {0};

    if (json_object_get(told, "summary"))
        return;
    json_object_set_new(told, "line", json_integer(line));
    im->failed_n += problem != NULL;
    im->ok_n += json_object_get(told, "id") != NULL;
    if (line_has(im->line, "json")) {
        json_dumpf(told, stdout, JSON_COMPACT);
        fputc('\n', stdout);
    } else if (problem) {
        const char *detail = sheet_text(error ? error : problem, "detail");
        const char *pointer = sheet_text(error, "pointer");

        screen_add_safe(&safe, pointer ? pointer : "", false);
        buf_add_text(&safe, pointer ? ": " : "");
        screen_add_safe(&safe, detail ? detail : "failed", false);
        fprintf(stderr, "liaison: line %lld: %s\n", (long long)line, buf_text(&safe));
    } else if (json_object_get(told, "id")) {
        const char *name = sheet_text(told, "reference");

        printf("%lld\t%s\n", (long long)line, name ? name : sheet_text(told, "id"));
    }
}

static enum exit_code chunk_send(struct import *im, struct api *api, const char *bytes, size_t n)
{
    const struct api_request request = {.method = "POST",
                                        .path = "/v1/requests:bulk",
                                        .body = bytes,
                                        .body_n = n,
                                        .media = "application/x-ndjson"};
    struct api_answer answer = {0};
    struct err e = {0};
    enum exit_code rc;
    char *line, *rest;

    if (api_send(api, &request, &answer, &e) != ERR_OK)
        return report_err(im->line, NULL, &e);
    rc = exit_code_of_status(answer.status);
    if (rc != EXIT_DONE)
        report_problem(im->line, "import", &answer);
    rest = answer.text;
    while (rc == EXIT_DONE && (line = strsep(&rest, "\n"))) {
        json_t *told = *line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;

        if (told)
            told_write(im, told);
        json_decref(told);
    }
    api_answer_clear(&answer);
    return rc;
}

/* Whole lines of it, not too many; the lines are counted. */
static size_t chunk_take(const char *bytes, size_t n, unsigned *ret_lines_n)
{
    size_t at = 0;

    *ret_lines_n = 0;
    while (at < n && *ret_lines_n < CHUNK_LINES && at < CHUNK_BYTES) {
        const char *end = memchr(bytes + at, '\n', n - at);

        at = end ? (size_t)(end - bytes) + 1 : n;
        ++*ret_lines_n;
    }
    return at;
}

enum exit_code import_run(const struct line *line)
{
    struct import im = {.line = line};
    BUF_AUTO struct buf text = {0};
    struct api *api = NULL;
    struct err e = {0};
    enum exit_code rc;
    const char *name = line->operands[0];
    enum err_code read = is_table(line, name) ? csv_read(name, row_take, &text, &e)
                                              : input_read(line, name, FILE_BYTES_MAX, &text, &e);

    if (read != ERR_OK)
        return report_err(line, NULL, &e);
    screen_init(&im.screen, stdout, line);
    rc = api_open(line, &api);
    for (size_t at = 0; rc == EXIT_DONE && at < text.bytes;) {
        unsigned lines_n;
        size_t n = chunk_take(text.text + at, text.bytes - at, &lines_n);

        rc = chunk_send(&im, api, text.text + at, n);
        im.first += lines_n;
        at += n;
    }
    api_close(api);
    if (rc == EXIT_DONE)
        report_remark(line, "%u stored, %u refused", im.ok_n, im.failed_n);
    return rc == EXIT_DONE && im.failed_n ? EXIT_FAILED : rc;
}

/* --- export ------------------------------------------------------------------------------------
 */

/* Lines are passed on when the next one is there: the last one is the summary, which tells that it
 * is all. */
struct export
{
    bool is_table;
    struct buf line; /* owned: under way, or the last whole one */
    bool is_whole;
    bool is_broken; /* cannot be written any more */
};

static bool export_take(void *arg, const char *bytes, size_t n)
{
    struct export *x = arg;

    while (n > 0 && !x->is_table) {
        const char *end = memchr(bytes, '\n', n);
        size_t part = end ? (size_t)(end - bytes) + 1 : n;

        if (x->is_whole) {
            x->is_broken |= fwrite(x->line.text, 1, x->line.bytes, stdout) != x->line.bytes;
            buf_clear(&x->line);
        }
        buf_add(&x->line, bytes, part);
        x->is_whole = end != NULL;
        bytes += part;
        n -= part;
    }
    if (x->is_table)
        x->is_broken |= fwrite(bytes, 1, n, stdout) != n;
    return !x->is_broken;
}

static bool is_summary(const struct export *x)
{
    json_auto_t *doc = json_loadb(buf_text(&x->line), x->line.bytes, 0, NULL);

    return json_is_object(json_object_get(doc, "summary"));
}

enum exit_code export_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};
    struct export x = {.is_table = line_has(line, "csv")};
    struct api_stream stream = {.accept = x.is_table ? "text/csv" : "application/x-ndjson",
                                .silent_s = SILENT_S,
                                .take = export_take,
                                .arg = &x};
    struct api_answer answer = {0};
    struct api *api = NULL;
    struct err e = {0};
    enum exit_code rc = api_open(line, &api);

    buf_add_text(&path, "/v1/requests");
    request_command_filters(line, &path);
    url_add_query(&path, "of", line_has(line, "history") ? "history" : NULL);
    stream.path = buf_text(&path);
    if (rc == EXIT_DONE && api_take(api, &stream, &answer, &e) != ERR_OK) {
        rc = report_err(line, "export", &e);
    } else if (rc == EXIT_DONE && answer.status >= 300) {
        rc = exit_code_of_status(answer.status);
        report_problem(line, "export", &answer);
    } else if (rc == EXIT_DONE && !x.is_table && !is_summary(&x)) {
        rc = report_err(line, "export",
                        &(struct err){ERR_UNAVAILABLE, "it broke off: not all is there"});
    }
    if (rc == EXIT_DONE && (x.is_broken || fflush(stdout)))
        rc = EXIT_FAILED;
    buf_clear(&x.line);
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}
