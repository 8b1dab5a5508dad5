/* Logistic regression with a ridge, by Newton's method: the weights that make
 *
 *   sum over rows of log P(outcome | row) - sum over columns of ridge / 2 * (weight - prior)^2
 *
 * greatest, P = 1 / (1 + exp(-sum of weight * value)). With each ridge > 0 there is exactly one
 * such point; it does not depend on the order of rows beyond rounding. See Hastie, Tibshirani,
 * Friedman, The Elements of Statistical Learning, 4.4.1 and 3.4.1. */
#ifndef ROUTING_FIT_H
#define ROUTING_FIT_H

#include <stdbool.h>
#include <stddef.h>

enum { FIT_TERMS_MAX = 8 };

/* One observation: the columns that are not 0 in it. */
struct fit_row {
    struct fit_term {
        size_t column;
        double value;
    } terms[FIT_TERMS_MAX];
    size_t terms_n;
    bool outcome;
};

struct fit_column {
    double ridge; /* > 0; in cases: how many would have to speak against the prior */
    double prior;
};

void fit_logistic(const struct fit_row *rows, size_t rows_n, const struct fit_column *columns,
                  size_t columns_n, double *ret_weights);

#endif
