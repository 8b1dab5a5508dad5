#include "cli/lines.h"

#include "base/buf.h"
#include "cli/report.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum exit_code lines_walk(const struct line *line, const char *name, FILE *in, lines_fn fn,
                                 void *arg)
{
    enum exit_code rc = EXIT_DONE;
    char *text = NULL;
    size_t room = 0;
    ssize_t n;

    for (unsigned line_n = 1; (n = getline(&text, &room, in)) >= 0; line_n++) {
        BUF_AUTO struct buf place = {0};
        struct err e = {0};

        if (strspn(text, " \t\r\n") == (size_t)n)
            continue;
        buf_printf(&place, "%s:%u", name, line_n);
        if (n > LINES_BYTES_MAX)
            err_set(&e, ERR_TOO_LARGE, "the line is too long");
        else if (fn(arg, text, (size_t)n, &e) == ERR_OK)
            continue;
        report_err(line, buf_text(&place), &e);
        rc = EXIT_FAILED;
    }
    if (ferror(in))
        rc = report_err(line, name, &(struct err){ERR_IO, "cannot read it"});
    free(text);
    return rc;
}

enum exit_code lines_read(const struct line *line, const char *name, lines_fn fn, void *arg)
{
    bool is_stdin = !strcmp(name, "-");
    FILE *in = is_stdin ? stdin : fopen(name, "re");
    struct err e = {0};
    enum exit_code rc;

    if (!in) {
        err_set(&e, ERR_IO, "cannot open it: %s", strerror(errno));
        return report_err(line, name, &e);
    }
    rc = lines_walk(line, is_stdin ? "stdin" : name, in, fn, arg);
    if (!is_stdin)
        fclose(in);
    return rc;
}
