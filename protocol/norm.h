/* How long a step may take: norms by step and urgency (domain reference 6.2). Working days are
 * Monday to Friday, UTC; hours run around the clock. */
#ifndef PROTOCOL_NORM_H
#define PROTOCOL_NORM_H

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
    NORM_CONFIRM,
    NORM_UNMATCHED,
    NORM_STEPS_N
};

/* When a step that starts at from_ms is due. */
int64_t norm_due(enum norm_step step, enum urgency urgency, int64_t from_ms);
/* The step whose clock runs in a state; false where none does. */
bool norm_of_state(enum state s, enum norm_step *ret_step);

#endif
