#include "dictionaries/gloss.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* One entry under way. */
struct entry {
    const char *head; /* NUL-terminated */
    gloss_fn fn;
    void *arg;
    unsigned rank;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Copies bytes without what is in brackets and without blanks at either end. */
static void text_plain(const char *p, size_t n, struct buf *ret_text)
{
    static const char opens[] = "([{<", closes[] = ")]}>";
    int depth = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] && strchr(opens, p[i])) {
            depth++;
        } else if (depth > 0 && p[i] && strchr(closes, p[i])) {
            depth--;
        } else if (depth == 0 && (ret_text->bytes > 0 || !is_blank(p[i]))) {
            buf_add(ret_text, is_blank(p[i]) ? " " : p + i, 1);
        }
    }
    while (ret_text->bytes > 0 && ret_text->text[ret_text->bytes - 1] == ' ')
        ret_text->text[--ret_text->bytes] = '\0';
}

static void entry_gloss(struct entry *x, const char *gloss)
{
    if (*gloss)
        x->fn(x->arg, x->head, gloss, x->rank++);
}

/* Each part of text between separators outside brackets. */
static void entry_glosses(struct entry *x, const char *text, size_t n, const char *separators)
{
    BUF_AUTO struct buf plain = {0};
    char *at;

    text_plain(text, n, &plain);
    at = plain.text;
    while (at && *at) {
        size_t part = strcspn(at, separators);
        char *next = at + part + (at[part] != '\0');
        at[part] = '\0';
        at += strspn(at, " ");
        for (char *end = at + strlen(at); end > at && end[-1] == ' ';)
            *--end = '\0';
        entry_gloss(x, at);
        at = next;
    }
}

/* The headword: the first line up to the pronunciation or the grammar. */
static void head_read(const char *entry, size_t bytes, struct buf *ret_head)
{
    size_t n = 0;

    while (n < bytes && entry[n] != '\n' &&
           !(entry[n] == ' ' && n + 1 < bytes && (entry[n + 1] == '/' || entry[n + 1] == '<')))
        n++;
    text_plain(entry, n, ret_head);
}

/* The line at *at, which moves behind it. */
static const char *line_next(const char **at, const char *end, size_t *ret_bytes)
{
    const char *line = *at;
    const char *stop = memchr(line, '\n', (size_t)(end - line));

    *ret_bytes = (size_t)((stop ? stop : end) - line);
    *at = stop ? stop + 1 : end;
    return line;
}

/* --- FreeDict -------------------------------------------------------------------------- */

void gloss_freedict(const char *entry, size_t bytes, gloss_fn fn, void *arg)
{
    BUF_AUTO struct buf head = {0};
    struct entry x = {.fn = fn, .arg = arg};
    const char *at = entry, *end = entry + bytes;
    size_t n;

    head_read(entry, bytes, &head);
    x.head = buf_text(&head);
    if (bytes > 0)
        line_next(&at, end, &n);
    while (at < end) {
        const char *line = line_next(&at, end, &n);
        size_t digits = 0;
        if (memchr(line, '"', n))
            continue; /* an example */
        while (digits < n && isdigit((unsigned char)line[digits]))
            digits++;
        if (digits > 0 && digits < n && line[digits] == '.')
            line += digits + 1, n -= digits + 1;
        entry_glosses(&x, line, n, ",;");
    }
}

/* --- Mueller --------------------------------------------------------------------------- */

/* "1)" "а)" "2." "_n.": numbers and letters of senses, labels. */
static bool is_mark(const char *word, size_t n)
{
    size_t last = n - 1;

    if (word[0] == '_')
        return true;
    if (word[last] == ')' || word[last] == '.')
        return last > 0 && last <= 2 &&
               (isdigit((unsigned char)word[0]) || (word[last] == ')' && (word[0] & 0x80)));
    return false;
}

static bool has_latin(const char *text)
{
    for (; *text; text++)
        if (isalpha((unsigned char)*text))
            return true;
    return false;
}

/* part: words of one translation, empty afterwards. With Latin letters it is an example, with one
 * letter a slip of the dictionary. */
static void mueller_part(struct entry *x, struct buf *part)
{
    if (part->bytes > 3 && !has_latin(part->text))
        entry_gloss(x, part->text);
    buf_clear(part);
}

