#include "cli/table.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, COLUMN_MIN = 8 };

struct table {
    const char *const *headings; /* borrowed */
    size_t columns_n;
    char **cells; /* owned, safe texts, row after row */
    size_t rows_n;
};

struct table *table_new(const char *const *headings)
{
    struct table *t = mem_new(1, sizeof *t);

    t->headings = headings;
    while (headings[t->columns_n])
        t->columns_n++;
    return t;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->rows_n * t->columns_n; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
}

void table_add(struct table *t, const char *const *cells)
{
    t->cells = mem_grow(t->cells, (t->rows_n + 1) * t->columns_n, sizeof *t->cells);
    for (size_t i = 0; i < t->columns_n; i++) {
        struct buf safe = {0};

        screen_add_safe(&safe, cells[i] ? cells[i] : "", false);
        t->cells[t->rows_n * t->columns_n + i] = buf_take(&safe);
    }
    t->rows_n++;
}

size_t table_rows(const struct table *t)
{
    return t->rows_n;
}

static const char *cell(const struct table *t, size_t row, size_t column)
{
    return t->cells[row * t->columns_n + column];
}

/* Natural widths, then the widest column gives way until all fit or none can. The first one stays:
 * it names the row. */
static void set_widths(const struct table *t, size_t room, size_t *widths)
{
    size_t total = 0;

    for (size_t c = 0; c < t->columns_n; c++) {
        widths[c] = screen_width(t->headings[c]);
        for (size_t r = 0; r < t->rows_n; r++) {
            size_t width = screen_width(cell(t, r, c));

            widths[c] = width > widths[c] ? width : widths[c];
        }
        total += widths[c] + (c ? GAP : 0);
    }
    while (total > room) {
        size_t widest = t->columns_n - 1;

        for (size_t c = 1; c < t->columns_n; c++)
            if (widths[c] > widths[widest])
                widest = c;
        if (!widest || widths[widest] <= COLUMN_MIN)
            return;
        widths[widest]--;
        total--;
    }
}

static void add_row(const struct table *t, const char *const *cells, const size_t *widths,
                    struct buf *out)
{
    for (size_t c = 0; c < t->columns_n; c++) {
        if (c)
            buf_add(out, "  ", GAP);
        screen_add_cell(out, cells[c], widths[c]);
    }
    while (out->bytes && out->text[out->bytes - 1] == ' ')
        out->text[--out->bytes] = '\0';
}

static void write_aligned(const struct table *t, const struct screen *s, size_t indent)
{
    size_t *widths = mem_new(t->columns_n, sizeof *widths);
    BUF_AUTO struct buf head = {0};

    set_widths(t, s->width > indent ? s->width - indent : 0, widths);
    add_row(t, t->headings, widths, &head);
    fprintf(s->out, "%*s", (int)indent, "");
    screen_strong(s, buf_text(&head));
    fputc('\n', s->out);
    for (size_t r = 0; r < t->rows_n; r++) {
        BUF_AUTO struct buf row = {0};

        add_row(t, (const char *const *)&t->cells[r * t->columns_n], widths, &row);
        fprintf(s->out, "%*s%s\n", (int)indent, "", buf_text(&row));
    }
    free(widths);
}

void table_write(const struct table *t, const struct screen *s, size_t indent)
{
    if (s->is_terminal) {
        if (t->rows_n)
            write_aligned(t, s, indent);
        return;
    }
    for (size_t r = 0; r < t->rows_n; r++)
        for (size_t c = 0; c < t->columns_n; c++)
            fprintf(s->out, "%s%c", cell(t, r, c), c + 1 < t->columns_n ? '\t' : '\n');
}
