#include "cli/request_view.h"

#include "cli/sheet.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *path)
{
    const char *text = sheet_text(object, path);

    return text ? text : "";
}

/* --- in a list -------------------------------------------------------------------------------- */

/* A terminal has room for what tells most: a reference names the country, and who must act is the
 * lead where it is a secretariat. */
static const char *const shown[] = {"REFERENCE", "STATE", "MUST ACT", "DUE (UTC)",
                                    "URGENCY",   "TITLE", NULL};
static const char *const piped[] = {"reference", "state", "ball",  "due_at", "country",
                                    "urgency",   "lead",  "title", "id",     NULL};

struct table *request_view_table(const struct screen *s)
{
    return table_new(s->is_terminal ? shown : piped);
}

static void add_shown(struct table *t, const struct screen *s, const json_t *resource)
{
    char due[SCREEN_TIME_BYTES];
    const char *holder = sheet_text(resource, "holder");
    const char *cells[] = {text_of(resource, "reference"),
                           text_of(resource, "state"),
                           holder ? holder : text_of(resource, "ball"),
                           screen_short_time(s, text_of(resource, "due_at"), due),
                           text_of(resource, "urgency"),
                           text_of(resource, "title")};

    table_add(t, cells);
}

void request_view_add(struct table *t, const struct screen *s, const json_t *resource)
{
    const char *cells[sizeof piped / sizeof piped[0]];
    const char *holder = sheet_text(resource, "claim.holder");

    if (s->is_terminal) {
        add_shown(t, s, resource);
        return;
    }
    for (size_t i = 0; piped[i]; i++)
        cells[i] = !strcmp(piped[i], "lead") ? holder ? holder : text_of(resource, "holder")
                                             : text_of(resource, piped[i]);
    table_add(t, cells);
}

