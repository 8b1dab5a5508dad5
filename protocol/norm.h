/* How long a step may take: norms by step and urgency (domain reference 6.2). Hours run around the
 * clock, working days in the calendar of the one who has the ball. */
#ifndef PROTOCOL_NORM_H
#define PROTOCOL_NORM_H

#include "base/calendar.h"
#include "protocol/lifecycle.h"
#include "protocol/word.h"

#include <stdint.h>

enum norm_step {
    NORM_TRIAGE,
    NORM_FIRST_WINDOW, /* the proposed lead alone may claim */
    NORM_OPEN_WINDOW,  /* any routed secretariat may */
    NORM_LEASE,        /* first substantive message after a claim */
    NORM_CONTRIBUTION,
    NORM_ANSWER,
    NORM_CLARIFICATION,
    NORM_AGREEMENT, /* the country on a plan: as a clarification */
    NORM_CONFIRM,
    NORM_UNMATCHED,
    NORM_STEPS_N
};

/* An amount of time: of work, or around the clock. */
struct norm {
    int64_t ms;
    bool is_work;
};

struct norm norm_of(enum norm_step step, enum urgency urgency);
/* The step whose clock runs in a state; false where none does. An offered request whose first
 * window has passed is in NORM_OPEN_WINDOW: timer.h. */
bool norm_of_state(enum state s, enum norm_step *ret_step);

/* What has passed of a norm's kind of time between two instants, never negative; and when `ms` of
 * it will have passed since from_ms. */
int64_t norm_passed(struct norm norm, const struct calendar *c, int64_t from_ms, int64_t to_ms);
int64_t norm_after(struct norm norm, const struct calendar *c, int64_t from_ms, int64_t ms);
/* When a whole step that starts at from_ms is due. */
int64_t norm_due(enum norm_step step, enum urgency urgency, const struct calendar *c,
                 int64_t from_ms);

#endif
