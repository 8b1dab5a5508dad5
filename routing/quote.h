/* Words of the text for each reason of a decision, so that people see what it rests on. */
#ifndef ROUTING_QUOTE_H
#define ROUTING_QUOTE_H

#include "routing/decision.h"

/* Parts the words in `evidence`; no word holds it. */
#define QUOTE_PARTING "; "

/* Fills the evidence of each reason and of what lies outside; all else stays. r is the reading that
 * d was made from. */
void quote_decision(const struct engine *g, const struct reading *r, struct decision *d);

#endif
