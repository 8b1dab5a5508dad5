#include "cli/queue_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/api.h"
#include "cli/line.h"
#include "cli/queue_view.h"
#include "cli/sheet.h"
#include "cli/table.h"
#include "cli/url.h"

#include <string.h>
#include <unistd.h>

enum { WATCH_SECONDS = 2 };

/* --- queue ------------------------------------------------------------------------------------ */

static void queue_write(const struct line *line, const struct api_answer *answer)
{
    struct screen screen;
    char time[CLOCK_TEXT_BYTES];

    if (line_has(line, "json")) {
        sheet_write_raw(stdout, answer->text, answer->bytes);
        return;
    }
    screen_init(&screen, stdout, line);
    if (screen.is_terminal && line_has(line, "watch")) {
        fputs("\033[H\033[2J", stdout);
        fprintf(stdout, "as of %.8s UTC, every %d s, Ctrl-C ends\n\n",
                clock_text(clock_now_ms(), time) + 11, WATCH_SECONDS);
    }
    if (screen.is_terminal)
        queue_view_write(answer->json, &screen);
    else
        sheet_write(answer->json, &screen, 0);
}

enum exit_code queue_run(const struct line *line)
{
    bool watch = line_has(line, "watch");
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);

    if (rc != EXIT_DONE)
        return rc;
    do {
        struct api_answer answer = {0};

        rc = api_get(api, "/v1/queue", "queue", &answer);
        if (rc == EXIT_DONE)
            queue_write(line, &answer);
        api_answer_clear(&answer);
        if (fflush(stdout))
            rc = EXIT_FAILED;
        if (watch && (rc == EXIT_DONE || rc == EXIT_UNAVAILABLE))
            sleep(WATCH_SECONDS);
    } while (watch && (rc == EXIT_DONE || rc == EXIT_UNAVAILABLE)); /* it may come back */
    api_close(api);
    return rc;
}

/* --- dead letters ----------------------------------------------------------------------------- */

static void dead_write(const struct line *line, const json_t *json)
{
    static const char *const headings[] = {"ID", "SINCE (UTC)", "QUEUE", NULL};
    struct table *t = table_new(headings);
    struct screen screen;
    const json_t *item;
    size_t i;

    screen_init(&screen, stdout, line);
    json_array_foreach (sheet_items(json), i, item) {
        char since[SCREEN_TIME_BYTES];
        const char *text = sheet_text(item, "since");
        const char *cells[] = {sheet_text(item, "id"),
                               screen_short_time(&screen, text ? text : "", since),
                               sheet_text(item, "queue")};

        table_add(t, cells);
    }
    table_write(t, &screen, 0);
    if (screen.is_terminal && !table_rows(t))
        fputs("no dead letters\n", stdout);
    table_free(t);
}

enum exit_code dead_run(const struct line *line)
{
    struct api *api = NULL;
    struct api_answer answer = {0};
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = api_get(api, "/v1/dead-letters", "dead letters", &answer);
    if (rc == EXIT_DONE && line_has(line, "json"))
        sheet_write_raw(stdout, answer.text, answer.bytes);
    else if (rc == EXIT_DONE)
        dead_write(line, answer.json);
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}

enum exit_code dead_requeue_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};
    struct api *api = NULL;
    struct api_answer answer = {0};
    struct api_request request = {.method = "POST"};
    enum exit_code rc = api_open(line, &api);

    buf_add_text(&path, "/v1/dead-letters/");
    url_add(&path, line->operands[0]);
    buf_add_text(&path, "/requeue");
    buf_printf(&subject, "dead letter %s", line->operands[0]);
    request.path = buf_text(&path);
    if (rc == EXIT_DONE)
        rc = api_ask(api, &request, buf_text(&subject), &answer);
    if (rc == EXIT_DONE && line_has(line, "json"))
        sheet_write_raw(stdout, answer.text, answer.bytes);
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}
