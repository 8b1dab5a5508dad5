/* Words of six languages as English stems, so that texts of different languages can be compared.
 *
 * A lexicon is a read-only file that the build makes; it is looked up where it lies in memory. A
 * translation's key equals that of the same word in an English text, since builder and reader
 * both stem with text_read. */
#ifndef ROUTING_LEXICON_H
#define ROUTING_LEXICON_H

#include "base/err.h"
#include "routing/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LEXICON_SENSES_MAX = 2,
    LEXICON_TOKENS_MAX = 8 /* the longest phrase */
};

struct lexicon;

struct lexicon_sense {
    uint64_t key;      /* as token.key in an English text */
    float weight;      /* 0..1, how far the word stands for this stem; descending */
    uint32_t skeleton; /* as token.skeleton, of a Chinese name's Latin form; 0: no name */
};

struct lexicon_hit {
    size_t tokens_n; /* how many tokens the words of the text take, from the one asked for */
    size_t senses_n; /* 1..LEXICON_SENSES_MAX */
    struct lexicon_sense senses[LEXICON_SENSES_MAX];
};

/* bytes: the whole file, borrowed, must outlive the lexicon; alignment does not matter. Every
 * offset and number is checked here, so that looking up cannot leave the file. ERR_CONFIG: not a
 * lexicon, damaged, of another version, or made by a text_read that stems otherwise. */
enum err_code lexicon_open(const void *bytes, size_t n, struct lexicon **ret_lexicon,
                           struct err *e) ERR_CHECK;
void lexicon_close(struct lexicon *x);

/* What the words of t from token i on mean in English; the longest phrase in the lexicon wins
 * (Chinese words are phrases of Han tokens). false: none, and function words and numbers have
 * none; *ret_hit is filled only on success. An English word, and a Latin word in a text of
 * another script, stands for itself with weight 1, also without a lexicon (x NULL). language:
 * the one that t was read in, -1: not known. */
bool lexicon_find(const struct lexicon *x, int language, const struct text *t, size_t i,
                  struct lexicon_hit *ret_hit);

/* Entries of a language. */
size_t lexicon_count(const struct lexicon *x, int language);
/* Where the words come from: "table 12000, freedict-fra-eng 8505". Borrowed from the file.
 * "nothing" without a lexicon. */
const char *lexicon_about(const struct lexicon *x);
/* Differs for any two files: what was computed with one lexicon does not fit another. */
uint64_t lexicon_mark(const struct lexicon *x);

#endif
