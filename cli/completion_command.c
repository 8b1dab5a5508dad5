#include "cli/completion_command.h"

#include "cli/line.h"

#include <stdio.h>
#include <string.h>

static void write_flag_names(const struct flag *flags)
{
    for (; flags && flags->name; flags++)
        printf(" --%s", flags->name);
}

/* The first words of all commands, each once: those of one name stand together. */
static void write_first_words(const struct commands *commands)
{
    size_t n;
    const struct command *list = commands_list(commands, &n);

    for (size_t i = 0; i < n; i++) {
        size_t bytes = strcspn(list[i].name, " ");

        if (!i || strncmp(list[i].name, list[i - 1].name, bytes) != 0 ||
            (list[i - 1].name[bytes] && list[i - 1].name[bytes] != ' '))
            printf(" %.*s", (int)bytes, list[i].name);
    }
}

static void write_bash(const struct line *line)
{
    size_t n;
    const struct command *list = commands_list(line->commands, &n);

    fputs("_liaison() {\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\" words flags=\"",
          stdout);
    write_flag_names(line_flags);
    fputs("\"\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"", stdout);
    write_first_words(line->commands);
    fputs("\"\n    else\n        case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n", stdout);
    for (unsigned longer = 2; longer-- > 0;) /* "dead requeue" before "dead" */
        for (size_t i = 0; i < n; i++) {
            if ((strchr(list[i].name, ' ') != NULL) != (longer == 1))
                continue;
            printf("        \"%s\"%s) words=\"", list[i].name, longer ? "" : "\\ *");
            write_flag_names(list[i].flags);
            fputs("\" ;;\n", stdout);
        }
    fputs("        esac\n"
          "        words=\"$words $flags\"\n"
          "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
          "            case \"${COMP_WORDS[1]}\" in\n",
          stdout);
    for (size_t i = 0; i < n; i++) {
        const char *second = strchr(list[i].name, ' ');

        if (second)
            printf("            %.*s) words=\"$words %s\" ;;&\n", (int)(second - list[i].name),
                   list[i].name, second + 1);
    }
    fputs("            esac\n"
          "        fi\n"
          "    fi\n"
          "    case \"$word\" in\n"
          "    -*) mapfile -t COMPREPLY < <(compgen -W \"$words $flags\" -- \"$word\") ;;\n"
          "    *) mapfile -t COMPREPLY < <(compgen -W \"${words//--[a-z-]*([a-z-])/}\" -f -- "
          "\"$word\") ;;\n"
          "    esac\n"
          "}\n"
          "complete -F _liaison liaison\n",
          stdout);
}

/* In single quotes. */
static void write_quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++)
        if (*text == '\'')
            fputs("\\'", stdout);
        else
            putchar(*text);
    putchar('\'');
}

static void write_fish_flags(const struct flag *flags, const char *condition)
{
    for (; flags && flags->name; flags++) {
        printf("complete -c liaison %s -l %s", condition, flags->name);
        if (flags->letter)
            printf(" -s %c", flags->letter);
        if (flags->value)
            fputs(" -r", stdout);
        fputs(" -d ", stdout);
        write_quoted(flags->about);
        putchar('\n');
    }
}

static void write_fish(const struct line *line)
{
    size_t n;
    const struct command *list = commands_list(line->commands, &n);

    write_fish_flags(line_flags, "");
    for (size_t i = 0; i < n; i++) {
        const char *second = strchr(list[i].name, ' ');
        int first_n = (int)strcspn(list[i].name, " ");
        char condition[96];

        if (second)
            printf("complete -c liaison -n '__fish_use_subcommand' -a %.*s\n"
                   "complete -c liaison -n '__fish_seen_subcommand_from %.*s' -a %s -d ",
                   first_n, list[i].name, first_n, list[i].name, second + 1);
        else
            printf("complete -c liaison -n '__fish_use_subcommand' -a %s -d ", list[i].name);
        write_quoted(list[i].about);
        putchar('\n');
        snprintf(condition, sizeof condition, "-n '__fish_seen_subcommand_from %s'",
                 second ? second + 1 : list[i].name);
        write_fish_flags(list[i].flags, condition);
    }
}

enum exit_code completion_run(const struct line *line)
{
    const char *shell = line->operands[0];

    if (!strcmp(shell, "bash")) {
        write_bash(line);
    } else if (!strcmp(shell, "zsh")) {
        fputs("#compdef liaison\nautoload -U +X bashcompinit && bashcompinit\n", stdout);
        write_bash(line);
    } else if (!strcmp(shell, "fish")) {
        write_fish(line);
    } else {
        return line_fault(line, "bash, zsh or fish, not \"%s\"", shell);
    }
    return EXIT_DONE;
}
