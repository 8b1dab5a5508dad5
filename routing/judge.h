/* How good decisions are, against what people say is right. */
#ifndef ROUTING_JUDGE_H
#define ROUTING_JUDGE_H

#include "config/weight.h"
#include "routing/example.h"

/* What a decision says, as far as it is judged. */
struct judged {
    int lead;         /* -1: triage */
    unsigned support; /* bit a secretariat */
    double confidence;
};
void judge_decide(const struct mandate *m, const struct weights *w, const struct example *x,
                  struct judged *ret_judged);

#define JUDGE_RIGHT_WORTH 1.5
/* What a lead is worth: JUDGE_RIGHT_WORTH the right one, 0.5 an acceptable one or one that nobody
 * has spoken against, 0 a wrong one, -0.5 to send away a need of ours. */
double judge_worth(const struct example *x, int lead);

/* Sums over examples; zero-initialised it is empty. */
struct tally {
    size_t n;
    size_t known_n, strict_n,
        lenient_n;                 /* whose lead is known; with the right one; or acceptable */
    size_t ours_n, false_triage_n; /* with a known lead of ours; of those sent away */
    size_t others_n, seen_off_n;   /* none of ours; of those in triage */
    size_t refused_n, repeated_n; /* only known who does not lead; of those proposed all the same */
    size_t support_said, support_true, support_hits; /* supporters, where known */
};
void tally_add(struct tally *t, const struct example *x, const struct judged *judged);
/* 2 hits / (said + true), 0 when there are none. */
double tally_support_f1(const struct tally *t);

#endif
