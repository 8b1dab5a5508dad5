#include "routing/gate.h"

#include <math.h>
#include <string.h>

double gate_said(const struct grounds *v, int secretariat, int lead)
{
    return log1p(v->says[secretariat][lead]);
}

double gate_probability(const struct weights *w, double said, int main_topic, int secretariat)
{
    double x = w->support_base + w->support_said * said;

    if (main_topic >= 0)
        x += w->partner[main_topic][secretariat];
    return 1.0 / (1.0 + exp(-x));
}

bool gate_has_own_fact(const struct rule_candidate *candidate)
{
    for (size_t i = 0; i < candidate->reasons_n; i++)
        if (strncmp(candidate->reasons[i].factor, "base_", 5) != 0 &&
            candidate->reasons[i].points >= RULE_SUPPORT_MIN)
            return true;
    return false;
}

void gate_apply(const struct mandate *m, const struct weights *w, const struct grounds *v,
                struct decision *d)
{
    enum rule_role below =
        v->restricted || decision_is_restricted(m, d) ? RULE_NONE : RULE_INFORMED;

    for (size_t i = 0; d->lead >= 0 && i < d->outcome.candidates_n; i++) {
        struct rule_candidate *candidate = &d->outcome.candidates[i];
        double said;
        if (candidate->role != RULE_SUPPORT || gate_has_own_fact(candidate))
            continue;
        said = gate_said(v, candidate->secretariat, d->lead);
        if (gate_probability(w, said, d->main_topic, candidate->secretariat) < w->support_min)
            candidate->role = below;
    }
}
