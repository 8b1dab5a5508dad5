#include "workers/choice.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "config/mandate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* --- own lines -------------------------------------------------------------------------------- */

static bool line_has(const char *line, size_t n, const char *what)
{
    size_t what_n = strlen(what);

    for (size_t i = 0; what_n && i + what_n <= n; i++)
        if (!strncasecmp(line + i, what, what_n))
            return true;
    return false;
}

static bool is_mark(const struct words *words, const char *line, size_t n)
{
    for (int language = 0; language < LANGUAGES_N; language++)
        if (line_has(line, n, words_get(words, "mail.cut", language)))
            return true;
    return false;
}

static bool is_end(const struct words *words, const char *line, size_t n, const char *address)
{
    bool is_signature = (n == 3 && !memcmp(line, "-- ", 3)) || (n == 2 && !memcmp(line, "--", 2));

    return (n && *line == '>') || is_signature || line_has(line, n, address) ||
           is_mark(words, line, n);
}

static bool is_blank(const char *line, size_t n)
{
    return strspn(line, " \t\r") >= n;
}

/* Where a mail program wrote "On .., Liaison <" and broke the line before our address. */
static bool leads_to_quote(const char *line, size_t n)
{
    while (n && strchr(" \t\r", line[n - 1]))
        n--;
    return n && (line[n - 1] == '<' || line_has(line, n, "Liaison"));
}

char *choice_own_text(const struct words *words, const char *text, const char *address)
{
    struct buf out = {0};
    size_t last_at = 0; /* where the last line begins in out */

    while (*text) {
        size_t n = strcspn(text, "\n");

        if (is_end(words, text, n, address)) {
            if (out.bytes && line_has(text, n, address) &&
                leads_to_quote(out.text + last_at, out.bytes - last_at - 1))
                out.bytes = last_at;
            break;
        }
        if (out.bytes || !is_blank(text, n)) {
            last_at = out.bytes;
            buf_add(&out, text, n);
            buf_add(&out, "\n", 1);
        }
        text += n + (text[n] == '\n');
    }
    while (out.bytes && strchr(" \t\r\n", out.text[out.bytes - 1]))
        out.bytes--;
    if (out.text)
        out.text[out.bytes] = '\0';
    return buf_take(&out);
}

/* --- the choice ------------------------------------------------------------------------------- */

enum { PLAIN_MAX = 512 };

/* Case, accents, harakat and punctuation aside, words parted by one blank: so that a person need
 * not type as we print. Of a long line the
 * beginning. */
static void plain_make(const char *text, size_t n, char out[PLAIN_MAX])
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *fold = unorm2_getNFKCCasefoldInstance(&status);
    const UNormalizer2 *apart = unorm2_getNFDInstance(&status);
    UChar wide[PLAIN_MAX], folded[2 * PLAIN_MAX], parts[4 * PLAIN_MAX];
    int32_t wide_n = 0, folded_n, parts_n;
    int32_t kept_n = 0;

    *out = '\0';
    n = utf8_cut(text, n, PLAIN_MAX / 4);
    u_strFromUTF8(wide, PLAIN_MAX, &wide_n, text, (int32_t)n, &status);
    folded_n = unorm2_normalize(fold, wide, wide_n, folded, 2 * PLAIN_MAX, &status);
    parts_n = unorm2_normalize(apart, folded, folded_n, parts, 4 * PLAIN_MAX, &status);
    if (U_FAILURE(status))
        return;
    for (int32_t i = 0; i < parts_n; i++) { /* the words are within the first plane */
        UChar32 c = parts[i];

        if (u_charType(c) == U_NON_SPACING_MARK)
            continue;
        if (u_isalnum(c))
            parts[kept_n++] = parts[i];
        else if (kept_n && parts[kept_n - 1] != ' ')
            parts[kept_n++] = ' ';
    }
    while (kept_n && parts[kept_n - 1] == ' ')
        kept_n--;
    u_strToUTF8(out, PLAIN_MAX, NULL, parts, kept_n, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        *out = '\0';
}

static const char *const keys[] = {[OUTCOME_RESOLVED] = "reply.resolved",
                                   [OUTCOME_PARTLY] = "reply.partly",
                                   [OUTCOME_NOT_RESOLVED] = "reply.not_resolved"};

/* Calls fn with each way to say that outcome until it returns true. */
static bool any_phrase(const struct words *words, enum outcome outcome, const char *line,
                       bool (*fn)(const char *line, const char *phrase))
{
    char phrase[PLAIN_MAX];

    for (int language = 0; language < LANGUAGES_N; language++) {
        const char *at = words_get(words, keys[outcome], language);

        while (*at) {
            size_t n = strcspn(at, ";");

            plain_make(at, n, phrase);
            if (*phrase && fn(line, phrase))
                return true;
            at += n + (at[n] == ';');
        }
    }
    return false;
}

static bool is_phrase(const char *line, const char *phrase)
{
    return !strcmp(line, phrase);
}

/* As whole words; scripts without blanks have no such ends. */
static bool has_phrase(const char *line, const char *phrase)
{
    size_t n = strlen(phrase);
    bool blanks = (unsigned char)*phrase < 0xe2;

    for (const char *at = strstr(line, phrase); at; at = strstr(at + 1, phrase))
        if (!blanks || ((at == line || at[-1] == ' ') && (!at[n] || at[n] == ' ')))
            return true;
    return false;
}

static bool line_contradicts(const struct words *words, const char *line, enum outcome chosen)
{
    for (int o = OUTCOME_RESOLVED; o <= OUTCOME_NOT_RESOLVED; o++) {
        if (o == (int)chosen)
            continue;
        if (any_phrase(words, (enum outcome)o, line, is_phrase) ||
            (chosen == OUTCOME_RESOLVED && any_phrase(words, (enum outcome)o, line, has_phrase)))
            return true;
    }
    return false;
}

enum choice_fault choice_read(const struct words *words, const char *own, enum outcome *ret_outcome,
                              const char **ret_rest)
{
    size_t n = strcspn(own, "\n");
    int chosen = OUTCOME_RESOLVED;
    char line[PLAIN_MAX];
    const char *rest, *at;

    plain_make(own, n, line);
    while (chosen <= OUTCOME_NOT_RESOLVED &&
           !any_phrase(words, (enum outcome)chosen, line, is_phrase))
        chosen++;
    if (chosen > OUTCOME_NOT_RESOLVED)
        return CHOICE_NONE;
    rest = own + n;
    rest += strspn(rest, " \t\r\n");
    for (at = rest; *at; at += n + (at[n] == '\n')) {
        n = strcspn(at, "\n");
        plain_make(at, n, line);
        if (line_contradicts(words, line, (enum outcome)chosen))
            return CHOICE_CONTRADICTION;
    }
    if (chosen != OUTCOME_RESOLVED && !*rest)
        return CHOICE_NOTHING_MISSING;
    *ret_outcome = (enum outcome)chosen;
    *ret_rest = rest;
    return CHOICE_GOOD;
}
