/* The routing decision: grounds -> topics and facts -> rules -> candidates with reasons. */
#ifndef ROUTING_DECISION_H
#define ROUTING_DECISION_H

#include "routing/grounds.h"
#include "routing/rule.h"

#include <jansson.h>

struct decision {
    struct rule_outcome outcome; /* candidates with roles and reasons */
    int lead;                    /* -1: triage */
    int referral;                /* index into mandate.referrals when the need lies outside; -1 */
    char outside[240];           /* words of the text that speak for it; quote.h */
    int main_topic;              /* -1: none */
    int secondary[2];
    /* routing/classifier.h. */
    double likely[CLASSES_MAX]; /* to lead; CLASS_OUTSIDE: a body outside */
    double joins[CLASSES_MAX];  /* to come in beside a lead; CLASS_OUTSIDE: nobody */
    double confidence;          /* 0..1 */
};

/* Logarithm of p to 1 - p, bounded: what confidence grows with. */
double decision_odds(double p);
/* Pure: the same arguments give the same decision. Without words of the text. */
void decision_make(const struct mandate *m, const struct weights *w, const struct grounds *v,
                   struct decision *ret_d);
/* The same from a reading of d, by the engine's weights, with the words that each reason rests on.
 */
void decision_read(const struct engine *g, const struct reading *r, const struct draft *d,
                   struct grounds *ret_v, struct decision *ret_d);

/* One of its topics is such that supporters see the header only and nobody is informed (rule 10).
 */
bool decision_is_restricted(const struct mandate *m, const struct decision *d);

/* The `routing` member of the API (contract section 4), new reference: outcome, lead, support,
 * informed, confidence, ruleset, topics, referral, triage (why nobody leads, or null), candidates
 * with reasons. A reason's `evidence` parts its words with "; "; `proof` says what they are: name,
 * words or none. All of it codes and words of the text; explanation.h adds the sentences for
 * people. `decided_at` is the caller's. */
json_t *decision_json(const struct engine *g, const struct decision *d)
    __attribute__((returns_nonnull));

#endif
