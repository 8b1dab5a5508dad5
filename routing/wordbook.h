/* Collects word pairs and writes the lexicon that routing/lexicon.h reads. Pure; for the build
 * tool and the tests.
 *
 *   wordbook_new -> wordbook_add, many -> wordbook_write -> bytes */
#ifndef ROUTING_WORDBOOK_H
#define ROUTING_WORDBOOK_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

struct wordbook;

enum { WORDBOOK_SCORE_MAX = 1 << 16 };

struct wordbook *wordbook_new(void) __attribute__((returns_nonnull));
void wordbook_free(struct wordbook *b);

/* Which way a dictionary was read. Under a foreign word it tells the usual English one; under an
 * English word it tells the foreign ones, so of several English words that lead to the same foreign
 * one the more common is meant. */
enum wordbook_way { WORDBOOK_TO_ENGLISH, WORDBOOK_FROM_ENGLISH };

/* phrase, in that language, means english: one or two words that are no function words, or the
 * pair is left out, as is one whose phrase has none, more than LEXICON_TOKENS_MAX words or
 * punctuation. score: 1..WORDBOOK_SCORE_MAX, how sure; those of the same pair add up. Returns
 * whether the pair was kept. */
bool wordbook_add(struct wordbook *b, int language, const char *phrase, const char *english,
                  enum wordbook_way way, unsigned score);
/* English text as it is used: how common words are is counted in it. */
void wordbook_hear(struct wordbook *b, const char *english);

/* phrase and other, of two languages that are not English, mean the same: the one that no pair
 * explains takes the other's English stems when the file is written. Returns whether it was kept.
 */
bool wordbook_bridge(struct wordbook *b, int language, const char *phrase, int other_language,
                     const char *other);

/* The file, the same bytes for the same pairs in any order. about is for lexicon_about,
 * copied. ERR_TOO_LARGE: more than a lexicon may have.
 * ret_bytes must be empty. */
enum err_code wordbook_write(struct wordbook *b, const char *about, struct buf *ret_bytes,
                             struct err *e) ERR_CHECK;

#endif
