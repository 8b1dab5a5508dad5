/* A reading as weighted features that two requests can have in common: inside similar only.
 *
 * English stems stand for the words of all six languages, by way of the lexicon; what it lacks has
 * a stem of its own language. Concepts, names by their consonants, numbers, sites, species,
 * countries and topics are the same in all of them. Keys do not depend on the order of any table.
 */
#ifndef ROUTING_FEATURE_H
#define ROUTING_FEATURE_H

#include "routing/reading.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FEATURES_MAX = 256,    /* of any text */
    FEATURES_REQUEST = 96, /* of a request */
    FEATURE_HASH_BITS = 26
};

enum feature_kind {
    FEATURE_STEM,
    FEATURE_OWN, /* of a word that the lexicon lacks: says nothing to another language */
    FEATURE_CONCEPT,
    FEATURE_NAME,
    FEATURE_NUMBER,
    FEATURE_SITE,
    FEATURE_SPECIES,
    FEATURE_COUNTRY,
    FEATURE_TOPIC,
    FEATURE_KINDS_N
};

struct feature {
    uint32_t key;        /* kind above FEATURE_HASH_BITS of hash */
    float weight;        /* (1 + log of its count) times what its kind is worth */
    uint32_t start, end; /* bytes of the reading's text; both 0 for a topic */
    bool in_title;
};

static inline enum feature_kind feature_kind(uint32_t key)
{
    return (enum feature_kind)(key >> FEATURE_HASH_BITS);
}

static inline uint32_t feature_hash(uint32_t key)
{
    return key & ((UINT32_C(1) << FEATURE_HASH_BITS) - 1);
}

/* The low bits of what count. */
static inline uint32_t feature_key(enum feature_kind kind, uint64_t what)
{
    return (uint32_t)kind << FEATURE_HASH_BITS | feature_hash((uint32_t)what);
}

/* Features of r, by key, each once: the max <= FEATURES_MAX that say most. Returns how many. */
size_t features_of(const struct engine *g, const struct reading *r, size_t max,
                   struct feature ret_features[FEATURES_MAX]);
/* The same for texts that differ in spacing, case or punctuation only; nobody without the key can
 * make two texts alike. */
uint64_t features_fingerprint(const struct reading *r,
                              const unsigned char key[ENGINE_SECRET_BYTES]);

#endif
