/* Likely duplicates: the exact keyed-free fingerprint of a text, and its likeness to the other
 * requests of the same country, across languages through shared concepts and names. */
#ifndef ROUTING_SIMILAR_H
#define ROUTING_SIMILAR_H

#include "routing/reading.h"

#include <jansson.h>

enum similar_verdict { SIMILAR_NONE, SIMILAR_POSSIBLE, SIMILAR_LIKELY, SIMILAR_CERTAIN };
enum { SIMILAR_HITS_MAX = 10, SIMILAR_WORDS_MAX = 8 };

struct similar_hit {
    char id[64];
    double probability;               /* 0..1 */
    enum similar_verdict verdict;     /* NONE is never listed */
    char *shared[SIMILAR_WORDS_MAX];  /* owned; words both have, strongest first; NULL-padded */
    char *differs[SIMILAR_WORDS_MAX]; /* owned; words of the titles that only one has */
};

/* The documents of one country. */
struct similar_index;
struct similar_index *similar_new(const struct engine *g) __attribute__((returns_nonnull));
void similar_free(struct similar_index *x);
/* id: at most 63 bytes, copied; r is borrowed for the call only. */
void similar_add(struct similar_index *x, const char *id, const struct reading *r);
size_t similar_count(const struct similar_index *x);
/* Best first. Returns how many hits were written; clear each with similar_hit_clear. */
size_t similar_find(const struct similar_index *x, const struct reading *r,
                    struct similar_hit hits[SIMILAR_HITS_MAX]);
/* As similar_find, but the nearest whatever their verdict: the retrieval core on its own. */
size_t similar_nearest(const struct similar_index *x, const struct reading *r,
                       struct similar_hit hits[SIMILAR_HITS_MAX]);
void similar_hit_clear(struct similar_hit *h);
/* One of `duplicates` in the API (contract section 4), without the reference, which only the store
 * knows. New reference. */
json_t *similar_hit_json(const struct similar_hit *h) __attribute__((returns_nonnull));
/* "certain" "likely" "possible" "none" */
const char *similar_verdict_word(enum similar_verdict v);

#endif
