#include "routing/learn.h"

#include "routing/classifier_fit.h"
#include "routing/decision.h"
#include "routing/fit.h"
#include "routing/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is learned from all but one fold, for looking at that fold. */
struct unseen {
    struct class_weights classes[EXAMPLE_FOLDS], supporters[EXAMPLE_FOLDS]; /* owned */
};

/* --- 1: who leads, who comes in ------------------------------------------------------ */

/* Supporters take this part of the likelihood: they are who comes next. */
static const double support_part = 0.1;

/* Where only refusals are known: as likely as they were before, without those who refused. A
 * refusal does not begin the learning of somebody else: that takes a case of their own. */
static void labels_without(const struct learn *l, const struct example *x,
                           double labels[CLASSES_MAX])
{
    double sum = 0;

    classifier_weigh(l->mandate, l->now->classes, &x->grounds, labels);
    for (size_t k = 0; k < CLASSES_MAX; k++) {
        if (!l->now->classes->learned[k] || (k != CLASS_OUTSIDE && x->label.not_lead >> k & 1))
            labels[k] = 0;
        sum += labels[k];
    }
    for (size_t k = 0; k < CLASSES_MAX && sum > 0; k++)
        labels[k] /= sum;
    if (sum <= 0)
        labels[CLASS_OUTSIDE] = 1;
}

/* The supporters share what is given, each as much. Returns how many they are. */
static int labels_share(const struct example *x, double whole, double labels[CLASSES_MAX])
{
    unsigned support = x->label.support & ~(x->label.lead >= 0 ? 1U << x->label.lead : 0);
    int n = __builtin_popcount(support);

    for (size_t s = 0; s < SECRETARIATS_MAX; s++)
        if (support >> s & 1)
            labels[s] = whole / n;
    return n;
}

/* False: nothing is known of who leads. labels are 0. */
static bool label_lead(const struct learn *l, const struct example *x, double labels[CLASSES_MAX])
{
    const struct label *known = &x->label;

    if (!known->lead_known && !known->not_lead)
        return false;
    if (!known->lead_known)
        labels_without(l, x, labels);
    else if (known->lead < 0)
        labels[CLASS_OUTSIDE] = 1;
    else
        labels[known->lead] = labels_share(x, support_part, labels) > 0 ? 1 - support_part : 1;
    return true;
}

/* Those who come in share it; outside: nobody does. False: not known. labels are 0. */
static bool label_support(const struct learn *l, const struct example *x,
                          double labels[CLASSES_MAX])
{
    const struct label *known = &x->label;
    unsigned all = (1U << l->mandate->secretariats_n) - 1;
    unsigned told = known->support | known->no_support;

    if (!known->lead_known)
        return false;
    if (known->lead >= 0)
        told |= 1U << known->lead;
    if (labels_share(x, 1, labels) > 0)
        return true;
    labels[CLASS_OUTSIDE] = 1;
    return (told & all) == all;
}

typedef bool label_fn(const struct learn *l, const struct example *x, double labels[CLASSES_MAX]);

/* but: a fold to leave out, -1: none. now: what it is pulled toward, unless all begins afresh. */
static void learn_classes(const struct learn *l, label_fn *label, const struct example *const *list,
                          size_t n, int but, const struct class_weights *now,
                          struct class_weights *ret_c)
{
    struct class_case *cases = mem_new(n + 1, sizeof *cases);
    size_t cases_n = 0;

    for (size_t i = 0; i < n; i++) {
        memset(cases[cases_n].labels, 0, sizeof cases[cases_n].labels);
        if ((int)list[i]->fold == but || !label(l, list[i], cases[cases_n].labels))
            continue;
        cases[cases_n].features_n =
            classifier_features(l->mandate, &list[i]->grounds, cases[cases_n].features);
        cases_n++;
    }
    classifier_fit(cases, cases_n, l->mandate, l->terms->concepts_n, l->afresh ? NULL : now, ret_c);
    free(cases);
}

static void learn_both(const struct learn *l, const struct example *const *list, size_t n, int but,
                       struct class_weights *ret_classes, struct class_weights *ret_supporters)
{
    learn_classes(l, label_lead, list, n, but, l->now->classes, ret_classes);
    learn_classes(l, label_support, list, n, but, l->now->supporters, ret_supporters);
}

/* --- 2: evidence and thresholds ------------------------------------------------------ */

