/* `liaison backup`: a copy of everything that must outlive a lost disk, made while Liaison runs. */
#ifndef CLI_BACKUP_COMMAND_H
#define CLI_BACKUP_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code backup_run(const struct line *line);

#endif
