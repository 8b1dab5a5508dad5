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
    {"aside",             offsetof(struct weights, aside)            },
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
    {"secondary_part",    offsetof(struct weights, secondary_part)   },
    {"secondary_min",     offsetof(struct weights, secondary_min)    },
    {"fact_min",          offsetof(struct weights, fact_min)         },
    {"fact_common_min",   offsetof(struct weights, fact_common_min)  },
    {"likely_min",        offsetof(struct weights, likely_min)       },
    {"support_base",      offsetof(struct weights, support_base)     },
    {"support_said",      offsetof(struct weights, support_said)     },
    {"support_score",     offsetof(struct weights, support_score)    },
    {"support_likely",    offsetof(struct weights, support_likely)   },
    {"support_joins",     offsetof(struct weights, support_joins)    },
    {"support_own",       offsetof(struct weights, support_own)      },
    {"support_lead",      offsetof(struct weights, support_lead)     },
    {"support_nobody",    offsetof(struct weights, support_nobody)   },
    {"support_min",       offsetof(struct weights, support_min)      },
    {"sure_base",         offsetof(struct weights, sure_base)        },
    {"sure_likely",       offsetof(struct weights, sure_likely)      },
};

enum { WEIGHTS_N = sizeof table / sizeof table[0] };
_Static_assert((int)WEIGHTS_N <= (int)WEIGHTS_MAX, "limits has a row for each weight");

#define LIMIT 1e6

struct loader {
    struct weights weights;
    bool seen[WEIGHTS_N];
};

static enum err_code weight_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    const char *name = NULL;
    double value, low, high;
    enum err_code rc;
    size_t i = 0;

    if ((rc = csv_require(row, "name", &name, e)) ||
        (rc = csv_decimal(row, "value", -LIMIT, LIMIT, &value, e)) ||
        (rc = csv_decimal(row, "low", -LIMIT, LIMIT, &low, e)) ||
        (rc = csv_decimal(row, "high", -LIMIT, LIMIT, &high, e)))
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

enum err_code weights_load(const char *dir, struct weights *ret_w, struct err *e)
{
    struct loader l = {0};
    enum err_code rc = csv_read_in(dir, "routing.csv", weight_row, &l, e);

    for (size_t i = 0; rc == ERR_OK && i < WEIGHTS_N; i++)
        if (!l.seen[i])
            rc = err_set(e, ERR_CONFIG, "%s/routing.csv: no row \"%s\"", dir, table[i].name);
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

/* --- files --------------------------------------------------------------------------- */

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
    csv_decimal_write(weights_get(w->weights, weights_find(name)), w->out);
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
