#include "cli/absence_command.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/line.h"
#include "cli/sheet.h"
#include "cli/table.h"
#include "cli/url.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "/v1/absences";

static const char *cell(const json_t *absence, const char *member, const char *otherwise)
{
    const char *text = sheet_text(absence, member);

    return text ? text : otherwise;
}

static void list_write(const struct line *line, const json_t *json)
{
    static const char *const headings[] = {"OFFICER", "FROM", "UNTIL", "DEPUTY", "ACTS NOW", NULL};
    struct table *t = table_new(headings);
    struct screen screen;
    const json_t *one;
    size_t i;

    screen_init(&screen, stdout, line);
    json_array_foreach (sheet_items(json), i, one) {
        char from[SCREEN_TIME_BYTES];
        char until[SCREEN_TIME_BYTES];
        const char *cells[] = {cell(one, "officer", ""),
                               screen_short_time(&screen, cell(one, "from", ""), from),
                               screen_short_time(&screen, cell(one, "until", ""), until),
                               cell(one, "deputy", "everybody"), cell(one, "acting", "everybody")};

        table_add(t, cells);
    }
    table_write(t, &screen, 0);
    table_free(t);
}

/* Every call answers with all who are away. body is given, NULL: none. */
static enum exit_code ask(const struct line *line, const char *method, const char *path,
                          json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct api_request request = {
        .method = method, .path = path, .body = text, .body_n = text ? strlen(text) : 0};
    struct api_answer answer = {0};
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = api_ask(api, &request, "absence", &answer);
    if (rc == EXIT_DONE && line_has(line, "json"))
        sheet_write_raw(stdout, answer.text, answer.bytes);
    else if (rc == EXIT_DONE)
        list_write(line, answer.json);
    api_answer_clear(&answer);
    api_close(api);
    free(text);
    json_decref(body);
    return rc;
}

enum exit_code absence_list_run(const struct line *line)
{
    return ask(line, "GET", root, NULL);
}

enum exit_code absence_set_run(const struct line *line)
{
    static const char *const members[] = {"from", "until", "deputy"};
    json_t *body = json_object();

    if (line->operands_n)
        json_object_set_new(body, "officer", json_string(line->operands[0]));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (line_flag(line, members[i]))
            json_object_set_new(body, members[i], json_string(line_flag(line, members[i])));
    return ask(line, "POST", root, body);
}

enum exit_code absence_end_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    buf_printf(&path, "%s/", root);
    url_add(&path, line->operands[0]);
    return ask(line, "DELETE", buf_text(&path), NULL);
}
