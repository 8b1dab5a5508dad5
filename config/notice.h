/* Who is told of what: rows of config/notices.csv. A row says: when this action led to that state,
 * done by somebody of that standing, these are told it in those words. A new kind of event is a
 * row there and its words `notice.<words>` in messages.csv.
 *
 * Each person is told of an event once, by the first row that names them. */
#ifndef CONFIG_NOTICE_H
#define CONFIG_NOTICE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { NOTICES_MAX = 128 };

/* Bits of notice_row.tells. */
enum {
    NOTICE_COUNTRY = 1,      /* the request's contacts and those of its country */
    NOTICE_LEAD = 2,         /* proposed or in charge */
    NOTICE_SUPPORTERS = 4,   /* have accepted to support */
    NOTICE_INVITED = 8,      /* have a pending offer to support */
    NOTICE_ENGAGED = 16,     /* have or had an offer that they did not decline */
    NOTICE_INFORMED = 32,    /* were informed only */
    NOTICE_COORDINATOR = 64, /* the desk */
    NOTICE_OFFERED = 128,    /* have a pending offer of any role */
    NOTICE_WHOM = 256,       /* whom the event names */
    NOTICE_BALL = 512,       /* who must act now */
    NOTICE_CLOSEST = 1024    /* the secretariat that is asked in triage */
};

/* What a mail's answer may do. */
enum notice_reply { NOTICE_REPLY_NONE, NOTICE_REPLY_TEXT, NOTICE_REPLY_CONFIRM };
extern const char *const notice_reply_words[]; /* ends with NULL */

struct notice_row {
    char action[16]; /* of the event */
    char to[20];     /* state afterwards, "*": any */
    char by[16];     /* lead, support, or a role of the actor; "*": any */
    int degree;      /* of the event; 0: any */
    unsigned tells;
    char words[24];
    enum notice_reply reply;
    bool in_hours;    /* told in the reader's office hours, unless it is an emergency */
    bool once_a_step; /* told once, however many requests changed in that step */
};

struct notices {
    struct notice_row rows[NOTICES_MAX];
    size_t rows_n;
};

/* ERR_CONFIG: "file:line: what"; n is filled only on success. */
enum err_code notices_load(const char *dir, struct notices *n, struct err *e) ERR_CHECK;

/* An event, as the rows are compared with it. */
struct notice_case {
    const char *action, *to;
    const char *as;   /* what the actor is to the request: "lead", "support" or "" */
    const char *role; /* of the actor */
    int degree;
};
/* The next row from *at on that fits, NULL at the end; *at starts as 0. */
const struct notice_row *notices_next(const struct notices *n, size_t *at,
                                      const struct notice_case *event);
#endif