static const char *const searched[] = {"kindred",  "common",          "named",     "secondary_part",
                                       "fact_min", "fact_common_min", "likely_min"};
static const double steps[] = {0.6, 0.8, 1.25, 1.6};

enum {
    SEARCHED_N = sizeof searched / sizeof searched[0],
    STEPS_N = sizeof steps / sizeof steps[0],
    ROUNDS = 2
};
/* So many wrong leads a step must put right, and no fold may lose by it: less is chance. */
static const double step_leads_min = 3, step_leads_part = 0.01;

struct sample {
    const struct example *const *list; /* borrowed */
    size_t n;
    const struct unseen *unseen; /* borrowed */
};

/* The weights through which an example is looked at. */
static struct weights weights_for(const struct weights *w, const struct sample *s,
                                  const struct example *x)
{
    struct weights seen = *w;

    seen.classes = &s->unseen->classes[x->fold];
    seen.supporters = &s->unseen->supporters[x->fold];
    return seen;
}

struct worth {
    double folds[EXAMPLE_FOLDS];
    double sum;
};

static struct worth worth_of(const struct mandate *m, const struct weights *w,
                             const struct sample *s)
{
    struct worth worth = {0};

    for (size_t i = 0; i < s->n; i++) {
        struct weights seen = weights_for(w, s, s->list[i]);
        struct judged judged;

        judge_decide(m, &seen, s->list[i], &judged);
        worth.folds[s->list[i]->fold] += judge_worth(s->list[i], judged.lead);
    }
    for (unsigned f = 0; f < EXAMPLE_FOLDS; f++)
        worth.sum += worth.folds[f];
    return worth;
}

static bool is_better(const struct worth *a, const struct worth *b, double gain)
{
    for (unsigned f = 0; f < EXAMPLE_FOLDS; f++)
        if (a->folds[f] < b->folds[f])
            return false;
    return a->sum >= b->sum + gain;
}

/* Each weight a step down or up, while the lead gets better. */
static void search(const struct mandate *m, const struct sample *s, struct weights *w)
{
    struct worth best = worth_of(m, w, s);
    double gain = JUDGE_RIGHT_WORTH * fmax(step_leads_min, step_leads_part * (double)s->n);

    for (unsigned round = 0; round < ROUNDS; round++) {
        bool moved = false;

        for (size_t i = 0; i < SEARCHED_N; i++)
            for (size_t k = 0; k < STEPS_N; k++) {
                size_t at = weights_find(searched[i]);
                double old = weights_get(w, at);
                struct worth found;

                weights_set(w, at, old * steps[k]);
                found = worth_of(m, w, s);
                if (is_better(&found, &best, gain)) {
                    best = found;
                    moved = true;
                } else {
                    weights_set(w, at, old);
                }
            }
        if (!moved)
            return;
    }
}

/* --- what the decisions of the sample have to say ------------------------------------ */

/* One whom the gate is asked about. */
struct chance {
    struct fit_row row;
    unsigned fold;
    bool learns; /* its lead may lead: of wrong leads nothing is learned */
};

struct observed {
    struct chance *chances; /* owned */
    size_t chances_n;
    struct fit_row *leads; /* owned; for the confidence */
    size_t leads_n;
    size_t support_true; /* known supporters in all */
};

enum { SURE_BASE, SURE_LIKELY, SURE_COLUMNS };

static void observe_lead(const struct example *x, const struct decision *d, struct observed *to)
{
    enum verdict verdict = label_judge_lead(&x->label, d->lead);

    if (verdict == VERDICT_UNKNOWN)
        return;
    to->leads[to->leads_n++] = (struct fit_row){
        .terms = {{SURE_BASE, 1}, {SURE_LIKELY, decision_odds(d->likely[d->lead])}},
        .terms_n = SURE_COLUMNS,
        .outcome = verdict == VERDICT_RIGHT,
    };
}

static void observe_supporters(const struct mandate *m, const struct example *x,
                               const struct decision *d, struct observed *to)
{
    struct label beside = label_beside(&x->label, d->lead);

    for (size_t i = 0; i < d->outcome.candidates_n; i++) {
        const struct rule_candidate *c = &d->outcome.candidates[i];
        unsigned bit = 1U << c->secretariat;
        double features[GATE_FEATURES];
        struct chance chance = {
            .fold = x->fold, .learns = label_judge_lead(&x->label, d->lead) >= VERDICT_ACCEPTABLE};

        if (c->role != RULE_SUPPORT || !((beside.support | beside.no_support) & bit))
            continue;
        gate_features(m, &x->grounds, d, c, features);
        for (size_t k = 0; k < GATE_FEATURES; k++)
            chance.row.terms[k] = (struct fit_term){k, features[k]};
        chance.row.terms_n = GATE_FEATURES;
        chance.row.outcome = (beside.support & bit) != 0;
        to->chances[to->chances_n++] = chance;
    }
}

