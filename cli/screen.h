/* What the output is written on, and texts made fit for it: control characters escaped, widths in
 * columns, lines broken. Texts are UTF-8; bytes that are not are escaped too. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdio.h>

struct line;

struct screen {
    FILE *out; /* borrowed */
    bool is_terminal;
    bool has_colour;
    size_t width; /* columns; of no meaning unless is_terminal */
};

void screen_init(struct screen *s, FILE *out, const struct line *line);

/* Once at the start of the program: widths and decoding need a UTF-8 locale. */
void screen_set_locale(void);

/* Adds text with control characters as \n, \t, \x1b and direction overrides as \u202e, so that a
 * value can neither forge a line nor move the cursor. keep_lines: line feeds stay. */
void screen_add_safe(struct buf *out, const char *text, bool keep_lines);
/* Columns of a safe text. */
size_t screen_width(const char *safe);
/* Adds a safe text in exactly width columns: cut with an ellipsis, or filled with blanks; text
 * written from right to left is set apart (U+2068, U+2069). */
void screen_add_cell(struct buf *out, const char *safe, size_t width);
/* Writes a text of several lines, each indented; on a terminal broken to its width. */
void screen_paragraph(const struct screen *s, const char *text, size_t indent);
/* Writes two texts side by side, each broken to half of the terminal's width; piped they are one
 * line, parted by a tab. */
void screen_columns(const struct screen *s, const char *left, const char *right, size_t indent);
/* A heading or name: bold where there is colour. */
void screen_strong(const struct screen *s, const char *safe);

enum { SCREEN_TIME_BYTES = 40 };
/* "2026-03-03T14:05:09.123Z" -> "2026-03-03 14:05"; any other text as it is. Returns out. */
char *screen_time(const char *text, char out[SCREEN_TIME_BYTES]);
/* For a column: "3 Mar 14:05", of another year "3 Mar 2027"; unchanged where it is piped. */
char *screen_short_time(const struct screen *s, const char *text, char out[SCREEN_TIME_BYTES]);

#endif
