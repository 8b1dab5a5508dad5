/* The support gate: whether a candidate that the rules call supporter has a part of its own in
 * what is written (docs/decisions/007-support-gate.md). The rules add points for topics and
 * facts; in a text, points for the main topic alone say only that the secretariat might care. */
#ifndef ROUTING_GATE_H
#define ROUTING_GATE_H

#include "routing/decision.h"

#include <stdbool.h>

/* What the text says for a candidate and not for the lead: log of 1 + the evidence of those
 * sentences after the opening that say more for the candidate. 0: no sentence does. */
double gate_said(const struct grounds *v, int secretariat, int lead);
/* What the gate looks at, in the order of struct weights: 1; what is said; the candidate's points;
 * log of its likelihood to lead over that of all but it and the lead; log of its likelihood to
 * come in beside a lead; log of 1 + the evidence for facts that speak for it; logs of the lead's
 * likelihood and of that that nobody comes in. Likelihoods are bounded from below. */
enum { GATE_FEATURES = 8 };
void gate_features(const struct mandate *m, const struct grounds *v, const struct decision *d,
                   const struct rule_candidate *candidate, double ret_features[GATE_FEATURES]);
/* 0..1: that the candidate has a part of its own. */
double gate_probability(const struct weights *w, const double features[GATE_FEATURES]);
/* Of those with GATE_POINTS_MIN points the candidates from weights.support_min on support, at most
 * RULE_SUPPORT_MAX; the rules' other supporters are informed, or nothing where nobody is informed
 * (rule 10). After rule_apply; without a lead nothing is done. */
enum { GATE_POINTS_MIN = 15 };
void gate_apply(const struct mandate *m, const struct weights *w, const struct grounds *v,
                struct decision *d);

#endif
