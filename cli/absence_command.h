/* liaison absence ..: who of this secretariat is away, and who acts meanwhile. */
#ifndef CLI_ABSENCE_COMMAND_H
#define CLI_ABSENCE_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code absence_list_run(const struct line *line);
enum exit_code absence_set_run(const struct line *line);
enum exit_code absence_end_run(const struct line *line);

#endif
