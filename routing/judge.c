#include "routing/judge.h"

#include "routing/decision.h"

void judge_decide(const struct mandate *m, const struct weights *w, const struct example *x,
                  struct judged *ret_judged)
{
    struct decision d;

    decision_make(m, w, &x->grounds, &d);
    *ret_judged = (struct judged){.lead = d.lead, .confidence = d.confidence};
    for (size_t i = 0; d.lead >= 0 && i < d.outcome.candidates_n; i++)
        if (d.outcome.candidates[i].role == RULE_SUPPORT)
            ret_judged->support |= 1U << d.outcome.candidates[i].secretariat;
}

double judge_worth(const struct example *x, int lead)
{
    static const double worth[] = {[VERDICT_UNKNOWN] = 0.5,
                                   [VERDICT_WRONG] = 0,
                                   [VERDICT_ACCEPTABLE] = 0.5,
                                   [VERDICT_RIGHT] = JUDGE_RIGHT_WORTH};
    bool false_triage = x->label.lead_known && x->label.lead >= 0 && lead < 0;

    return worth[label_judge_lead(&x->label, lead)] - (false_triage ? 0.5 : 0);
}

void tally_add(struct tally *t, const struct example *x, const struct judged *judged)
{
    enum verdict verdict = label_judge_lead(&x->label, judged->lead);
    struct label beside = label_beside(&x->label, judged->lead);
    unsigned known = beside.support | beside.no_support;

    t->n++;
    if (x->label.lead_known) {
        t->known_n++;
        t->strict_n += verdict == VERDICT_RIGHT;
        t->lenient_n += verdict >= VERDICT_ACCEPTABLE;
        t->ours_n += x->label.lead >= 0;
        t->false_triage_n += x->label.lead >= 0 && judged->lead < 0;
        t->others_n += x->label.lead < 0;
        t->seen_off_n += x->label.lead < 0 && judged->lead < 0;
    } else if (x->label.not_lead) {
        t->refused_n++;
        t->repeated_n += verdict == VERDICT_WRONG;
    }
    t->support_said += (size_t)__builtin_popcount(judged->support & known);
    t->support_true += (size_t)__builtin_popcount(beside.support);
    t->support_hits += (size_t)__builtin_popcount(judged->support & beside.support);
}

double tally_support_f1(const struct tally *t)
{
    size_t sum = t->support_said + t->support_true;

    return sum ? 2 * (double)t->support_hits / (double)sum : 0;
}