void request_view_write_row(const json_t *resource, const struct screen *s)
{
    struct table *t = request_view_table(s);

    request_view_add(t, s, resource);
    table_write(t, s, 0);
    table_free(t);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void heading(const struct screen *s, const char *text)
{
    fputc('\n', s->out);
    screen_strong(s, text);
    fputc('\n', s->out);
}

/* `   name  value`; nothing when the value is empty. */
static void fact(const struct screen *s, const char *name, const char *value)
{
    BUF_AUTO struct buf safe = {0};
    BUF_AUTO struct buf cell = {0};

    if (!*value)
        return;
    screen_add_safe(&safe, value, false);
    screen_add_cell(&cell, buf_text(&safe), screen_width(buf_text(&safe)));
    fprintf(s->out, "  %-12s  %s\n", name, buf_text(&cell));
}

static void fact_of(const struct screen *s, const char *name, const json_t *object,
                    const char *member)
{
    BUF_AUTO struct buf text = {0};

    sheet_add_value(&text, member, json_object_get(object, member));
    fact(s, name, buf_text(&text));
}

static void write_ball(const json_t *r, const struct screen *s)
{
    BUF_AUTO struct buf text = {0};
    char due[SCREEN_TIME_BYTES];
    const char *holder = text_of(r, "holder");

    buf_add_text(&text, *text_of(r, "ball") ? text_of(r, "ball") : "nobody");
    if (*holder)
        buf_printf(&text, " (%s)", holder);
    if (*text_of(r, "due_at"))
        buf_printf(&text, ", until %s UTC", screen_time(text_of(r, "due_at"), due));
    fact(s, "must act", buf_text(&text));
}

static void write_claim(const json_t *r, const struct screen *s)
{
    BUF_AUTO struct buf text = {0};
    char since[SCREEN_TIME_BYTES];
    char until[SCREEN_TIME_BYTES];
    const json_t *claim = json_object_get(r, "claim");

    if (!json_is_object(claim))
        return;
    buf_printf(&text, "by %s since %s UTC", text_of(claim, "holder"),
               screen_time(text_of(claim, "since"), since));
    if (*text_of(claim, "lease_expires_at"))
        buf_printf(&text, ", until %s UTC", screen_time(text_of(claim, "lease_expires_at"), until));
    fact(s, "claimed", buf_text(&text));
}

static void write_head(const json_t *r, const struct screen *s)
{
    BUF_AUTO struct buf head = {0};

    screen_add_safe(&head, text_of(r, "reference"), false);
    if (*text_of(r, "title")) {
        BUF_AUTO struct buf title = {0};

        screen_add_safe(&title, text_of(r, "title"), false);
        buf_add_text(&head, "  ");
        screen_add_cell(&head, buf_text(&title), screen_width(buf_text(&title)));
    }
    screen_strong(s, buf_text(&head));
    fputc('\n', s->out);
    fact_of(s, "id", r, "id");
    fact_of(s, "state", r, "state");
    write_ball(r, s);
    write_claim(r, s);
    fact(s, "expected", text_of(r, "expected.text"));
    if (json_is_true(json_object_get(r, "open")))
        fact(s, "open", "every routed secretariat may take the lead");
    if (json_integer_value(json_object_get(r, "level")) > 0)
        fact_of(s, "escalated", r, "level");
    fact_of(s, "outcome", r, "outcome");
    fact_of(s, "referred to", r, "referred_to");
    fact(s, "merged into", text_of(r, "merged_into.reference"));
    fact_of(s, "undo until", r, "undo_until");
    fact(s, "would join", text_of(r, "join.reference"));
    fact_of(s, "country", r, "country");
    fact_of(s, "language", r, "language");
    fact_of(s, "urgency", r, "urgency");
    fact_of(s, "disclosure", r, "disclosure");
    fact_of(s, "themes", r, "themes");
    fact_of(s, "submitted", r, "submitted_at");
    fact_of(s, "updated", r, "updated_at");
    fact_of(s, "version", r, "version");
    if (json_is_true(json_object_get(r, "withheld")))
        fact(s, "withheld", "parts of this request are for others only");
}

static void write_reasons(const json_t *reasons, const struct screen *s)
{
    const json_t *reason;
    size_t i;

    json_array_foreach (reasons, i, reason) {
        const char *text = text_of(reason, "text");
        BUF_AUTO struct buf line = {0};

        buf_printf(&line, "%+4" JSON_INTEGER_FORMAT " ",
                   json_integer_value(json_object_get(reason, "points")));
        buf_add_text(&line, *text ? text : text_of(reason, "factor"));
        if (!*text && *text_of(reason, "evidence"))
            buf_printf(&line, ": %s", text_of(reason, "evidence"));
        screen_paragraph(s, buf_text(&line), 6);
    }
}

static void write_routing(const json_t *r, const struct screen *s)
{
    const json_t *routing = json_object_get(r, "routing");
    const json_t *candidate;
    size_t i;

    if (!json_is_object(routing))
        return;
    heading(s, "Routing");
    if (*text_of(routing, "text"))
        screen_paragraph(s, text_of(routing, "text"), 2);
    fact_of(s, "outcome", routing, "outcome");
    fact_of(s, "lead", routing, "lead");
    fact_of(s, "support", routing, "support");
    fact_of(s, "informed", routing, "informed");
    fact_of(s, "confidence", routing, "confidence");
    fact_of(s, "topics", routing, "topics");
    fact(s, "referral", text_of(routing, "referral.text"));
    fact_of(s, "decided", routing, "decided_at");
    fact_of(s, "ruleset", routing, "ruleset");
    json_array_foreach (json_object_get(routing, "candidates"), i, candidate) {
        BUF_AUTO struct buf line = {0};

        buf_printf(&line, "%s: %" JSON_INTEGER_FORMAT " points, Party: %s",
                   text_of(candidate, "secretariat"),
                   json_integer_value(json_object_get(candidate, "score")),
                   text_of(candidate, "eligible"));
        screen_paragraph(s, buf_text(&line), 4);
        if (*text_of(candidate, "text"))
            screen_paragraph(s, text_of(candidate, "text"), 6);
        write_reasons(json_object_get(candidate, "reasons"), s);
    }
}

static void write_offers(const json_t *r, const struct screen *s)
{
    static const char *const headings[] = {"SECRETARIAT", "ROLE",   "STATE",
                                           "DUE (UTC)",   "REASON", NULL};
    struct table *t = table_new(headings);
    const json_t *offer;
    size_t i;

    json_array_foreach (json_object_get(r, "offers"), i, offer) {
        char due[SCREEN_TIME_BYTES];
        const char *until = text_of(offer, "expires_at");
        const char *cells[] = {text_of(offer, "secretariat"), text_of(offer, "role"),
                               *text_of(offer, "contributed_at") ? "contributed"
                                                                 : text_of(offer, "state"),
                               due, text_of(offer, "reason")};

        if (!*until && !*text_of(offer, "contributed_at"))
            until = text_of(offer, "contribution_due_at");
        screen_time(until, due);

        table_add(t, cells);
    }
    if (table_rows(t))
        heading(s, "Offers");
    table_write(t, s, 2);
    table_free(t);
}

/* `duplicates` or `related`. */
static void write_similar(const json_t *r, const char *member, const char *title,
                          const struct screen *s)
{
    static const char *const headings[] = {"REFERENCE", "VERDICT", "PROBABILITY",
                                           "SHARED",    "DIFFERS", NULL};
    struct table *t = table_new(headings);
    const json_t *hit;
    size_t i;

    json_array_foreach (json_object_get(r, member), i, hit) {
        BUF_AUTO struct buf shared = {0};
        BUF_AUTO struct buf differs = {0};
        char probability[24];
        const char *reference = text_of(hit, "reference");
        const char *cells[5] = {*reference ? reference : text_of(hit, "id"),
                                text_of(hit, "verdict"), probability};

        snprintf(probability, sizeof probability, "%.2f",
                 json_number_value(json_object_get(hit, "probability")));
        sheet_add_value(&shared, "shared", json_object_get(hit, "shared"));
        sheet_add_value(&differs, "differs", json_object_get(hit, "differs"));
        cells[3] = buf_text(&shared);
        cells[4] = buf_text(&differs);
        table_add(t, cells);
    }
    if (table_rows(t))
        heading(s, title);
    table_write(t, s, 2);
    table_free(t);
}

/* Requests merged into this one, with their texts. */
static void write_merged(const json_t *r, const struct screen *s)
{
    const json_t *one;
    size_t i;

    json_array_foreach (json_object_get(r, "merged"), i, one) {
        BUF_AUTO struct buf head = {0};
        BUF_AUTO struct buf safe = {0};
        char at[SCREEN_TIME_BYTES];

        buf_printf(&head, "Merged into this: %s, by %s, %s UTC", text_of(one, "reference"),
                   text_of(one, "by"), screen_time(text_of(one, "at"), at));
        screen_add_safe(&safe, buf_text(&head), false);
        heading(s, buf_text(&safe));
        if (*text_of(one, "title"))
            screen_paragraph(s, text_of(one, "title"), 2);
        if (*text_of(one, "description"))
            screen_paragraph(s, text_of(one, "description"), 4);
    }
}

static void write_links(const json_t *r, const struct screen *s)
{
    static const char *const headings[] = {"REFERENCE", "RELATION", "STATE", "TITLE", NULL};
    struct table *t = table_new(headings);
    const json_t *one;
    size_t i;

    json_array_foreach (json_object_get(r, "links"), i, one) {
        const char *cells[] = {text_of(one, "reference"), text_of(one, "relation"),
                               text_of(one, "state"), text_of(one, "title")};

        table_add(t, cells);
    }
    if (table_rows(t))
        heading(s, "Linked");
    table_write(t, s, 2);
    table_free(t);
}

static void write_said(const json_t *said, const char *title, const struct screen *s)
{
    BUF_AUTO struct buf head = {0};
    BUF_AUTO struct buf safe = {0};
    char at[SCREEN_TIME_BYTES];

    if (!json_is_object(said))
        return;
    buf_printf(&head, "%s, %s, %s UTC", title, text_of(said, "by"),
               screen_time(text_of(said, "at"), at));
    screen_add_safe(&safe, buf_text(&head), false);
    heading(s, buf_text(&safe));
    screen_paragraph(s, text_of(said, "text"), 2);
}

static void write_dialogue(const json_t *r, const struct screen *s)
{
    const json_t *one;
    size_t i;

    write_said(json_object_get(r, "question"), "Question", s);
    write_said(json_object_get(r, "reply"), "Reply", s);
    write_said(json_object_get(r, "plan"), "Plan", s);
    write_said(json_object_get(r, "amendment"), "Amendment", s);
    json_array_foreach (json_object_get(r, "contributions"), i, one)
        write_said(one, "Contribution", s);
    write_said(json_object_get(r, "answer"), "Answer", s);
    json_array_foreach (json_object_get(json_object_get(r, "answer"), "contributors"), i, one)
        fact(s, text_of(one, "secretariat"),
             !strcmp(text_of(one, "state"), "given") ? text_of(one, "role") : "to follow");
}

/* Members of the form that have no place of their own above. */
static void write_rest(const json_t *r, const struct screen *s)
{
    static const char *const placed[] = {"id",
                                         "reference",
                                         "state",
                                         "version",
                                         "title",
                                         "description",
                                         "themes",
                                         "country",
                                         "language",
                                         "dir",
                                         "urgency",
                                         "disclosure",
                                         "withheld",
                                         "submitted_at",
                                         "updated_at",
                                         "ball",
                                         "holder",
                                         "due_at",
                                         "outcome",
                                         "referred_to",
                                         "claim",
                                         "offers",
                                         "routing",
                                         "duplicates",
                                         "related",
                                         "merged",
                                         "merged_into",
                                         "undo_until",
                                         "links",
                                         "join",
                                         "question",
                                         "reply",
                                         "plan",
                                         "amendment",
                                         "answer",
                                         "contributions",
                                         "allowed_actions",
                                         "reopened",
                                         "level",
                                         "open",
                                         "expected",
                                         NULL};
    json_t *rest = json_copy((json_t *)(uintptr_t)r);

    for (size_t i = 0; placed[i]; i++)
        json_object_del(rest, placed[i]);
    if (json_object_size(rest)) {
        heading(s, "Further in the form");
        sheet_write(rest, s, 2);
    }
    json_decref(rest);
}

void request_view_write(const json_t *resource, const struct screen *s)
{
    BUF_AUTO struct buf actions = {0};

    if (!s->is_terminal) {
        sheet_write(resource, s, 0);
        return;
    }
    write_head(resource, s);
    if (*text_of(resource, "description")) {
        fputc('\n', s->out);
        screen_paragraph(s, text_of(resource, "description"), 2);
    }
    write_rest(resource, s);
    write_routing(resource, s);
    write_offers(resource, s);
    write_similar(resource, "duplicates", "Likely duplicates", s);
    write_similar(resource, "related", "Related, of other countries", s);
    write_merged(resource, s);
    write_links(resource, s);
    write_dialogue(resource, s);
    sheet_add_value(&actions, "allowed_actions", json_object_get(resource, "allowed_actions"));
    heading(s, "You can");
    screen_paragraph(s, actions.bytes ? buf_text(&actions) : "do nothing at present", 2);
}

void request_view_write_assessment(const json_t *assessment, const struct screen *s)
{
    if (!s->is_terminal) {
        sheet_write(assessment, s, 0);
        return;
    }
    write_routing(assessment, s);
    write_similar(assessment, "duplicates", "Likely duplicates", s);
}

/* --- history ---------------------------------------------------------------------------------- */

/* What an action said besides its name. */
static void add_particulars(struct buf *out, const json_t *line)
{
    static const char *const members[] = {"role",    "lead",   "support",  "body", "reason",
                                          "outcome", "better", "relation", "text", NULL};
    const char *other = sheet_text(line, "other.reference");

    for (size_t i = 0; members[i]; i++) {
        const json_t *value = json_object_get(line, members[i]);

        if (!value)
            continue;
        buf_printf(out, "%s%s: ", out->bytes ? "; " : "", members[i]);
        sheet_add_value(out, members[i], value);
    }
    if (other)
        buf_printf(out, "%sother: %s", out->bytes ? "; " : "", other);
}

void request_view_write_history(const json_t *history, const struct screen *s)
{
    static const char *const headings[] = {"AT (UTC)", "ACTION", "ACTOR", "FROM",
                                           "TO",       "SAID",   NULL};
    struct table *t = table_new(headings);
    const json_t *line;
    size_t i;

    json_array_foreach (sheet_items(history), i, line) {
        BUF_AUTO struct buf said = {0};
        char at[SCREEN_TIME_BYTES];
        const char *cells[6] = {screen_short_time(s, text_of(line, "at"), at),
                                text_of(line, "action"), text_of(line, "actor"),
                                text_of(line, "from"), text_of(line, "to")};

        add_particulars(&said, line);
        cells[5] = buf_text(&said);
        table_add(t, cells);
    }
    table_write(t, s, 0);
    table_free(t);
}
