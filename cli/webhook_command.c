#include "cli/webhook_command.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/line.h"
#include "cli/sheet.h"
#include "cli/table.h"
#include "cli/url.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "/v1/webhooks";

/* body NULL: none; given. write: what people see of the answer; NULL: the object. */
static enum exit_code ask(const struct line *line, const char *method, const char *path,
                          json_t *body, void (*write)(const struct line *line, const json_t *json))
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct api_request request = {
        .method = method, .path = path, .body = text, .body_n = text ? strlen(text) : 0};
    struct api_answer answer = {0};
    struct api *api = NULL;
    struct screen screen;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = api_ask(api, &request, "webhook", &answer);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        sheet_write_raw(stdout, answer.text, answer.bytes);
    } else if (rc == EXIT_DONE && write) {
        write(line, answer.json);
    } else if (rc == EXIT_DONE) {
        screen_init(&screen, stdout, line);
        sheet_write(answer.json, &screen, 0);
    }
    api_answer_clear(&answer);
    api_close(api);
    free(text);
    json_decref(body);
    return rc;
}

/* /v1/webhooks/ID[/what] of the first operand. */
static void path_make(const struct line *line, const char *what, struct buf *out)
{
    buf_printf(out, "%s/", root);
    url_add(out, line->operands[0]);
    if (what)
        buf_printf(out, "/%s", what);
}

/* --- create, list, delete --------------------------------------------------------------------- */

enum exit_code webhook_create_run(const struct line *line)
{
    const char *events = line_flag(line, "events");
    json_t *body = json_pack("{s:s}", "url", line->operands[0]);
    json_t *list = json_array();

    while (events && *events) {
        size_t n = strcspn(events, ",");

        json_array_append_new(list, json_stringn(events, n));
        events += n + (events[n] == ',');
    }
    if (json_array_size(list))
        json_object_set(body, "events", list);
    json_decref(list);
    return ask(line, "POST", root, body, NULL);
}

/* Rows of what the members say. columns and members end with NULL. */
static void rows_write(const struct line *line, const json_t *json, const char *const *columns,
                       const char *const *members)
{
    enum { COLUMNS_MAX = 8 };
    struct table *t = table_new(columns);
    struct screen screen;
    const json_t *item;
    size_t i;

    screen_init(&screen, stdout, line);
    json_array_foreach (sheet_items(json), i, item) {
        struct buf values[COLUMNS_MAX] = {{0}};
        const char *cells[COLUMNS_MAX] = {NULL};

        for (size_t k = 0; members[k] && k < COLUMNS_MAX; k++) {
            sheet_add_value(&values[k], members[k], json_object_get(item, members[k]));
            cells[k] = buf_text(&values[k]);
        }
        table_add(t, cells);
        for (size_t k = 0; k < COLUMNS_MAX; k++)
            buf_clear(&values[k]);
    }
    table_write(t, &screen, 0);
    if (screen.is_terminal && !table_rows(t))
        fputs("none\n", stdout);
    table_free(t);
}

static void hooks_write(const struct line *line, const json_t *json)
{
    static const char *const columns[] = {"ID", "STATE", "FAILURES", "URL", "EVENTS", NULL};
    static const char *const members[] = {"id", "state", "failures", "url", "events", NULL};

    rows_write(line, json, columns, members);
}

enum exit_code webhook_list_run(const struct line *line)
{
    return ask(line, "GET", root, NULL, hooks_write);
}

enum exit_code webhook_delete_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    path_make(line, NULL, &path);
    return ask(line, "DELETE", buf_text(&path), NULL, NULL);
}

/* --- deliveries ------------------------------------------------------------------------------- */

static void deliveries_write(const struct line *line, const json_t *json)
{
    static const char *const columns[] = {"ID",       "EVENT",  "REQUEST", "STATE",
                                          "ATTEMPTS", "STATUS", "LAST",    NULL};
    static const char *const members[] = {"id",       "type",   "request", "state",
                                          "attempts", "status", "last_at", NULL};

    rows_write(line, json, columns, members);
}

enum exit_code webhook_deliveries_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    path_make(line, "deliveries", &path);
    return ask(line, "GET", buf_text(&path), NULL, deliveries_write);
}

/* --- actions ---------------------------------------------------------------------------------- */

enum exit_code webhook_act_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    path_make(line, strchr(line->command->name, ' ') + 1, &path);
    return ask(line, "POST", buf_text(&path), NULL, NULL);
}

enum exit_code webhook_replay_run(const struct line *line)
{
    static const char *const names[] = {"delivery", "since", "until"};
    BUF_AUTO struct buf path = {0};
    json_t *body = json_object();

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (line_flag(line, names[i]))
            json_object_set_new(body, names[i], json_string(line_flag(line, names[i])));
    if (!json_object_size(body)) {
        json_decref(body);
        return line_fault(line, "say --delivery, or --since");
    }
    path_make(line, "replay", &path);
    return ask(line, "POST", buf_text(&path), body, NULL);
}
