#include "protocol/absence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool absence_is_officer(const char *text)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    size_t n = strspn(text, rest);

    return n > 0 && n < OFFICER_BYTES && !text[n] && strchr(first, *text);
}

/* The one that begins before until_ms and ends after from_ms; NULL: there is none. */
static const struct absence *absence_of(const struct absences *a, const char *of,
                                        const char *officer, int64_t from_ms, int64_t until_ms)
{
    for (size_t i = 0; i < a->n; i++)
        if (!strcmp(a->list[i].of, of) && !strcmp(a->list[i].officer, officer) &&
            a->list[i].from_ms < until_ms && a->list[i].until_ms > from_ms)
            return &a->list[i];
    return NULL;
}

char *absence_acting(const struct absences *a, const char *of, const char *officer, int64_t now_ms,
                     char out[OFFICER_BYTES])
{
    const struct absence *away;

    snprintf(out, OFFICER_BYTES, "%s", officer);
    for (size_t i = 0; *out && (away = absence_of(a, of, out, now_ms, now_ms + 1)); i++) {
        if (i == a->n) { /* a circle that two set at the same moment: everybody's */
            *out = '\0';
            break;
        }
        snprintf(out, OFFICER_BYTES, "%s", away->deputy);
    }
    return out;
}

bool absence_is_circular(const struct absences *a, const struct absence *wish)
{
    int64_t from_ms = wish->from_ms;
    int64_t until_ms = wish->until_ms;
    const char *deputy = wish->deputy;

    for (size_t i = 0; *deputy && i <= a->n; i++) {
        const struct absence *away;

        if (!strcmp(deputy, wish->officer))
            return true;
        away = absence_of(a, wish->of, deputy, from_ms, until_ms);
        if (!away)
            return false;
        if (away->from_ms > from_ms)
            from_ms = away->from_ms;
        if (away->until_ms < until_ms)
            until_ms = away->until_ms;
        deputy = away->deputy;
    }
    return false;
}

void absence_write(const struct absence *a, char *out, size_t n)
{
    snprintf(out, n, "%" PRId64 " %" PRId64 " %s", a->from_ms, a->until_ms, a->deputy);
}

bool absence_read(const char *text, struct absence *ret_absence)
{
    char *end;
    int64_t from_ms = strtoll(text, &end, 10);
    int64_t until_ms;

    if (*end != ' ')
        return false;
    until_ms = strtoll(end + 1, &end, 10);
    if (*end != ' ' || (end[1] && !absence_is_officer(end + 1)) || until_ms <= from_ms)
        return false;
    ret_absence->from_ms = from_ms;
    ret_absence->until_ms = until_ms;
    snprintf(ret_absence->deputy, sizeof ret_absence->deputy, "%s", end + 1);
    return true;
}
