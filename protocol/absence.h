/* Who of a secretariat answers for a claim, and who does while that one is away (domain reference
 * 5.4). An officer is a name on a token of the secretariat; a claim made with such a token is that
 * officer's. While the officer is away it passes to the deputy named for that time, from there to
 * the deputy's deputy if need be, and where there is none to the secretariat's pool: all of it.
 *
 * Nothing is written into requests: who acts is looked up by the clock, so a claim comes back by
 * itself when its officer does. */
#ifndef PROTOCOL_ABSENCE_H
#define PROTOCOL_ABSENCE_H

#include "protocol/principal.h"

#include <stddef.h>
#include <stdint.h>

enum {
    OFFICER_BYTES = 32,
    ABSENCES_MAX = 128,   /* of all secretariats */
    ABSENCES_OF_MAX = 16, /* of one of them */
    ABSENCE_DAYS_MAX = 366,
    ABSENCE_NOTICE_DAYS = 366 /* how long before it begins it may be said */
};

struct absence {
    char of[PRINCIPAL_OF_BYTES]; /* secretariat */
    char officer[OFFICER_BYTES];
    char deputy[OFFICER_BYTES]; /* "": the pool */
    int64_t from_ms, until_ms;  /* away from the one on, back at the other */
};

struct absences {
    struct absence list[ABSENCES_MAX]; /* one an officer */
    size_t n;
};

/* 1 to 31 small letters, digits, '.', '-' or '_', a letter or digit first. */
bool absence_is_officer(const char *text);

/* Who acts for this officer at that time; "" : the pool. Returns out. */
char *absence_acting(const struct absences *a, const char *of, const char *officer, int64_t now_ms,
                     char out[OFFICER_BYTES]);
/* Whether this absence would lead back to its own officer while it lasts. */
bool absence_is_circular(const struct absences *a, const struct absence *wish);

/* "<from> <until> <deputy>", as it is kept. False: text is not of that form. */
void absence_write(const struct absence *a, char *out, size_t n);
bool absence_read(const char *text, struct absence *ret_absence);

#endif
