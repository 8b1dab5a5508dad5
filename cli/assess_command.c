#include "cli/assess_command.h"

#include "base/buf.h"
#include "cli/input.h"
#include "cli/line.h"
#include "cli/lines.h"
#include "cli/reference.h"
#include "cli/report.h"
#include "cli/screen.h"
#include "cli/sheet.h"
#include "protocol/document.h"
#include "routing/assess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
         : line_has(line, "pairs")  ? assess_pairs(a, draft, &result, e)
                                    : assess_one(a, draft, &result, e);
    if (rc == ERR_OK)
        write_result(line, result);
    return rc;
}

struct job {
    struct assess *assess;   /* owned */
    const struct line *line; /* borrowed */
};

static enum err_code assess_line(void *arg, const char *text, size_t n, struct err *e)
{
    const struct job *job = arg;

    return assess_text(job->assess, job->line, text, n, e);
}

static enum exit_code assess_draft(struct assess *a, const struct line *line)
{
    BUF_AUTO struct buf text = {0};
    struct err e = {0};
    const char *name = line->operands[0];

    if (input_read(line, name, LINES_BYTES_MAX, &text, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (assess_text(a, line, buf_text(&text), text.bytes, &e) != ERR_OK)
        return report_err(line, name, &e);
    return EXIT_DONE;
}

/* --- the command ------------------------------------------------------------------------------ */

enum exit_code assess_run(const struct line *line)
{
    const char *name = line->operands_n ? line->operands[0] : "-";
    const char *language = line_flag(line, "language");
    struct reference reference = {0};
    struct job job = {.line = line};
    struct err e = {0};
    enum exit_code rc;

    if (language && language_find(language) < 0)
        return line_fault(line, "--language is one of ar zh en fr ru es");
    if (!line->operands_n && !line_has(line, "jsonl"))
        return line_fault(line, "assess needs a FILE, - or --jsonl");
    if (reference_open(line, &reference, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    job.assess = assess_new(reference.engine, language ? language_find(language) : -1);
    rc = line_has(line, "jsonl") ? lines_read(line, name, assess_line, &job)
                                 : assess_draft(job.assess, line);
    assess_free(job.assess);
    reference_close(&reference);
    return rc;
}
