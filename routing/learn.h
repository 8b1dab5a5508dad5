/* Weights from labelled cases. Pure and reproducible: the same examples and weights give the same
 * result, whatever the order of the files they came from.
 *
 *   1 who leads, who comes in  multinomial logistic regressions, routing/classifier.h
 *   2 evidence and thresholds  coordinate search over a few weights on who leads
 *   3 support gate             logistic regression on what speaks for each candidate
 *   4 confidence               logistic regression on whether the lead is right
 *
 * 2 to 4 look at each example through likelihoods that were learned from the other folds: what was
 * learned from a case says more of that case than it would of another.
 *
 * All work on grounds, so that a case needs no text. The weights by which a text is read
 * (what stands in the title, what a term is worth) are not learned here: grounds are made with
 * them. See docs/decisions/012-learning-from-use.md. */
#ifndef ROUTING_LEARN_H
#define ROUTING_LEARN_H

#include "routing/judge.h"

enum { LEARN_EXAMPLES_MIN = 50 }; /* with a known lead: fewer teach nothing but chance */

struct learn {
    const struct mandate *mandate; /* borrowed */
    const struct terms *terms;     /* borrowed */
    const struct weights *now;     /* borrowed; the weights in use */
    /* The examples are all that the weights in use come from, and more: all that is fitted begins
     * at nothing. Else it is pulled toward the weights in use. */
    bool afresh;
};

struct learned {
    struct weights weights;                   /* points to the next two */
    struct class_weights classes, supporters; /* owned */
};

/* ret_l: weights as their files hold them; learned_clear frees. */
void learn_fit(const struct learn *l, const struct example *const *list, size_t n,
               struct learned *ret_l);
void learned_clear(struct learned *l);

/* Judges each example by weights that are fitted on the other folds. ret_judged: x->n rows. */
void learn_held_out(const struct learn *l, const struct examples *x, struct judged *ret_judged);

#endif
