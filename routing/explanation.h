/* A decision in sentences, for people who know no software. They are made from what a decision left
 * as JSON (routing/decision.h), so one that was stored long ago is told in the language of whoever
 * reads it now. The words are rows of config/messages.csv:
 *
 *   decision.lead      We propose that {lead} takes the lead.     what is proposed, and how sure
 *   candidate.support  Please involve {support} too: ..             why this one
 *   factor.trade.words The text ({evidence}) speaks of ..           each reason, by what proves it
 *   office.cites       the secretariat of CITES                     as it stands inside a sentence
 *   topic.about.X      the restoration of wetlands                  as it follows "is about"
 *   list.quote         “{word}”                                     marks and commas of the script
 */
#ifndef ROUTING_EXPLANATION_H
#define ROUTING_EXPLANATION_H

#include "config/words.h"

#include <jansson.h>

/* Gives routing, its referral, triage, candidates and reasons a `text` in that language (index,
 * config/mandate.h). Any of them may be missing, as a reader may not see all. */
void explanation_add(const struct words *w, json_t *routing, int language);
/* The same for each of `duplicates` and of `related`, the requests of other countries (similar.h);
 * list may be NULL. */
void explanation_add_duplicates(const struct words *w, json_t *list, int language);
void explanation_add_related(const struct words *w, json_t *list, int language);

#endif
