/* liaison keys add, activate, remove, status: changing the master key, on the server. */
#ifndef CLI_KEYS_COMMAND_H
#define CLI_KEYS_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code keys_add_run(const struct line *line);
enum exit_code keys_activate_run(const struct line *line);
enum exit_code keys_remove_run(const struct line *line);
enum exit_code keys_status_run(const struct line *line);

#endif
