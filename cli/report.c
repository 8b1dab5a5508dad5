#include "cli/report.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/line.h"
#include "cli/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const char *subject, const char *text)
{
    BUF_AUTO struct buf safe = {0};

    if (subject) {
        screen_add_safe(&safe, subject, false);
        buf_add_text(&safe, ": ");
    }
    screen_add_safe(&safe, text, false);
    fprintf(stderr, "liaison: %s\n", buf_text(&safe));
}

enum exit_code report_err(const struct line *line, const char *subject, const struct err *e)
{
    (void)line;
    say(subject, *e->detail ? e->detail : "failed");
    return exit_code_of(e->code);
}

static void say_field(const json_t *error)
{
    const char *pointer = json_string_value(json_object_get(error, "pointer"));
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *detail = json_string_value(json_object_get(error, "detail"));
    BUF_AUTO struct buf safe = {0};

    screen_add_safe(&safe, pointer ? pointer : "#", false);
    buf_add_text(&safe, ": ");
    screen_add_safe(&safe, detail ? detail : code ? code : "not right", false);
    if (detail && code) {
        buf_add_text(&safe, " (");
        screen_add_safe(&safe, code, false);
        buf_add_text(&safe, ")");
    }
    fprintf(stderr, "  %s\n", buf_text(&safe));
}

void report_problem(const struct line *line, const char *subject, const struct api_answer *answer)
{
    const char *title = json_string_value(json_object_get(answer->json, "title"));
    const char *detail = json_string_value(json_object_get(answer->json, "detail"));
    BUF_AUTO struct buf plain = {0};
    const json_t *error;
    size_t i;

    if (line_has(line, "json") && answer->json) {
        fprintf(stderr, "%s%s", answer->text,
                answer->bytes && answer->text[answer->bytes - 1] == '\n' ? "" : "\n");
        return;
    }
    buf_printf(&plain, "the server answered %d", answer->status);
    say(subject, detail && *detail ? detail : title ? title : buf_text(&plain));
    json_array_foreach (json_object_get(answer->json, "errors"), i, error)
        say_field(error);
    if (answer->status == 401 && !line_has(line, "token-file"))
        fputs("Hint: name a token with --token-file FILE or LIAISON_TOKEN_FILE.\n", stderr);
}

void report_remark(const struct line *line, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    if (line_has(line, "quiet"))
        return;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        bug("out of memory");
    va_end(ap);
    say(NULL, text);
    free(text);
}
