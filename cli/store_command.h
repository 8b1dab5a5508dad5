/* liaison store: what is done to the store itself. */
#ifndef CLI_STORE_COMMAND_H
#define CLI_STORE_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code store_prepare_run(const struct line *line);

#endif
