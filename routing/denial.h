/* What a text says it is not about: "the elephants and their trade permits are not the issue".
 * The words that deny are data (config/terms/denials.csv); here is only how far they reach. */
#ifndef ROUTING_DENIAL_H
#define ROUTING_DENIAL_H

#include "config/term.h"
#include "routing/text.h"

/* Marks of one token. */
enum denial_mark {
    DENIAL_CUE = 1 << 0,   /* belongs to words that deny */
    DENIAL_ASK = 1 << 1,   /* says that something is wanted; set by the caller */
    DENIAL_DENIED = 1 << 2 /* is denied */
};

/* Words that deny, as they stand in the text. */
struct denial_cue {
    enum deny_side side;
    size_t first, last; /* tokens */
    size_t part;        /* first token of the title or the description: it reaches no further */
};

/* Sets DENIAL_DENIED in marks (one a token of t) for what the cue reaches:
 *   DENY_AFTER   the rest of its clause; where nothing follows there, as DENY_BEFORE
 *   DENY_BEFORE  its sentence up to the cue, not across a clause that asks; where nothing stands
 *                before it ("This is not the issue."), the sentence before, unless that asks. */
void denial_mark(const struct text *t, const struct denial_cue *cue, unsigned char *marks);

#endif
