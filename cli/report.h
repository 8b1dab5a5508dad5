/* What went wrong, said on stderr: `liaison: request req_..: already claimed by ramsar`. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "base/err.h"
#include "cli/exit_code.h"

struct api_answer;
struct line;

/* subject: what it is about, NULL: nothing in particular. Returns the exit code of e. */
enum exit_code report_err(const struct line *line, const char *subject, const struct err *e);
/* A problem document (RFC 9457): its detail and every field's fault; with --json as it came. */
void report_problem(const struct line *line, const char *subject, const struct api_answer *answer);
/* Not a failure; silent with --quiet. */
void report_remark(const struct line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
