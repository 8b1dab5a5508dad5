/* similar: the nearest of some documents for each query, by the router's own index, without server
 * and store; for measuring. */
#ifndef CLI_SIMILAR_COMMAND_H
#define CLI_SIMILAR_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code similar_run(const struct line *line);

#endif
