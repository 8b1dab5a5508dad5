/* submit, list, show, compare, history, inbox. */
#ifndef CLI_REQUEST_COMMAND_H
#define CLI_REQUEST_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code submit_run(const struct line *line);
enum exit_code list_run(const struct line *line);
enum exit_code show_run(const struct line *line);
enum exit_code compare_run(const struct line *line);
enum exit_code history_run(const struct line *line);
enum exit_code inbox_run(const struct line *line);

#endif
