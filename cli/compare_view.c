#include "cli/compare_view.h"

#include "cli/sheet.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *path)
{
    const char *text = sheet_text(object, path);

    return text ? text : "";
}

const char *compare_view_twin(const json_t *resource)
{
    const json_t *pair = json_array_get(json_object_get(resource, "duplicates"), 0);
    const char *verdict = text_of(pair, "verdict");

    if (strcmp(text_of(resource, "state"), "triage") != 0 ||
        (strcmp(verdict, "certain") != 0 && strcmp(verdict, "likely") != 0))
        return NULL;
    return sheet_text(pair, "id");
}

/* What the one says of the other; NULL: nothing. */
static const json_t *pair_of(const json_t *a, const json_t *b)
{
    static const char *const lists[] = {"duplicates", "related", NULL};
    const json_t *pair;
    size_t i;

    for (size_t k = 0; lists[k]; k++)
        json_array_foreach (json_object_get(a, lists[k]), i, pair)
            if (!strcmp(text_of(pair, "id"), text_of(b, "id")))
                return pair;
    return NULL;
}

static void row(const json_t *a, const json_t *b, const char *member, const struct screen *s)
{
    BUF_AUTO struct buf left = {0};
    BUF_AUTO struct buf right = {0};

    sheet_add_value(&left, member, json_object_get(a, member));
    sheet_add_value(&right, member, json_object_get(b, member));
    if (!left.bytes && !right.bytes)
        return;
    if (s->is_terminal) {
        fputs("\n  ", s->out);
        screen_strong(s, member);
        fputc('\n', s->out);
    } else {
        fprintf(s->out, "%s\t", member);
    }
    screen_columns(s, buf_text(&left), buf_text(&right), 2);
}

static void write_verdict(const json_t *pair, const struct screen *s)
{
    static const char *const words[] = {"verdict", "probability", "shared", "differs", NULL};

    for (size_t i = 0; pair && words[i]; i++) {
        BUF_AUTO struct buf text = {0};

        sheet_add_value(&text, words[i], json_object_get(pair, words[i]));
        if (!text.bytes)
            continue;
        fprintf(s->out, s->is_terminal ? "\n  %s\n" : "%s\t", words[i]);
        screen_paragraph(s, buf_text(&text), s->is_terminal ? 4 : 0);
    }
}

void compare_view_write(const json_t *a, const json_t *b, const struct screen *s)
{
    static const char *const members[] = {"reference", "country",      "state",       "language",
                                          "urgency",   "submitted_at", "themes",      "sites",
                                          "species",   "title",        "description", NULL};
    const json_t *pair = pair_of(a, b);

    for (size_t i = 0; members[i]; i++)
        row(a, b, members[i], s);
    write_verdict(pair ? pair : pair_of(b, a), s);
}
