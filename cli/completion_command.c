#include "cli/completion_command.h"

#include "cli/line.h"

#include <stdbool.h>
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

/* Flags by command; "dead requeue" before "dead", since the first pattern that fits is taken. */
static void write_bash_flags(const struct command *list, size_t n, bool two_words)
{
    for (size_t i = 0; i < n; i++) {
        if ((strchr(list[i].name, ' ') != NULL) != two_words || !list[i].flags)
            continue;
        printf("    \"%s\"%s) flags+=\"", list[i].name, two_words ? "" : "\\ *");
        write_flag_names(list[i].flags);
        fputs("\" ;;\n", stdout);
    }
}

static void write_bash(const struct line *line)
{
    size_t n;
    const struct command *list = commands_list(line->commands, &n);

    fputs("_liaison() {\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\" flags=\"",
          stdout);
    write_flag_names(line_flags);
    fputs("\"\n    case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n", stdout);
    write_bash_flags(list, n, true);
    write_bash_flags(list, n, false);
    fputs("    esac\n    case \"$COMP_CWORD ${COMP_WORDS[1]}\" in\n    1\\ *) words=\"", stdout);
    write_first_words(line->commands);
    fputs("\" ;;\n", stdout);
    for (size_t i = 0; i < n; i++) {
        const char *second = strchr(list[i].name, ' ');

        if (second)
            printf("    \"2 %.*s\") words+=\" %s\" ;;&\n", (int)(second - list[i].name),
                   list[i].name, second + 1);
    }
    fputs("    esac\n"
          "    if [[ $word == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$flags\" -- \"$word\")\n"
          "    elif [[ $words ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "    else\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "    fi\n"
          "}\n"
          "complete -F _liaison liaison\n",
          stdout);
}

/* Flags by command, as write_bash_flags. */
static void write_zsh_flags(const struct command *list, size_t n, bool two_words)
{
    for (size_t i = 0; i < n; i++) {
        if ((strchr(list[i].name, ' ') != NULL) != two_words || !list[i].flags)
            continue;
        printf("        \"%s\"%s) names+=(", list[i].name, two_words ? "" : "\\ *");
        write_flag_names(list[i].flags);
        fputs(") ;;\n", stdout);
    }
}

static bool is_of(const struct command *c, const char *first, size_t first_n)
{
    return strcspn(c->name, " ") == first_n && !strncmp(c->name, first, first_n);
}

/* What may follow each first word that has second ones; they need not stand together. */
static void write_zsh_seconds(const struct command *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t first_n = strcspn(list[i].name, " ");
        size_t before = 0;

        while (!is_of(&list[before], list[i].name, first_n))
            before++;
        if (before < i)
            continue;
        printf("        %.*s) names=(", (int)first_n, list[i].name);
        for (size_t k = i; k < n; k++)
            if (is_of(&list[k], list[i].name, first_n) && list[k].name[first_n])
                printf("%s", list[k].name + first_n);
        fputs(") ;;\n", stdout);
    }
}

static void write_zsh(const struct line *line)
{
    size_t n;
    const struct command *list = commands_list(line->commands, &n);

    fputs("#compdef liaison\n_liaison() {\n    local -a names\n"
          "    if [[ $words[CURRENT] == -* ]]; then\n        names=(",
          stdout);
    write_flag_names(line_flags);
    fputs(")\n        case \"$words[2] $words[3]\" in\n", stdout);
    write_zsh_flags(list, n, true);
    write_zsh_flags(list, n, false);
    fputs("        esac\n    elif ((CURRENT == 2)); then\n        names=(", stdout);
    write_first_words(line->commands);
    fputs(")\n    elif ((CURRENT == 3)); then\n        case $words[2] in\n", stdout);
    write_zsh_seconds(list, n);
    fputs("        esac\n    fi\n"
          "    if (($#names)); then compadd -- $names; else _files; fi\n}\n"
          "if [[ $funcstack[1] == _liaison ]]; then _liaison \"$@\"; else compdef _liaison "
          "liaison; fi\n",
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
        write_zsh(line);
    } else if (!strcmp(shell, "fish")) {
        write_fish(line);
    } else {
        return line_fault(line, "bash, zsh or fish, not \"%s\"", shell);
    }
    return EXIT_DONE;
}
