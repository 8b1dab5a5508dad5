/* A text as a row of tokens: what phrases, names and numbers are found by.
 *
 *   UTF-8 -> NFKC -> words -> lower case, script repairs -> stem -> key
 *
 * A word is a run of letters; a Han character is a word of its own, so a Chinese term matches
 * as a substring; hyphens and apostrophes part words ("l'eau" is l + eau). The stemmer follows
 * the word's script: a Latin name in a Russian text is stemmed as English there, and so is the
 * evidence word that looks for it. */
#ifndef ROUTING_TEXT_H
#define ROUTING_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TEXT_BYTES_MAX = 1 << 18, TEXT_TOKENS_MAX = 1 << 15, TEXT_WORD_BYTES = 64 };

/* Of token.manner: "beached", "beaching"; a term that is listed so does not mean the "beach". And a
 * Russian adjective: the genitive of "China" looks like one, with the stem of "whale". */
enum { MANNER_ADJECTIVE = 1, MANNER_VERB = 7 };

enum token_flag {
    TOKEN_STOP = 1 << 0,     /* a function word: says where, not what */
    TOKEN_NUMBER = 1 << 1,   /* key is that of the digits without separators */
    TOKEN_UPPER = 1 << 2,    /* starts with a capital */
    TOKEN_CAPITALS = 1 << 3, /* two or more letters, all capitals */
    TOKEN_HAN = 1 << 4,
    TOKEN_ARABIC = 1 << 5,
    TOKEN_CYRILLIC = 1 << 6,
    TOKEN_BREAK = 1 << 7,   /* punctuation before it: no phrase runs into it */
    TOKEN_OPENS = 1 << 8,   /* first of a sentence, so its capital says nothing */
    TOKEN_LINK = 1 << 9,    /* a function word that changes no meaning: "of", "the" */
    TOKEN_JOINED = 1 << 10, /* beside a hyphen: "stop-over" is more than "stop" */
    TOKEN_TERM = 1 << 11,   /* part of an evidence word; set by reading.c */
    TOKEN_DENIED = 1 << 12  /* the text says that it is not about this; set by reading.c */
};

struct token {
    uint64_t key;      /* of the stem, accents folded */
    uint64_t fold;     /* of the whole word, lower case, accents folded */
    uint64_t singular; /* fold without a final s or x */
    uint32_t skeleton; /* of the consonants, alike in Latin, Cyrillic and Arabic; 0: too few */
    uint32_t start;    /* byte of text.source */
    uint16_t bytes;
    uint16_t sentence; /* 0, 1 ..; stays at the last number when there are too many */
    uint16_t flags;
    uint8_t letters;    /* code points, at most 255 */
    uint8_t consonants; /* in the skeleton */
    uint8_t manner;     /* how it ends: words of one stem but another manner mean another thing
                           ("import", "important"); 0: by inflection only */
};

struct text {
    char *source; /* owned, NFKC, NUL-terminated */
    size_t source_bytes;
    struct token *tokens; /* owned */
    size_t tokens_n;
};

/* source: UTF-8, anything beyond the limits above is not read. language: index, or -1 when not
 * known. Not well-formed bytes part words. ret_text is filled in any case; text_clear frees. */
void text_read(const char *source, int language, struct text *ret_text);
void text_clear(struct text *t);

/* 64-bit FNV-1a with a final mix: keys of tokens and features. */
uint64_t text_hash(const void *bytes, size_t n);
/* Two keys made one, order matters. */
uint64_t text_mix(uint64_t a, uint64_t b);

#endif
