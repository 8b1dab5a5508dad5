#include "routing/classifier.h"

#include "routing/reading_inside.h"
#include "routing/rule.h"

#include <math.h>
#include <string.h>

/* Evidence from which a topic or fact is a feature, and what makes it weigh about as a concept
 * does. */
#define CLEAR 3.0
#define SCALE 0.5

size_t classifier_features(const struct mandate *m, const struct grounds *v,
                           struct class_feature ret_features[CLASS_FEATURES_MAX])
{
    size_t n = 0;

    for (uint32_t t = 0; t < m->topics_n; t++)
        if (v->topics[t] > CLEAR)
            ret_features[n++] = (struct class_feature){t, log1p(v->topics[t]) * SCALE};
    for (uint32_t f = 0; f < m->facts_n; f++)
        if (v->facts[f] > CLEAR)
            ret_features[n++] = (struct class_feature){CLASS_FACTS + f, log1p(v->facts[f]) * SCALE};
    for (size_t i = 0; i < v->concepts_n; i++)
        ret_features[n++] = (struct class_feature){CLASS_CONCEPTS + v->concepts[i].concept,
                                                   reading_saturate((double)v->concepts[i].amount)};
    return n;
}

const struct class_row *classifier_row(const struct class_weights *c, uint32_t feature)
{
    if (feature < CLASS_FACTS)
        return &c->topics[feature];
    return feature < CLASS_CONCEPTS ? &c->facts[feature - CLASS_FACTS]
                                    : &c->concepts[feature - CLASS_CONCEPTS];
}

/* z of each learned class. */
static void scores_make(const struct mandate *m, const struct class_weights *c,
                        const struct grounds *v, double scores[CLASSES_MAX])
{
    struct class_feature features[CLASS_FEATURES_MAX];
    size_t n = classifier_features(m, v, features);
    double squares = 0;

    memcpy(scores, c->bias, sizeof c->bias);
    for (size_t i = 0; i < n; i++) {
        features[i].amount *= (double)classifier_row(c, features[i].feature)->idf;
        squares += features[i].amount * features[i].amount;
    }
    for (size_t i = 0; i < n && squares > 0; i++) {
        const struct class_row *row = classifier_row(c, features[i].feature);
        double amount = features[i].amount / sqrt(squares);
        for (size_t k = 0; k < CLASSES_MAX; k++)
            scores[k] += (double)row->weights[k] * amount;
    }
}

/* Those of whom weights are known and who may take part. */
static bool has_weights(const struct mandate *m, const struct class_weights *c,
                        const struct grounds *v, size_t k)
{
    if (k != CLASS_OUTSIDE && (k >= m->secretariats_n || v->party[k] == PARTY_NO))
        return false;
    return c->learned[k];
}

/* Part of all topics' evidence that is for topics which the secretariat usually leads. */
static double evidence_part(const struct mandate *m, const struct grounds *v, size_t secretariat)
{
    double all = 0, own = 0;

    for (size_t t = 0; t < m->topics_n; t++) {
        double evidence = fmax(v->topics[t], 0);

        all += evidence;
        if (m->topics[t].base[secretariat] >= RULE_BASE_LEAD)
            own += evidence;
    }
    return all > 0 ? own / all : 0;
}

/* Two who lead the same topic share it. Returns what is left of 1. */
static double new_share(const struct mandate *m, const struct class_weights *c,
                        const struct grounds *v, double likely[CLASSES_MAX])
{
    double sum = 0;

    for (size_t s = 0; s < m->secretariats_n; s++)
        if (!c->learned[s] && v->party[s] != PARTY_NO) {
            likely[s] = evidence_part(m, v, s);
            sum += likely[s];
        }
    if (sum <= 1)
        return 1 - sum;
    for (size_t s = 0; s < m->secretariats_n; s++)
        likely[s] /= sum;
    return 0;
}

/* Softmax over those that can be, of what the others leave. What nobody can have is outside. */
static void learned_share(const struct mandate *m, const struct class_weights *c,
                          const double scores[CLASSES_MAX], const struct grounds *v, double rest,
                          double likely[CLASSES_MAX])
{
    double most = -INFINITY, sum = 0;

    for (size_t k = 0; k < CLASSES_MAX; k++)
        if (has_weights(m, c, v, k))
            most = fmax(most, scores[k]);
    for (size_t k = 0; k < CLASSES_MAX; k++)
        if (has_weights(m, c, v, k)) {
            likely[k] = exp(scores[k] - most);
            sum += likely[k];
        }
    if (sum <= 0)
        likely[CLASS_OUTSIDE] = rest;
    for (size_t k = 0; k < CLASSES_MAX && sum > 0; k++)
        if (has_weights(m, c, v, k))
            likely[k] *= rest / sum;
}

void classifier_weigh(const struct mandate *m, const struct class_weights *c,
                      const struct grounds *v, double ret_likely[CLASSES_MAX])
{
    double scores[CLASSES_MAX], rest;

    memset(ret_likely, 0, CLASSES_MAX * sizeof *ret_likely);
    scores_make(m, c, v, scores);
    rest = new_share(m, c, v, ret_likely);
    learned_share(m, c, scores, v, rest, ret_likely);
}
