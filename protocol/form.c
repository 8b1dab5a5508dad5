#include "protocol/form.h"

#include "base/err.h"
#include "protocol/event_name.h"
#include "protocol/field.h"
#include "protocol/lifecycle.h"
#include "protocol/request.h"
#include "protocol/transition.h"

#include <string.h>

static json_t *rows_json(const struct field *rows);

static json_t *row_json(const struct field *f)
{
    static const char *const kinds[] = {
        [FIELD_TEXT] = "text",       [FIELD_WORD] = "word",
        [FIELD_BOOL] = "bool",       [FIELD_COUNT] = "count",
        [FIELD_NUMBER] = "number",   [FIELD_DATE] = "date",
        [FIELD_COUNTRY] = "country", [FIELD_SECRETARIAT] = "secretariat",
        [FIELD_OBJECT] = "object",
    };
    json_t *row = json_pack("{s:s, s:s, s:b, s:i, s:I, s:I}", "name", f->name, "kind",
                            kinds[f->kind], "required", f->required, "list", f->list_max, "min",
                            (json_int_t)f->min, "max", (json_int_t)f->max);

    if (f->kind == FIELD_WORD) {
        json_t *words = json_array();

        for (size_t i = 0; f->words[i]; i++)
            if (*f->words[i])
                json_array_append_new(words, json_string(f->words[i]));
        json_object_set_new(row, "words", words);
    }
    if (f->kind == FIELD_OBJECT)
        json_object_set_new(row, "rows", rows_json(f->rows));
    return row;
}

static json_t *rows_json(const struct field *rows)
{
    json_t *list = json_array();

    for (const struct field *f = rows; f->name; f++)
        json_array_append_new(list, row_json(f));
    return list;
}

static json_t *actions_json(void)
{
    json_t *actions = json_object();

    for (unsigned a = ACTION_CLAIM; a < ACTIONS_N; a++)
        json_object_set_new(actions, action_words[a], rows_json(transition_fields((enum action)a)));
    return actions;
}

/* Each name once. */
static json_t *events_json(void)
{
    json_t *names = json_array();

    for (unsigned a = 0; a < ACTIONS_N; a++) {
        unsigned long long earlier = (1ULL << a) - 1;
        const char *name = event_name((enum action)a);

        if (!(event_name_actions(name) & earlier))
            json_array_append_new(names, json_string(name));
    }
    return names;
}

void form_print_json(FILE *out)
{
    json_t *doc = json_pack("{s:o, s:o, s:o}", "request", rows_json(request_fields), "actions",
                            actions_json(), "events", events_json());

    if (!doc || json_dumpf(doc, out, JSON_COMPACT | JSON_SORT_KEYS) != 0)
        bug("form_print_json");
    fputc('\n', out);
    json_decref(doc);
}
