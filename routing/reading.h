/* What a draft says: stemmed terms, concepts, topics, facts, named conventions, sites, species. */
#ifndef ROUTING_READING_H
#define ROUTING_READING_H

#include "routing/engine.h"

struct reading; /* opaque; owns everything it found, borrows nothing from the draft */

struct reading *reading_new(const struct engine *g, const struct draft *d)
    __attribute__((returns_nonnull));
void reading_free(struct reading *r);

#endif
