/* `liaison manual`: the manual pages in mdoc(7), made from the tables that the programs go by. */
#ifndef CLI_MANUAL_COMMAND_H
#define CLI_MANUAL_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code manual_run(const struct line *line);

#endif
