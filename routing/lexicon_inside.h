/* The layout of a lexicon file: what lexicon.c reads and wordbook.c writes; nobody else includes
 * this. All numbers are little endian.
 *
 *   header      magic, version, checksum of all behind it, dialect, bytes, where the
 *               parts stand
 *   about       where the words come from, NUL-terminated
 *   stems       English keys, 8 bytes each, every one once, ascending; then 4 bytes for each: its
 *               skeleton where it is a name in Chinese, else 0
 *   a language  buckets: first entry of each, by the top bits of the key, and the number of all;
 *               entries by key, 12 bytes: low half of the key, two senses
 *
 * A sense: number of the stem in the low 20 bits, weight in the high 8, 0 for none. Between them
 * the first sense has the number of tokens, less one, of the longest phrase that begins with the
 * entry's word; an entry without senses is there for this alone. */
#ifndef ROUTING_LEXICON_INSIDE_H
#define ROUTING_LEXICON_INSIDE_H

#include "config/mandate.h"
#include "routing/lexicon.h"

#define LEXICON_MAGIC "liaislex"

enum {
    LEXICON_VERSION = 1,
    LEXICON_AT_VERSION = 8,
    LEXICON_AT_CHECKSUM = 16,
    LEXICON_CHECKSUM_BYTES = 16,
    LEXICON_AT_DIALECT = 32, /* the checksum covers everything from here */
    LEXICON_AT_BYTES = 40,
    LEXICON_AT_ABOUT = 48,   /* offset, bytes with the NUL */
    LEXICON_AT_STEMS = 56,   /* offset, number */
    LEXICON_AT_TONGUES = 64, /* a language: buckets' offset, their bits, entries' offset, number */
    LEXICON_TONGUE_BYTES = 16,
    LEXICON_HEADER_BYTES = LEXICON_AT_TONGUES + LANGUAGES_N * LEXICON_TONGUE_BYTES,
    LEXICON_BUCKET_BITS_MAX = 20,
    LEXICON_STEM_BYTES = 12,
    LEXICON_ENTRY_BYTES = 12,
    LEXICON_STEM_BITS = 20,
    LEXICON_LONGEST_BITS = 4,
    LEXICON_WEIGHT_SHIFT = LEXICON_STEM_BITS + LEXICON_LONGEST_BITS,
    LEXICON_WEIGHT_MAX = 255,
    LEXICON_STEMS_MAX = 1 << LEXICON_STEM_BITS
};

/* A word that stands for itself in a text of that language. */
bool lexicon_is_english(int language, const struct token *t);
/* The key of n >= 1 tokens in a row. */
uint64_t lexicon_phrase(const struct token *tokens, size_t n);
/* A number that changes when text_read makes other keys. */
uint64_t lexicon_dialect(void);
/* Writes the checksum into a file of n >= LEXICON_HEADER_BYTES that is complete otherwise. */
void lexicon_seal(void *bytes, size_t n);

#endif
