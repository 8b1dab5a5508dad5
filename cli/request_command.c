#include "cli/request_command.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/compare_view.h"
#include "cli/input.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/request_path.h"
#include "cli/request_view.h"
#include "cli/sheet.h"
#include "cli/url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DOCUMENT_BYTES_MAX = 1 << 20 };

/* --- submit ----------------------------------------------------------------------------------- */

static enum exit_code submit_send(const struct line *line, const struct api_request *request,
                                  void (*write)(const json_t *json, const struct screen *s))
{
    struct api *api = NULL;
    struct api_answer answer = {0};
    struct screen screen;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = api_ask(api, request, NULL, &answer);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        sheet_write_raw(stdout, answer.text, answer.bytes);
    } else if (rc == EXIT_DONE) {
        screen_init(&screen, stdout, line);
        write(answer.json, &screen);
    }
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}

enum exit_code submit_run(const struct line *line)
{
    BUF_AUTO struct buf document = {0};
    struct err e = {0};
    int64_t wait_s = 0;
    char prefer[32];
    struct api_request request = {.method = "POST"};
    enum exit_code rc = line_number(line, "wait", 0, 10, 0, &wait_s);

    if (rc != EXIT_DONE)
        return rc;
    if (input_read(line, line->operands[0], DOCUMENT_BYTES_MAX, &document, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    request.body = buf_text(&document);
    request.body_n = document.bytes;
    if (line_has(line, "assess")) {
        request.path = "/v1/requests:assess";
        return submit_send(line, &request, request_view_write_assessment);
    }
    snprintf(prefer, sizeof prefer, "wait=%lld", (long long)wait_s);
    request.path = "/v1/requests";
    request.prefer = wait_s ? prefer : NULL;
    return submit_send(line, &request, request_view_write_row);
}

/* --- show, compare, history ------------------------------------------------------------------- */

/* name: id or reference; the API shows both. */
static enum exit_code request_get(struct api *api, const char *name, struct api_answer *ret_answer)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};

    buf_add_text(&path, "/v1/requests/");
    url_add(&path, name);
    buf_printf(&subject, "request %s", name);
    return api_get(api, buf_text(&path), buf_text(&subject), ret_answer);
}

/* What waits in triage for its likely twin is shown beside it. */
static enum exit_code show_twin(struct api *api, const json_t *resource, const struct screen *s)
{
    const char *twin = compare_view_twin(resource);
    struct api_answer answer = {0};
    enum exit_code rc;

    if (!twin || !s->is_terminal)
        return EXIT_DONE;
    rc = request_get(api, twin, &answer);
    if (rc == EXIT_DONE) {
        fputc('\n', s->out);
        screen_strong(s, "Side by side");
        fputc('\n', s->out);
        compare_view_write(resource, answer.json, s);
    }
    api_answer_clear(&answer);
    return rc;
}

enum exit_code show_run(const struct line *line)
{
    struct api *api = NULL;
    struct api_answer answer = {0};
    struct screen screen;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = request_get(api, line->operands[0], &answer);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        sheet_write_raw(stdout, answer.text, answer.bytes);
    } else if (rc == EXIT_DONE) {
        screen_init(&screen, stdout, line);
        request_view_write(answer.json, &screen);
        rc = show_twin(api, answer.json, &screen);
    }
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}

enum exit_code compare_run(const struct line *line)
{
    struct api *api = NULL;
    struct api_answer a = {0};
    struct api_answer b = {0};
    struct screen screen;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = request_get(api, line->operands[0], &a);
    if (rc == EXIT_DONE)
        rc = request_get(api, line->operands[1], &b);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        printf("[%s,\n%s]\n", a.text, b.text);
    } else if (rc == EXIT_DONE) {
        screen_init(&screen, stdout, line);
        compare_view_write(a.json, b.json, &screen);
    }
    api_answer_clear(&a);
    api_answer_clear(&b);
    api_close(api);
    return rc;
}

