/* liaison keys audit, liaison audit verify. */
#ifndef CLI_AUDIT_COMMAND_H
#define CLI_AUDIT_COMMAND_H

#include "cli/command.h"

enum exit_code keys_audit_run(const struct line *line);
enum exit_code audit_verify_run(const struct line *line);

#endif
