/* help, --help, --version: all from the table of commands. */
#ifndef CLI_HELP_COMMAND_H
#define CLI_HELP_COMMAND_H

#include "cli/exit_code.h"

#include <stdio.h>

struct command;
struct line;

enum exit_code help_run(const struct line *line);
/* What liaison is, and every command with its line. */
void help_overview(const struct line *line, FILE *out);
/* One command: usage, flags, more. */
void help_command(const struct command *command, FILE *out);

#endif
