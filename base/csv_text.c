#include "base/csv_text.h"

#include <stdbool.h>
#include <string.h>

static void add_cell(struct buf *out, const char *text)
{
    const char *first = text + strspn(text, " \n");
    bool is_formula = *first && strchr("=+-@\t\r", *first);
    bool is_quoted = is_formula || text[strcspn(text, ",\"\r\n")];

    if (!is_quoted) {
        buf_add_text(out, text);
        return;
    }
    buf_add_text(out, is_formula ? "\"'" : "\"");
    for (const char *end; (end = strchr(text, '"')); text = end + 1) {
        buf_add(out, text, (size_t)(end - text) + 1);
        buf_add_text(out, "\"");
    }
    buf_add_text(out, text);
    buf_add_text(out, "\"");
}

void csv_text_row(struct buf *out, const char *const *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_text(out, ",");
        if (cells[i])
            add_cell(out, cells[i]);
    }
    buf_add_text(out, "\r\n");
}
