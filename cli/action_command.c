#include "cli/action_command.h"

#include "base/buf.h"
#include "cli/api.h"
#include "cli/input.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/request_path.h"
#include "cli/request_view.h"
#include "cli/sheet.h"
#include "protocol/transition.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS_MAX = 16, TEXT_BYTES_MAX = 1 << 16 };

static enum exit_code action_run(const struct line *line);

/* --- the command, from the tables ------------------------------------------------------------- */

static bool is_for_people(enum action a)
{
    for (size_t i = 0; i < lifecycle_rows_n; i++)
        if (lifecycle_rows[i].action == a && lifecycle_rows[i].role != ROLE_SYSTEM)
            return true;
    return false;
}

/* Adds word unless the comma-separated text has it. */
static void add_once(struct buf *out, const char *word)
{
    const char *found = strstr(buf_text(out), word);

    while (found && !((found == out->text || found[-1] == ' ') &&
                      (!found[strlen(word)] || found[strlen(word)] == ',')))
        found = strstr(found + 1, word);
    if (!found)
        buf_printf(out, "%s%s", out->bytes ? ", " : "", word);
}

/* "by secretariat; leads to offered, unmatched" */
static char *about(enum action a)
{
    BUF_AUTO struct buf roles = {0};
    BUF_AUTO struct buf states = {0};
    struct buf text = {0};

    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        if (row->action != a)
            continue;
        add_once(&roles, role_words[row->role]);
        add_once(&states, row->to == STATE_SAME ? "the same state" : state_words[row->to]);
    }
    buf_printf(&text, "by %s; leads to %s", buf_text(&roles), buf_text(&states));
    return buf_take(&text);
}

/* One line for each row of the table. */
static char *rules(enum action a)
{
    struct buf text = {0};

    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];
        BUF_AUTO struct buf from = {0};

        if (row->action != a)
            continue;
        for (unsigned s = 0; s < STATES_N; s++)
            if (row->from & 1u << s)
                add_once(&from, state_words[s]);
        buf_printf(&text, "  %s%s%s%s in %s -> %s", role_words[row->role],
                   row->standing ? " (" : "", standing_words[row->standing],
                   row->standing ? ")" : "", buf_text(&from),
                   row->to == STATE_SAME ? "stays" : state_words[row->to]);
        buf_printf(&text, "%s%s\n", row->guard ? ", when: " : "", guard_words[row->guard]);
    }
    return buf_take(&text);
}

static char *flag_name(const char *member)
{
    char *name = mem_text(member);

    for (char *c = name; *c; c++)
        if (*c == '_')
            *c = '-';
    return name;
}

static char *flag_value(const struct field *f)
{
    struct buf text = {0};

    if (f->kind == FIELD_WORD) {
        for (size_t i = 0; f->words[i]; i++)
            if (*f->words[i])
                buf_printf(&text, "%s%s", text.bytes ? "|" : "", f->words[i]);
        return buf_take(&text);
    }
    switch (f->kind) {
    case FIELD_COUNT:
    case FIELD_NUMBER:
        buf_add_text(&text, "N");
        break;
    case FIELD_BOOL:
        buf_add_text(&text, "yes|no");
        break;
    case FIELD_DATE:
        buf_add_text(&text, "DATE");
        break;
    case FIELD_COUNTRY:
    case FIELD_SECRETARIAT:
        buf_add_text(&text, "CODE");
        break;
    case FIELD_OBJECT:
        buf_add_text(&text, "JSON");
        break;
    case FIELD_TEXT:
    case FIELD_WORD:
        buf_add_text(&text, "TEXT");
        break;
    }
    if (f->list_max && f->kind != FIELD_OBJECT)
        buf_add_text(&text, ",..");
    return buf_take(&text);
}

