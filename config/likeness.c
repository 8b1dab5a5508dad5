#include "config/likeness.h"

#include "config/csv.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *const likeness_names[LIKENESS_EVIDENCE_N] = {
    [LIKENESS_COSINE] = "cosine",
    [LIKENESS_NEAR] = "near",
    [LIKENESS_SPREAD] = "spread",
    [LIKENESS_COVER] = "cover",
    [LIKENESS_TITLE] = "title",
    [LIKENESS_TITLES] = "titles",
    [LIKENESS_TOPICS] = "topics",
    [LIKENESS_NAMES] = "names",
    [LIKENESS_NAMES_APART] = "names_apart",
    [LIKENESS_NUMBERS] = "numbers",
    [LIKENESS_NUMBERS_APART] = "numbers_apart",
    [LIKENESS_THINGS] = "things",
    [LIKENESS_THINGS_APART] = "things_apart",
    [LIKENESS_TITLE_APART] = "title_apart",
    [LIKENESS_FORM] = "form",
    [LIKENESS_CROSS] = "cross",
};

/* Rows that are no evidence. */
static const struct {
    const char *name;
    size_t at; /* offset in struct likeness_weights */
} others[] = {
    {"base",         offsetof(struct likeness_weights, base)        },
    {"certain_min",  offsetof(struct likeness_weights, certain_min) },
    {"likely_min",   offsetof(struct likeness_weights, likely_min)  },
    {"possible_min", offsetof(struct likeness_weights, possible_min)},
};
enum {
    OTHERS_N = sizeof others / sizeof others[0],
    ROWS_N = OTHERS_N + LIKENESS_EVIDENCE_N,
    LIMIT = 1000
};

struct loader {
    struct likeness_weights weights;
    bool seen[ROWS_N];
};

static const char *row_name(size_t i)
{
    return i < OTHERS_N ? others[i].name : likeness_names[i - OTHERS_N];
}

static size_t row_offset(size_t i)
{
    if (i < OTHERS_N)
        return others[i].at;
    return offsetof(struct likeness_weights, evidence) + (i - OTHERS_N) * sizeof(double);
}

static enum err_code likeness_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    const char *name = NULL;
    double value, low, high;
    enum err_code rc;
    size_t i = 0;

    if ((rc = csv_require(row, "name", &name, e)) ||
        (rc = csv_decimal(row, "low", -LIMIT, LIMIT, &low, e)) ||
        (rc = csv_decimal(row, "high", -LIMIT, LIMIT, &high, e)) ||
        (rc = csv_decimal(row, "value", low, high, &value, e)))
        return rc;
    while (i < ROWS_N && strcmp(row_name(i), name) != 0)
        i++;
    if (i == ROWS_N)
        return csv_fault(row, e, "unknown weight \"%.60s\"", name);
    if (l->seen[i])
        return csv_fault(row, e, "\"%s\" twice", name);
    l->seen[i] = true;
    memcpy((char *)&l->weights + row_offset(i), &value, sizeof value);
    return ERR_OK;
}

enum err_code likeness_load(const char *dir, struct likeness_weights *ret_w, struct err *e)
{
    struct loader l = {0};
    enum err_code rc = csv_read_in(dir, "similar.csv", likeness_row, &l, e);

    for (size_t i = 0; rc == ERR_OK && i < ROWS_N; i++)
        if (!l.seen[i])
            rc = err_set(e, ERR_CONFIG, "%s/similar.csv: no row \"%s\"", dir, row_name(i));
    if (rc == ERR_OK &&
        !(0 <= l.weights.possible_min && l.weights.possible_min <= l.weights.likely_min &&
          l.weights.likely_min <= l.weights.certain_min))
        rc = err_set(e, ERR_CONFIG, "%s/similar.csv: possible_min, likely_min, certain_min fall",
                     dir);
    if (rc == ERR_OK)
        *ret_w = l.weights;
    return rc;
}