void gloss_mueller(const char *entry, size_t bytes, gloss_fn fn, void *arg)
{
    BUF_AUTO struct buf head = {0};
    BUF_AUTO struct buf plain = {0};
    BUF_AUTO struct buf part = {0};
    struct entry x = {.fn = fn, .arg = arg};
    const char *at = entry;
    size_t n;

    head_read(entry, bytes, &head);
    x.head = buf_text(&head);
    if (bytes > 0)
        line_next(&at, entry + bytes, &n);
    text_plain(at, (size_t)(entry + bytes - at), &plain);
    for (at = buf_text(&plain); *at; at += n) {
        at += strspn(at, " ");
        n = strcspn(at, " ");
        if (n == 0)
            break;
        if (is_mark(at, n)) {
            mueller_part(&x, &part);
            continue;
        }
        buf_printf(&part, "%s%.*s", part.bytes > 0 ? " " : "", (int)n, at);
        if (at[n - 1] == ',' || at[n - 1] == ';') {
            part.text[--part.bytes] = '\0';
            mueller_part(&x, &part);
        }
    }
    mueller_part(&x, &part);
}

/* --- CC-CEDICT ------------------------------------------------------------------------- */

/* What begins a note about the entry and is no translation. */
static bool is_note(const char *gloss, size_t n)
{
    static const char *const begins[] = {"CL:",      "variant of",   "old variant", "see ",
                                         "see also", "also written", "also pr.",    "surname ",
                                         "used in",  "lit. ",        "abbr. ",      "Taiwan pr."};

    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        size_t bytes = strlen(begins[i]);
        if (n >= bytes && memcmp(gloss, begins[i], bytes) == 0)
            return true;
    }
    return false;
}

/* How much of a gloss is the name it begins with: words with a capital. */
static size_t name_length(const char *gloss, size_t n)
{
    size_t length = 0;

    for (size_t i = 0; i < n && isupper((unsigned char)gloss[i]);) {
        while (i < n && gloss[i] != ' ' && gloss[i] != ',' && gloss[i] != ';' && gloss[i] != '(')
            i++;
        length = i;
        if (i == n || gloss[i] != ' ')
            break;
        i++;
    }
    return length;
}

/* "Bo2 yang2" -> "Boyang" */
static void pinyin_join(const char *pinyin, size_t n, struct buf *ret_name)
{
    for (size_t i = 0; i < n; i++)
        if (isalpha((unsigned char)pinyin[i]))
            buf_add(ret_name, pinyin + i, 1);
}

/* From *at up to the byte that ends it, which *at moves behind; NULL: not found. */
static const char *field_next(const char **at, const char *end, char stop, size_t *ret_bytes)
{
    const char *field = *at;
    const char *found = memchr(field, stop, (size_t)(end - field));

    if (!found)
        return NULL;
    *ret_bytes = (size_t)(found - field);
    *at = found + 1;
    return field;
}

void gloss_cedict(const char *line, size_t bytes, gloss_fn fn, void *arg)
{
    BUF_AUTO struct buf head = {0};
    BUF_AUTO struct buf name = {0};
    struct entry x = {.fn = fn, .arg = arg};
    const char *at = line, *end = line + bytes, *simplified, *pinyin, *gloss;
    size_t n, simplified_n, pinyin_n;
    bool is_name;

    if (bytes == 0 || *line == '#' || !field_next(&at, end, ' ', &n) ||
        !(simplified = field_next(&at, end, ' ', &simplified_n)) ||
        !field_next(&at, end, '[', &n) || !(pinyin = field_next(&at, end, ']', &pinyin_n)) ||
        !field_next(&at, end, '/', &n))
        return;
    buf_add(&head, simplified, simplified_n);
    x.head = buf_text(&head);
    is_name = pinyin_n > 0 && isupper((unsigned char)*pinyin);
    while ((gloss = field_next(&at, end, '/', &n)) != NULL) {
        if (is_note(gloss, n))
            continue;
        if (is_name)
            n = name_length(gloss, n);
        entry_glosses(&x, gloss, n, ";,");
    }
    if (is_name) {
        pinyin_join(pinyin, pinyin_n, &name);
        entry_gloss(&x, buf_text(&name));
    }
}
