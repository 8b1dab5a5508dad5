/* routing ..: learning from use, on the server, beside the daemon. */
#ifndef CLI_ROUTING_COMMAND_H
#define CLI_ROUTING_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code routing_cases_run(const struct line *line);
enum exit_code routing_learn_run(const struct line *line);

#endif
