/* The numbers by which two requests are judged to be the same need: a logistic over what they have
 * in common and what keeps them apart. Read from config/similar.csv (name,value,low,high,about;
 * each name stands below, once). script/learn-pairs writes it. */
#ifndef CONFIG_LIKENESS_H
#define CONFIG_LIKENESS_H

#include "base/err.h"

/* routing/likeness.h says what each is. */
enum likeness_evidence {
    LIKENESS_COSINE,
    LIKENESS_NEAR,
    LIKENESS_SPREAD,
    LIKENESS_COVER,
    LIKENESS_TITLE,
    LIKENESS_TITLES,
    LIKENESS_TOPICS,
    LIKENESS_NAMES,
    LIKENESS_NAMES_APART,
    LIKENESS_NUMBERS,
    LIKENESS_NUMBERS_APART,
    LIKENESS_THINGS,
    LIKENESS_THINGS_APART,
    LIKENESS_TITLE_APART,
    LIKENESS_FORM,
    LIKENESS_CROSS,
    LIKENESS_EVIDENCE_N
};
extern const char *const likeness_names[LIKENESS_EVIDENCE_N];

struct likeness_weights {
    double base, evidence[LIKENESS_EVIDENCE_N];
    double certain_min, likely_min, possible_min; /* probabilities from which a verdict is given */
};

/* ret_w is filled only on success. ERR_CONFIG: "file:line: what". */
enum err_code likeness_load(const char *dir, struct likeness_weights *ret_w,
                            struct err *e) ERR_CHECK;

#endif
