/* A reading as weighted features that two requests can have in common: inside similar only.
 *
 * Stems meet within one language; concepts, names by their consonants, numbers, sites, species,
 * countries and topics meet across all of them. */
#ifndef ROUTING_FEATURE_H
#define ROUTING_FEATURE_H

#include "routing/reading.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FEATURES_MAX = 96 }; /* the weightiest are kept */

enum feature_kind {
    FEATURE_STEM,
    FEATURE_CONCEPT,
    FEATURE_NAME,
    FEATURE_NUMBER,
    FEATURE_SITE,
    FEATURE_SPECIES,
    FEATURE_COUNTRY,
    FEATURE_TOPIC
};

struct feature {
    uint32_t key;        /* kind in the top three bits */
    float weight;        /* (1 + log of its count) times what its kind is worth */
    uint32_t start, end; /* bytes of the reading's text */
    bool in_title;
};

/* Kind of a key. */
enum feature_kind feature_kind(uint32_t key);
/* Features of r, by key, each once. Returns how many. */
size_t features_of(const struct engine *g, const struct reading *r,
                   struct feature ret_features[FEATURES_MAX]);
/* The same for texts that differ in spacing, case or punctuation only. */
uint64_t features_fingerprint(const struct reading *r);

#endif
