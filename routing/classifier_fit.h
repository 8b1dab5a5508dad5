/* Learns the weights of the classifier: those that make
 *
 *   sum over cases and classes of label * log P(class | case)
 *       - ridge / 2 * sum of (weight - prior)^2
 *
 * greatest; biases are free. One point does, whatever the order of cases; it is gone to by
 * accelerated gradient steps (Nesterov), so many that the last ones move nothing that is kept. */
#ifndef ROUTING_CLASSIFIER_FIT_H
#define ROUTING_CLASSIFIER_FIT_H

#include "routing/classifier.h"

struct class_case {
    struct class_feature features[CLASS_FEATURES_MAX]; /* classifier_features */
    size_t features_n;
    double labels[CLASSES_MAX]; /* add up to 1 */
};

/* now: prior and idf of what is known already; NULL: from nothing. A class is learned when a label
 * names it or now has it. ret_c as its file holds it. */
void classifier_fit(const struct class_case *cases, size_t n, const struct mandate *m,
                    size_t concepts_n, const struct class_weights *now,
                    struct class_weights *ret_c);

#endif
