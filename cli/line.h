/* The command line, read: which command, its operands, the flags that were given. */
#ifndef CLI_LINE_H
#define CLI_LINE_H

#include "cli/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_FLAGS_MAX = 32, LINE_OPERANDS_MAX = 64 };

/* Everything is borrowed from argv, the environment and the commands. */
struct line {
    const struct commands *commands;
    const struct command *command; /* NULL: none was named */
    struct {
        const struct flag *flag;
        const char *value; /* "" for a flag without value */
    } given[LINE_FLAGS_MAX];
    size_t given_n;
    const char *operands[LINE_OPERANDS_MAX]; /* behind the command's name */
    size_t operands_n;
};

/* Flags that every command takes; ends with a row without name. */
extern const struct flag line_flags[];

/* EXIT_DONE, or EXIT_USAGE after saying on stderr what is wrong. Operands are not counted yet. */
enum exit_code line_read(int argc, char **argv, const struct commands *commands,
                         struct line *ret_line);
/* The last value given, else that of the flag's environment variable, else NULL. */
const char *line_flag(const struct line *line, const char *name);
bool line_has(const struct line *line, const char *name);
/* A decimal number in min..max; init when it was not given. EXIT_USAGE after saying so. */
enum exit_code line_number(const struct line *line, const char *name, int64_t min, int64_t max,
                           int64_t init, int64_t *ret_n);

/* Says `liaison: <text>` and where help is; returns EXIT_USAGE. */
enum exit_code line_fault(const struct line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
