/* Finds many phrases in a row of tokens at once: evidence words, names of countries, species.
 *
 * A phrase is the keys of its content tokens (function words left out, so "trade of species"
 * and "trade in species" are one). Every beginning of a phrase stands in one hash table, so the
 * text is walked once and each start goes on only while some phrase goes on. A second table
 * holds each phrase under its rarest word: it finds phrases whose words stand near one another
 * in another order, as free word order and inserted adjectives have it. */
#ifndef ROUTING_MATCHER_H
#define ROUTING_MATCHER_H

#include "routing/text.h"

#include <stdbool.h>

enum { MATCH_PHRASE_MAX = 8 }; /* longer phrases are cut */

struct matcher;

/* What the text's token must be besides the key. */
enum match_need { MATCH_ANY, MATCH_UPPER, MATCH_CAPITALS };

struct match {
    uint32_t payload;
    uint32_t first; /* index into the row of content tokens */
    uint16_t length;
    bool near_only; /* the words stand close to one another, not as the phrase */
    float fit;      /* 1: as the phrase is written; less the further from it */
};

/* The tokens that count, without function words: what phrases are matched against. */
struct content {
    const struct text *text; /* borrowed */
    uint32_t *tokens;        /* owned, indices into text */
    size_t tokens_n;
    uint64_t seen[64]; /* a bit for each key, by its hash: most absent keys are told at once */
};

void content_init(struct content *c, const struct text *t);
void content_clear(struct content *c);

struct matcher *matcher_new(void) __attribute__((returns_nonnull));
void matcher_free(struct matcher *m);
/* phrase holds one term and nothing else; one without content tokens is not added. */
void matcher_add(struct matcher *m, const struct text *phrase, enum match_need need,
                 uint32_t payload);
/* As matcher_add for a proper name: found as written only, never as words near one another, and
 * matcher_knows knows none of its words by it. */
void matcher_add_name(struct matcher *m, const struct text *phrase, enum match_need need,
                      uint32_t payload);
/* After the last matcher_add; from then on the matcher does not change. */
void matcher_finish(struct matcher *m);

/* Writes up to room matches, by first token. Returns how many. */
size_t matcher_find(const struct matcher *m, const struct content *c, struct match *ret_matches,
                    size_t room);
/* True when the key is a phrase of matcher_add or part of one: a word of the field, no name. */
bool matcher_knows(const struct matcher *m, uint64_t key);

#endif
