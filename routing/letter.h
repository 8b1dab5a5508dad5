/* What the Unicode tables say of a code point, asked of ICU once for all of the basic plane: a
 * text is read letter by letter, and each answer of ICU costs as much as the rest of the step. */
#ifndef ROUTING_LETTER_H
#define ROUTING_LETTER_H

#include <stdbool.h>
#include <stdint.h>

enum letter {
    LETTER_MARK,  /* harakat, tatweel, stray accents, soft hyphens: not read */
    LETTER_HAN,   /* ideographic */
    LETTER_ALPHA, /* alphabetic, also spacing marks that belong to a letter */
    LETTER_DIGIT, /* decimal digit of any script */
    LETTER_OTHER
};

/* Before the functions below; any number of times, from any thread. */
void letter_prepare(void);
/* c: a code point, 0 to 0x10ffff. */
static inline enum letter letter_kind(int32_t c);
static inline bool letter_is_upper(int32_t c); /* upper or title case */
/* Stands in NFKC for itself, whatever its neighbours (UAX 15, quick check). */
static inline bool letter_is_normal(int32_t c);

/* --- inside ------------------------------------------------------------------------------------
 */

enum { LETTER_PLANE = 0x10000, LETTER_KIND = 0x0f, LETTER_UPPER = 1 << 4, LETTER_NORMAL = 1 << 5 };

extern unsigned char letter_plane[LETTER_PLANE];
unsigned char letter_ask(int32_t c);

static inline unsigned char letter_answer(int32_t c)
{
    return c < LETTER_PLANE ? letter_plane[c] : letter_ask(c);
}

static inline enum letter letter_kind(int32_t c)
{
    return (enum letter)(letter_answer(c) & LETTER_KIND);
}

static inline bool letter_is_upper(int32_t c)
{
    return letter_answer(c) & LETTER_UPPER;
}

static inline bool letter_is_normal(int32_t c)
{
    return letter_answer(c) & LETTER_NORMAL;
}

#endif
