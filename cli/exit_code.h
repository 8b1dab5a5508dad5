/* What the program's exit tells a script (conventions section 7). */
#ifndef CLI_EXIT_CODE_H
#define CLI_EXIT_CODE_H

#include "base/err.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_AUTH = 4,        /* no or no sufficient credential */
    EXIT_CONFLICT = 5,    /* somebody was first, or what one knew is stale */
    EXIT_UNAVAILABLE = 6, /* temporarily; the same command may be repeated */
    EXIT_INTERRUPTED = 130
};

enum exit_code exit_code_of_status(int http_status);
/* ERR_OK is EXIT_DONE. */
enum exit_code exit_code_of(enum err_code code);

#endif
