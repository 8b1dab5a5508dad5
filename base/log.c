#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const level_words[] = {"error", "warning", "info", "debug"};
static const int level_syslog[] = {3, 4, 6, 7}; /* sd-daemon(3) prefixes */

static struct {
    const char *program;
    enum log_level level;
    int journal;
} logger = {"liaison", LOG_INFO, 0};

void log_init(const char *program, enum log_level level)
{
    logger.program = program;
    logger.level = level;
    logger.journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level level)
{
    logger.level = level;
}

int log_level_of(const char *word)
{
    for (int i = 0; i < 4; i++)
        if (!strcmp(word, level_words[i]))
            return i;
    return -1;
}

/* Control characters would let a value start a line of its own. */
static void line_escape(char *line)
{
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    char rest[900];
    char line[1100];
    char at[CLOCK_TEXT_BYTES];
    va_list ap;

    if (level > logger.level)
        return;
    va_start(ap, fmt);
    vsnprintf(rest, sizeof rest, fmt, ap);
    va_end(ap);
    line_escape(rest);
    if (logger.journal)
        snprintf(line, sizeof line, "<%d>event=%s%s%s\n", level_syslog[level], event,
                 *rest ? " " : "", rest);
    else
        snprintf(line, sizeof line, "%s %s level=%s event=%s%s%s\n", clock_text(clock_now_ms(), at),
                 logger.program, level_words[level], event, *rest ? " " : "", rest);
    /* One write a line: lines of several processes on one stderr do not mix. */
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        return;
}
