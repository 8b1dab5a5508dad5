/* The life cycle of a request: one table. From its rows come the C decision (transition.c), the
 * guards inside the store's functions (lifecycle.lua, printed at build), `allowed_actions`, the
 * drawing and tables of docs/lifecycle.md and the words of the pages.
 *
 * A row says: this action, in one of these states, by this role in this standing, when this
 * guard holds, leads to that state. What no row allows is refused. Source of the rows: contract
 * section 5 and the domain reference 5.3. */
#ifndef PROTOCOL_LIFECYCLE_H
#define PROTOCOL_LIFECYCLE_H

#include "protocol/principal.h"

#include <stddef.h>
#include <stdio.h>

enum state {
    STATE_SUBMITTED,
    STATE_TRIAGE,
    STATE_AWAITING_COUNTRY,
    STATE_OFFERED,
    STATE_CLAIMED,
    STATE_PLANNED,
    STATE_DELIVERING,
    STATE_ANSWERED,
    STATE_UNMATCHED,
    STATE_CLOSED,
    STATE_WITHDRAWN,
    STATE_MERGED,
    STATE_DECLINED,
    STATE_REFERRED,
    STATES_N,
    STATE_SAME = STATES_N /* a row that moves nothing */
};
extern const char *const state_words[]; /* ends with NULL */

enum action {
    ACTION_SUBMIT, /* creates; never an API verb on a request */
    ACTION_OFFER,  /* the router found a lead */
    ACTION_HOLD,   /* the router leaves it to a person */
    ACTION_REMIND, /* what the clock demands (timer.h): */
    ACTION_OPEN,   /* .. the first window has passed: the lead is open to all routed */
    ACTION_EXPIRE, /* .. the open window, too */
    ACTION_LAPSE,  /* .. no reply to a question */
    ACTION_CLAIM,
    ACTION_DECLINE,
    ACTION_RELEASE,
    ACTION_ASK,
    ACTION_REPLY,
    ACTION_PLAN,
    ACTION_AGREE,
    ACTION_AMEND,
    ACTION_NOTE,
    ACTION_CONTRIBUTE,
    ACTION_ANSWER,
    ACTION_CONFIRM,
    ACTION_CLOSE,
    ACTION_REOPEN,
    ACTION_WITHDRAW,
    ACTION_ROUTE,
    ACTION_REFER,
    ACTION_MERGE,
    ACTION_UNMERGE,
    ACTION_LINK,
    ACTION_JOIN, /* a merge that the country itself wants */
    ACTION_ESCALATE,
    ACTIONS_N
};
extern const char *const action_words[]; /* ends with NULL */

/* What a secretariat must be to this request, beyond its role. */
enum standing {
    STANDING_ANY,       /* roles other than secretariat */
    STANDING_PROPOSED,  /* may take the lead now: proposed lead, or any routed one later on */
    STANDING_INVITED,   /* has a pending offer to support */
    STANDING_LEAD,      /* holds the claim */
    STANDING_SUPPORTER, /* has accepted to support */
    STANDING_TEAM,      /* lead or supporter */
    STANDING_ROUTED,    /* may take the lead, is invited, or is of the team */
    STANDING_CLOSEST    /* would be nearest to it, by the router's scores */
};
extern const char *const standing_words[];

/* What else must hold; the first row whose guard holds is taken. */
enum guard {
    GUARD_NONE,
    GUARD_AS_SUPPORT,   /* the body says role "support" */
    GUARD_AS_LEAD,      /* it does not */
    GUARD_NEXT_LEAD,    /* after this one another secretariat can still be proposed */
    GUARD_NO_LEAD,      /* none can */
    GUARD_FROM_TRIAGE,  /* the question was asked in triage .. */
    GUARD_FROM_CLAIMED, /* .. while claimed .. */
    GUARD_FROM_DELIVERY,
    GUARD_RESOLVED,   /* outcome "resolved" */
    GUARD_UNRESOLVED, /* outcome "partly" or "not_resolved" */
    GUARD_WILLING,    /* closed at most 180 days ago, and the lead has not given it back since .. */
    GUARD_RECENT,     /* .. whether or not */
    GUARD_IN_PART,    /* the body says that more follows */
    /* An action on two requests is one row for each (protocol/merge.h): */
    GUARD_YIELDS,     /* .. the other one was received earlier */
    GUARD_SURVIVES,   /* .. this one was received earlier */
    GUARD_RECEIVES,   /* the same, never as the one acted on */
    GUARD_FOLLOWS,    /* the request that this one is merged into is itself merged, or comes back */
    GUARD_WAS_TRIAGE, /* merged in that state, and undoing is still possible */
    GUARD_WAS_AWAITING,
    GUARD_WAS_OFFERED,
    GUARD_WAS_CLAIMED,
    GUARD_WAS_UNMATCHED,
    /* Escalation, up to LEVEL_MAX: */
    GUARD_BELOW_TOP,
    GUARD_FIRST_HERE, /* .. and its country has not yet done so in this state */
    GUARD_DUE,        /* the clock demands it now */
    GUARD_DUE_NEXT_LEAD,
    GUARD_DUE_NO_LEAD,
    GUARD_LAPSED, /* withdrawn for want of a reply, at most 180 days ago */
    GUARD_CYCLES, /* unmatched for the second time, or for a whole cycle */
    GUARD_ANEW,   /* to others than before, or a cycle has passed */
    /* Nobody is sent away by one desk alone: */
    GUARD_NOBODY_CLOSE,      /* the router found no secretariat that is near */
    GUARD_SOMEBODY_CLOSE,    /* .. it did */
    GUARD_DECLINE_PROPOSED,  /* the desk would decline .. */
    GUARD_REFERRAL_PROPOSED, /* .. or refer it */
    /* What of the help is left to do (item.h): */
    GUARD_PLANNABLE, /* some of it needs a plan, or its kind is not known, or it takes long */
    GUARD_SIMPLE,    /* none of it needs a plan, and no disagreement is unseen */
    GUARD_ACCOUNTED, /* each item is done, dropped or with a supporter, no disagreement unseen */
    GUARD_DISSENT    /* contributors disagree, and the desk has not seen it */
};
enum { GUARDS_N = GUARD_DISSENT + 1 };

/* Who hears of an escalation: 1 the officer of the ball-holder and the deputy, 2 the head of unit
 * and the coordinator, 3 the heads of all routed secretariats and the chair, as information (domain
 * reference 5.9). */
enum { LEVEL_MAX = 3 };
extern const char *const guard_words[];

/* Who holds the ball in a state. */
enum ball { BALL_NONE, BALL_SYSTEM, BALL_COORDINATOR, BALL_COUNTRY, BALL_SECRETARIAT };
extern const char *const ball_words[]; /* BALL_NONE is "" */

struct lifecycle_row {
    enum action action;
    unsigned from; /* bit a state */
    enum role role;
    enum standing standing;
    enum guard guard;
    enum state to; /* or STATE_SAME */
};

extern const struct lifecycle_row lifecycle_rows[];
extern const size_t lifecycle_rows_n;

enum ball lifecycle_ball(enum state s);
bool lifecycle_is_terminal(enum state s);

/* The guards as a Lua table for the store's functions: GUARDS[action][role][from][to] = true. */
void lifecycle_print_lua(FILE *out);
/* docs/lifecycle.md: the drawing (Mermaid), the states with their ball-holder, all rows. */
void lifecycle_print_markdown(FILE *out);
/* For tests of the whole service: a line a row and state, tab between action, state, role,
 * standing, guard and the state afterwards. */
void lifecycle_print_rows(FILE *out);

#endif
