#include "routing/denial.h"

#include <stdbool.h>
#include <string.h>

enum { REACH = 96 }; /* tokens: bounds the work on a text of denials without a full stop */

static const char enumeration_comma[] = "\xe3\x80\x81"; /* parts the items of one Chinese list */

/* Whether a clause or sentence begins at the token. */
static bool opens_clause(const struct text *t, size_t i)
{
    size_t from, n = sizeof enumeration_comma - 1;

    if (i == 0 || t->tokens[i].sentence != t->tokens[i - 1].sentence)
        return true;
    from = t->tokens[i - 1].start + t->tokens[i - 1].bytes;
    return (t->tokens[i].flags & TOKEN_BREAK) &&
           !(t->tokens[i].start - from == n && memcmp(t->source + from, enumeration_comma, n) == 0);
}

static bool says_something(const struct text *t, size_t i, const unsigned char *marks)
{
    return !(t->tokens[i].flags & TOKEN_STOP) && !(marks[i] & DENIAL_CUE);
}

/* Tokens [from, to) become denied; true when one of them says anything. */
static bool deny(const struct text *t, size_t from, size_t to, unsigned char *marks)
{
    bool said = false;

    for (size_t i = from; i < to; i++) {
        said = said || says_something(t, i, marks);
        marks[i] |= DENIAL_DENIED;
    }
    return said;
}

static bool asks(size_t from, size_t to, const unsigned char *marks)
{
    for (size_t i = from; i < to; i++)
        if (marks[i] & DENIAL_ASK)
            return true;
    return false;
}

static size_t sentence_begin(const struct text *t, size_t part, size_t i)
{
    size_t least = i > part + REACH ? i - REACH : part;

    while (i > least && t->tokens[i - 1].sentence == t->tokens[i].sentence)
        i--;
    return i;
}

static void deny_before(const struct text *t, size_t part, size_t first, unsigned char *marks)
{
    size_t begin = sentence_begin(t, part, first), from = first;

    for (size_t clause = first, i = first; i-- > begin;) {
        if (!opens_clause(t, i))
            continue;
        if (asks(i, clause, marks))
            break;
        from = clause = i;
    }
    if (deny(t, from, first, marks) || from > begin || begin <= part)
        return;
    from = sentence_begin(t, part, begin - 1);
    if (!asks(from, begin, marks))
        deny(t, from, begin, marks);
}

void denial_mark(const struct text *t, const struct denial_cue *cue, unsigned char *marks)
{
    size_t end = cue->last + 1;

    if (cue->side == DENY_AFTER) {
        while (end < t->tokens_n && end - cue->last <= REACH && !opens_clause(t, end))
            end++;
        if (deny(t, cue->last + 1, end, marks))
            return;
    }
    deny_before(t, cue->part, cue->first, marks);
}
