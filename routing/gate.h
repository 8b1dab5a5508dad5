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
/* A fact that alone makes a supporter, without the gate: its own listed site, its own organism. */
bool gate_has_own_fact(const struct rule_candidate *candidate);
/* 0..1: that the candidate supports, from what is said and the partner weight. */
double gate_probability(const struct weights *w, double said, int main_topic, int secretariat);
/* Takes the role of supporters below weights.support_min: they are informed, or nothing where
 * nobody is informed (rule 10). After rule_apply; without a lead nothing is done. */
void gate_apply(const struct mandate *m, const struct weights *w, const struct grounds *v,
                struct decision *d);

#endif
