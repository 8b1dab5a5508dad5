#include "routing/fit.h"

#include "base/err.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TURNS_MAX = 60, HALVINGS_MAX = 40 };
static const double close_enough = 1e-10;

struct fit {
    const struct fit_row *rows; /* borrowed */
    size_t rows_n;
    const struct fit_column *columns; /* borrowed */
    size_t n;
    double *slope;     /* owned, n */
    double *curvature; /* owned, n x n: the negative second derivative, then its Cholesky factor */
    double *trial;     /* owned, n */
};

static double row_sum(const struct fit_row *row, const double *weights)
{
    double sum = 0;

    for (size_t k = 0; k < row->terms_n; k++)
        sum += weights[row->terms[k].column] * row->terms[k].value;
    return sum;
}

/* Never overflows: the exponent is at most 0. */
static double log_likelihood(double x, bool outcome)
{
    double toward = outcome ? x : -x;

    return fmin(toward, 0) - log1p(exp(-fabs(toward)));
}

static double goodness(const struct fit *f, const double *weights)
{
    double sum = 0;

    for (size_t i = 0; i < f->rows_n; i++)
        sum += log_likelihood(row_sum(&f->rows[i], weights), f->rows[i].outcome);
    for (size_t k = 0; k < f->n; k++)
        sum -= f->columns[k].ridge / 2 * pow(weights[k] - f->columns[k].prior, 2);
    return sum;
}

static void add_row(struct fit *f, const struct fit_row *row, const double *weights)
{
    double probability = 1 / (1 + exp(-row_sum(row, weights)));
    double miss = (row->outcome ? 1 : 0) - probability;

    for (size_t a = 0; a < row->terms_n; a++) {
        const struct fit_term *x = &row->terms[a];
        f->slope[x->column] += miss * x->value;
        for (size_t b = 0; b < row->terms_n; b++) {
            const struct fit_term *y = &row->terms[b];
            f->curvature[x->column * f->n + y->column] +=
                probability * (1 - probability) * x->value * y->value;
        }
    }
}

static void derive(struct fit *f, const double *weights)
{
    memset(f->slope, 0, f->n * sizeof *f->slope);
    memset(f->curvature, 0, f->n * f->n * sizeof *f->curvature);
    for (size_t i = 0; i < f->rows_n; i++)
        add_row(f, &f->rows[i], weights);
    for (size_t k = 0; k < f->n; k++) {
        f->slope[k] -= f->columns[k].ridge * (weights[k] - f->columns[k].prior);
        f->curvature[k * f->n + k] += f->columns[k].ridge;
    }
}

/* Solves curvature * step = slope in place, by Cholesky's factor L of the curvature, which is
 * positive definite since each ridge is. The step takes the slope's place. */
static void solve(struct fit *f)
{
    size_t n = f->n;
    double *l = f->curvature, *x = f->slope;

    for (size_t k = 0; k < n; k++) {
        for (size_t j = 0; j < k; j++)
            l[k * n + k] -= l[k * n + j] * l[k * n + j];
        l[k * n + k] = sqrt(l[k * n + k]);
        for (size_t i = k + 1; i < n; i++) {
            for (size_t j = 0; j < k; j++)
                l[i * n + k] -= l[i * n + j] * l[k * n + j];
            l[i * n + k] /= l[k * n + k];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            x[i] -= l[i * n + j] * x[j];
        x[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            x[i] -= l[j * n + i] * x[j];
        x[i] /= l[i * n + i];
    }
}

/* Goes the step, or as much of it as does not make things worse. How far the largest weight moved.
 */
static double advance(struct fit *f, double *weights)
{
    double before = goodness(f, weights), part = 1, moved = 0;

    for (unsigned i = 0; i < HALVINGS_MAX; i++, part /= 2) {
        for (size_t k = 0; k < f->n; k++)
            f->trial[k] = weights[k] + part * f->slope[k];
        if (goodness(f, f->trial) >= before)
            break;
    }
    if (goodness(f, f->trial) < before)
        return 0;
    for (size_t k = 0; k < f->n; k++)
        moved = fmax(moved, fabs(f->trial[k] - weights[k]));
    memcpy(weights, f->trial, f->n * sizeof *weights);
    return moved;
}

void fit_logistic(const struct fit_row *rows, size_t rows_n, const struct fit_column *columns,
                  size_t columns_n, double *ret_weights)
{
    struct fit f = {.rows = rows, .rows_n = rows_n, .columns = columns, .n = columns_n};
    double moved = 1;

    for (size_t k = 0; k < columns_n; k++) {
        if (!(columns[k].ridge > 0))
            bug("column %zu has no ridge", k);
        ret_weights[k] = columns[k].prior;
    }
    f.slope = mem_new(columns_n + 1, sizeof *f.slope);
    f.trial = mem_new(columns_n + 1, sizeof *f.trial);
    f.curvature = mem_new(columns_n * columns_n + 1, sizeof *f.curvature);
    for (unsigned turn = 0; turn < TURNS_MAX && moved > close_enough; turn++) {
        derive(&f, ret_weights);
        solve(&f);
        moved = advance(&f, ret_weights);
    }
    free(f.slope);
    free(f.trial);
    free(f.curvature);
}
