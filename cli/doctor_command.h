/* `liaison doctor`: looks at everything that Liaison rests on, on the server. */
#ifndef CLI_DOCTOR_COMMAND_H
#define CLI_DOCTOR_COMMAND_H

#include "cli/exit_code.h"

struct line;

/* EXIT_DONE: nothing is wrong (there may be warnings); EXIT_FAILED: something is. */
enum exit_code doctor_run(const struct line *line);

#endif
