/* Which words of two languages stand for each other, learned from sentences and their
 * translations: IBM model 1 (Brown and others, "The mathematics of statistical machine
 * translation", 1993), in both directions. Pure; words are numbers. */
#ifndef DICTIONARIES_ALIGNER_H
#define DICTIONARIES_ALIGNER_H

#include <stddef.h>
#include <stdint.h>

/* Words of a sentence and of its translation, borrowed. */
struct bisentence {
    const uint32_t *foreign, *english;
    size_t foreign_n, english_n;
};

struct link {
    uint32_t foreign, english;
    double forward;  /* how likely the foreign word becomes the English one */
    double backward; /* and the other way */
    double count;    /* how often, as far as can be told: the lower of both directions */
};

/* Words are below foreign_kinds and english_kinds. Returns ret_links_n links by foreign, then
 * English word; the caller frees. */
struct link *aligner_run(const struct bisentence *sentences, size_t n, uint32_t foreign_kinds,
                         uint32_t english_kinds, size_t *ret_links_n);

#endif
