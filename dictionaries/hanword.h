/* Chinese words found in Chinese sentences by what their translations have in common: a run of
 * characters that keeps company with one English word. Pure. */
#ifndef DICTIONARIES_HANWORD_H
#define DICTIONARIES_HANWORD_H

#include "routing/text.h"

#include <stddef.h>
#include <stdint.h>

struct hanwords;

/* A sentence and the words of its translation, by number; borrowed. */
struct hansentence {
    const struct text *text;
    const uint32_t *english;
    size_t english_n;
};

struct hanwords *hanwords_learn(const struct hansentence *sentences, size_t n)
    __attribute__((returns_nonnull));
void hanwords_free(struct hanwords *h);
/* Tokens of the longest such word at token i, 1 when there is none. */
size_t hanwords_longest(const struct hanwords *h, const struct text *t, size_t i);

#endif