/* Decides the whole sample with an open gate. */
static void observe(const struct mandate *m, const struct weights *w, const struct sample *s,
                    struct observed *ret_o)
{
    struct observed o = {.chances = mem_new(s->n * SECRETARIATS_MAX + 1, sizeof *o.chances),
                         .leads = mem_new(s->n + 1, sizeof *o.leads)};

    for (size_t i = 0; i < s->n; i++) {
        struct weights open = weights_for(w, s, s->list[i]);
        struct decision d;
        struct label beside;

        open.support_min = 0;
        decision_make(m, &open, &s->list[i]->grounds, &d);
        beside = label_beside(&s->list[i]->label, d.lead);
        o.support_true += (size_t)__builtin_popcount(beside.support);
        if (d.lead < 0)
            continue;
        observe_lead(s->list[i], &d, &o);
        observe_supporters(m, s->list[i], &d, &o);
    }
    *ret_o = o;
}

static void observed_clear(struct observed *o)
{
    free(o->chances);
    free(o->leads);
}

/* --- fitting ------------------------------------------------------------------------- */

/* Pulls toward the prior, in cases. */
static const double ridge_base = 0.01, ridge_slope = 0.5, ridge_sure = 0.05;
enum { ROWS_MIN = 30 }; /* fewer, or all of one kind, cannot part good from bad */

static bool can_part(const struct fit_row *rows, size_t n)
{
    size_t good = 0;

    for (size_t i = 0; i < n; i++)
        good += rows[i].outcome;
    return n >= ROWS_MIN && good > 0 && good < n;
}

static double prior_of(const struct learn *l, double now)
{
    return l->afresh ? 0 : now;
}

static const char *const gate_names[GATE_FEATURES] = {
    "support_base",  "support_said", "support_score", "support_likely",
    "support_joins", "support_own",  "support_lead",  "support_nobody"};

struct gate_fit {
    struct fit_column columns[GATE_FEATURES];
    double weights[GATE_FEATURES];
    struct fit_row *rows; /* owned; room for all chances */
};

static void gate_fit_init(struct gate_fit *g, const struct learn *l, const struct observed *o)
{
    memset(g, 0, sizeof *g);
    for (size_t k = 0; k < GATE_FEATURES; k++)
        g->columns[k] =
            (struct fit_column){k == 0 ? ridge_base : ridge_slope,
                                prior_of(l, weights_get(l->now, weights_find(gate_names[k])))};
    g->rows = mem_new(o->chances_n + 1, sizeof *g->rows);
}

/* Those that teach; but: a fold to leave out, -1: none. */
static size_t gate_rows(struct gate_fit *g, const struct observed *o, int but)
{
    size_t n = 0;

    for (size_t i = 0; i < o->chances_n; i++)
        if (o->chances[i].learns && (int)o->chances[i].fold != but)
            g->rows[n++] = o->chances[i].row;
    return n;
}

static void gate_fit_without(struct gate_fit *g, const struct observed *o, int but)
{
    fit_logistic(g->rows, gate_rows(g, o, but), g->columns, GATE_FEATURES, g->weights);
}

struct ranked {
    double probability;
    bool right;
};

static int ranked_compare(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->probability, y = ((const struct ranked *)b)->probability;

    return (x < y) - (x > y);
}

static double chance_probability(const struct gate_fit *g, const struct chance *c)
{
    double x = 0;

    for (size_t k = 0; k < c->row.terms_n; k++)
        x += g->weights[c->row.terms[k].column] * c->row.terms[k].value;
    return 1 / (1 + exp(-x));
}

