#include "cli/input.h"

#include "cli/line.h"
#include "config/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum err_code read_stdin(size_t limit_bytes, struct buf *ret_text, struct err *e)
{
    char piece[1 << 14];
    size_t n;

    while ((n = fread(piece, 1, sizeof piece, stdin)) > 0) {
        buf_add(ret_text, piece, n);
        if (ret_text->bytes > limit_bytes)
            break;
    }
    if (!ferror(stdin) && ret_text->bytes <= limit_bytes)
        return ERR_OK;
    buf_clear(ret_text);
    return err_set(e, ERR_CONFIG, "cannot read stdin: %s",
                   ferror(stdin) ? strerror(errno) : "it is too long");
}

enum err_code input_read(const struct line *line, const char *name, size_t limit_bytes,
                         struct buf *ret_text, struct err *e)
{
    const char *token_file = line_flag(line, "token-file");

    if (strcmp(name, "-") != 0)
        return file_read(name, limit_bytes, ret_text, e);
    if (token_file && !strcmp(token_file, "-"))
        return err_set(e, ERR_CONFIG, "the token comes from stdin already");
    return read_stdin(limit_bytes, ret_text, e);
}
