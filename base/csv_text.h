/* A table as text/csv (RFC 4180), for people who open it in a spreadsheet. */
#ifndef BASE_CSV_TEXT_H
#define BASE_CSV_TEXT_H

#include "base/buf.h"

/* Appends a row: n cells, NULL is an empty one. A cell that a spreadsheet would take for a formula
 * (it begins with = + - @, a tab or a carriage return, also behind blanks) gets an apostrophe
 * before it, as spreadsheets write such text themselves. */
void csv_text_row(struct buf *out, const char *const *cells, size_t n);

#endif
