#include "config/csv.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "config/file.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CSV_BYTES_MAX = 16 << 20, CSV_COLUMNS_MAX = 64 };

/* Cells are cut out of the file's text in place: unquoting only ever shortens. */
struct reader {
    struct csv row;
    char *at; /* next byte to read; at end there is a NUL, and none before */
    char *end;
    unsigned line; /* of at; row.line is where the row began */
    const char *columns[CSV_COLUMNS_MAX];
    const char *cells[CSV_COLUMNS_MAX];
};

enum err_code csv_fault(const struct csv *row, struct err *e, const char *fmt, ...)
{
    char what[sizeof e->detail];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(e, ERR_CONFIG, "%s:%u: %s", row->path, row->line, what);
}

static enum err_code fault_at(const struct reader *r, unsigned line, struct err *e,
                              const char *what)
{
    return err_set(e, ERR_CONFIG, "%s:%u: %s", r->row.path, line, what);
}

/* Line by line, so that the fault can name one. NUL would cut cells short unseen. */
static enum err_code text_check(const struct reader *r, struct err *e)
{
    unsigned line = 1;

    for (const char *at = r->at; at < r->end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(r->end - at));
        size_t bytes = (size_t)((stop ? stop : r->end) - at);

        if (memchr(at, '\0', bytes))
            return fault_at(r, line, e, "NUL byte");
        if (!utf8_is_valid(at, bytes))
            return fault_at(r, line, e, "not valid UTF-8");
        at += bytes + 1;
    }
    return ERR_OK;
}

/* r->at stands behind the cell's text. Terminates the text at to, moves on to the next cell. */
static enum err_code cell_end(struct reader *r, char *to, bool *ret_last, struct err *e)
{
    char stop = *r->at;

    if (stop == '\r' && r->at[1] == '\n')
        stop = *++r->at;
    if (r->at == r->end) {
        *ret_last = true;
    } else if (stop == ',' || stop == '\n') {
        *ret_last = stop == '\n';
        r->line += stop == '\n';
        r->at++;
    } else {
        return fault_at(r, r->line, e,
                        stop == '\r' ? "carriage return without line feed"
                                     : "a quote must enclose a whole cell; inside it is doubled");
    }
    *to = '\0';
    return ERR_OK;
}

static enum err_code cell_read_quoted(struct reader *r, const char **ret_cell, bool *ret_last,
                                      struct err *e)
{
    unsigned opened = r->line;
    char *cell = ++r->at;
    char *to = cell;
    bool closed = false;

    while (r->at < r->end && !closed) {
        if (*r->at == '"' && *++r->at != '"') {
            closed = true;
        } else {
            r->line += *r->at == '\n';
            *to++ = *r->at++;
        }
    }
    if (!closed)
        return fault_at(r, opened, e, "quote is not closed");
    *ret_cell = cell;
    return cell_end(r, to, ret_last, e);
}

static enum err_code cell_read(struct reader *r, const char **ret_cell, bool *ret_last,
                               struct err *e)
{
    if (*r->at == '"')
        return cell_read_quoted(r, ret_cell, ret_last, e);
    *ret_cell = r->at;
    r->at += strcspn(r->at, ",\"\r\n");
    return cell_end(r, r->at, ret_last, e);
}

static enum err_code row_read(struct reader *r, const char **cells, size_t *ret_n, struct err *e)
{
    bool last = false;
    size_t n = 0;

    r->row.line = r->line;
    for (; !last; n++) {
        const char *cell = NULL;
        enum err_code rc = cell_read(r, &cell, &last, e);

        if (rc != ERR_OK)
            return rc;
        if (n < CSV_COLUMNS_MAX)
            cells[n] = cell;
    }
    *ret_n = n;
    return ERR_OK;
}

static enum err_code header_read(struct reader *r, struct err *e)
{
    size_t n = 0;
    enum err_code rc = row_read(r, r->columns, &n, e);

    if (rc != ERR_OK)
        return rc;
    if (n > CSV_COLUMNS_MAX)
        return csv_fault(&r->row, e, "%zu columns, at most %d", n, (int)CSV_COLUMNS_MAX);
    for (size_t i = 0; i < n; i++) {
        if (!*r->columns[i])
            return csv_fault(&r->row, e, "column %zu has no heading", i + 1);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(r->columns[i], r->columns[j]))
                return csv_fault(&r->row, e, "heading \"%.60s\" twice", r->columns[i]);
    }
    r->row.columns_n = n;
    return ERR_OK;
}

static enum err_code rows_read(struct reader *r, csv_row_fn row, void *arg, struct err *e)
{
    enum err_code rc = header_read(r, e);

    while (rc == ERR_OK && r->at < r->end) {
        size_t n = 0;

        rc = row_read(r, r->cells, &n, e);
        if (rc == ERR_OK && n != r->row.columns_n)
            rc = csv_fault(&r->row, e, "%zu cells, the header has %zu", n, r->row.columns_n);
        if (rc == ERR_OK)
            rc = row(arg, &r->row, e);
    }
    return rc;
}

