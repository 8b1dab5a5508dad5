/* A file of lines, or stdin, one thing a line. */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "base/err.h"
#include "cli/exit_code.h"

#include <stddef.h>

struct line;

enum { LINES_BYTES_MAX = 1 << 20 }; /* of one line */

/* text: NUL-terminated behind n bytes, borrowed for the call. */
typedef enum err_code (*lines_fn)(void *arg, const char *text, size_t n, struct err *e);

/* Calls fn for each line that is not blank; name: a path, or "-" for stdin. A line that fn refuses
 * or that is too long is reported with its number and the reading goes on: EXIT_FAILED in the
 * end, as when the file cannot be read. */
enum exit_code lines_read(const struct line *line, const char *name, lines_fn fn, void *arg);

#endif
