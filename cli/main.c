/* liaison: reads the command line, runs one command, says by its exit status what came of it. */
#include "base/log.h"
#include "cli/help_command.h"
#include "cli/line.h"
#include "cli/screen.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

static void interrupted(int number)
{
    (void)number;
    _exit(EXIT_INTERRUPTED);
}

static enum exit_code run(const struct line *line)
{
    const struct command *command = line->command;

    if (line_has(line, "version")) {
        puts("liaison " LIAISON_VERSION);
        return EXIT_DONE;
    }
    if (line_has(line, "help") && command) {
        help_command(command, stdout);
        return EXIT_DONE;
    }
    if (!command) {
        help_overview(line, line_has(line, "help") ? stdout : stderr);
        return line_has(line, "help") ? EXIT_DONE : EXIT_USAGE;
    }
    if (line->operands_n < command->operands_min || line->operands_n > command->operands_max)
        return line_fault(line, "usage: liaison %s [flags]%s%s", command->name,
                          *command->operands ? " " : "", command->operands);
    return command->run(line);
}

int main(int argc, char **argv)
{
    struct commands *commands;
    struct line line;
    enum exit_code rc;

    if (sodium_init() < 0)
        bug("no random numbers");
    screen_set_locale();
    log_init("liaison", LOG_ERROR);
    signal(SIGINT, interrupted);
    commands = commands_new();
    rc = line_read(argc, argv, commands, &line);
    if (rc == EXIT_DONE)
        rc = run(&line);
    if ((fflush(stdout) || ferror(stdout)) && rc == EXIT_DONE) {
        perror("liaison: stdout");
        rc = EXIT_FAILED;
    }
    commands_free(commands);
    return (int)rc;
}
