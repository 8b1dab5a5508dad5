/* CSV files (RFC 4180) with a header row: the form of all reference data. */
#ifndef CONFIG_CSV_H
#define CONFIG_CSV_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct csv {
    const char *path;     /* borrowed */
    unsigned line;        /* where the current row starts, 1 is the header */
    size_t columns_n;     /* the header's; every row has as many, or reading fails */
    const char **columns; /* names, owned by the reader */
    const char **cells;   /* the current row's texts, valid until the next row */
};

/* Called once a row. Returns ERR_OK to go on; anything else ends the reading and is returned. */
typedef enum err_code (*csv_row_fn)(void *arg, const struct csv *row, struct err *e);

/* Reads a whole file, at most 16 MiB and 64 columns, UTF-8 checked. Line ends are LF or CRLF, a
 * byte order mark is skipped. ERR_CONFIG names file and line of a fault; rows before it were
 * already handed out. */
enum err_code csv_read(const char *path, csv_row_fn row, void *arg, struct err *e) ERR_CHECK;
/* csv_read of dir/name. */
enum err_code csv_read_in(const char *dir, const char *name, csv_row_fn row, void *arg,
                          struct err *e) ERR_CHECK;

/* The cell under that heading, NULL when the file has no such column. */
const char *csv_cell(const struct csv *row, const char *column);
/* As csv_cell, but a missing column or empty cell is ERR_CONFIG with file and line. */
enum err_code csv_require(const struct csv *row, const char *column, const char **ret_cell,
                          struct err *e) ERR_CHECK;
/* ERR_CONFIG with `path:line: ` before the message. */
enum err_code csv_fault(const struct csv *row, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Typed cells: csv_require, and a cell of another form is ERR_CONFIG with file and line. */
/* Copied with its NUL into out of room bytes. */
enum err_code csv_copy(const struct csv *row, const char *column, char *out, size_t room,
                       struct err *e) ERR_CHECK;
/* A decimal number in min..max. */
enum err_code csv_number(const struct csv *row, const char *column, int min, int max, int *ret_n,
                         struct err *e) ERR_CHECK;
/* As csv_number with a fraction; plain decimals only: no "inf", hexadecimal or exponent. */
enum err_code csv_decimal(const struct csv *row, const char *column, double min, double max,
                          double *ret_n, struct err *e) ERR_CHECK;
/* yes, no, 1 or 0. */
enum err_code csv_flag(const struct csv *row, const char *column, bool *ret_flag,
                       struct err *e) ERR_CHECK;
/* The index of the cell in words, which end with NULL. */
enum err_code csv_word(const struct csv *row, const char *column, const char *const *words,
                       int *ret_word, struct err *e) ERR_CHECK;

/* As csv_decimal reads it: with up to six decimals, none that is not needed: 0.25, 3, -1.5. */
void csv_decimal_write(double value, struct buf *out);

/* Walks a `;`-separated cell: the next part without the blanks around it, false when there is
 * no more. *rest starts as the cell (NULL or "" has no parts) and is moved. `a;;b` has an empty
 * part, a closing `;` adds none. */
bool csv_part(const char **rest, const char **ret_part, size_t *ret_bytes);

#endif