static struct flag *flag_add(struct flag *flags, size_t *n, const char *name, char *value,
                             const char *about_it)
{
    struct flag *flag = &flags[(*n)++];

    if (*n >= FLAGS_MAX)
        bug("too many members for the flags of an action");
    *flag = (struct flag){.name = flag_name(name), .value = value, .about = about_it};
    return flag;
}

/* An action on two requests may name the other one behind the first, too. */
static bool names_other(enum action a)
{
    const struct field *f = transition_fields(a);

    while (f->name && strcmp(f->name, "other") != 0)
        f++;
    return f->name != NULL;
}

bool action_command_init(enum action a, struct command *ret_command)
{
    struct flag *flags;
    size_t n = 0;

    if (!is_for_people(a))
        return false;
    flags = mem_new(FLAGS_MAX, sizeof *flags);
    for (const struct field *f = transition_fields(a); f->name; f++) {
        flag_add(flags, &n, f->name, flag_value(f), f->about);
        if (!strcmp(f->name, "text"))
            flag_add(flags, &n, "file", mem_text("FILE|-"), "the text from a file or stdin");
    }
    flag_add(flags, &n, "if-match", mem_text("ETAG"),
             "only if the request is at this version: \"r7\"");
    *ret_command =
        (struct command){.group = GROUP_ACTION,
                         .name = action_words[a],
                         .operands = names_other(a) ? "ID|REFERENCE [OTHER]" : "ID|REFERENCE",
                         .operands_min = 1,
                         .operands_max = names_other(a) ? 2 : 1,
                         .about = about(a),
                         .more = rules(a),
                         .flags = flags,
                         .run = action_run,
                         .action = a};
    return true;
}

void action_command_clear(struct command *c)
{
    struct flag *flags = (struct flag *)(uintptr_t)c->flags;

    for (size_t i = 0; flags[i].name; i++) {
        free((char *)(uintptr_t)flags[i].name);
        free((char *)(uintptr_t)flags[i].value);
    }
    free(flags);
    free((char *)(uintptr_t)c->about);
    free((char *)(uintptr_t)c->more);
    *c = (struct command){0};
}

/* --- its body, from the flags ----------------------------------------------------------------- */

/* NULL: value is not of that kind. New reference. */
static json_t *one_value(const struct field *f, const char *value)
{
    json_t *number;

    switch (f->kind) {
    case FIELD_COUNT:
    case FIELD_NUMBER:
        number = json_loads(value, JSON_DECODE_ANY, NULL);
        if (json_is_number(number))
            return number;
        json_decref(number);
        return NULL;
    case FIELD_BOOL:
        return !strcmp(value, "yes") ? json_true() : !strcmp(value, "no") ? json_false() : NULL;
    case FIELD_OBJECT:
        return json_loads(value, JSON_REJECT_DUPLICATES, NULL);
    case FIELD_TEXT:
    case FIELD_WORD:
    case FIELD_DATE:
    case FIELD_COUNTRY:
    case FIELD_SECRETARIAT:
        return json_string(value); /* NULL unless it is UTF-8 */
    }
    return NULL;
}

static json_t *list_value(const struct field *f, const char *value)
{
    json_t *list = json_array();
    char *copy = mem_text(value);
    char *rest = copy;
    char *part;

    if (f->kind == FIELD_OBJECT) { /* all of them in one JSON text */
        json_decref(list);
        list = one_value(f, value);
        rest = NULL;
    }
    while (list && (part = strsep(&rest, ",")))
        if (*part && json_array_append_new(list, one_value(f, part))) {
            json_decref(list);
            list = NULL;
        }
    free(copy);
    return list;
}

static enum exit_code body_add(const struct line *line, const struct field *f, json_t *body)
{
    char *name = flag_name(f->name);
    const char *value = line_flag(line, name);
    enum exit_code rc = EXIT_DONE;

    if (line->operands_n == 2 && !strcmp(f->name, "other")) {
        if (value)
            rc = line_fault(line, "OTHER or --other, not both");
        value = line->operands[1];
    }
    if (rc == EXIT_DONE && value &&
        json_object_set_new(body, f->name,
                            f->list_max ? list_value(f, value) : one_value(f, value)))
        rc = line_fault(line, "--%s is not what is expected", name);
    free(name);
    return rc;
}

