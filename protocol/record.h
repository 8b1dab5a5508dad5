/* A request as it is kept: what everyone may need clear, what only readers may see sealed.
 *
 *   clear   state, version, country: the store's functions check them
 *           meta: the rest of struct record as one compact JSON text
 *   sealed  body: the request document exactly as it came
 *           inner: JSON object with routing, its grounds (numbers and codes, for no reader),
 *           duplicates, question, plan, answer, contributions
 */
#ifndef PROTOCOL_RECORD_H
#define PROTOCOL_RECORD_H

#include "base/err.h"
#include "base/id.h"
#include "protocol/absence.h"
#include "protocol/item.h"
#include "protocol/lifecycle.h"
#include "protocol/word.h"

#include <jansson.h>
#include <stdint.h>

enum {
    RECORD_OFFERS_MAX = 16,
    RECORD_READERS_MAX = 2 * RECORD_OFFERS_MAX + 1,
    RECORD_REFERENCE_BYTES = 32,
    RECORD_NAME_MAX = 40,     /* of an id or a reference, as people name a request */
    RECORD_REFERRED_MAX = 60, /* code points */
    RECORD_REFERRED_BYTES = 4 * RECORD_REFERRED_MAX + 1
};

enum offer_role { OFFER_LEAD, OFFER_SUPPORT };
extern const char *const offer_role_words[];

enum offer_state {
    OFFER_PENDING,
    OFFER_ACCEPTED,
    OFFER_DECLINED,
    OFFER_EXPIRED,
    OFFER_WITHDRAWN,
    OFFER_COMPLETED
};
extern const char *const offer_state_words[];

/* More questions than these raise a flag to the desk (domain reference 5.5). */
enum { QUESTIONS_MANY = 3 };

/* A supporter is reminded of its contribution before it is late, and when it is. */
enum { CONTRIBUTION_REMINDERS = 2 };

struct offer {
    char secretariat[PRINCIPAL_OF_BYTES];
    enum offer_role role;
    enum offer_state state;
    int64_t due_ms; /* pending: until when; a supporter at work: when it must contribute; 0: open */
    int reason;     /* index in reason_words, -1: none */
    int64_t awaited_ms;     /* a supporter at work: since when its contribution is awaited */
    int64_t contributed_ms; /* .. when it last did; 0: not yet */
    int reminded_n;         /* .. of its contribution: before it is late, and when it is */
    bool dissents;          /* .. from what the others say */
    enum offer_state was;   /* of a merged request: before it was merged */
};

/* In triage, what the desk would do when another one agrees. */
enum proposal { PROPOSAL_NONE, PROPOSAL_DECLINE, PROPOSAL_REFERRAL };
extern const char *const proposal_words[]; /* PROPOSAL_NONE is "" */

/* Contributors that disagree: the desk hears of it before the answer goes out. */
enum dissent { DISSENT_NONE, DISSENT_UNSEEN, DISSENT_SEEN };
extern const char *const dissent_words[]; /* DISSENT_NONE is "" */

/* What of a clock's norm is used up (timer.h). */
struct timer {
    int64_t used_ms, grace_ms, done_n;
};

struct record {
    char id[ID_BYTES];
    char reference[RECORD_REFERENCE_BYTES]; /* "LN-2026-KEN-0001" */
    char country[4];
    enum language language;
    enum urgency urgency;
    enum disclosure disclosure;
    enum state state;
    int64_t version; /* 1 when submitted, +1 a transition */

    int64_t submitted_ms;
    int64_t updated_ms;
    int64_t since_ms;         /* when the present run of this state's clock began */
    int64_t due_ms;           /* 0: no clock runs */
    int64_t wake_ms;          /* when the clock demands something next; 0: never */
    struct timer timer, kept; /* kept: of the clock that goes on when the ball comes back */

    char lead[PRINCIPAL_OF_BYTES]; /* proposed lead while offered, then the claim's holder */
    char officer[OFFICER_BYTES];   /* of the claim's holder: whose claim it is; "": the pool's */
    int64_t epoch;                 /* +1 a claim */
    int64_t claimed_ms, lease_ms;  /* 0 without a claim */
    struct offer offers[RECORD_OFFERS_MAX]; /* in order of their candidates' score */
    size_t offers_n;
    char informed[RECORD_OFFERS_MAX][PRINCIPAL_OF_BYTES];
    size_t informed_n;
    bool restricted;         /* supporters see the header only (rule 3.2/10) */
    bool is_open;            /* offered: every routed secretariat may take the lead */
    int64_t unmatched_n;     /* how often it became unmatched */
    int64_t plan_due_ms;     /* the plan's own date, 0: it has none .. */
    int64_t plan_ms;         /* .. and, once agreed to, how long that left for delivery */
    enum state return_state; /* in awaiting_country: where a reply leads */
    enum outcome outcome;
    int64_t reopened_n;
    int level;      /* of escalation, 0..LEVEL_MAX; 0 again in another state */
    bool is_raised; /* its country has escalated it in this state */
    char referred[RECORD_REFERRED_BYTES]; /* outside body, "" unless referred, or proposed to be */

    char closest[PRINCIPAL_OF_BYTES]; /* left to a person: who is nearest by score; "": nobody */
    enum proposal proposal;
    int proposed_reason; /* with a proposal: index in reason_words, -1: none */
    int64_t asked_n;     /* how many questions its country was asked */
    bool is_unwilling;   /* closed: its lead would not go on */
    enum dissent dissent;
    unsigned kinds; /* of help, bits of enum kind; 0: not said */
    struct item items[ITEMS_MAX];
    size_t items_n;

    char merged_into[ID_BYTES]; /* the survivor, "" unless merged; what follows is then set */
    enum state merged_from;     /* where undoing leads */
    int64_t undo_ms;            /* until when it can be undone */
    char join[ID_BYTES];        /* the request that its country wished to join, "": none */
};

/* Everything but id, reference, country, state and version, which stand beside it. */
json_t *record_meta(const struct record *r) __attribute__((returns_nonnull));
/* Fills the rest of r from meta. ERR_INTERNAL when it is not what record_meta writes. */
enum err_code record_read_meta(struct record *r, const json_t *meta, struct err *e) ERR_CHECK;

/* True when text has the form of a reference, whose country (as "KEN") is then in ret_country. */
bool record_is_reference(const char *text, char ret_country[4]);
/* Whether a was received before b: which of two requests survives a merge. */
bool record_is_first(const struct record *a, const struct record *b);

/* The offer of that secretariat, NULL: none. Borrowed. */
struct offer *record_offer(struct record *r, const char *secretariat);
const struct offer *record_offer_find(const struct record *r, const char *secretariat);

/* How much of a record somebody may see: nothing (answered as 404); no words of people; the title
 * but not the rest; everything. */
enum record_view { RECORD_HIDDEN, RECORD_HEADER, RECORD_TITLE, RECORD_FULL };
enum record_view record_view_of(const struct record *r, const struct principal *who);

/* Secretariats that have it in their lists (an offer, informed, or consulted in triage), as
 * pointers into r; open requests are in every secretariat's list once routed: the caller adds
 * those. Returns how many. */
size_t record_readers(const struct record *r, const char *ret_codes[RECORD_READERS_MAX]);

#endif