/* The threshold with the best F1, sought on probabilities that come from the other folds. */
static double gate_threshold(struct gate_fit *g, const struct observed *o)
{
    struct ranked *ranked = mem_new(o->chances_n + 1, sizeof *ranked);
    double best = 0, threshold = 1;
    size_t n = 0, hits = 0;

    for (int fold = 0; fold < EXAMPLE_FOLDS; fold++) {
        gate_fit_without(g, o, fold);
        for (size_t i = 0; i < o->chances_n; i++)
            if ((int)o->chances[i].fold == fold)
                ranked[n++] = (struct ranked){chance_probability(g, &o->chances[i]),
                                              o->chances[i].row.outcome};
    }
    qsort(ranked, n, sizeof *ranked, ranked_compare);
    for (size_t i = 0; i < n; i++) {
        double f1;

        hits += ranked[i].right;
        if (i + 1 < n && ranked[i + 1].probability >= ranked[i].probability)
            continue; /* equals stand or fall together */
        f1 = 2 * (double)hits / (double)(i + 1 + o->support_true);
        if (f1 > best) {
            best = f1;
            threshold = floor(ranked[i].probability * 1000) / 1000;
        }
    }
    free(ranked);
    return threshold;
}

static void fit_gate(const struct learn *l, const struct observed *o, struct weights *w)
{
    struct gate_fit g;

    gate_fit_init(&g, l, o);
    if (can_part(g.rows, gate_rows(&g, o, -1))) {
        weights_set(w, weights_find("support_min"), gate_threshold(&g, o));
        gate_fit_without(&g, o, -1);
        for (size_t k = 0; k < GATE_FEATURES; k++)
            weights_set(w, weights_find(gate_names[k]), g.weights[k]);
    }
    free(g.rows);
}

static void fit_confidence(const struct learn *l, const struct observed *o, struct weights *w)
{
    static const char *const names[SURE_COLUMNS] = {"sure_base", "sure_likely"};
    struct fit_column columns[SURE_COLUMNS];
    double weights[SURE_COLUMNS];

    if (!can_part(o->leads, o->leads_n))
        return;
    for (size_t k = 0; k < SURE_COLUMNS; k++)
        columns[k] = (struct fit_column){k == SURE_BASE ? ridge_base : ridge_sure,
                                         prior_of(l, weights_get(l->now, weights_find(names[k])))};
    fit_logistic(o->leads, o->leads_n, columns, SURE_COLUMNS, weights);
    for (size_t k = 0; k < SURE_COLUMNS; k++)
        weights_set(w, weights_find(names[k]), weights[k]);
}

static bool has_fold(const struct example *const *list, size_t n, int fold)
{
    for (size_t i = 0; i < n; i++)
        if ((int)list[i]->fold == fold)
            return true;
    return false;
}

void learn_fit(const struct learn *l, const struct example *const *list, size_t n,
               struct learned *ret_l)
{
    struct unseen unseen;
    struct sample s = {list, n, &unseen};
    struct observed o;

    memset(&unseen, 0, sizeof unseen);
    for (int fold = 0; fold < EXAMPLE_FOLDS; fold++)
        if (has_fold(list, n, fold))
            learn_both(l, list, n, fold, &unseen.classes[fold], &unseen.supporters[fold]);
    ret_l->weights = *l->now;
    search(l->mandate, &s, &ret_l->weights);
    observe(l->mandate, &ret_l->weights, &s, &o);
    fit_gate(l, &o, &ret_l->weights);
    fit_confidence(l, &o, &ret_l->weights);
    observed_clear(&o);
    for (int fold = 0; fold < EXAMPLE_FOLDS; fold++) {
        class_weights_clear(&unseen.classes[fold]);
        class_weights_clear(&unseen.supporters[fold]);
    }
    learn_both(l, list, n, -1, &ret_l->classes, &ret_l->supporters);
    ret_l->weights.classes = &ret_l->classes;
    ret_l->weights.supporters = &ret_l->supporters;
}

void learned_clear(struct learned *l)
{
    class_weights_clear(&l->classes);
    class_weights_clear(&l->supporters);
}

void learn_held_out(const struct learn *l, const struct examples *x, struct judged *ret_judged)
{
    const struct example **rest = mem_new(x->n + 1, sizeof *rest);

    for (unsigned fold = 0; fold < EXAMPLE_FOLDS; fold++) {
        struct learned learned = {0};
        size_t n = 0;

        for (size_t i = 0; i < x->n; i++)
            if (x->list[i].fold != fold)
                rest[n++] = &x->list[i];
        learn_fit(l, rest, n, &learned);
        for (size_t i = 0; i < x->n; i++)
            if (x->list[i].fold == fold)
                judge_decide(l->mandate, &learned.weights, &x->list[i], &ret_judged[i]);
        learned_clear(&learned);
    }
    free(rest);
}
