#include "config/weight.h"

#include "config/csv.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One row of routing.csv: a further weight is a row there, one here and a member. */
static const struct weight {
    const char *name;
    size_t at; /* offset in struct weights */
} table[] = {
    {"title",             offsetof(struct weights, title)            },
    {"theme",             offsetof(struct weights, theme)            },
    {"asking",            offsetof(struct weights, asking)           },
    {"denied",            offsetof(struct weights, denied)           },
    {"covered",           offsetof(struct weights, covered)          },
    {"worth_1",           offsetof(struct weights, worth[0])         },
    {"worth_2",           offsetof(struct weights, worth[1])         },
    {"worth_3",           offsetof(struct weights, worth[2])         },
    {"worth_4",           offsetof(struct weights, worth[3])         },
    {"worth_5",           offsetof(struct weights, worth[4])         },
    {"worth_6",           offsetof(struct weights, worth[5])         },
    {"worth_7",           offsetof(struct weights, worth[6])         },
    {"worth_8",           offsetof(struct weights, worth[7])         },
    {"worth_9",           offsetof(struct weights, worth[8])         },
    {"theme_code",        offsetof(struct weights, theme_code)       },
    {"site",              offsetof(struct weights, site)             },
    {"site_whc_topic",    offsetof(struct weights, site_whc_topic)   },
    {"site_ramsar_topic", offsetof(struct weights, site_ramsar_topic)},
    {"species_cms",       offsetof(struct weights, species_cms)      },
    {"species_cetacean",  offsetof(struct weights, species_cetacean) },
    {"species_pest",      offsetof(struct weights, species_pest)     },
    {"species_crop",      offsetof(struct weights, species_crop)     },
    {"kindred",           offsetof(struct weights, kindred)          },
    {"common",            offsetof(struct weights, common)           },
    {"named",             offsetof(struct weights, named)            },
    {"named_max",         offsetof(struct weights, named_max)        },
    {"topic_min",         offsetof(struct weights, topic_min)        },
    {"secondary_part",    offsetof(struct weights, secondary_part)   },
    {"secondary_min",     offsetof(struct weights, secondary_min)    },
    {"fact_min",          offsetof(struct weights, fact_min)         },
    {"fact_common_min",   offsetof(struct weights, fact_common_min)  },
    {"outside_part",      offsetof(struct weights, outside_part)     },
    {"outside_min",       offsetof(struct weights, outside_min)      },
    {"support_base",      offsetof(struct weights, support_base)     },
    {"support_said",      offsetof(struct weights, support_said)     },
    {"support_min",       offsetof(struct weights, support_min)      },
    {"sure_base",         offsetof(struct weights, sure_base)        },
    {"sure_clear",        offsetof(struct weights, sure_clear)       },
    {"sure_evidence",     offsetof(struct weights, sure_evidence)    },
    {"sure_points",       offsetof(struct weights, sure_points)      },
    {"sure_outside",      offsetof(struct weights, sure_outside)     },
};

enum { WEIGHTS_N = sizeof table / sizeof table[0], PARTNER_MAX = 9 };
_Static_assert((int)WEIGHTS_N <= (int)WEIGHTS_MAX, "limits has a row for each weight");

struct loader {
    const struct mandate *mandate; /* borrowed */
    struct weights weights;
    bool seen[WEIGHTS_N];
    bool partner_seen[TOPICS_MAX][SECRETARIATS_MAX];
};

/* Plain decimals only: no "inf", no hexadecimal, no exponent. */
static enum err_code decimal_read(const struct csv *row, const char *column, double *ret_n,
                                  struct err *e)
{
    const char *cell = NULL;
    char *stop = NULL;
    enum err_code rc = csv_require(row, column, &cell, e);
    double n;

    if (rc != ERR_OK)
        return rc;
    n = strtod(cell, &stop);
    if (cell[strspn(cell, "-.0123456789")] || *stop)
        return csv_fault(row, e, "%s \"%.20s\" is not a decimal number", column, cell);
    *ret_n = n;
    return ERR_OK;
}

