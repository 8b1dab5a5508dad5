#include "cli/assess_command.h"

#include "base/buf.h"
#include "cli/input.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/server_settings.h"
#include "cli/sheet.h"
#include "config/load.h"
#include "protocol/document.h"
#include "routing/assess.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DRAFT_BYTES_MAX = 1 << 20 };

/* --- for people ------------------------------------------------------------------------------- */

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = sheet_text(object, member);

    return text ? text : "";
}

/* "draft (ramsar; cms, whc): We propose that the secretariat of .." */
static void explain_head(const struct screen *s, const json_t *result)
{
    BUF_AUTO struct buf head = {0};
    const json_t *support = json_object_get(result, "support");
    const char *lead = sheet_text(result, "lead");

    buf_printf(&head, "%s (%s", text_at(result, "id"), lead ? lead : "triage");
    if (json_array_size(support)) {
        buf_add_text(&head, "; ");
        sheet_add_value(&head, "support", support);
    }
    buf_printf(&head, "): %s", text_at(result, "text"));
    screen_paragraph(s, buf_text(&head), 0);
}

static void explain_reasons(const struct screen *s, const json_t *reasons, size_t indent)
{
    const json_t *reason;
    size_t i;

    json_array_foreach (reasons, i, reason) {
        BUF_AUTO struct buf text = {0};

        buf_printf(&text, "%+4" JSON_INTEGER_FORMAT " %s",
                   json_integer_value(json_object_get(reason, "points")), text_at(reason, "text"));
        screen_paragraph(s, buf_text(&text), indent);
    }
}

static void explain(const struct screen *s, const json_t *result)
{
    const json_t *one;
    size_t i;

    explain_head(s, result);
    if (sheet_text(result, "lead")) /* else the head has said it */
        explain_reasons(s, json_object_get(result, "reasons"), 2);
    json_array_foreach (json_object_get(result, "supporters"), i, one) {
        screen_paragraph(s, text_at(one, "text"), 2);
        explain_reasons(s, json_object_get(one, "reasons"), 4);
    }
    json_array_foreach (json_object_get(result, "duplicates"), i, one) {
        BUF_AUTO struct buf text = {0};

        buf_printf(&text, "%3.0f%% %s",
                   floor(100 * json_number_value(json_object_get(one, "probability"))),
                   text_at(one, "text"));
        screen_paragraph(s, buf_text(&text), 2);
    }
}

static void write_result(const struct line *line, const json_t *result)
{
    struct screen screen;
    char *text;

    if (line_has(line, "explain")) {
        screen_init(&screen, stdout, line);
        explain(&screen, result);
    } else {
        text = json_dumps(result, line_has(line, "jsonl") ? JSON_COMPACT : JSON_INDENT(2));
        puts(text);
        free(text);
    }
    fflush(stdout); /* whoever feeds the lines may wait for each answer */
}

/* --- drafts ----------------------------------------------------------------------------------- */

static enum err_code assess_text(struct assess *a, const struct line *line, const char *text,
                                 size_t n, struct err *e)
{
    struct faults faults = {0};
    json_auto_t *draft = NULL;
    json_auto_t *result = NULL;
    enum err_code rc = document_parse(text, n, &draft, &faults, e);

    if (rc != ERR_OK)
        return *e->detail ? rc : err_set(e, rc, "%s", faults.n ? faults.list[0].code : "no JSON");
    if (!line_has(line, "jsonl") && !json_object_get(draft, "id"))
        json_object_set_new(draft, "id", json_string("draft"));
    rc = line_has(line, "features") ? assess_inputs(a, draft, &result, e)
                                    : assess_one(a, draft, &result, e);
    if (rc == ERR_OK)
        write_result(line, result);
    return rc;
}

/* Every line is answered or its fault said; one fault makes the whole run fail. */
static enum exit_code assess_lines(struct assess *a, const struct line *line, const char *name,
                                   FILE *in)
{
    enum exit_code rc = EXIT_DONE;
    char *text = NULL;
    size_t room = 0;
    ssize_t n;

    for (unsigned line_n = 1; (n = getline(&text, &room, in)) >= 0; line_n++) {
        BUF_AUTO struct buf place = {0};
        struct err e = {0};

        if (strspn(text, " \t\r\n") == (size_t)n)
            continue;
        buf_printf(&place, "%s:%u", name, line_n);
        if (n > DRAFT_BYTES_MAX)
            err_set(&e, ERR_TOO_LARGE, "the line is too long");
        else if (assess_text(a, line, text, (size_t)n, &e) == ERR_OK)
            continue;
        report_err(line, buf_text(&place), &e);
        rc = EXIT_FAILED;
    }
    if (ferror(in))
        rc = report_err(line, name, &(struct err){ERR_IO, "cannot read it"});
    free(text);
    return rc;
}

static enum exit_code assess_stream(struct assess *a, const struct line *line)
{
    const char *name = line->operands_n ? line->operands[0] : "-";
    bool is_stdin = !strcmp(name, "-");
    FILE *in = is_stdin ? stdin : fopen(name, "re");
    struct err e = {0};
    enum exit_code rc;

    if (!in) {
        err_set(&e, ERR_IO, "cannot open it: %s", strerror(errno));
        return report_err(line, name, &e);
    }
    rc = assess_lines(a, line, is_stdin ? "stdin" : name, in);
    if (!is_stdin)
        fclose(in);
    return rc;
}

static enum exit_code assess_draft(struct assess *a, const struct line *line)
{
    BUF_AUTO struct buf text = {0};
    struct err e = {0};
    const char *name = line->operands[0];

    if (input_read(line, name, DRAFT_BYTES_MAX, &text, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (assess_text(a, line, buf_text(&text), text.bytes, &e) != ERR_OK)
        return report_err(line, name, &e);
    return EXIT_DONE;
}

/* --- the command ------------------------------------------------------------------------------ */

enum exit_code assess_run(const struct line *line)
{
    struct settings settings;
    struct config *config = NULL;
    struct engine *engine = NULL;
    struct assess *assess = NULL;
    const char *data = line_flag(line, "data");
    const char *language = line_flag(line, "language");
    struct err e = {0};
    enum exit_code rc = EXIT_DONE;

    if (language && language_find(language) < 0)
        return line_fault(line, "--language is one of ar zh en fr ru es");
    if (!line->operands_n && !line_has(line, "jsonl"))
        return line_fault(line, "assess needs a FILE, - or --jsonl");
    if ((!data && server_settings_load(line, &settings, &e) != ERR_OK) ||
        config_load(data ? data : settings.data, &config, &e) != ERR_OK ||
        engine_new(config, &engine, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    if (rc == EXIT_DONE) {
        assess = assess_new(engine, language ? language_find(language) : -1);
        rc = line_has(line, "jsonl") ? assess_stream(assess, line) : assess_draft(assess, line);
    }
    assess_free(assess);
    engine_free(engine);
    config_free(config);
    return rc;
}
