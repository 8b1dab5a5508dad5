/* liaison webhook ..: where this country or secretariat is told of events. */
#ifndef CLI_WEBHOOK_COMMAND_H
#define CLI_WEBHOOK_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code webhook_create_run(const struct line *line);
enum exit_code webhook_list_run(const struct line *line);
enum exit_code webhook_delete_run(const struct line *line);
enum exit_code webhook_deliveries_run(const struct line *line);
/* pause, resume, rotate, test: the last word of the command. */
enum exit_code webhook_act_run(const struct line *line);
enum exit_code webhook_replay_run(const struct line *line);

#endif
