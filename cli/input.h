/* A whole file, or stdin. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/buf.h"
#include "base/err.h"

struct line;

/* name: a path, or "-" for stdin, which the token must not come from too. ERR_CONFIG: it cannot be
 * read or has more than limit_bytes. ret_text must be empty; it is filled only on success. */
enum err_code input_read(const struct line *line, const char *name, size_t limit_bytes,
                         struct buf *ret_text, struct err *e) ERR_CHECK;

#endif
