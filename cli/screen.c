#include "cli/screen.h"

#include "base/clock.h"
#include "cli/line.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define ISOLATE "\u2068"
#define ISOLATE_END "\u2069"
#define ELLIPSIS "\u2026"

void screen_set_locale(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
}

static bool wants_colour(const struct line *line)
{
    const char *term = getenv("TERM");
    const char *no = getenv("NO_COLOR");

    return !line_has(line, "no-color") && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

void screen_init(struct screen *s, FILE *out, const struct line *line)
{
    const char *columns = getenv("COLUMNS");
    unsigned long given = columns ? strtoul(columns, NULL, 10) : 0;
    struct winsize size = {0};

    *s = (struct screen){.out = out, .is_terminal = isatty(fileno(out)), .width = 80};
    s->has_colour = s->is_terminal && wants_colour(line);
    if (given >= 20 && given <= 1000)
        s->width = given;
    else if (s->is_terminal && !ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col >= 20)
        s->width = size.ws_col;
}

/* The next character and its bytes (never 0 before the end); -1 for a byte that is no UTF-8. */
static long next_char(const char *text, size_t *ret_bytes)
{
    mbstate_t state = {0};
    wchar_t c = 0;
    size_t n = mbrtowc(&c, text, 4, &state);

    *ret_bytes = n == 0 || n > 4 ? 1 : n;
    return n > 4 ? -1 : (long)c;
}

/* Overrides and isolates: they could turn what follows on the line. */
static bool turns_direction(long c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 ||
           c == 0x2029;
}

void screen_add_safe(struct buf *out, const char *text, bool keep_lines)
{
    size_t n;

    for (; *text; text += n) {
        long c = next_char(text, &n);

        if (c == '\n' && !keep_lines)
            buf_add_text(out, "\\n");
        else if (c == '\t')
            buf_add_text(out, keep_lines ? "    " : "\\t");
        else if (c < 0 || (c < 0x20 && c != '\n') || c == 0x7f)
            buf_printf(out, "\\x%02x", (unsigned char)*text);
        else if ((c >= 0x80 && c < 0xa0) || turns_direction(c))
            buf_printf(out, "\\u%04lx", (unsigned long)c);
        else
            buf_add(out, text, n);
    }
}

static size_t char_width(long c)
{
    int width = c < 0 ? 1 : wcwidth((wchar_t)c);

    return width < 0 ? 1 : (size_t)width; /* newer than our locale's tables: most likely narrow */
}

size_t screen_width(const char *safe)
{
    size_t width = 0;
    size_t n;

    for (; *safe; safe += n)
        width += char_width(next_char(safe, &n));
    return width;
}

/* Arabic, and the other scripts of its direction. */
static bool is_right_to_left(const char *text, size_t bytes)
{
    size_t n;

    for (const char *at = text; at < text + bytes; at += n) {
        long c = next_char(at, &n);

        if ((c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) ||
            (c >= 0xfe70 && c <= 0xfeff))
            return true;
    }
    return false;
}

static void add_isolated(struct buf *out, const char *text, size_t bytes)
{
    bool apart = is_right_to_left(text, bytes);
    size_t blanks = 0;

    while (blanks < bytes && text[blanks] == ' ')
        blanks++;
    buf_add(out, text, blanks);
    if (apart)
        buf_add_text(out, ISOLATE);
    buf_add(out, text + blanks, bytes - blanks);
    if (apart)
        buf_add_text(out, ISOLATE_END);
}

/* Bytes of the longest beginning that fits into width columns, and its columns. */
static size_t beginning(const char *safe, size_t width, size_t *ret_width)
{
    size_t used = 0;
    size_t bytes = 0;
    size_t n;

    for (; safe[bytes]; bytes += n) {
        size_t more = char_width(next_char(safe + bytes, &n));

        if (used + more > width)
            break;
        used += more;
    }
    *ret_width = used;
    return bytes;
}

void screen_add_cell(struct buf *out, const char *safe, size_t width)
{
    size_t used = screen_width(safe);

    if (used <= width) {
        add_isolated(out, safe, strlen(safe));
    } else {
        BUF_AUTO struct buf cut = {0};

        buf_add(&cut, safe, beginning(safe, width ? width - 1 : 0, &used));
        if (width) {
            buf_add_text(&cut, ELLIPSIS);
            used++;
        }
        add_isolated(out, buf_text(&cut), cut.bytes);
    }
    for (; used < width; used++)
        buf_add(out, " ", 1);
}

/* Where to break a line of at most width columns: after its last blank, or anywhere (Chinese). */
static size_t line_bytes(const char *text, size_t width)
{
    size_t used;
    size_t bytes = beginning(text, width, &used);
    size_t cut = bytes;

    if (!text[bytes] || bytes == 0)
        return bytes ? bytes : strlen(text);
    while (cut > 0 && text[cut] != ' ')
        cut--;
    return cut ? cut : bytes;
}

void screen_paragraph(const struct screen *s, const char *text, size_t indent)
{
    BUF_AUTO struct buf safe = {0};
    size_t width = s->width > indent + 20 ? s->width - indent : 20;
    char *line;
    char *rest;

    if (!s->is_terminal)
        width = SIZE_MAX; /* for programs a paragraph is a line */
    else if (width > 100)
        width = 100; /* longer lines are hard to read */
    screen_add_safe(&safe, text, true);
    rest = safe.text;
    while ((line = strsep(&rest, "\n"))) {
        do {
            BUF_AUTO struct buf out = {0};
            size_t n = line_bytes(line, width);
            size_t shown = n;

            while (shown > 0 && line[shown - 1] == ' ')
                shown--;
            if (s->is_terminal)
                add_isolated(&out, line, shown);
            else
                buf_add(&out, line, shown);
            fprintf(s->out, "%*s%s\n", (int)indent, "", buf_text(&out));
            line += n;
            line += strspn(line, " ");
        } while (*line);
    }
}

/* The next line of *rest, at most width columns wide, in a cell of that width. */
static void add_line(struct buf *out, const char **rest, size_t width)
{
    BUF_AUTO struct buf line = {0};
    size_t feed = strcspn(*rest, "\n");
    char *first = mem_text_n(*rest, feed);
    size_t n = line_bytes(first, width);

    buf_add(&line, first, n);
    screen_add_cell(out, buf_text(&line), width);
    *rest += n;
    *rest += strspn(*rest, " ");
    if (n == feed && **rest == '\n')
        ++*rest;
    free(first);
}

void screen_columns(const struct screen *s, const char *left, const char *right, size_t indent)
{
    const size_t gap = 3;
    size_t width = s->width > 2 * (indent + 20) ? (s->width - indent - gap) / 2 : 20;
    BUF_AUTO struct buf safe_left = {0};
    BUF_AUTO struct buf safe_right = {0};
    const char *rest_left, *rest_right;

    screen_add_safe(&safe_left, left, s->is_terminal);
    screen_add_safe(&safe_right, right, s->is_terminal);
    if (!s->is_terminal) {
        fprintf(s->out, "%s\t%s\n", buf_text(&safe_left), buf_text(&safe_right));
        return;
    }
    rest_left = buf_text(&safe_left);
    rest_right = buf_text(&safe_right);
    while (*rest_left || *rest_right) {
        BUF_AUTO struct buf out = {0};

        add_line(&out, &rest_left, width);
        buf_printf(&out, "%*s", (int)gap, "");
        add_line(&out, &rest_right, width);
        while (out.bytes && out.text[out.bytes - 1] == ' ')
            out.text[--out.bytes] = '\0';
        fprintf(s->out, "%*s%s\n", (int)indent, "", buf_text(&out));
    }
}

void screen_strong(const struct screen *s, const char *safe)
{
    fprintf(s->out, s->has_colour ? "\033[1m%s\033[0m" : "%s", safe);
}

char *screen_time(const char *text, char out[SCREEN_TIME_BYTES])
{
    int64_t ms;

    if (strlen(text) >= 16 && clock_read(text, &ms))
        snprintf(out, SCREEN_TIME_BYTES, "%.10s %.5s", text, text + 11);
    else
        snprintf(out, SCREEN_TIME_BYTES, "%s", text);
    return out;
}

char *screen_short_time(const struct screen *s, const char *text, char out[SCREEN_TIME_BYTES])
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t ms;
    bool is_time = strlen(text) >= 16 && clock_read(text, &ms);
    const char *month = is_time ? months[(text[5] - '0') * 10 + text[6] - '0' - 1] : "";

    if (!s->is_terminal || !is_time)
        snprintf(out, SCREEN_TIME_BYTES, "%s", text);
    else if (clock_year(ms) == clock_year(clock_now_ms()))
        snprintf(out, SCREEN_TIME_BYTES, "%2d %s %.5s", atoi(text + 8), month, text + 11);
    else
        snprintf(out, SCREEN_TIME_BYTES, "%2d %s %.4s", atoi(text + 8), month, text);
    return out;
}
