#include "cli/sheet.h"

#include "base/err.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 24, DEPTH_MAX = 8 };

/* --- values ----------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name);
    size_t end_n = strlen(end);

    return n >= end_n && !strcmp(name + n - end_n, end);
}

/* The two largest units: "3 d 4 h", "12 m 5 s", "0.25 s". */
static void add_duration(struct buf *out, double seconds)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = {
        {86400, "d"},
        {3600,  "h"},
        {60,    "m"},
        {1,     "s"}
    };
    int64_t whole = (int64_t)seconds;
    size_t first = 0;

    if (seconds < 10 || seconds > 1e12) {
        buf_printf(out, "%.3g s", seconds);
        return;
    }
    while (whole < units[first].seconds)
        first++;
    buf_printf(out, "%" PRId64 " %s", whole / units[first].seconds, units[first].unit);
    if (first < 3) {
        int64_t rest = whole % units[first].seconds / units[first + 1].seconds;

        buf_printf(out, " %" PRId64 " %s", rest, units[first + 1].unit);
    }
}

static void add_number(struct buf *out, const char *name, const json_t *value)
{
    if (ends_with(name, "seconds"))
        add_duration(out, json_number_value(value));
    else if (json_is_integer(value))
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        buf_printf(out, "%.4g", json_real_value(value));
}

static void add_list(struct buf *out, const char *name, const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach (list, i, one) {
        if (i)
            buf_add_text(out, ", ");
        sheet_add_value(out, name, one);
    }
}

void sheet_add_value(struct buf *out, const char *name, const json_t *value)
{
    char time[SCREEN_TIME_BYTES];
    char *text;

    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_NULL:
        break;
    case JSON_TRUE:
        buf_add_text(out, "yes");
        break;
    case JSON_FALSE:
        buf_add_text(out, "no");
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        add_number(out, name, value);
        break;
    case JSON_STRING:
        if (ends_with(name, "_at") || ends_with(name, "since") || !strcmp(name, "at"))
            buf_add_text(out, screen_time(json_string_value(value), time));
        else
            buf_add_text(out, json_string_value(value));
        break;
    case JSON_ARRAY:
        add_list(out, name, value);
        break;
    case JSON_OBJECT:
        text = json_dumps(value, JSON_COMPACT);
        buf_add_text(out, text ? text : "");
        free(text);
        break;
    }
}

const char *sheet_text(const json_t *object, const char *path)
{
    const char *dot = strchr(path, '.');
    char name[64];

    if (!dot)
        return json_string_value(json_object_get(object, path));
    snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
    return sheet_text(json_object_get(object, name), dot + 1);
}

const json_t *sheet_items(const json_t *json)
{
    const json_t *items = json_is_array(json) ? json : json_object_get(json, "items");

    return json_is_array(items) ? items : NULL;
}

void sheet_write_raw(FILE *out, const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, out);
    if (!bytes || text[bytes - 1] != '\n')
        fputc('\n', out);
}

/* --- for a terminal --------------------------------------------------------------------------- */

static bool is_all_objects(const json_t *array)
{
    const json_t *one;
    size_t i;

    json_array_foreach (array, i, one)
        if (!json_is_object(one))
            return false;
    return json_array_size(array) > 0;
}

/* True when all members are objects with the members of the first one: rows of a table by key. */
static bool is_keyed_rows(const json_t *object)
{
    const json_t *first = json_object_iter_value(json_object_iter((json_t *)(uintptr_t)object));
    const char *key;
    const char *name;
    json_t *row;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, key, row) {
        if (!json_is_object(row) || json_object_size(row) != json_object_size(first))
            return false;
        json_object_foreach (row, name, value)
            if (!json_object_get(first, name))
                return false;
    }
    return json_object_size(object) > 1;
}

static bool is_plain(const json_t *value)
{
    return !json_is_object(value) && !is_all_objects(value);
}

struct columns {
    const char *names[COLUMNS_MAX + 2]; /* borrowed from the rows; ends with NULL */
    size_t n;
};

static void columns_add(struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->names[i], name))
            return;
    if (c->n < COLUMNS_MAX)
        c->names[c->n++] = name;
}

/* keyed: the first column is the row's key. */
static void table_add_object(struct table *t, const struct columns *c, bool keyed, const char *key,
                             const json_t *row)
{
    struct buf texts[COLUMNS_MAX + 1] = {{0}};
    const char *cells[COLUMNS_MAX + 1];

    for (size_t i = 0; i < c->n; i++) {
        if (keyed && !i)
            buf_add_text(&texts[i], key);
        else
            sheet_add_value(&texts[i], c->names[i], json_object_get(row, c->names[i]));
        cells[i] = buf_text(&texts[i]);
    }
    table_add(t, cells);
    for (size_t i = 0; i < c->n; i++)
        buf_clear(&texts[i]);
}