static enum err_code weight_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    const char *name = NULL;
    double value, low, high;
    enum err_code rc;
    size_t i = 0;

    if ((rc = csv_require(row, "name", &name, e)) || (rc = decimal_read(row, "value", &value, e)) ||
        (rc = decimal_read(row, "low", &low, e)) || (rc = decimal_read(row, "high", &high, e)))
        return rc;
    while (i < WEIGHTS_N && strcmp(table[i].name, name) != 0)
        i++;
    if (i == WEIGHTS_N)
        return csv_fault(row, e, "unknown weight \"%.60s\"", name);
    if (l->seen[i])
        return csv_fault(row, e, "\"%s\" twice", name);
    if (!(low <= value && value <= high))
        return csv_fault(row, e, "%s: value %s is not in %s..%s", name, csv_cell(row, "value"),
                         csv_cell(row, "low"), csv_cell(row, "high"));
    l->seen[i] = true;
    memcpy((char *)&l->weights + table[i].at, &value, sizeof value);
    l->weights.limits[i] = (struct weight_limits){low, high};
    return ERR_OK;
}

static enum err_code partner_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    const char *topic = NULL, *secretariat = NULL;
    int candidates, supporters;
    double weight;
    enum err_code rc;
    int t, s;

    if ((rc = csv_require(row, "topic", &topic, e)) ||
        (rc = csv_require(row, "secretariat", &secretariat, e)) ||
        (rc = decimal_read(row, "weight", &weight, e)) ||
        (rc = csv_number(row, "candidates", 0, INT_MAX, &candidates, e)) ||
        (rc = csv_number(row, "supporters", 0, INT_MAX, &supporters, e)))
        return rc;
    t = mandate_topic(l->mandate, topic);
    s = mandate_secretariat(l->mandate, secretariat);
    if (t < 0 || s < 0)
        return csv_fault(row, e, "unknown %s \"%.60s\"", t < 0 ? "topic" : "secretariat",
                         t < 0 ? topic : secretariat);
    if (l->partner_seen[t][s])
        return csv_fault(row, e, "%s with %s twice", topic, secretariat);
    if (!(-PARTNER_MAX <= weight && weight <= PARTNER_MAX))
        return csv_fault(row, e, "weight %s is not in -%d..%d", csv_cell(row, "weight"),
                         PARTNER_MAX, PARTNER_MAX);
    l->partner_seen[t][s] = true;
    l->weights.partner[t][s] = weight;
    l->weights.partner_counts[t][s] =
        (struct partner_count){(unsigned)candidates, (unsigned)supporters};
    return ERR_OK;
}

enum err_code weights_load(const char *dir, const struct mandate *m, struct weights *ret_w,
                           struct err *e)
{
    struct loader l = {.mandate = m};
    enum err_code rc = csv_read_in(dir, "routing.csv", weight_row, &l, e);

    for (size_t i = 0; rc == ERR_OK && i < WEIGHTS_N; i++)
        if (!l.seen[i])
            rc = err_set(e, ERR_CONFIG, "%s/routing.csv: no row \"%s\"", dir, table[i].name);
    if (rc == ERR_OK)
        rc = csv_read_in(dir, "partners.csv", partner_row, &l, e);
    if (rc == ERR_OK)
        *ret_w = l.weights;
    return rc;
}

/* --- by position --------------------------------------------------------------------- */

size_t weights_count(void)
{
    return WEIGHTS_N;
}

const char *weights_name(size_t i)
{
    return table[i].name;
}

double weights_get(const struct weights *w, size_t i)
{
    double value;

    memcpy(&value, (const char *)w + table[i].at, sizeof value);
    return value;
}

