/* How likely each secretariat, or a body outside, is the one for a need: multinomial logistic
 * regression on what the text speaks of,
 *
 *   P(class) = exp(z(class)) / sum of exp(z),  z = bias + sum over features of weight * value
 *
 * (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4). Features are the
 * concepts, and the topics and facts that have clear evidence, scaled by how rare they are and to
 * length 1, so that a long letter is no louder than a short one. Concepts are the same in six
 * languages, so a case in one language teaches for all. */
#ifndef ROUTING_CLASSIFIER_H
#define ROUTING_CLASSIFIER_H

#include "config/load.h"
#include "routing/grounds.h"

enum { CLASS_FACTS = TOPICS_MAX, CLASS_CONCEPTS = TOPICS_MAX + FACTS_MAX };

/* Before scaling. */
struct class_feature {
    uint32_t feature; /* topic, CLASS_FACTS + fact, or CLASS_CONCEPTS + concept */
    double amount;
};

enum { CLASS_FEATURES_MAX = GROUNDS_CONCEPTS_MAX + CLASS_CONCEPTS };

/* By feature, each once. Returns how many. */
size_t classifier_features(const struct mandate *m, const struct grounds *v,
                           struct class_feature ret_features[CLASS_FEATURES_MAX]);
const struct class_row *classifier_row(const struct class_weights *c, uint32_t feature);

/* Likelihoods, adding up to 1. One whose treaty the country has not joined gets none. A
 * secretariat that nothing was learned of yet gets the part that its topics have of the evidence;
 * what nobody can have falls to CLASS_OUTSIDE. */
void classifier_weigh(const struct mandate *m, const struct class_weights *c,
                      const struct grounds *v, double ret_likely[CLASSES_MAX]);

#endif
