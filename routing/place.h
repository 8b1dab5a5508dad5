/* Finds the draft's own World Heritage and Ramsar sites in its text.
 *
 * A site is known by the distinctive words of its name: those that few countries' sites have.
 * "National Park", "wetland", "Lake" or "Parque" stand in many countries' lists and identify
 * nothing, in any language, without a list of such words. */
#ifndef ROUTING_PLACE_H
#define ROUTING_PLACE_H

#include "config/world.h"
#include "routing/matcher.h"

struct places;

/* w is borrowed; vocabulary: words it knows are no names ("Blue", "Salt"). */
struct places *places_new(const struct world *w, const struct matcher *vocabulary)
    __attribute__((returns_nonnull));
void places_free(struct places *p);

struct place_found {
    uint32_t site;  /* index into world.sites */
    uint32_t token; /* of the text, where the name stands */
    uint32_t token_end;
};

/* vocabulary: of the text's language. Returns how many were written. */
size_t places_find(const struct places *p, const char *iso3, const struct text *t,
                   const struct matcher *vocabulary, struct place_found *ret_found, size_t room);

#endif
