/* One command for each action of the life cycle: its flags are the members of the action's body
 * (transition_fields), its help the rows of the table. */
#ifndef CLI_ACTION_COMMAND_H
#define CLI_ACTION_COMMAND_H

#include "cli/command.h"

/* False for actions that only the service itself takes. What ret_command holds then needs
 * action_command_clear. */
bool action_command_init(enum action a, struct command *ret_command);
void action_command_clear(struct command *c);

#endif
