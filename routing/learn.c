#include "routing/learn.h"

#include "routing/decision.h"
#include "routing/fit.h"
#include "routing/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- 1: evidence and thresholds ------------------------------------------------------ */

static const char *const searched[] = {"kindred",         "common",         "named",
                                       "topic_min",       "secondary_part", "fact_min",
                                       "fact_common_min", "outside_part",   "outside_min"};
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
};

struct worth {
    double folds[EXAMPLE_FOLDS];
    double sum;
};

static struct worth worth_of(const struct mandate *m, const struct weights *w,
                             const struct sample *s)
{
    struct worth worth = {0};

    for (size_t i = 0; i < s->n; i++) {
        struct judged judged;

        judge_decide(m, w, s->list[i], &judged);
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

/* A supporter of the rules, for the gate. */
struct chance {
    struct fit_row row;
    unsigned fold;
    size_t topic, secretariat;
    bool passes; /* has a fact of its own: supports without being asked */
    bool learns; /* its lead may lead: of wrong leads nothing is learned */
};

struct observed {
    struct chance *chances; /* owned */
    size_t chances_n;
    struct fit_row *leads; /* owned; for the confidence */
    size_t leads_n;
    size_t support_true; /* known supporters in all */
};

enum { GATE_BASE, GATE_SAID, GATE_COLUMNS };
enum { SURE_BASE, SURE_CLEAR, SURE_EVIDENCE, SURE_POINTS, SURE_OUTSIDE, SURE_COLUMNS };
static const double points_scale = 60; /* brings points into the order of the others */

static void observe_lead(const struct example *x, const struct decision *d, struct observed *to)
{
    enum verdict verdict = label_judge_lead(&x->label, d->lead);

    if (verdict == VERDICT_UNKNOWN)
        return;
    to->leads[to->leads_n++] = (struct fit_row){
        .terms = {{SURE_BASE, 1},
                  {SURE_CLEAR, d->sure.clear},
                  {SURE_EVIDENCE, d->sure.evidence},
                  {SURE_POINTS, d->sure.points / points_scale},
                  {SURE_OUTSIDE, d->sure.outside}},
        .terms_n = SURE_COLUMNS,
        .outcome = verdict == VERDICT_RIGHT,
    };
}

/* Pairs get their columns later, when it is known which there are. */
static void observe_supporters(const struct example *x, const struct decision *d,
                               struct observed *to)
{
    struct label beside = label_beside(&x->label, d->lead);

    for (size_t i = 0; i < d->outcome.candidates_n; i++) {
        const struct rule_candidate *c = &d->outcome.candidates[i];
        unsigned bit = 1U << c->secretariat;

        if (c->role != RULE_SUPPORT || !((beside.support | beside.no_support) & bit))
            continue;
        to->chances[to->chances_n++] = (struct chance){
            .row = {.terms = {{GATE_BASE, 1},
                              {GATE_SAID, gate_said(&x->grounds, c->secretariat, d->lead)}},
                    .terms_n = 2,
                    .outcome = (beside.support & bit) != 0},
            .fold = x->fold,
            .topic = (size_t)d->main_topic,
            .secretariat = (size_t)c->secretariat,
            .passes = gate_has_own_fact(c),
            .learns = label_judge_lead(&x->label, d->lead) >= VERDICT_ACCEPTABLE,
        };
    }
}

/* Decides the whole sample with an open gate. */
static void observe(const struct mandate *m, const struct weights *w, const struct sample *s,
                    struct observed *ret_o)
{
    struct weights *open = mem_new(1, sizeof *open);
    struct observed o = {.chances = mem_new(s->n * RULE_SUPPORT_MAX + 1, sizeof *o.chances),
                         .leads = mem_new(s->n + 1, sizeof *o.leads)};

    *open = *w;
    open->support_min = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct decision d;
        struct label beside;

        decision_make(m, open, &s->list[i]->grounds, &d);
        beside = label_beside(&s->list[i]->label, d.lead);
        o.support_true += (size_t)__builtin_popcount(beside.support);
        if (d.lead < 0)
            continue;
        observe_lead(s->list[i], &d, &o);
        observe_supporters(s->list[i], &d, &o);
    }
    free(open);
    *ret_o = o;
}

static void observed_clear(struct observed *o)
{
    free(o->chances);
    free(o->leads);
}

/* --- fitting ------------------------------------------------------------------------- */

/* Pulls toward the prior, in cases. A constant and what the text says are known from many rows, a
 * pair from few. */
static const double ridge_base = 0.01, ridge_slope = 0.1, ridge_partner = 1;
enum { ROWS_MIN = 30 }; /* fewer, or all of one kind, cannot part good from bad */

static bool can_part(const struct fit_row *rows, size_t n)
{
    size_t good = 0;

    for (size_t i = 0; i < n; i++)
        good += rows[i].outcome;
    return n >= ROWS_MIN && good > 0 && good < n;
}

/* The gate's columns: constant, what is said, and one for each pair of main topic and secretariat
 * that the sample has. */
struct gate_fit {
    const struct learn *learn;
    size_t pairs[TOPICS_MAX][SECRETARIATS_MAX]; /* column, 0: none */
    struct fit_column columns[GATE_COLUMNS + TOPICS_MAX * SECRETARIATS_MAX];
    size_t columns_n;
    struct fit_row *rows; /* owned; room for all chances */
    double *weights;      /* owned; room for all columns */
};

static double prior_of(const struct learn *l, double now)
{
    return l->afresh ? 0 : now;
}

static void gate_fit_init(struct gate_fit *g, const struct learn *l, struct observed *o)
{
    const struct weights *now = l->now;

    memset(g, 0, sizeof *g);
    g->learn = l;
    g->columns[GATE_BASE] = (struct fit_column){ridge_base, prior_of(l, now->support_base)};
    g->columns[GATE_SAID] = (struct fit_column){ridge_slope, prior_of(l, now->support_said)};
    g->columns_n = GATE_COLUMNS;
    for (size_t i = 0; i < o->chances_n; i++) {
        struct chance *c = &o->chances[i];
        size_t *column = &g->pairs[c->topic][c->secretariat];

        if (!*column) {
            *column = g->columns_n++;
            g->columns[*column] = (struct fit_column){
                ridge_partner, prior_of(l, now->partner[c->topic][c->secretariat])};
        }
        c->row.terms[c->row.terms_n++] = (struct fit_term){*column, 1};
    }
    g->rows = mem_new(o->chances_n + 1, sizeof *g->rows);
    g->weights = mem_new(g->columns_n, sizeof *g->weights);
}

static void gate_fit_clear(struct gate_fit *g)
{
    free(g->rows);
    free(g->weights);
}

/* Those that the gate is asked about and that teach; but: a fold to leave out, -1: none. */
static size_t gate_rows(struct gate_fit *g, const struct observed *o, int but)
{
    size_t n = 0;

    for (size_t i = 0; i < o->chances_n; i++)
        if (o->chances[i].learns && !o->chances[i].passes && (int)o->chances[i].fold != but)
            g->rows[n++] = o->chances[i].row;
    return n;
}

static void gate_fit_without(struct gate_fit *g, const struct observed *o, int but)
{
    fit_logistic(g->rows, gate_rows(g, o, but), g->columns, g->columns_n, g->weights);
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

    if (c->passes)
        return 1;
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

static void count_partners(const struct observed *o, struct weights *w)
{
    for (size_t i = 0; i < o->chances_n; i++) {
        const struct chance *c = &o->chances[i];
        struct partner_count *count = &w->partner_counts[c->topic][c->secretariat];

        if (c->learns && !c->passes) {
            count->candidates++;
            count->supporters += c->row.outcome;
        }
    }
}

static void fit_gate(const struct learn *l, struct observed *o, struct weights *w)
{
    struct gate_fit *g = mem_new(1, sizeof *g);

    gate_fit_init(g, l, o);
    if (can_part(g->rows, gate_rows(g, o, -1))) {
        weights_set(w, weights_find("support_min"), gate_threshold(g, o));
        gate_fit_without(g, o, -1);
        weights_set(w, weights_find("support_base"), g->weights[GATE_BASE]);
        weights_set(w, weights_find("support_said"), g->weights[GATE_SAID]);
        if (l->afresh) {
            memset(w->partner, 0, sizeof w->partner);
            memset(w->partner_counts, 0, sizeof w->partner_counts);
        }
        count_partners(o, w);
        for (size_t t = 0; t < TOPICS_MAX; t++)
            for (size_t s = 0; s < SECRETARIATS_MAX; s++)
                if (g->pairs[t][s] && w->partner_counts[t][s].candidates)
                    w->partner[t][s] = weights_partner_round(g->weights[g->pairs[t][s]]);
    }
    gate_fit_clear(g);
    free(g);
}

static void fit_confidence(const struct learn *l, const struct observed *o, struct weights *w)
{
    static const struct {
        const char *name;
        double scale;
    } parts[SURE_COLUMNS] = {
        [SURE_BASE] = {"sure_base",     1           },
          [SURE_CLEAR] = {"sure_clear",    1           },
        [SURE_EVIDENCE] = {"sure_evidence", 1           },
          [SURE_POINTS] = {"sure_points",   points_scale},
        [SURE_OUTSIDE] = {"sure_outside",  1           },
    };
    struct fit_column columns[SURE_COLUMNS];
    double weights[SURE_COLUMNS];

    if (!can_part(o->leads, o->leads_n))
        return;
    for (size_t k = 0; k < SURE_COLUMNS; k++) {
        double now = weights_get(l->now, weights_find(parts[k].name)) * parts[k].scale;
        columns[k] =
            (struct fit_column){k == SURE_BASE ? ridge_base : ridge_slope, prior_of(l, now)};
    }
    fit_logistic(o->leads, o->leads_n, columns, SURE_COLUMNS, weights);
    for (size_t k = 0; k < SURE_COLUMNS; k++)
        weights_set(w, weights_find(parts[k].name), weights[k] / parts[k].scale);
}

void learn_fit(const struct learn *l, const struct example *const *list, size_t n,
               struct weights *ret_w)
{
    struct sample s = {list, n};
    struct observed o;

    *ret_w = *l->now;
    search(l->mandate, &s, ret_w);
    observe(l->mandate, ret_w, &s, &o);
    fit_gate(l, &o, ret_w);
    fit_confidence(l, &o, ret_w);
    observed_clear(&o);
}

void learn_held_out(const struct learn *l, const struct examples *x, struct judged *ret_judged)
{
    const struct example **rest = mem_new(x->n + 1, sizeof *rest);
    struct weights *w = mem_new(1, sizeof *w);

    for (unsigned fold = 0; fold < EXAMPLE_FOLDS; fold++) {
        size_t n = 0;

        for (size_t i = 0; i < x->n; i++)
            if (x->list[i].fold != fold)
                rest[n++] = &x->list[i];
        learn_fit(l, rest, n, w);
        for (size_t i = 0; i < x->n; i++)
            if (x->list[i].fold == fold)
                judge_decide(l->mandate, w, &x->list[i], &ret_judged[i]);
    }
    free(rest);
    free(w);
}
