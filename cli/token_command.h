/* token .., keys create: on the server, beside the daemon. */
#ifndef CLI_TOKEN_COMMAND_H
#define CLI_TOKEN_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code token_issue_run(const struct line *line);
enum exit_code token_list_run(const struct line *line);
enum exit_code token_revoke_run(const struct line *line);
enum exit_code token_rotate_run(const struct line *line);
enum exit_code token_issue_all_run(const struct line *line);
enum exit_code keys_create_run(const struct line *line);

#endif
