#include "cli/queue_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/api.h"
#include "cli/line.h"
#include "cli/queue_live.h"
#include "cli/queue_view.h"
#include "cli/report.h"
#include "cli/sheet.h"
#include "cli/table.h"
#include "cli/url.h"

#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WATCH_SECONDS = 2, LIVE_SILENT_S = 3, LIVE_BYTES_MAX = 1 << 20 };

/* --- queue ------------------------------------------------------------------------------------ */

static void queue_write(const struct line *line, const struct api_answer *answer)
{
    struct screen screen;

    if (line_has(line, "json")) {
        sheet_write_raw(stdout, answer->text, answer->bytes);
        return;
    }
    screen_init(&screen, stdout, line);
    if (screen.is_terminal)
        queue_view_write(answer->json, &screen);
    else
        sheet_write(answer->json, &screen, 0);
}

/* The other screen of the terminal, so that what was there before comes back. */
static const char live_begin[] = "\033[?1049h\033[?25l";
static const char live_end[] = "\033[?25h\033[?1049l";

static void live_interrupted(int number)
{
    (void)number;
    if (write(STDOUT_FILENO, live_end, sizeof live_end - 1) < 0)
        _exit(EXIT_FAILED);
    _exit(EXIT_INTERRUPTED);
}

/* One drawing: over the last one, so that nothing flickers on a slow line. */
static void live_draw(struct queue_live *live, const struct line *line, const json_t *health)
{
    BUF_AUTO struct buf text = {0};
    struct winsize size = {0};
    struct screen screen;

    screen_init(&screen, stdout, line);
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    queue_live_draw(live, health, clock_now_ms(), screen.width, size.ws_row ? size.ws_row : 24,
                    &text);
    fputs("\033[H", stdout);
    for (const char *at = buf_text(&text); *at;) {
        size_t n = strcspn(at, "\n");

        printf("%.*s\033[K%s", (int)n, at, at[n] ? "\r\n" : "");
        at += n + (at[n] != '\0');
    }
    fputs("\033[J", stdout);
}

static bool live_take(void *arg, const char *bytes, size_t n)
{
    struct buf *text = arg;

    buf_add(text, bytes, n);
    return text->bytes < LIVE_BYTES_MAX;
}

/* One attempt: who looks at a screen must see soon that there is no answer. New reference, or NULL:
 * none came. */
static json_t *live_ask(struct api *api, enum exit_code *ret_rc)
{
    BUF_AUTO struct buf text = {0};
    const struct api_stream stream = {.path = "/v1/queue",
                                      .accept = "application/json",
                                      .silent_s = LIVE_SILENT_S,
                                      .take = live_take,
                                      .arg = &text};
    struct api_answer answer = {0};
    struct err e = {0};
    enum err_code code = api_take(api, &stream, &answer, &e);

    *ret_rc = code == ERR_OK ? exit_code_of_status(answer.status) : exit_code_of(code);
    api_answer_clear(&answer);
    return *ret_rc == EXIT_DONE ? json_loadb(buf_text(&text), text.bytes, 0, NULL) : NULL;
}

/* Until Ctrl-C, or an answer that will not be another one. */
static enum exit_code live_run(const struct line *line, struct api *api)
{
    struct queue_live *live = queue_live_new(!strcmp(nl_langinfo(CODESET), "UTF-8"));
    enum exit_code rc;

    signal(SIGINT, live_interrupted);
    signal(SIGTERM, live_interrupted);
    signal(SIGHUP, live_interrupted);
    fputs(live_begin, stdout);
    do {
        json_t *health = live_ask(api, &rc);

        if (rc == EXIT_DONE || rc == EXIT_UNAVAILABLE)
            live_draw(live, line, health);
        json_decref(health);
        if (fflush(stdout))
            rc = EXIT_FAILED;
        else if (rc == EXIT_DONE || rc == EXIT_UNAVAILABLE)
            sleep(WATCH_SECONDS);
    } while (rc == EXIT_DONE || rc == EXIT_UNAVAILABLE); /* it may come back */
    fputs(live_end, stdout);
    fflush(stdout);
    queue_live_free(live);
    if (rc != EXIT_FAILED)
        fprintf(stderr, "liaison: queue: the server will not tell; see liaison queue\n");
    return rc;
}

enum exit_code queue_run(const struct line *line)
{
    bool watch = line_has(line, "watch");
    bool is_live = watch && isatty(STDOUT_FILENO) && !line_has(line, "json");
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE && is_live)
        rc = live_run(line, api);
    while (rc == EXIT_DONE && !is_live) {
        struct api_answer answer = {0};

        rc = api_get(api, "/v1/queue", "queue", &answer);
        if (rc == EXIT_DONE)
            queue_write(line, &answer);
        api_answer_clear(&answer);
        if (fflush(stdout))
            rc = EXIT_FAILED;
        if (!watch)
            break;
        if (rc == EXIT_DONE || rc == EXIT_UNAVAILABLE)
            sleep(WATCH_SECONDS);
        if (rc == EXIT_UNAVAILABLE)
            rc = EXIT_DONE; /* it may come back */
    }
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

