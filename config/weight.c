#include "config/weight.h"

#include "config/csv.h"

#include <stdbool.h>
#include <stddef.h>
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
    return ERR_OK;
}

static enum err_code partner_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    const char *topic = NULL, *secretariat = NULL;
    double weight;
    enum err_code rc;
    int t, s;

    if ((rc = csv_require(row, "topic", &topic, e)) ||
        (rc = csv_require(row, "secretariat", &secretariat, e)) ||
        (rc = decimal_read(row, "weight", &weight, e)))
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