/* Rows of an array, or of an object by their keys. */
static void write_table(const json_t *rows, const struct screen *s, size_t indent)
{
    struct columns columns = {0};
    bool keyed = json_is_object(rows);
    json_t *all = (json_t *)(uintptr_t)rows;
    struct table *t;
    const char *key;
    const char *name;
    json_t *row;
    json_t *value;
    size_t i;

    if (keyed)
        columns_add(&columns, " ");
    json_array_foreach (rows, i, row)
        json_object_foreach (row, name, value)
            columns_add(&columns, name);
    json_object_foreach (all, key, row)
        json_object_foreach (row, name, value)
            columns_add(&columns, name);
    t = table_new(columns.names);
    json_array_foreach (rows, i, row)
        table_add_object(t, &columns, false, NULL, row);
    json_object_foreach (all, key, row)
        table_add_object(t, &columns, true, key, row);
    table_write(t, s, indent);
    table_free(t);
}

static void write_plain(const json_t *object, const struct screen *s, size_t indent)
{
    size_t widest = 0;
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, name, value)
        if (is_plain(value) && screen_width(name) > widest)
            widest = screen_width(name);
    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        BUF_AUTO struct buf text = {0};
        BUF_AUTO struct buf safe = {0};
        BUF_AUTO struct buf safe_name = {0};
        BUF_AUTO struct buf row = {0};

        if (!is_plain(value))
            continue;
        sheet_add_value(&text, name, value);
        screen_add_safe(&safe, text.bytes ? buf_text(&text) : "-", false);
        screen_add_safe(&safe_name, name, false);
        screen_add_cell(&row, buf_text(&safe_name), widest);
        buf_add_text(&row, "  ");
        screen_add_cell(&row, buf_text(&safe), screen_width(buf_text(&safe)));
        fprintf(s->out, "%*s%s\n", (int)indent, "", buf_text(&row));
    }
}

static void write_readable(const json_t *object, const struct screen *s, size_t indent)
{
    const char *name;
    json_t *value;

    write_plain(object, s, indent);
    json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
        BUF_AUTO struct buf safe = {0};

        if (is_plain(value) || !(json_object_size(value) + json_array_size(value)))
            continue;
        screen_add_safe(&safe, name, false);
        fprintf(s->out, "\n%*s", (int)indent, "");
        screen_strong(s, buf_text(&safe));
        fputc('\n', s->out);
        if (is_keyed_rows(value) || json_array_size(value) > 1)
            write_table(value, s, indent + 2);
        else if (indent < 2 * DEPTH_MAX) /* a single row reads better downwards */
            write_readable(json_is_array(value) ? json_array_get(value, 0) : value, s, indent + 2);
    }
}

/* --- piped ------------------------------------------------------------------------------------ */

/* As the API has it; lists of values with commas. */
static void add_exact(struct buf *out, const json_t *value)
{
    char *text;

    if (json_is_string(value)) {
        buf_add_text(out, json_string_value(value));
    } else if (json_is_array(value) || json_is_null(value)) {
        sheet_add_value(out, "", value);
    } else {
        text = json_dumps(value, JSON_ENCODE_ANY);
        buf_add_text(out, text);
        free(text);
    }
}

static void write_flat(const json_t *value, const char *path, FILE *out)
{
    const char *name;
    json_t *one;
    size_t i;

    if (is_plain(value)) {
        BUF_AUTO struct buf text = {0};
        BUF_AUTO struct buf safe = {0};

        add_exact(&text, value);
        screen_add_safe(&safe, buf_text(&text), false);
        fprintf(out, "%s\t%s\n", path, buf_text(&safe));
        return;
    }
    json_array_foreach (value, i, one) {
        BUF_AUTO struct buf below = {0};

        buf_printf(&below, "%s.%zu", path, i);
        write_flat(one, buf_text(&below), out);
    }
    json_object_foreach ((json_t *)(uintptr_t)value, name, one) {
        BUF_AUTO struct buf below = {0};

        buf_printf(&below, "%s%s", path, *path ? "." : "");
        screen_add_safe(&below, name, false);
        write_flat(one, buf_text(&below), out);
    }
}

void sheet_write(const json_t *object, const struct screen *s, size_t indent)
{
    if (s->is_terminal)
        write_readable(object, s, indent);
    else
        write_flat(object, "", s->out);
}