/* Sends what an operator wants and shows what came of it. body is given, NULL: none. */
static enum exit_code operate(const struct line *line, const char *method, const char *path,
                              const char *subject, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct api_request request = {
        .method = method, .path = path, .body = text, .body_n = text ? strlen(text) : 0};
    struct api_answer answer = {0};
    struct api *api = NULL;
    struct screen screen;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = api_ask(api, &request, subject, &answer);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        sheet_write_raw(stdout, answer.text, answer.bytes);
    } else if (rc == EXIT_DONE) {
        screen_init(&screen, stdout, line);
        sheet_write(answer.json, &screen, 0);
    }
    api_answer_clear(&answer);
    api_close(api);
    json_decref(body);
    free(text);
    return rc;
}

/* The last word of the command's name: what the API calls it, too. */
static const char *verb(const struct line *line)
{
    return strrchr(line->command->name, ' ') + 1;
}

enum exit_code queue_switch_run(const struct line *line)
{
    const char *queue = line->operands_n ? line->operands[0] : NULL;
    BUF_AUTO struct buf path = {0};

    buf_printf(&path, "/v1/queue/%s", verb(line));
    return operate(line, "POST", buf_text(&path), "queue",
                   queue ? json_pack("{s:s}", "queue", queue) : NULL);
}

static bool is_drained(const struct line *line, enum exit_code *ret_rc)
{
    struct api_answer answer = {0};
    struct api *api = NULL;
    bool drained;

    *ret_rc = api_open(line, &api);
    if (*ret_rc == EXIT_DONE)
        *ret_rc = api_get(api, "/v1/queue", "queue", &answer);
    drained = *ret_rc == EXIT_DONE && json_is_true(json_object_get(answer.json, "drained"));
    api_answer_clear(&answer);
    api_close(api);
    return drained;
}

enum exit_code queue_drain_run(const struct line *line)
{
    int64_t wait_s;
    int64_t until_ms;
    enum exit_code rc = line_number(line, "wait", 0, 86400, 0, &wait_s);

    if (rc == EXIT_DONE)
        rc = operate(line, "POST", "/v1/queue/drain", "queue", NULL);
    if (rc != EXIT_DONE || !line_has(line, "wait"))
        return rc;
    until_ms = clock_mono_ms() + wait_s * 1000;
    while (!is_drained(line, &rc)) {
        if (rc != EXIT_DONE && rc != EXIT_UNAVAILABLE)
            return rc;
        if (clock_mono_ms() >= until_ms) {
            fprintf(stderr, "liaison: after %lld s something is left: liaison queue\n",
                    (long long)wait_s);
            return EXIT_FAILED;
        }
        sleep(1);
    }
    report_remark(line, "nothing is left");
    return EXIT_DONE;
}

enum exit_code worker_switch_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};

    buf_add_text(&path, "/v1/workers/");
    url_add(&path, line->operands[0]);
    buf_printf(&path, "/%s", verb(line));
    buf_printf(&subject, "worker %s", line->operands[0]);
    return operate(line, "POST", buf_text(&path), buf_text(&subject), NULL);
}

/* What one dead letter is asked for. what: behind its path, "" for itself. */
static enum exit_code dead_operate(const struct line *line, const char *method, const char *what)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};

    buf_add_text(&path, "/v1/dead-letters/");
    url_add(&path, line->operands[0]);
    buf_add_text(&path, what);
    buf_printf(&subject, "dead letter %s", line->operands[0]);
    return operate(line, method, buf_text(&path), buf_text(&subject), NULL);
}

enum exit_code dead_show_run(const struct line *line)
{
    return dead_operate(line, "GET", "");
}

enum exit_code dead_requeue_run(const struct line *line)
{
    return dead_operate(line, "POST", "/requeue");
}

/* Dangerous, so the id is typed once more, by a person at a terminal. */
static bool is_meant(const struct line *line)
{
    const char *id = line->operands[0];
    char typed[80] = "";

    if (line_has(line, "force"))
        return true;
    if (!isatty(STDIN_FILENO)) {
        fputs("liaison: not at a terminal: --force deletes without asking\n", stderr);
        return false;
    }
    fprintf(stderr, "Type the id once more to give %s up for good: ", id);
    if (!fgets(typed, sizeof typed, stdin))
        return false;
    typed[strcspn(typed, "\n")] = '\0';
    if (!strcmp(typed, id))
        return true;
    fputs("liaison: that is another id; nothing was done\n", stderr);
    return false;
}

enum exit_code dead_delete_run(const struct line *line)
{
    return is_meant(line) ? dead_operate(line, "DELETE", "") : EXIT_USAGE;
}
