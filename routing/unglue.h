/* Words that somebody wrote without the blanks between them, as happens to Arabic text that passed
 * through a PDF: parted again where the lexicon knows the parts. */
#ifndef ROUTING_UNGLUE_H
#define ROUTING_UNGLUE_H

#include "routing/lexicon.h"

enum { UNGLUE_LETTERS_MIN = 7, UNGLUE_LETTERS_MAX = 96 };

/* word: bytes of well-formed UTF-8, letters of one script. True when words that the lexicon knows
 * make up nearly all of it, at least two; ret_parts are then its parts, to be cleared by the
 * caller. */
bool unglue(const struct lexicon *x, int language, const char *word, size_t bytes,
            struct text *ret_parts);

#endif
