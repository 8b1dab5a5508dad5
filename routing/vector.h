/* What is kept of a request to compare others with: its features with rounded weights, the
 * distinguishing words of its title, a fingerprint of the text. Plain data without pointers; the
 * same on every machine and in every process, so that a store may keep it packed. */
#ifndef ROUTING_VECTOR_H
#define ROUTING_VECTOR_H

#include "base/err.h"
#include "routing/feature.h"
#include "routing/similar.h"

#include <stddef.h>
#include <stdint.h>

enum {
    VECTOR_VERSION = 1, /* of the packed form and of what keys and weights mean */
    VECTOR_TITLE_WORDS_MAX = 4,
    VECTOR_TITLE_WORD_BYTES_MAX = 32
};

struct vector_term {
    uint32_t key; /* routing/feature.h */
    uint8_t weight;
};

struct vector_word {
    uint32_t key;
    uint8_t bytes;
    char text[VECTOR_TITLE_WORD_BYTES_MAX]; /* UTF-8, without NUL */
};

struct vector {
    uint64_t fingerprint;
    struct vector_term terms[FEATURES_MAX]; /* by key, each once */
    struct vector_word words[VECTOR_TITLE_WORDS_MAX];
    uint8_t terms_n, words_n;
    uint8_t language; /* index */
};

/* The highest bit of a weight: the term stands in the title. */
enum { VECTOR_TITLE = 0x80 };
float vector_weight(uint8_t weight);
/* A word that tells one request from its sibling: other lake, other phase, other year. */
bool vector_is_slot(uint32_t key, bool in_title);

/* features: those of r, by key. */
void vector_init(const struct reading *r, const struct feature *features, size_t n,
                 struct vector *ret_v);
/* Returns the bytes written; 0 when room is too small, which SIMILAR_PACKED_MAX never is. */
size_t vector_pack(const struct vector *v, unsigned char *ret, size_t room);
/* ERR_STALE: packed by another version, compute it from the text again. ERR_MALFORMED: no vector.
 */
enum err_code vector_unpack(const unsigned char *bytes, size_t n, struct vector *ret_v,
                            struct err *e) ERR_CHECK;

#endif
