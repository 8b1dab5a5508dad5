/* submit, list, show, compare, history, inbox. */
#ifndef CLI_REQUEST_COMMAND_H
#define CLI_REQUEST_COMMAND_H

#include "cli/exit_code.h"

struct buf;
struct line;

enum exit_code submit_run(const struct line *line);
enum exit_code list_run(const struct line *line);
enum exit_code show_run(const struct line *line);
enum exit_code compare_run(const struct line *line);
enum exit_code history_run(const struct line *line);
enum exit_code inbox_run(const struct line *line);

/* Adds the query of the flags by which a list or an export is narrowed. */
void request_command_filters(const struct line *line, struct buf *path);

#endif
