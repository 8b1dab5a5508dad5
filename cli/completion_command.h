/* completion: what a shell needs to complete commands and flags, from the table of commands. */
#ifndef CLI_COMPLETION_COMMAND_H
#define CLI_COMPLETION_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code completion_run(const struct line *line);

#endif
