/* CSV files (RFC 4180) with a header row: the form of all reference data. */
#ifndef CONFIG_CSV_H
#define CONFIG_CSV_H

#include "base/err.h"

#include <stddef.h>

struct csv {
    const char *path;        /* borrowed */
    unsigned line;           /* where the current row starts, 1 is the header */
    size_t columns_n;        /* the header's; every row has as many, or reading fails */
    const char **columns;    /* names, owned by the reader */
    const char **cells;      /* the current row's texts, valid until the next row */
};

/* Called once a row. Returns ERR_OK to go on; anything else ends the reading and is returned. */
typedef enum err_code (*csv_row_fn)(void *arg, const struct csv *row, struct err *e);

/* Reads a whole file, at most 16 MiB, UTF-8 checked. ERR_CONFIG names file and line of a fault. */
enum err_code csv_read(const char *path, csv_row_fn row, void *arg, struct err *e) ERR_CHECK;

/* The cell under that heading, NULL when the file has no such column. */
const char *csv_cell(const struct csv *row, const char *column);
/* As csv_cell, but a missing column or empty cell is ERR_CONFIG with file and line. */
enum err_code csv_require(const struct csv *row, const char *column, const char **ret_cell,
                          struct err *e) ERR_CHECK;
/* ERR_CONFIG with `path:line: ` before the message. */
enum err_code csv_fault(const struct csv *row, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
