/* What is kept of a request to compare others with: its features with rounded weights, the
 * distinguishing words of its title, a fingerprint of the text. Plain data without pointers; the
 * same on every machine and in every process, so that a store may keep it packed. */
#ifndef ROUTING_VECTOR_H
#define ROUTING_VECTOR_H

#include "base/err.h"
#include "routing/feature.h"

#include <stddef.h>
#include <stdint.h>

enum {
    VECTOR_VERSION = 2, /* of the packed form and of what keys and weights mean */
    VECTOR_WORDS_MAX = 4,
    VECTOR_WORD_BYTES_MAX = 32,
    VECTOR_LEVELS = 16,
    VECTOR_TITLE = VECTOR_LEVELS, /* bit of a weight: stands in the title; the level is below it */
    VECTOR_WEIGHT_BITS = 5
};

struct vector_term {
    uint32_t key; /* routing/feature.h */
    uint8_t weight;
};

/* A word of the title that may tell this request from its siblings, as it stands there. */
struct vector_word {
    uint8_t term; /* index */
    uint8_t bytes;
    char text[VECTOR_WORD_BYTES_MAX]; /* UTF-8, without NUL */
};

struct vector {
    uint64_t fingerprint;
    struct vector_term terms[FEATURES_MAX]; /* by key, each once */
    struct vector_word words[VECTOR_WORDS_MAX];
    uint16_t terms_n;
    uint8_t words_n;
    uint8_t language; /* index */
};

/* What a weight is worth; each level is a quarter above the one below it. */
extern const float vector_levels[VECTOR_LEVELS];
static inline float vector_weight(uint8_t weight)
{
    return vector_levels[weight & (VECTOR_LEVELS - 1)];
}

/* A key that tells one request from its sibling when it stands in the title: other lake, other
 * phase, other year. */
bool vector_is_slot(const struct vector_term *t);

/* features: those of r, by key. */
void vector_init(const struct engine *g, const struct reading *r, const struct feature *features,
                 size_t n, struct vector *ret_v);
/* Index of the term with that key, -1: none. */
int vector_find(const struct vector *v, uint32_t key);

/* Returns the bytes written; 0 when room is too small, which SIMILAR_PACKED_MAX never is. At most
 * FEATURES_REQUEST terms. */
size_t vector_pack(const struct vector *v, unsigned char *ret, size_t room);
/* ERR_STALE: packed by another version, compute it from the text again. ERR_MALFORMED: no vector;
 * ret_v is filled only on success. */
enum err_code vector_unpack(const unsigned char *bytes, size_t n, struct vector *ret_v,
                            struct err *e) ERR_CHECK;

#endif