static enum exit_code body_add_file(const struct line *line, json_t *body)
{
    const char *file = line_flag(line, "file");
    BUF_AUTO struct buf text = {0};
    struct err e = {0};

    if (!file)
        return EXIT_DONE;
    if (json_object_get(body, "text"))
        return line_fault(line, "--text or --file, not both");
    if (input_read(line, file, TEXT_BYTES_MAX, &text, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    while (text.bytes && text.text[text.bytes - 1] == '\n')
        text.text[--text.bytes] = '\0';
    if (json_object_set_new(body, "text", json_stringn(buf_text(&text), text.bytes)))
        return line_fault(line, "%s is not UTF-8 text", file);
    return EXIT_DONE;
}

/* What the tables say about the body, before anything is sent. */
static enum exit_code body_check(const struct line *line, const json_t *body)
{
    const struct field_codes codes = {0};
    struct transition_input input;
    struct faults faults = {0};
    const struct fault *fault = &faults.list[0];
    const char *member;
    char *name;

    if (transition_decode(line->command->action, body, &codes, &input, &faults) || !faults.n)
        return EXIT_DONE;
    member = strrchr(fault->pointer, '/');
    name = flag_name(member ? member + 1 : "text");
    if (!strcmp(fault->code, "required"))
        line_fault(line, "--%s is needed", name);
    else if (!strcmp(fault->code, "wrong_length") || !strcmp(fault->code, "out_of_range"))
        line_fault(line, "--%s must be %lld..%lld%s", name, (long long)fault->min,
                   (long long)fault->max,
                   !strcmp(fault->code, "wrong_length") ? " characters long" : "");
    else if (!strcmp(fault->code, "unknown_word"))
        line_fault(line, "--%s must be one of: %s", name, fault->words);
    else
        line_fault(line, "--%s: %s", name, fault->code);
    free(name);
    return EXIT_USAGE;
}

static enum exit_code body_read(const struct line *line, json_t *body)
{
    enum exit_code rc = EXIT_DONE;

    for (const struct field *f = transition_fields(line->command->action); f->name; f++)
        if (rc == EXIT_DONE)
            rc = body_add(line, f, body);
    if (rc == EXIT_DONE)
        rc = body_add_file(line, body);
    return rc == EXIT_DONE ? body_check(line, body) : rc;
}

/* --- the action ------------------------------------------------------------------------------- */

static enum exit_code action_send(const struct line *line, const char *body)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};
    struct api *api = NULL;
    struct api_answer answer = {0};
    struct screen screen;
    struct api_request request = {.method = "POST",
                                  .body = body,
                                  .body_n = strlen(body),
                                  .if_match = line_flag(line, "if-match")};
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = request_path_find(api, line->operands[0], &path);
    buf_printf(&path, "/%s", line->command->name);
    buf_printf(&subject, "request %s", line->operands[0]);
    request.path = buf_text(&path);
    if (rc == EXIT_DONE)
        rc = api_ask(api, &request, buf_text(&subject), &answer);
    if (rc == EXIT_DONE && line_has(line, "json")) {
        sheet_write_raw(stdout, answer.text, answer.bytes);
    } else if (rc == EXIT_DONE && sheet_text(answer.json, "id")) {
        screen_init(&screen, stdout, line);
        request_view_write_row(answer.json, &screen);
    }
    api_answer_clear(&answer);
    api_close(api);
    return rc;
}

static enum exit_code action_run(const struct line *line)
{
    json_auto_t *body = json_object();
    enum exit_code rc = body_read(line, body);
    char *text;

    if (rc != EXIT_DONE)
        return rc;
    text = json_dumps(body, JSON_COMPACT);
    rc = action_send(line, text);
    free(text);
    return rc;
}
