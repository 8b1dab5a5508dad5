#include "cli/line.h"

#include "base/buf.h"
#include "cli/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct flag line_flags[] = {
    {"help",       'h', NULL,        NULL,                 "show this help"},
    {"version",    0,   NULL,        NULL,                 "show the version"},
    {"json",       0,   NULL,        NULL,                 "print the API's object unchanged"},
    {"server",     0,   "URL",       "LIAISON_SERVER",     "http://127.0.0.1:8080 by default; unix:/PATH for a socket"},
    {"token-file", 0,   "FILE",      "LIAISON_TOKEN_FILE", "file with the token, mode 0600 or 0400; - is stdin"},
    {"as",         0,   "ROLE[:OF]", NULL,                 "which member of a credentials.json: country:KEN, operator"},
    {"sign",       0,   "FILE",      "LIAISON_SIGN",       "sign each request with this key (liaison keygen) instead of sending a token"},
    {"ca",         0,   "FILE",      "LIAISON_CA",         "certificates that an https server must be signed by; else those that the system trusts"},
    {"timeout",    0,   "S",         NULL,                 "seconds for all attempts together, 30 by default"},
    {"no-color",   0,   NULL,        NULL,                 "no colours; NO_COLOR and TERM=dumb do the same"},
    {"quiet",      'q', NULL,        NULL,                 "no remarks on stderr, errors only"},
    {NULL,         0,   NULL,        NULL,                 NULL},
};
/* clang-format on */

static const struct flag *find_flag(const struct flag *rows, const char *name, size_t n,
                                    char letter)
{
    for (; rows && rows->name; rows++)
        if (letter ? rows->letter == letter
                   : strlen(rows->name) == n && !memcmp(rows->name, name, n))
            return rows;
    return NULL;
}

static const struct flag *line_find(const struct line *line, const char *name, size_t n,
                                    char letter)
{
    const struct flag *flag = find_flag(line_flags, name, n, letter);

    return flag || !line->command ? flag : find_flag(line->command->flags, name, n, letter);
}

static enum exit_code line_give(struct line *line, const struct flag *flag, const char *value)
{
    if (line->given_n == LINE_FLAGS_MAX)
        return line_fault(line, "too many flags");
    line->given[line->given_n].flag = flag;
    line->given[line->given_n++].value = value;
    return EXIT_DONE;
}

/* word: without the two dashes. Takes the next word as value where one is due. */
static enum exit_code read_long(struct line *line, const char *word, char ***rest)
{
    size_t n = strcspn(word, "=");
    const struct flag *flag = line_find(line, word, n, 0);

    if (!flag)
        return line_fault(line, "unknown flag --%.*s", (int)n, word);
    if (!flag->value)
        return word[n] ? line_fault(line, "--%s takes no value", flag->name)
                       : line_give(line, flag, "");
    if (word[n])
        return line_give(line, flag, word + n + 1);
    if (!**rest)
        return line_fault(line, "--%s needs a value: %s", flag->name, flag->value);
    return line_give(line, flag, *(*rest)++);
}

static enum exit_code read_letters(struct line *line, const char *letters)
{
    enum exit_code rc = EXIT_DONE;

    for (; *letters && rc == EXIT_DONE; letters++) {
        const struct flag *flag = line_find(line, "", 0, *letters);

        rc = flag ? line_give(line, flag, "") : line_fault(line, "unknown flag -%c", *letters);
    }
    return rc;
}

/* The first operand names the command, the second one may belong to its name: "token issue". */
static enum exit_code read_operand(struct line *line, const char **first, const char *word)
{
    const struct command *longer;

    if (!*first) {
        *first = word;
        line->command = command_find(line->commands, word, NULL);
        if (!line->command && !command_is_group(line->commands, word))
            return line_fault(line, "there is no command \"%s\"", word);
        return EXIT_DONE;
    }
    longer = line->operands_n ? NULL : command_find(line->commands, *first, word);
    if (longer && (!line->command || !strchr(line->command->name, ' '))) {
        line->command = longer;
        return EXIT_DONE;
    }
    if (!line->command)
        return line_fault(line, "there is no command \"%s %s\"", *first, word);
    if (line->operands_n == LINE_OPERANDS_MAX)
        return line_fault(line, "too many operands: %s", word);
    line->operands[line->operands_n++] = word;
    return EXIT_DONE;
}

enum exit_code line_read(int argc, char **argv, const struct commands *commands,
                         struct line *ret_line)
{
    struct line line = {.commands = commands};
    const char *first = NULL;
    enum exit_code rc = EXIT_DONE;
    bool flags_end = false;
    char **rest = argv + (argc > 0);

    while (*rest && rc == EXIT_DONE) {
        const char *word = *rest++;

        if (flags_end || *word != '-' || !word[1])
            rc = read_operand(&line, &first, word);
        else if (!strcmp(word, "--"))
            flags_end = true;
        else if (word[1] == '-')
            rc = read_long(&line, word + 2, &rest);
        else
            rc = read_letters(&line, word + 1);
    }
    if (rc == EXIT_DONE && first && !line.command && !line_has(&line, "help"))
        rc = line_fault(&line, "%s what? See liaison help %s", first, first);
    *ret_line = line;
    return rc;
}

const char *line_flag(const struct line *line, const char *name)
{
    const struct flag *flag = line_find(line, name, strlen(name), 0);
    const char *value = NULL;

    for (size_t i = line->given_n; i > 0; i--)
        if (line->given[i - 1].flag == flag)
            return line->given[i - 1].value;
    if (flag && flag->variable)
        value = getenv(flag->variable);
    return value && *value ? value : NULL;
}

bool line_has(const struct line *line, const char *name)
{
    return line_flag(line, name) != NULL;
}

enum exit_code line_number(const struct line *line, const char *name, int64_t min, int64_t max,
                           int64_t init, int64_t *ret_n)
{
    const char *value = line_flag(line, name);
    size_t digits = value ? strspn(value, "0123456789") : 0;
    int64_t n = init;

    if (value) {
        n = digits && !value[digits] && digits < 18 ? strtoll(value, NULL, 10) : -1;
        if (n < min || n > max)
            return line_fault(line, "--%s must be a number in %lld..%lld", name, (long long)min,
                              (long long)max);
    }
    *ret_n = n;
    return EXIT_DONE;
}

enum exit_code line_fault(const struct line *line, const char *fmt, ...)
{
    BUF_AUTO struct buf safe = {0};
    char *raw = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&raw, fmt, ap) < 0)
        bug("out of memory");
    va_end(ap);
    screen_add_safe(&safe, raw, false);
    free(raw);
    fprintf(stderr, "liaison: %s\n", buf_text(&safe));
    if (line->command)
        fprintf(stderr, "Help: liaison %s --help\n", line->command->name);
    else
        fputs("Help: liaison --help\n", stderr);
    return EXIT_USAGE;
}
