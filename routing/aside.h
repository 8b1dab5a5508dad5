/* What a text asks besides: "In addition, customs should be trained." A need is routed by what it
 * asks first; what follows such words, to the end of the sentence, weighs less for the main topic.
 * The words are data (config/terms/asides.csv) and mostly function words, so they are found by
 * every token as written, not by content as evidence words are. */
#ifndef ROUTING_ASIDE_H
#define ROUTING_ASIDE_H

#include "config/term.h"
#include "routing/text.h"

#include <stdbool.h>

struct asides; /* immutable once made */

/* Reads the terms of all concepts whose evidence is TARGET_ASIDE. */
struct asides *asides_new(const struct terms *t) __attribute__((returns_nonnull));
void asides_free(struct asides *a);
/* Sets ret_aside[i] for each token of t that is asked besides, and no other. The first sentence
 * says what the need is and has none. ret_aside: t->tokens_n rows, all false before. */
void asides_find(const struct asides *a, int language, const struct text *t, bool *ret_aside);

#endif
