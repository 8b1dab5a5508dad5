/* What a decision rests on, as numbers: what `liaison assess --features` prints. For developers; no
 * interface for programs outside the project. */
#ifndef ROUTING_INPUTS_H
#define ROUTING_INPUTS_H

#include "routing/decision.h"

/* New reference: {lead, main, secondary, confidence, likely: {code: 0..1}, topics, facts, named,
 * outside: evidence by code, candidates: [{secretariat, score, role, reasons: [factor, points],
 * gate: [features]}]}. */
json_t *inputs_json(const struct mandate *m, const struct grounds *v, const struct decision *d)
    __attribute__((returns_nonnull));

#endif
