/* One step of the life cycle, decided on values alone: a record, an action, who asks and what
 * they say in; the record as it is afterwards and the line for its history out. The store then
 * writes it only if the record is still at the version this was decided on. */
#ifndef PROTOCOL_TRANSITION_H
#define PROTOCOL_TRANSITION_H

#include "protocol/fault.h"
#include "protocol/field.h"
#include "protocol/timer.h"

/* What an action on several requests together makes of one of them (merge.h decides it). */
enum side {
    SIDE_YIELDS,   /* becomes merged, or comes back */
    SIDE_RECEIVES, /* survives, or gives back */
    SIDE_FOLLOWS   /* is merged already: only into whom changes */
};
struct merging {
    enum side side;
    const char *into;     /* YIELDS to a merge, FOLLOWS: id of the survivor; borrowed */
    int64_t undo_ms;      /* YIELDS to a merge: until when it can be undone */
    enum urgency urgency; /* what YIELDS (coming back) and RECEIVES have from now on */
    enum disclosure disclosure;
    bool restricted;
};

/* What an action's body may say; which members an action takes is in transition_fields. */
struct transition_input {
    const char *text;      /* question, reply, plan, note, contribution, answer, reason in words */
    int reason;            /* index in reason_words, -1 */
    int outcome;           /* index in outcome_words, 0 */
    int as;                /* index in offer_role_words, -1: not said */
    int64_t epoch;         /* -1: not said */
    const char *lead;      /* route */
    const json_t *support; /* route: array of codes */
    const char *better;    /* decline: who is better placed */
    const char *body;      /* refer: outside body */
    const char *other;     /* merge, join, link: id or reference of the other request */
    int relation;          /* link: enum relation */
    const json_t *not_of;  /* route: array of ids and references; NULL: not said */
    int urgency;           /* route, amend: from now on; -1: as it was */
    const char *due;       /* plan: date of delivery, as field.h checks it; NULL: none */
    const char *next_door; /* decline: where else its country may turn */
    bool in_part;          /* reply: more follows */
    bool dissents;         /* contribute: from what others say */
    int64_t rating;        /* confirm: 1 to 5; 0: not said */
    const json_t *done, *dropped; /* numbers of items (item.h) */
    const json_t *items;          /* claim: which to take; confirm: which did not help */
    const json_t *parts;          /* plan, note: who contributes what until when */
    /* Not from the body: */
    const char *officer; /* who of a secretariat acts, as the token says; NULL, "": none */
    const struct merging *merging;     /* merge, join, unmerge: never NULL when applied */
    const struct record *counterpart;  /* the other request, for the history; NULL: none */
    const struct calendars *calendars; /* of all actors; NULL: all work Monday to Friday, UTC */
    const struct timer_act *act;       /* by the clock: what was due, for the history; NULL: none */
};
/* Nothing said. */
extern const struct transition_input transition_silent;

/* The rows of an action's body (field.h), ending with a row without name. */
const struct field *transition_fields(enum action a);
/* Decodes a body; doc NULL is an empty object. Texts stay borrowed from doc. */
bool transition_decode(enum action a, const json_t *doc, const struct field_codes *codes,
                       struct transition_input *ret_input, struct faults *faults);

/* What the body must say, or must not, to this request by that person: a decline names the next
 * door, items and supporters are those of the request. False: faults were added. */
bool transition_check(const struct record *r, enum action a, const struct principal *who,
                      const struct transition_input *in, int64_t now_ms, struct faults *faults);

/* Decides. On ERR_OK *r is the record afterwards (version + 1, clocks, offers) and *ret_row the
 * row taken. On failure *r is untouched:
 *   ERR_STATE    no row allows it now
 *   ERR_CLAIMED  a claim that somebody else holds, or an epoch that is no longer current */
enum err_code transition_apply(struct record *r, enum action a, const struct principal *who,
                               const struct transition_input *in, int64_t now_ms,
                               const struct lifecycle_row **ret_row, struct err *e) ERR_CHECK;

/* Bits of the actions that this reader could take now with a fitting body. */
unsigned transition_allowed(const struct record *r, const struct principal *who, int64_t now_ms);

/* The router's step: offers to lead (may be "": then ACTION_HOLD) and supporters, in order. */
struct routed {
    const char *lead;
    const char *support[RECORD_OFFERS_MAX];
    size_t support_n;
    const char *informed[RECORD_OFFERS_MAX];
    size_t informed_n;
    bool restricted;
};
/* Makes the offers of *to on r; their window begins with the step that offers them. */
void transition_offer(struct record *r, const struct routed *to);

/* Whether this secretariat may take the lead at now: the proposed lead, or any routed one once
 * the first window has passed. */
bool transition_may_lead(const struct record *r, const char *secretariat, int64_t now_ms);

#endif
