/* What a reading holds: for reading.c, decision.c and similar.c; nobody else includes this. */
#ifndef ROUTING_READING_INSIDE_H
#define ROUTING_READING_INSIDE_H

#include "routing/engine_inside.h"
#include "routing/reading.h"

enum { READING_SITES_MAX = 8, READING_SPECIES_MAX = 16, READING_COUNTRIES_MAX = 8 };

enum zone { ZONE_TITLE, ZONE_BODY, ZONE_THEME, ZONES_N };

/* A concept that the text speaks of. */
struct spoken {
    uint32_t concept;
    uint32_t start, end; /* bytes of text.source, its weightiest place */
    float weight;        /* of all its places together */
    float best;          /* of the weightiest */
    uint16_t sentence;   /* of that place */
    bool in_title;
    bool loose; /* not as the term is written at that place: words between, or other endings */
};

/* What one sentence of the description says, once a concept: how well, whatever is asked there. */
struct said {
    uint32_t concept;
    uint16_t sentence;
    float amount; /* 1: as listed; less if loosely, inside a longer phrase or denied */
};

/* A site, a species or a country by name. */
struct named_thing {
    uint32_t index; /* in the table of config/world.h */
    uint32_t start, end;
    bool in_title;
    float stands; /* 1; less where the text says that it is not about this */
};

struct reading {
    struct text text; /* owned; title, description and themes in one */
    struct content content;
    size_t title_end, body_end; /* bytes of text.source */
    int language;
    char country[4];

    unsigned char *asking; /* owned, one a sentence: something is asked for there */
    struct spoken *spoken; /* owned, by concept */
    size_t spoken_n;
    struct said *said; /* owned, by concept, then sentence */
    size_t said_n;
    struct named_thing sites[READING_SITES_MAX];
    struct named_thing species[READING_SPECIES_MAX];
    struct named_thing countries[READING_COUNTRIES_MAX]; /* without the draft's own */
    size_t sites_n, species_n, countries_n;

    double topics[TOPICS_MAX];
    double facts[FACTS_MAX];
    double named[SECRETARIATS_MAX];
    double outside[REFERRALS_MAX];
    double asks[ASK_KINDS_N];
};

enum zone reading_zone(const struct reading *r, size_t byte);
/* What one evidence weight (-9..9) is worth, and how often-said saturates. */
double reading_worth(const struct weights *w, int weight);
double reading_saturate(double weight);

#endif
