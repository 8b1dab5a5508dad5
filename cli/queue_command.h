/* queue, dead, dead requeue. */
#ifndef CLI_QUEUE_COMMAND_H
#define CLI_QUEUE_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code queue_run(const struct line *line);
enum exit_code dead_run(const struct line *line);
enum exit_code queue_switch_run(const struct line *line); /* the word behind `queue` */
enum exit_code queue_drain_run(const struct line *line);
enum exit_code worker_switch_run(const struct line *line);
enum exit_code dead_show_run(const struct line *line);
enum exit_code dead_delete_run(const struct line *line);
enum exit_code dead_requeue_run(const struct line *line);

#endif
