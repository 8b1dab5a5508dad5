/* What learning found, for people: how good the weights in use and the learned ones are, and which
 * weights change. */
#ifndef CLI_LEARN_REPORT_H
#define CLI_LEARN_REPORT_H

#include "routing/judge.h"

#include <stdio.h>

/* All borrowed; each array of judged has a row for each example. */
struct learn_report {
    const struct mandate *mandate;
    const struct terms *terms;
    const struct examples *examples;
    const struct weights *now, *learned;
    const struct judged *by_now;   /* decided by the weights in use */
    const struct judged *held_out; /* by weights that were learned without the example's fold */
    const struct judged *by_learned;
};

void learn_report_write(const struct learn_report *r, FILE *out);

#endif
