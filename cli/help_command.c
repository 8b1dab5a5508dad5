#include "cli/help_command.h"

#include "base/buf.h"
#include "cli/line.h"

#include <string.h>

enum { NAME_COLUMNS = 27 };

static void write_flags(const struct flag *flags, FILE *out)
{
    for (; flags && flags->name; flags++) {
        BUF_AUTO struct buf name = {0};
        char letter[] = {'-', flags->letter, ',', '\0'};

        buf_printf(&name, "%3s --%s%s%s", flags->letter ? letter : "", flags->name,
                   flags->value ? " " : "", flags->value ? flags->value : "");
        if (name.bytes > NAME_COLUMNS)
            fprintf(out, "  %s\n  %*s", buf_text(&name), NAME_COLUMNS, "");
        else
            fprintf(out, "  %-*s", NAME_COLUMNS, buf_text(&name));
        fprintf(out, "  %s%s%s%s\n", flags->about, flags->variable ? " (" : "",
                flags->variable ? flags->variable : "", flags->variable ? ")" : "");
    }
}

static void write_exit_codes(FILE *out)
{
    fputs("\nExit status: 0 done, 1 failed, 2 usage, 3 not found, 4 authentication, 5 conflict or "
          "stale,\n6 temporarily unavailable (repeat it), 130 interrupted.\n",
          out);
}

void help_command(const struct command *command, FILE *out)
{
    fprintf(out, "Usage: liaison %s%s [flags]%s%s\n\n", command->name, "",
            *command->operands ? " " : "", command->operands);
    fprintf(out, "%s.\n", command->about);
    if (command->more)
        fprintf(out, "\n%s", command->more);
    if (command->flags) {
        fputs("\nFlags\n", out);
        write_flags(command->flags, out);
    }
    fputs("\nFlags of every command\n", out);
    write_flags(line_flags, out);
    write_exit_codes(out);
}

static void write_group(const struct line *line, enum command_group group, const char *first,
                        FILE *out)
{
    size_t n;
    const struct command *list = commands_list(line->commands, &n);
    size_t first_n = first ? strlen(first) : 0;

    for (size_t i = 0; i < n; i++) {
        BUF_AUTO struct buf name = {0};

        if (first ? strncmp(list[i].name, first, first_n) != 0 : list[i].group != group)
            continue;
        buf_printf(&name, "%s %s", list[i].name, list[i].operands);
        fprintf(out, "  %-*s %s\n", NAME_COLUMNS, buf_text(&name), list[i].about);
    }
}

void help_overview(const struct line *line, FILE *out)
{
    fputs("Usage: liaison COMMAND [flags] [operands]\n\n"
          "The command line of Liaison: requests of countries to the secretariats of the\n"
          "biodiversity conventions.\n",
          out);
    for (enum command_group group = 0; group < GROUPS_N; group++) {
        fprintf(out, "\n%s\n", command_group_titles[group]);
        write_group(line, group, NULL, out);
    }
    fputs("\nFlags of every command\n", out);
    write_flags(line_flags, out);
    write_exit_codes(out);
    fputs("liaison COMMAND --help tells more about one.\n", out);
}

enum exit_code help_run(const struct line *line)
{
    const char *first = line->operands_n ? line->operands[0] : NULL;
    const char *second = line->operands_n > 1 ? line->operands[1] : NULL;
    const struct command *command = first ? command_find(line->commands, first, second) : NULL;

    if (!first)
        help_overview(line, stdout);
    else if (command)
        help_command(command, stdout);
    else if (!second && command_is_group(line->commands, first))
        write_group(line, GROUPS_N, first, stdout);
    else
        return line_fault(line, "there is no command \"%s%s%s\"", first, second ? " " : "",
                          second ? second : "");
    return EXIT_DONE;
}
