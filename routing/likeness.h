/* What speaks for and against two requests being the same need, and how likely that makes it. The
 * numbers are data: config/likeness.h. */
#ifndef ROUTING_LIKENESS_H
#define ROUTING_LIKENESS_H

#include "config/likeness.h"
#include "routing/similar.h"
#include "routing/vector.h"

struct likeness {
    double evidence[LIKENESS_EVIDENCE_N]; /* 0..1 each */
    bool same_text;
    bool names_compare; /* a name that is missing says "another place" */
    bool title_apart;   /* each title has a name, number, site or species that the other lacks */
    bool words_apart;   /* each title has a word of any kind that the other text lacks */
    size_t shared_n;    /* at most SIMILAR_WORDS_MAX */
    struct {
        float worth;
        uint16_t term;           /* index in ours */
    } shared[SIMILAR_WORDS_MAX]; /* strongest first */
};

/* What is compared: a vector and the rarity of each of its terms. Both borrowed. */
struct likeness_side {
    const struct vector *vector;
    const float *rarities;
};

void likeness_of(const struct likeness_side *ours, const struct likeness_side *theirs,
                 struct likeness *ret_l);
double likeness_probability(const struct likeness_weights *w, const struct likeness *l);
enum similar_verdict likeness_verdict(const struct likeness_weights *w, const struct likeness *l,
                                      double probability);

#endif
