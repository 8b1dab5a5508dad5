#include "routing/gate.h"

#include "routing/reading_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a concept says for a secretariat: the best of its topics, as the secretariat's base
 * points for that topic have it. */
static double concept_says(const struct config *c, const struct concept *concept, int secretariat)
{
    double most = 0;

    for (size_t k = 0; k < concept->evidence_n; k++) {
        const struct evidence *v = &concept->evidence[k];
        if (v->kind == TARGET_TOPIC)
            most = fmax(most, reading_worth(&c->weights, v->weight) *
                                  c->mandate.topics[v->target].base[secretariat] / RULE_BASE_LEAD);
    }
    return most;
}

double gate_said(const struct config *c, const struct reading *r, int secretariat, int lead)
{
    size_t n = r->text.tokens_n > 0 ? r->text.tokens[r->text.tokens_n - 1].sentence + 1UL : 0;
    double *more =
        mem_new(n + 1, sizeof *more); /* by sentence: for the candidate, less the lead's */
    double said = 0;

    for (size_t i = 0; i < r->spoken_n; i++) {
        const struct spoken *s = &r->spoken[i];
        const struct concept *concept = &c->terms.concepts[s->concept];
        /* The title and the first sentence say where and to whom it happened. */
        if (s->sentence == 0 || reading_zone(r, s->start) != ZONE_BODY)
            continue;
        more[s->sentence] +=
            reading_saturate((double)s->weight) *
            (concept_says(c, concept, secretariat) - concept_says(c, concept, lead));
    }
    for (size_t i = 0; i < n; i++)
        said += fmax(more[i], 0);
    free(more);
    return log1p(said);
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

void gate_apply(const struct config *c, const struct reading *r, const struct draft *d,
                struct decision *decision)
{
    enum rule_role below =
        d->restricted || decision_is_restricted(&c->mandate, decision) ? RULE_NONE : RULE_INFORMED;

    for (size_t i = 0; decision->lead >= 0 && i < decision->outcome.candidates_n; i++) {
        struct rule_candidate *candidate = &decision->outcome.candidates[i];
        double said;
        if (candidate->role != RULE_SUPPORT || gate_has_own_fact(candidate))
            continue;
        said = gate_said(c, r, candidate->secretariat, decision->lead);
        if (gate_probability(&c->weights, said, decision->main_topic, candidate->secretariat) <
            c->weights.support_min)
            candidate->role = below;
    }
}
