/* Weights from labelled cases. Pure and reproducible: the same examples and weights give the same
 * result, whatever the order of the files they came from.
 *
 *   1 evidence and thresholds  coordinate search over a few weights on who leads
 *   2 support gate             logistic regression on what the text says for each candidate
 *   3 confidence               logistic regression on whether the lead is right
 *
 * All three work on grounds, so that a case needs no text. The weights by which a text is read
 * (what stands in the title, what a term is worth) are not learned here: grounds are made with
 * them. See docs/decisions/012-learning-from-use.md. */
#ifndef ROUTING_LEARN_H
#define ROUTING_LEARN_H

#include "routing/judge.h"

enum { LEARN_EXAMPLES_MIN = 50 }; /* with a known lead: fewer teach nothing but chance */

struct learn {
    const struct mandate *mandate; /* borrowed */
    const struct weights *now;     /* borrowed; the weights in use */
    /* The examples are all that the weights in use come from, and more: the support gate and the
     * confidence begin at nothing. Else they are pulled toward the weights in use. */
    bool afresh;
};

/* ret_w: weights as their files hold them. */
void learn_fit(const struct learn *l, const struct example *const *list, size_t n,
               struct weights *ret_w);

/* Judges each example by weights that are fitted on the other folds. ret_judged: x->n rows. */
void learn_held_out(const struct learn *l, const struct examples *x, struct judged *ret_judged);

#endif
