#include "routing/fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { BASE, X, COLUMNS_N };

/* cmocka compares as float, which is too coarse here. */
static void assert_near(double a, double b, double within)
{
    if (!(fabs(a - b) <= within))
        fail_msg("%.12g is not %.12g", a, b);
}

static struct fit_row row_of(double x, bool outcome)
{
    return (struct fit_row){
        .terms = {{BASE, 1}, {X, x}},
          .terms_n = 2, .outcome = outcome
    };
}

/* For each x so many rows that the outcomes have just the probability of the weights given. */
static size_t rows_of(double base, double slope, struct fit_row *rows)
{
    enum { EACH = 1000 };
    size_t n = 0;

    for (double x = -2; x <= 2; x += 0.5)
        for (unsigned i = 0; i < EACH; i++)
            rows[n++] = row_of(x, i < EACH / (1 + exp(-(base + slope * x))));
    return n;
}

static void test_known_weights_are_found_again(void **state)
{
    static struct fit_row rows[9000];
    const struct fit_column columns[COLUMNS_N] = {
        {1e-6, 0},
        {1e-6, 0}
    };
    size_t n = rows_of(-0.7, 1.9, rows);
    double weights[COLUMNS_N];

    (void)state;
    fit_logistic(rows, n, columns, COLUMNS_N, weights);
    assert_near(weights[BASE], -0.7, 0.01);
    assert_near(weights[X], 1.9, 0.01);
}

static void test_order_does_not_matter(void **state)
{
    static struct fit_row rows[9000], turned[9000];
    const struct fit_column columns[COLUMNS_N] = {
        {1, 0},
        {1, 0}
    };
    size_t n = rows_of(0.3, -1, rows);
    double weights[COLUMNS_N], other[COLUMNS_N];

    (void)state;
    for (size_t i = 0; i < n; i++)
        turned[n - 1 - i] = rows[i];
    fit_logistic(rows, n, columns, COLUMNS_N, weights);
    fit_logistic(turned, n, columns, COLUMNS_N, other);
    assert_near(weights[BASE], other[BASE], 1e-9);
    assert_near(weights[X], other[X], 1e-9);
}

/* Only the prior holds a weight that all rows pull to infinity, and with the ridge as its force. */
static void test_one_sided_rows_stay_finite(void **state)
{
    const struct fit_row rows[] = {row_of(1, true), row_of(2, true), row_of(900, true)};
    const struct fit_column loose[COLUMNS_N] = {
        {0.01, 0},
        {0.01, 0}
    };
    const struct fit_column tight[COLUMNS_N] = {
        {10, 0},
        {10, 0}
    };
    double free_[COLUMNS_N], held[COLUMNS_N];

    (void)state;
    fit_logistic(rows, 3, loose, COLUMNS_N, free_);
    fit_logistic(rows, 3, tight, COLUMNS_N, held);
    assert_true(isfinite(free_[BASE]) && isfinite(free_[X]));
    assert_true(free_[X] > held[X] && held[X] > 0);
}

static void test_without_rows_the_prior_stays(void **state)
{
    const struct fit_column columns[COLUMNS_N] = {
        {1,   -2  },
        {0.5, 0.25}
    };
    double weights[COLUMNS_N];

    (void)state;
    fit_logistic(NULL, 0, columns, COLUMNS_N, weights);
    assert_near(weights[BASE], -2, 1e-12);
    assert_near(weights[X], 0.25, 1e-12);
}

static void test_a_column_nobody_has_keeps_its_prior(void **state)
{
    struct fit_row rows[2] = {row_of(1, true), row_of(1, false)};
    const struct fit_column columns[COLUMNS_N + 1] = {
        {1, 0},
        {1, 0},
        {1, 7}
    };
    double weights[COLUMNS_N + 1];

    (void)state;
    fit_logistic(rows, 2, columns, COLUMNS_N + 1, weights);
    assert_near(weights[COLUMNS_N], 7, 1e-9);
}

/* One row, one column: the slope is 0 where outcome - P = ridge * (weight - prior). */
static void test_the_ridge_is_counted_in_cases(void **state)
{
    const struct fit_row row = {.terms = {{0, 1}}, .terms_n = 1, .outcome = true};
    const struct fit_column column = {2, 0.5};
    double weight;

    (void)state;
    fit_logistic(&row, 1, &column, 1, &weight);
    assert_near(1 - 1 / (1 + exp(-weight)), 2 * (weight - 0.5), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_weights_are_found_again),
        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_one_sided_rows_stay_finite),
        cmocka_unit_test(test_without_rows_the_prior_stays),
        cmocka_unit_test(test_a_column_nobody_has_keeps_its_prior),
        cmocka_unit_test(test_the_ridge_is_counted_in_cases),
    };

    return cmocka_run_group_tests_name("fit", tests, NULL, NULL);
}
