/* What words say about who leads (config/classes.csv) and about who comes in beside the lead
 * (config/supporters.csv): a linear classifier's weights each, learned from labelled cases
 * (routing/classifier.h). Such a file:
 *
 *   feature,idf,whc,cbd,..,outside
 *   bias,0,-0.2,..
 *   tidal_marsh,3.91,0.12,..         a concept of config/terms
 *   WETLAND_CHARACTER,1.2,-0.3,..    a topic
 *   fact.large_whale,2.3,-0.1,..     a fact
 *
 * A column is a secretariat's code; one without a column has not been learned yet. Rows of
 * concepts, topics and facts that are no longer there say nothing. */
#ifndef CONFIG_CLASS_WEIGHT_H
#define CONFIG_CLASS_WEIGHT_H

#include "base/buf.h"
#include "config/mandate.h"
#include "config/term.h"

/* Classes are the secretariats by index, then whoever stands outside: another body leads, nobody
 * comes in. */
enum { CLASS_OUTSIDE = SECRETARIATS_MAX, CLASSES_MAX = SECRETARIATS_MAX + 1 };

struct class_row {
    float idf; /* log of cases over cases that have it; 0: not learned */
    float weights[CLASSES_MAX];
};

struct class_weights {
    bool learned[CLASSES_MAX]; /* has a column */
    double bias[CLASSES_MAX];
    struct class_row topics[TOPICS_MAX];
    struct class_row facts[FACTS_MAX];
    struct class_row *concepts; /* owned, by index of terms.concepts */
};

/* ret_c is filled only on success. ERR_CONFIG: "file:line: what". */
enum err_code class_weights_load(const char *dir, const char *file, const struct mandate *m,
                                 const struct terms *t, struct class_weights *ret_c,
                                 struct err *e) ERR_CHECK;
/* As the file holds it: within -1000..1000, with four decimals. */
float class_weight_round(double weight);
/* The text of such a file: rows that have an idf, columns that are learned. ret_text: empty. */
void class_weights_write(const struct mandate *m, const struct terms *t,
                         const struct class_weights *c, struct buf *ret_text);
void class_weights_clear(struct class_weights *c);

#endif
