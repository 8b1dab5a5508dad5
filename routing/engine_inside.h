/* What engine.c, place.c and reading.c share; nobody else includes this. */
#ifndef ROUTING_ENGINE_INSIDE_H
#define ROUTING_ENGINE_INSIDE_H

#include "routing/aside.h"
#include "routing/engine.h"
#include "routing/lexicon.h"
#include "routing/matcher.h"
#include "routing/place.h"

/* A matcher's payload: what was found in the high byte, which one below it. */
enum found { FOUND_CONCEPT, FOUND_COUNTRY, FOUND_SPECIES };
#define PAYLOAD(found, index) ((uint32_t)(found) << 24 | (uint32_t)(index))
#define PAYLOAD_FOUND(payload) ((enum found)((payload) >> 24))
#define PAYLOAD_INDEX(payload) ((payload)&0xffffffu)

struct engine {
    const struct config *config;           /* borrowed */
    struct matcher *matchers[LANGUAGES_N]; /* owned */
    struct places *places;                 /* owned */
    struct asides *asides;                 /* owned */
    struct lexicon *lexicon;               /* owned, NULL: none */
    unsigned char secret[ENGINE_SECRET_BYTES];
};

#endif
