/* liaison import, export: many requests at once, from and into files. */
#ifndef CLI_TRANSFER_COMMAND_H
#define CLI_TRANSFER_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code import_run(const struct line *line);
enum exit_code export_run(const struct line *line);

#endif