void weights_set(struct weights *w, size_t i, double value)
{
    value = fmin(fmax(value, w->limits[i].low), w->limits[i].high);
    value = round(value * 1e6) / 1e6;
    memcpy((char *)w + table[i].at, &value, sizeof value);
}

size_t weights_find(const char *name)
{
    size_t i = 0;

    while (i < WEIGHTS_N && strcmp(table[i].name, name) != 0)
        i++;
    if (i == WEIGHTS_N)
        bug("no weight %s", name);
    return i;
}

double weights_partner_round(double weight)
{
    return round(fmin(fmax(weight, -PARTNER_MAX), PARTNER_MAX) * 100) / 100;
}

/* --- files --------------------------------------------------------------------------- */

/* With up to six decimals, none that is not needed: 0.25, 3, -1.5. */
static void number_write(double value, struct buf *out)
{
    char text[64];
    size_t n = (size_t)snprintf(text, sizeof text, "%.6f", value);

    while (text[n - 1] == '0')
        text[--n] = '\0';
    if (text[n - 1] == '.')
        text[--n] = '\0';
    buf_add_text(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static void quoted_write(const char *text, struct buf *out)
{
    buf_add_text(out, "\"");
    for (; *text; text++)
        buf_add(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    buf_add_text(out, "\"\n");
}

struct writer {
    const struct weights *weights; /* borrowed */
    struct buf *out;               /* borrowed */
};

static enum err_code weight_row_write(void *arg, const struct csv *row, struct err *e)
{
    const struct writer *w = arg;
    const char *name = NULL, *low = NULL, *high = NULL, *about = NULL;
    enum err_code rc;

    if ((rc = csv_require(row, "name", &name, e)) || (rc = csv_require(row, "low", &low, e)) ||
        (rc = csv_require(row, "high", &high, e)) || (rc = csv_require(row, "about", &about, e)))
        return rc;
    buf_printf(w->out, "%s,", name);
    number_write(weights_get(w->weights, weights_find(name)), w->out);
    buf_printf(w->out, ",%s,%s,", low, high);
    quoted_write(about, w->out);
    return ERR_OK;
}

enum err_code weights_write(const char *dir, const struct weights *w, struct buf *ret_text,
                            struct err *e)
{
    struct writer writer = {w, ret_text};

    buf_add_text(ret_text, "name,value,low,high,about\n");
    return csv_read_in(dir, "routing.csv", weight_row_write, &writer, e);
}

struct pair {
    const struct mandate *mandate; /* borrowed */
    size_t topic, secretariat;
};

static int pair_compare(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int by_topic = strcmp(x->mandate->topics[x->topic].code, y->mandate->topics[y->topic].code);

    return by_topic ? by_topic
                    : strcmp(x->mandate->secretariats[x->secretariat].code,
                             y->mandate->secretariats[y->secretariat].code);
}

void weights_write_partners(const struct mandate *m, const struct weights *w, struct buf *ret_text)
{
    struct pair *pairs = mem_new(TOPICS_MAX * SECRETARIATS_MAX, sizeof *pairs);
    size_t n = 0;

    for (size_t t = 0; t < m->topics_n; t++)
        for (size_t s = 0; s < m->secretariats_n; s++)
            if (w->partner_counts[t][s].candidates > 0)
                pairs[n++] = (struct pair){m, t, s};
    qsort(pairs, n, sizeof *pairs, pair_compare);
    buf_add_text(ret_text, "topic,secretariat,weight,candidates,supporters\n");
    for (size_t i = 0; i < n; i++) {
        const struct pair *p = &pairs[i];
        const struct partner_count *count = &w->partner_counts[p->topic][p->secretariat];

        buf_printf(ret_text, "%s,%s,", m->topics[p->topic].code,
                   m->secretariats[p->secretariat].code);
        number_write(w->partner[p->topic][p->secretariat], ret_text);
        buf_printf(ret_text, ",%u,%u\n", count->candidates, count->supporters);
    }
    free(pairs);
}