enum exit_code history_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};
    struct api_answer answer = {0};
    struct screen screen;
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = request_path_find(api, line->operands[0], &path);
    buf_add_text(&path, "/history");
    buf_printf(&subject, "request %s", line->operands[0]);
    if (rc == EXIT_DONE)
        rc = api_get(api, buf_text(&path), buf_text(&subject), &answer);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        sheet_write_raw(stdout, answer.text, answer.bytes);
    } else if (rc == EXIT_DONE) {
        screen_init(&screen, stdout, line);
        request_view_write_history(answer.json, &screen);
    }
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}

/* --- list, inbox ------------------------------------------------------------------------------ */

/* Where the next page is; only ever on the same server. NULL: there is none. */
static char *next_path(const json_t *page)
{
    const char *next = sheet_text(page, "next");

    return next && !strncmp(next, "/v1/", 4) ? mem_text(next) : NULL;
}

/* All pages as one object: {"items":[..],"next":null, ..}. */
static void write_joined(json_t *first, json_t *items)
{
    char *text;

    if (json_is_object(first)) {
        json_object_set(first, "items", items);
        json_object_set_new(first, "next", json_null());
    }
    text = json_dumps(json_is_object(first) ? first : items, JSON_COMPACT);
    sheet_write_raw(stdout, text, strlen(text));
    free(text);
}

static void write_rows(const struct line *line, const json_t *items, bool has_more)
{
    struct screen screen;
    struct table *t;
    const json_t *item;
    size_t i;

    screen_init(&screen, stdout, line);
    t = request_view_table(&screen);
    json_array_foreach (items, i, item)
        request_view_add(t, &screen, item);
    table_write(t, &screen, 0);
    if (screen.is_terminal && !table_rows(t))
        fputs("nothing\n", stdout);
    if (has_more)
        report_remark(line, "there is more: --all shows it");
    table_free(t);
}

static enum exit_code list_pages(const struct line *line, const char *first_path)
{
    bool all = line_has(line, "all");
    char *path = mem_text(first_path);
    json_auto_t *items = json_array();
    struct api_answer first = {0};
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);

    while (path && rc == EXIT_DONE) {
        struct api_answer page = {0};

        rc = api_get(api, path, NULL, &page);
        free(path);
        path = next_path(page.json);
        if (rc == EXIT_DONE && sheet_items(page.json))
            json_array_extend(items, (json_t *)(uintptr_t)sheet_items(page.json));
        if (!first.text)
            first = page;
        else
            api_answer_clear(&page);
        if (!all)
            break;
    }
    if (rc == EXIT_DONE && line_has(line, "json") && all)
        write_joined(first.json, items);
    else if (rc == EXIT_DONE && line_has(line, "json"))
        sheet_write_raw(stdout, first.text, first.bytes);
    else if (rc == EXIT_DONE)
        write_rows(line, items, path != NULL);
    free(path);
    api_answer_clear(&first);
    api_close(api);
    return rc;
}

void request_command_filters(const struct line *line, struct buf *path)
{
    static const char *const filters[][2] = {
        {"state",         "state"        },
        {"country",       "country"      },
        {"secretariat",   "secretariat"  },
        {"theme",         "theme"        },
        {"urgency",       "urgency"      },
        {"language",      "language"     },
        {"q",             "q"            },
        {"updated-since", "updated_since"},
    };

    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        url_add_query(path, filters[i][1], line_flag(line, filters[i][0]));
}

enum exit_code list_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    buf_add_text(&path, "/v1/requests");
    request_command_filters(line, &path);
    url_add_query(&path, "sort", line_flag(line, "sort"));
    url_add_query(&path, "limit", line_flag(line, "limit"));
    return list_pages(line, buf_text(&path));
}

enum exit_code inbox_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    buf_add_text(&path, "/v1/inbox");
    url_add_query(&path, "officer", line_flag(line, "officer"));
    return list_pages(line, buf_text(&path));
}
