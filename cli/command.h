/* The commands. From this one table follow `liaison help`, `liaison CMD --help`, what the command
 * line is checked against, and the shells' completion. One command for each action of the life
 * cycle is added to the fixed ones from the tables of protocol/, so a new action needs no code. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/exit_code.h"
#include "protocol/lifecycle.h"

#include <stdbool.h>
#include <stddef.h>

struct line;

struct flag {
    const char *name;     /* without dashes */
    char letter;          /* 0: none */
    const char *value;    /* what stands for the value in help, NULL: takes none */
    const char *variable; /* of the environment, when the flag is not given; NULL: none */
    const char *about;
};

enum command_group {
    GROUP_REQUEST,
    GROUP_ACTION,
    GROUP_SIGNING,
    GROUP_WEBHOOK,
    GROUP_QUEUE,
    GROUP_SERVER,
    GROUP_OTHER,
    GROUPS_N
};
extern const char *const command_group_titles[GROUPS_N];

struct command {
    enum command_group group;
    const char *name;     /* "show", "token issue" */
    const char *operands; /* "ID", as help shows them */
    size_t operands_min, operands_max;
    const char *about;        /* one line */
    const char *more;         /* further lines of help; NULL: none */
    const struct flag *flags; /* ends with a row without name; NULL: none */
    enum exit_code (*run)(const struct line *line);
    enum action action; /* GROUP_ACTION */
};

struct commands; /* opaque */

struct commands *commands_new(void) __attribute__((returns_nonnull));
void commands_free(struct commands *c);
/* In the order of help. Borrowed from c. */
const struct command *commands_list(const struct commands *c, size_t *ret_n);

/* "token" and "issue"; second NULL: one word. NULL: there is none. Borrowed from c. */
const struct command *command_find(const struct commands *c, const char *first, const char *second);
/* True when commands of two words begin with it. */
bool command_is_group(const struct commands *c, const char *first);

#endif