enum err_code csv_read(const char *path, csv_row_fn row, void *arg, struct err *e)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark, put there by spreadsheets */
    BUF_AUTO struct buf text = {0};
    struct reader r = {.row = {.path = path}, .line = 1};
    enum err_code rc = file_read(path, CSV_BYTES_MAX, &text, e);

    if (rc != ERR_OK)
        return rc;
    buf_add(&text, "", 0); /* an empty file has a text too */
    r.row.columns = r.columns;
    r.row.cells = r.cells;
    r.at = text.text;
    r.end = text.text + text.bytes;
    if (!strncmp(r.at, mark, sizeof mark - 1))
        r.at += sizeof mark - 1;
    if (r.at == r.end)
        return fault_at(&r, 1, e, "no header row");
    rc = text_check(&r, e);
    return rc == ERR_OK ? rows_read(&r, row, arg, e) : rc;
}

enum err_code csv_read_in(const char *dir, const char *name, csv_row_fn row, void *arg,
                          struct err *e)
{
    char *path = file_path(dir, name);
    enum err_code rc = csv_read(path, row, arg, e);

    free(path);
    return rc;
}

const char *csv_cell(const struct csv *row, const char *column)
{
    for (size_t i = 0; i < row->columns_n; i++)
        if (!strcmp(row->columns[i], column))
            return row->cells[i];
    return NULL;
}

enum err_code csv_require(const struct csv *row, const char *column, const char **ret_cell,
                          struct err *e)
{
    const char *cell = csv_cell(row, column);

    if (cell && *cell) {
        *ret_cell = cell;
        return ERR_OK;
    }
    csv_fault(row, e, cell ? "%s is empty" : "no column %s", column);
    return ERR_CONFIG;
}

enum err_code csv_copy(const struct csv *row, const char *column, char *out, size_t room,
                       struct err *e)
{
    const char *cell = NULL;
    enum err_code rc = csv_require(row, column, &cell, e);
    size_t bytes;

    if (rc != ERR_OK)
        return rc;
    bytes = strlen(cell);
    if (bytes >= room)
        return csv_fault(row, e, "%s \"%.60s\" is longer than %zu bytes", column, cell, room - 1);
    memcpy(out, cell, bytes + 1);
    return ERR_OK;
}

enum err_code csv_number(const struct csv *row, const char *column, int min, int max, int *ret_n,
                         struct err *e)
{
    const char *cell = NULL;
    enum err_code rc = csv_require(row, column, &cell, e);
    char *stop;
    long n;

    if (rc != ERR_OK)
        return rc;
    n = strtol(cell, &stop, 10); /* too large a number comes back as a limit of long: refused */
    if (isspace((unsigned char)*cell) || *stop || n < min || n > max)
        return csv_fault(row, e, "%s \"%.20s\" is not a number in %d..%d", column, cell, min, max);
    *ret_n = (int)n;
    return ERR_OK;
}

enum err_code csv_decimal(const struct csv *row, const char *column, double min, double max,
                          double *ret_n, struct err *e)
{
    const char *cell = NULL;
    enum err_code rc = csv_require(row, column, &cell, e);
    char *stop;
    double n;

    if (rc != ERR_OK)
        return rc;
    n = strtod(cell, &stop);
    if (cell[strspn(cell, "-.0123456789")] || *stop || !(min <= n && n <= max))
        return csv_fault(row, e, "%s \"%.20s\" is not a decimal number in %g..%g", column, cell,
                         min, max);
    *ret_n = n;
    return ERR_OK;
}

void csv_decimal_write(double value, struct buf *out)
{
    char text[64];
    size_t n = (size_t)snprintf(text, sizeof text, "%.6f", value);

    while (text[n - 1] == '0')
        text[--n] = '\0';
    if (text[n - 1] == '.')
        text[--n] = '\0';
    buf_add_text(out, strcmp(text, "-0") == 0 ? "0" : text);
}

enum err_code csv_flag(const struct csv *row, const char *column, bool *ret_flag, struct err *e)
{
    static const char *const words[] = {"no", "yes", "0", "1", NULL};
    int word = 0;
    enum err_code rc = csv_word(row, column, words, &word, e);

    if (rc == ERR_OK)
        *ret_flag = word % 2 == 1;
    return rc;
}

enum err_code csv_word(const struct csv *row, const char *column, const char *const *words,
                       int *ret_word, struct err *e)
{
    const char *cell = NULL;
    enum err_code rc = csv_require(row, column, &cell, e);

    if (rc != ERR_OK)
        return rc;
    for (int i = 0; words[i]; i++) {
        if (!strcmp(cell, words[i])) {
            *ret_word = i;
            return ERR_OK;
        }
    }
    return csv_fault(row, e, "unknown %s \"%.60s\"", column, cell);
}

bool csv_part(const char **rest, const char **ret_part, size_t *ret_bytes)
{
    const char *part = *rest;
    size_t bytes;

    if (!part || !*part)
        return false;
    bytes = strcspn(part, ";");
    *rest = part + bytes + (part[bytes] == ';');
    while (bytes && part[0] == ' ')
        part++, bytes--;
    while (bytes && part[bytes - 1] == ' ')
        bytes--;
    *ret_part = part;
    *ret_bytes = bytes;
    return true;
}
