#include "routing/gate.h"

#include <math.h>

#define LIKELY_LEAST 1e-5
#define POINTS_SCALE 30.0

double gate_said(const struct grounds *v, int secretariat, int lead)
{
    return log1p(v->says[secretariat][lead]);
}

static double bounded_log(double likely)
{
    return log(fmax(likely, LIKELY_LEAST));
}

/* Of all who do not lead, how likely this one was to: a sure lead leaves the others little, but
 * says nothing of which of them comes first. */
static double likely_next(const struct decision *d, int secretariat)
{
    double likely = d->likely[secretariat];
    double others = 1 - d->likely[d->lead] - likely;

    return bounded_log(likely) - bounded_log(others);
}

/* Listed species, sites, pests: what lies under its convention. */
static double own_facts(const struct mandate *m, const struct grounds *v, int secretariat)
{
    double evidence = 0;

    for (size_t i = 0; i < m->rules_n; i++)
        if ((int)m->rules[i].secretariat == secretariat)
            evidence += fmax(v->facts[m->rules[i].fact], 0);
    return evidence;
}

void gate_features(const struct mandate *m, const struct grounds *v, const struct decision *d,
                   const struct rule_candidate *candidate, double ret_features[GATE_FEATURES])
{
    ret_features[0] = 1;
    ret_features[1] = gate_said(v, candidate->secretariat, d->lead);
    ret_features[2] = candidate->score / POINTS_SCALE;
    ret_features[3] = likely_next(d, candidate->secretariat);
    ret_features[4] = bounded_log(d->joins[candidate->secretariat]);
    ret_features[5] = log1p(own_facts(m, v, candidate->secretariat));
    ret_features[6] = bounded_log(d->likely[d->lead]);
    ret_features[7] = bounded_log(d->joins[CLASS_OUTSIDE]);
}

double gate_probability(const struct weights *w, const double features[GATE_FEATURES])
{
    const double weights[GATE_FEATURES] = {w->support_base,   w->support_said,  w->support_score,
                                           w->support_likely, w->support_joins, w->support_own,
                                           w->support_lead,   w->support_nobody};
    double x = 0;

    for (size_t i = 0; i < GATE_FEATURES; i++)
        x += weights[i] * features[i];
    return 1.0 / (1.0 + exp(-x));
}

static bool may_support(const struct mandate *m, const struct decision *d,
                        const struct rule_candidate *c)
{
    bool admitted = d->main_topic >= 0 &&
                    (m->secretariats[c->secretariat].admits_topics >> d->main_topic & 1) != 0;

    return c->role != RULE_LEAD && c->score >= GATE_POINTS_MIN &&
           (c->eligible != PARTY_NO || admitted);
}

void gate_apply(const struct mandate *m, const struct weights *w, const struct grounds *v,
                struct decision *d)
{
    enum rule_role below =
        v->restricted || decision_is_restricted(m, d) ? RULE_NONE : RULE_INFORMED;
    size_t support_n = 0;

    for (size_t i = 0; d->lead >= 0 && i < d->outcome.candidates_n; i++) {
        struct rule_candidate *c = &d->outcome.candidates[i];
        double features[GATE_FEATURES];

        if (!may_support(m, d, c))
            continue;
        gate_features(m, v, d, c, features);
        if (support_n < RULE_SUPPORT_MAX && gate_probability(w, features) >= w->support_min) {
            c->role = RULE_SUPPORT;
            support_n++;
        } else if (c->role == RULE_SUPPORT) {
            c->role = below;
        }
    }
}
