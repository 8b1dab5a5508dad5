/* assess: the router's own code on drafts, without server and store. */
#ifndef CLI_ASSESS_COMMAND_H
#define CLI_ASSESS_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code assess_run(const struct line *line);

#endif
