#include "routing/classifier_fit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const double ridge = 0.07; /* in cases, for values of length 1 */
enum { STEPS = 400 };

/* A feature of one case, scaled. */
struct cell {
    size_t column;
    double value;
};

struct fitting {
    const struct class_case *cases; /* borrowed */
    size_t n;
    size_t features_n;
    /* Only what some case has is fitted. Owned. */
    size_t *columns;             /* by feature; NO_COLUMN: in no case */
    size_t columns_n;            /* the biases' column comes after */
    struct cell *cells;          /* owned, one case behind the other */
    size_t *begins;              /* owned; of each case, and the end */
    size_t classes[CLASSES_MAX]; /* that are learned */
    size_t classes_n;
    /* Owned, columns_n rows of classes_n, then the biases. */
    double *weights, *ahead, *slope, *prior;
};

#define NO_COLUMN SIZE_MAX

static size_t weights_n(const struct fitting *f)
{
    return (f->columns_n + 1) * f->classes_n;
}

/* --- scaling ------------------------------------------------------------------------- */

static void columns_make(struct fitting *f)
{
    f->columns = mem_new(f->features_n, sizeof *f->columns);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->cases[i].features_n; k++)
            f->columns[f->cases[i].features[k].feature] = 1;
    for (size_t j = 0; j < f->features_n; j++)
        f->columns[j] = f->columns[j] ? f->columns_n++ : NO_COLUMN;
}

static float *idf_make(const struct fitting *f, const struct class_weights *now)
{
    float *idf = mem_new(f->features_n, sizeof *idf);

    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->cases[i].features_n; k++)
            idf[f->cases[i].features[k].feature]++;
    for (size_t k = 0; k < f->features_n; k++) {
        float known = now ? classifier_row(now, (uint32_t)k)->idf : 0;
        if (known > 0)
            idf[k] = known;
        else if (idf[k] > 0)
            idf[k] = class_weight_round(log((double)(f->n + 1) / (double)idf[k]));
    }
    return idf;
}

static void cells_make(struct fitting *f, const float *idf)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->cases[i].features_n;
    f->cells = mem_new(n + 1, sizeof *f->cells);
    f->begins = mem_new(f->n + 1, sizeof *f->begins);
    n = 0;
    for (size_t i = 0; i < f->n; i++) {
        double squares = 0;
        for (size_t k = 0; k < f->cases[i].features_n; k++) {
            const struct class_feature *x = &f->cases[i].features[k];
            double value = x->amount * (double)idf[x->feature];
            f->cells[n++] = (struct cell){f->columns[x->feature], value};
            squares += value * value;
        }
        f->begins[i + 1] = n;
        for (size_t k = f->begins[i]; k < n && squares > 0; k++)
            f->cells[k].value /= sqrt(squares);
    }
}

/* --- steps --------------------------------------------------------------------------- */

/* P(class) of case i by the weights `ahead`. */
static void likely_make(const struct fitting *f, size_t i, double likely[CLASSES_MAX])
{
    const double *bias = f->ahead + f->columns_n * f->classes_n;
    double most = -INFINITY, sum = 0;

    memcpy(likely, bias, f->classes_n * sizeof *likely);
    for (size_t c = f->begins[i]; c < f->begins[i + 1]; c++) {
        const double *row = f->ahead + f->cells[c].column * f->classes_n;
        for (size_t k = 0; k < f->classes_n; k++)
            likely[k] += row[k] * f->cells[c].value;
    }
    for (size_t k = 0; k < f->classes_n; k++)
        most = fmax(most, likely[k]);
    for (size_t k = 0; k < f->classes_n; k++) {
        likely[k] = exp(likely[k] - most);
        sum += likely[k];
    }
    for (size_t k = 0; k < f->classes_n; k++)
        likely[k] /= sum;
}

static void slope_make(struct fitting *f)
{
    double *bias = f->slope + f->columns_n * f->classes_n;

    for (size_t j = 0; j < weights_n(f); j++)
        f->slope[j] = ridge * (f->ahead[j] - f->prior[j]);
    memset(bias, 0, f->classes_n * sizeof *bias);
    for (size_t i = 0; i < f->n; i++) {
        double miss[CLASSES_MAX];
        likely_make(f, i, miss);
        for (size_t k = 0; k < f->classes_n; k++) {
            miss[k] -= f->cases[i].labels[f->classes[k]];
            bias[k] += miss[k];
        }
        for (size_t c = f->begins[i]; c < f->begins[i + 1]; c++) {
            double *row = f->slope + f->cells[c].column * f->classes_n;
            for (size_t k = 0; k < f->classes_n; k++)
                row[k] += miss[k] * f->cells[c].value;
        }
    }
}

/* Bound of the curvature: half the greatest eigenvalue of the values' products, which power
 * iteration finds; biases count as a feature of value 1. */
