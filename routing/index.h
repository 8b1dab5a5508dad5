/* Vectors of requests of all countries, by id, and which of them a new one is nearest to.
 *
 *   country -> segments of up to 2^14 documents, each with its lists -> documents
 *   id      -> document
 *
 * Nearness is the cosine of the terms' weights times what each says by its rarity among all
 * documents (G. Salton, C. Buckley, "Term-weighting approaches in automatic text retrieval", 1988).
 * Terms of a document's own language count among documents of that language only. */
#ifndef ROUTING_INDEX_H
#define ROUTING_INDEX_H

#include "routing/vector.h"

#include <stdbool.h>

enum {
    INDEX_ID_MAX = 63,      /* bytes of an id; a longer one is cut */
    INDEX_HITS_MAX = 64,    /* of one search */
    INDEX_COUNTRY_BYTES = 4 /* ISO 3166-1 alpha-3 */
};

struct index; /* opaque */

struct index *index_new(void) __attribute__((returns_nonnull));
void index_free(struct index *x);

/* A document with that id is replaced. No step is long: tables grow in parts, and what removed
 * documents leave behind is cleared up a little with every call of index_add and index_remove. */
void index_add(struct index *x, const char *country, const char *id, const struct vector *v);
/* False: there is none. */
bool index_remove(struct index *x, const char *id);
bool index_has(const struct index *x, const char *id);
size_t index_count(const struct index *x);
/* Taken from the system, all in all. */
size_t index_bytes(const struct index *x);

/* What a term says by its rarity, 0..1; 1 when no document has it. */
float index_rarity(const struct index *x, uint32_t key);
/* Of each term of v. */
void index_rarities(const struct index *x, const struct vector *v,
                    float ret_rarities[FEATURES_MAX]);

enum index_scope { INDEX_SAME, INDEX_OTHERS, INDEX_ALL };

/* A document in the index, until the next index_add or index_remove. */
struct index_hit {
    uint32_t document;
    float score; /* cosine, 0..1 */
};

/* The documents of country, of the others or of all that are nearest, best first: at most max <=
 * INDEX_HITS_MAX, each with score > 0. INDEX_SAME compares all of the country; the others are found
 * by the vector's strongest terms. */
size_t index_search(const struct index *x, const struct vector *v, const char *country,
                    enum index_scope scope, size_t max, struct index_hit *ret_hits);
/* What a hit is; rarities: of its terms. */
void index_read(const struct index *x, uint32_t document, struct vector *ret_v,
                float ret_rarities[FEATURES_MAX], char ret_id[INDEX_ID_MAX + 1],
                char ret_country[INDEX_COUNTRY_BYTES]);

#endif
