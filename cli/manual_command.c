#include "cli/manual_command.h"

#include "base/buf.h"
#include "cli/line.h"
#include "config/setting.h"

#include <stdio.h>
#include <string.h>

static void write_flags(const struct flag *flags)
{
    puts(".Bl -tag -width Ds");
    for (; flags && flags->name; flags++) {
        BUF_AUTO struct buf about = {0};

        fputs(".It ", stdout);
        if (flags->letter)
            printf("Fl %c , ", flags->letter);
        printf("Fl \\-%s", flags->name);
        if (flags->value) {
            fputs(" Ar ", stdout);
            setting_write_roff(flags->value, stdout);
        }
        putchar('\n');
        buf_add_text(&about, flags->about);
        if (flags->variable)
            buf_printf(&about, " (%s in the environment)", flags->variable);
        setting_write_roff(buf_text(&about), stdout);
        puts(".");
    }
    puts(".El");
}

static void write_command(const struct command *c)
{
    fputs(".It Cm ", stdout);
    setting_write_roff(c->name, stdout);
    if (*c->operands) {
        fputs(" Ar ", stdout);
        setting_write_roff(c->operands, stdout);
    }
    putchar('\n');
    setting_write_roff(c->about, stdout);
    puts(".");
    for (const char *at = c->more; at && *at;) {
        BUF_AUTO struct buf line = {0};
        size_t n = strcspn(at, "\n");

        buf_add(&line, at, n);
        setting_write_roff(buf_text(&line), stdout);
        putchar('\n');
        at += n + (at[n] == '\n');
    }
    if (c->flags)
        write_flags(c->flags);
}

static void write_liaison(const struct line *line)
{
    size_t n;
    const struct command *list = commands_list(line->commands, &n);

    puts(".Dd November 23, 2026\n.Dt LIAISON 1\n.Os Liaison\n"
         ".Sh NAME\n.Nm liaison\n.Nd the command line of Liaison\n"
         ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar flags\n.Op Ar operands\n"
         ".Sh DESCRIPTION\nCountries send requests for help to the secretariats of the "
         "biodiversity conventions,\nsecretariats answer them, operators keep the service "
         "running.\nPiped, tables are tab-separated without headings.");
    for (enum command_group group = 0; group < GROUPS_N; group++) {
        fputs(".Ss ", stdout);
        setting_write_roff(command_group_titles[group], stdout);
        puts("\n.Bl -tag -width Ds");
        for (size_t i = 0; i < n; i++)
            if (list[i].group == group)
                write_command(&list[i]);
        puts(".El");
    }
    puts(".Ss Flags of every command");
    write_flags(line_flags);
    puts(".Sh ENVIRONMENT\nWhere a flag names a variable, that counts when the flag is not given.\n"
         ".Ev NO_COLOR\nand\n.Ev TERM Ns =dumb\nturn colours off.\n"
         ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/liaison/liaison.conf\nsettings of the server, "
         "see\n.Xr liaison.conf 5 .\n.El\n"
         ".Sh EXIT STATUS\n0 done, 1 failed, 2 usage, 3 not found, 4 authentication, 5 conflict or "
         "stale,\n6 temporarily unavailable (repeat it), 130 interrupted.\n"
         ".Sh EXAMPLES\n.Dl liaison submit request.json\n.Dl liaison queue \\-\\-watch\n"
         ".Dl liaison backup /backup/today\n"
         ".Sh SEE ALSO\n.Xr liaison.conf 5 ,\n.Xr liaison-worker 8 ,\n.Xr liaisond 8");
}

static void write_programs(const char *name, const char *title, const char *about,
                           const char *options, const char *text)
{
    printf(".Dd November 23, 2026\n.Dt %s 8\n.Os Liaison\n.Sh NAME\n.Nm %s\n.Nd %s\n"
           ".Sh SYNOPSIS\n.Nm\n.Op Ar options\n.Sh DESCRIPTION\n%s\n.Bl -tag -width Ds\n%s.El\n"
           ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/liaison/liaison.conf\nsettings, see\n"
           ".Xr liaison.conf 5 .\n.El\n"
           ".Sh EXIT STATUS\n0 after a stop that was asked for, 1 failure, 2 usage, 78 settings, "
           "data or the store\nare not right; the last line says what.\n"
           ".Sh SEE ALSO\n.Xr liaison 1 ,\n.Xr liaison.conf 5\n",
           title, name, about, text, options);
}

enum exit_code manual_run(const struct line *line)
{
    const char *page = line->operands[0];

    if (!strcmp(page, "liaison"))
        write_liaison(line);
    else if (!strcmp(page, "liaison.conf"))
        settings_print_manual(stdout);
    else if (!strcmp(page, "liaisond"))
        write_programs(
            "liaisond", "LIAISOND", "takes requests over HTTP",
            ".It Fl c Ar file\nsettings; without it only defaults and the environment.\n"
            ".It Fl t\ncheck settings and reference data and exit; a fault is named with file and "
            "line.\n"
            ".It Fl T\nprint the effective settings.\n.It Fl V\nprint the version.\n",
            "Runs in the foreground, logs to stderr.\nSIGHUP reads settings and data again and "
            "keeps the old ones on a fault.\nSIGTERM refuses new connections, finishes what is "
            "open and ends; a second one ends at once.");
    else if (!strcmp(page, "liaison-worker"))
        write_programs(
            "liaison-worker", "LIAISON-WORKER", "routes requests and does what the clock demands",
            ".It Fl c Ar file\nsettings.\n"
            ".It Fl \\-role Ar role\nroute (the default), deliver, clock, mail-in or audit; may be "
            "given several times.\n"
            ".It Fl \\-slot Ar name\nthis worker's name on this machine; each needs its own.\n"
            ".It Fl V\nprint the version.\n",
            "Takes work from the store until it is told to stop; what it leaves behind others take "
            "over.\nSIGHUP and SIGTERM are those of\n.Xr liaisond 8 .");
    else
        return line_fault(line, "liaison, liaison.conf, liaisond or liaison-worker, not \"%s\"",
                          page);
    return EXIT_DONE;
}
