/* liaison watch: what happens to requests, a line each, as it happens. */
#ifndef CLI_WATCH_COMMAND_H
#define CLI_WATCH_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code watch_run(const struct line *line);

#endif
