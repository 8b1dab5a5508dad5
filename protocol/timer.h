/* The clock of a request: it runs for the one who has the ball, in that one's own calendar, and
 * says when what must be done: reminders, escalations, ended windows and leases (domain
 * reference 5.9, 6).
 *
 *   since_ms           when the present run of the clock began
 *   timer.used_ms      what of the norm was used up in earlier runs: a clock stops while another
 * one has the ball, and goes on when the ball comes back; a change of urgency changes the norm, not
 * what is used up timer.done_n       rows of the step's schedule that are done, so each is done
 * once timer.grace_ms     added to the norm: a reminder that came late moves what comes after it,
 * for nobody loses a request without the warnings in time due_ms, wake_ms    computed from these:
 * when the norm is used up, when the next row is due
 *
 * Pure values: nobody's present time is asked for. The rows are acted on by the worker role
 * `clock`, through the life cycle's table like every other action (GUARD_DUE). */
#ifndef PROTOCOL_TIMER_H
#define PROTOCOL_TIMER_H

#include "protocol/norm.h"
#include "protocol/record.h"

#include <stdio.h>

/* Something the clock demands. */
struct timer_act {
    enum action action;
    int degree;                      /* remind: percent of the norm; escalate: level; else 0 */
    char whom[PRINCIPAL_TEXT_BYTES]; /* remind: who is reminded; else "" */
    int row;                         /* of the schedule; -1: of a contribution */
    int offer;                       /* whose contribution; -1: none */
};

/* What is due at now; false: nothing. Of several missed escalations the highest. */
bool timer_due(const struct record *r, const struct calendars *c, int64_t now_ms,
               struct timer_act *ret_act);
/* Notes that it was done, for what leaves the record in its state: remind and escalate. */
void timer_done(struct record *r, const struct calendars *c, const struct timer_act *act,
                int64_t now_ms);

/* What is used up when the clock stops at now. */
struct timer timer_stopped(const struct record *r, const struct calendars *c, int64_t now_ms);
/* Starts the clock of the present state from nothing, or from what `used` says. */
void timer_start(struct record *r, const struct calendars *c, struct timer used, int64_t now_ms);
/* Computes due_ms, wake_ms, the lease and the due times of pending offers anew. */
void timer_set(struct record *r, const struct calendars *c);

/* Share of the norm that is used up, in percent; above 100 when overdue. 0: no clock runs. */
int timer_percent(const struct record *r, const struct calendars *c, int64_t now_ms);
/* For docs/lifecycle.md: the norms, and what the clock demands at which share of them. */
void timer_print_markdown(FILE *out);

/* When a supporter that begins at now must have contributed. */
int64_t timer_contribution_ms(const struct record *r, const struct calendars *c,
                              const char *secretariat, int64_t now_ms);

#endif