static double curvature(const struct fitting *f)
{
    double *v = mem_new(f->columns_n + 1, sizeof *v), *next = mem_new(f->columns_n + 1, sizeof *v);
    double length = 1;

    for (size_t j = 0; j <= f->columns_n; j++)
        v[j] = 1 / sqrt((double)(f->columns_n + 1));
    for (int step = 0; step < 20; step++) {
        memset(next, 0, (f->columns_n + 1) * sizeof *next);
        for (size_t i = 0; i < f->n; i++) {
            double dot = v[f->columns_n];
            for (size_t c = f->begins[i]; c < f->begins[i + 1]; c++)
                dot += v[f->cells[c].column] * f->cells[c].value;
            next[f->columns_n] += dot;
            for (size_t c = f->begins[i]; c < f->begins[i + 1]; c++)
                next[f->cells[c].column] += dot * f->cells[c].value;
        }
        length = 0;
        for (size_t j = 0; j <= f->columns_n; j++)
            length += next[j] * next[j];
        length = sqrt(length);
        for (size_t j = 0; j <= f->columns_n && length > 0; j++)
            v[j] = next[j] / length;
    }
    free(v);
    free(next);
    return 0.55 * length + ridge; /* a tenth more than half: power iteration comes from below */
}

static void climb(struct fitting *f)
{
    double step = 1 / curvature(f), t = 1;

    for (int i = 0; i < STEPS; i++) {
        double t_next = (1 + sqrt(1 + 4 * t * t)) / 2, momentum = (t - 1) / t_next;
        slope_make(f);
        for (size_t j = 0; j < weights_n(f); j++) {
            double moved = f->ahead[j] - step * f->slope[j];
            f->ahead[j] = moved + momentum * (moved - f->weights[j]);
            f->weights[j] = moved;
        }
        t = t_next;
    }
}

/* --- in and out ---------------------------------------------------------------------- */

static void prior_make(struct fitting *f, const struct class_weights *now)
{
    for (size_t j = 0; now && j < f->features_n; j++)
        for (size_t k = 0; f->columns[j] != NO_COLUMN && k < f->classes_n; k++)
            f->prior[f->columns[j] * f->classes_n + k] =
                (double)classifier_row(now, (uint32_t)j)->weights[f->classes[k]];
    for (size_t k = 0; now && k < f->classes_n; k++)
        f->prior[f->columns_n * f->classes_n + k] = now->bias[f->classes[k]];
    memcpy(f->weights, f->prior, weights_n(f) * sizeof *f->weights);
    memcpy(f->ahead, f->prior, weights_n(f) * sizeof *f->ahead);
}

static void weights_take(const struct fitting *f, const float *idf, const struct class_weights *now,
                         struct class_weights *ret_c)
{
    for (size_t j = 0; j < f->features_n; j++) {
        struct class_row *row = j < CLASS_FACTS      ? &ret_c->topics[j]
                                : j < CLASS_CONCEPTS ? &ret_c->facts[j - CLASS_FACTS]
                                                     : &ret_c->concepts[j - CLASS_CONCEPTS];
        if (now)
            *row = *classifier_row(now, (uint32_t)j);
        if (f->columns[j] == NO_COLUMN)
            continue;
        row->idf = idf[j];
        for (size_t k = 0; k < f->classes_n; k++)
            row->weights[f->classes[k]] =
                class_weight_round(f->weights[f->columns[j] * f->classes_n + k]);
    }
    for (size_t k = 0; k < f->classes_n; k++) {
        ret_c->learned[f->classes[k]] = true;
        ret_c->bias[f->classes[k]] =
            (double)class_weight_round(f->weights[f->columns_n * f->classes_n + k]);
    }
}

static void classes_make(struct fitting *f, const struct mandate *m,
                         const struct class_weights *now)
{
    for (size_t k = 0; k < CLASSES_MAX; k++) {
        bool learned = k == CLASS_OUTSIDE || (now && k < m->secretariats_n && now->learned[k]);

        for (size_t i = 0; i < f->n && !learned; i++)
            learned = f->cases[i].labels[k] > 0;
        if (learned)
            f->classes[f->classes_n++] = k;
    }
}

void classifier_fit(const struct class_case *cases, size_t n, const struct mandate *m,
                    size_t concepts_n, const struct class_weights *now, struct class_weights *ret_c)
{
    struct fitting f = {.cases = cases, .n = n, .features_n = CLASS_CONCEPTS + concepts_n};
    float *idf = idf_make(&f, now);

    classes_make(&f, m, now);
    columns_make(&f);
    cells_make(&f, idf);
    f.weights = mem_new(weights_n(&f), sizeof *f.weights);
    f.ahead = mem_new(weights_n(&f), sizeof *f.ahead);
    f.slope = mem_new(weights_n(&f), sizeof *f.slope);
    f.prior = mem_new(weights_n(&f), sizeof *f.prior);
    prior_make(&f, now);
    climb(&f);
    memset(ret_c, 0, sizeof *ret_c);
    ret_c->concepts = mem_new(concepts_n + 1, sizeof *ret_c->concepts);
    weights_take(&f, idf, now, ret_c);
    free(idf);
    free(f.columns);
    free(f.cells);
    free(f.begins);
    free(f.weights);
    free(f.ahead);
    free(f.slope);
    free(f.prior);
}
