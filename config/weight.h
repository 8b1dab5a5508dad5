/* The numbers that steer reading and deciding: what evidence is worth, from when it is enough.
 * Read from config/routing.csv (name,value,low,high,about; each name stands below, in the file's
 * order); liaison routing learn proposes it. */
#ifndef CONFIG_WEIGHT_H
#define CONFIG_WEIGHT_H

#include "base/buf.h"
#include "config/class_weight.h"
#include "config/mandate.h"

enum { WEIGHTS_MAX = 64, WORTH_MAX = 9 }; /* evidence weights are -9..9, config/term.h */

struct weights {
    /* What one place in the text is worth; the body is worth 1. */
    double title, theme;
    double asking;  /* a sentence that says what is wanted */
    double denied;  /* what the text says it is not about */
    double aside;   /* what it asks besides */
    double covered; /* "pest" inside "plant pest", which says it already */

    /* Evidence of things found. */
    double worth[WORTH_MAX]; /* of evidence weights 1..9: steeper than the weight */
    double theme_code;       /* the country chose the topic itself */
    double site;             /* for the fact */
    double site_whc_topic, site_ramsar_topic;
    double species_cms, species_cetacean, species_pest, species_crop;

    /* Topics. */
    double kindred;   /* part of its evidence that a topic lends those of the same secretariats */
    double common;    /* part that counts of a topic which is nearly everybody's */
    double named;     /* part that a convention named in passing lends its topics */
    double named_max; /* more evidence for the name counts as so much */
    double secondary_part, secondary_min; /* of a secondary topic: of the main one's, and at all */

    /* Facts. */
    double fact_min;
    double fact_common_min; /* of facts whose words many needs have: trade, pgrfa */

    /* Who leads. */
    double likely_min; /* likelihood of a lead below which a person decides */

    /* The support gate: a logistic, routing/gate.h. */
    double support_base, support_said, support_score, support_likely, support_joins, support_own,
        support_lead, support_nobody;
    double support_min; /* probability from which a candidate supports */

    /* Confidence: a logistic, routing/decision.c. */
    double sure_base, sure_likely;

    /* Borrowed; set by config_load. */
    const struct class_weights *classes;    /* who leads */
    const struct class_weights *supporters; /* who comes in beside */

    /* Not looked at by routing. */
    struct weight_limits {
        double low, high;
    } limits[WEIGHTS_MAX]; /* of each weight of routing.csv, by position */
};

/* ret_w is filled only on success, but for classes and supporters. ERR_CONFIG: "file:line: what".
 */
enum err_code weights_load(const char *dir, struct weights *ret_w, struct err *e) ERR_CHECK;

/* The weights of routing.csv by position 0..weights_count()-1, for what learns and writes them. */
size_t weights_count(void);
const char *weights_name(size_t i);
double weights_get(const struct weights *w, size_t i);
/* Within its limits, as the file will hold it: with six decimals. */
void weights_set(struct weights *w, size_t i, double value);
/* The position of that name, which must be one. */
size_t weights_find(const char *name);

/* The text of dir/routing.csv with the values of w. ret_text must be empty. ERR_CONFIG as
 * weights_load. */
enum err_code weights_write(const char *dir, const struct weights *w, struct buf *ret_text,
                            struct err *e) ERR_CHECK;

#endif
