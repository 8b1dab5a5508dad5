/* Up to SEGMENT_DOCUMENTS documents of one country: what each is made of, one behind the other, and
 * for each term the documents that have it. Inside index only; blocks of memory and the terms'
 * numbers are the index's. */
#ifndef ROUTING_SEGMENT_H
#define ROUTING_SEGMENT_H

#include "routing/numbering.h"
#include "routing/pool.h"
#include "routing/vector.h"

#include <stdbool.h>

enum {
    SEGMENT_BITS = 14,
    SEGMENT_DOCUMENTS = 1 << SEGMENT_BITS,
    SEGMENT_ID_BYTES = 16,
    SEGMENT_TEXT_MAX = 64, /* bytes of an id that is kept as a text */
    SEGMENT_RECORDS = 64,  /* in one block */
    SEGMENT_MARKS = 512    /* in one block */
};

/* One document in 32 bytes: a record, and apart from it what a search looks at. */
struct segment_record {
    unsigned char id[SEGMENT_ID_BYTES];
    uint32_t fingerprint[2]; /* low half first */
    uint32_t block;          /* terms, words of the title, the id's text if it has one */
};

struct segment_mark {
    uint8_t norm[2]; /* of all terms; without those of its own language: segment_norm */
    uint8_t units;   /* of the record's block, the low eight bits */
    uint8_t flags;   /* below; the language in the low bits */
};

enum {
    SEGMENT_LANGUAGE = 0x07,
    SEGMENT_UNITS_HIGH = 0x08,
    SEGMENT_ID_TEXT = 0x10, /* id is the hash of a text */
    SEGMENT_REMOVED = 0x20
};

/* Documents that have a term. */
struct segment_list {
    uint32_t term; /* number, size class of the block above it */
    uint32_t ref;  /* 0: no list; highest bit: the only document and its level; else a block */
};

struct segment {
    uint32_t country;                                     /* index in the index's table */
    uint32_t blocks[SEGMENT_DOCUMENTS / SEGMENT_RECORDS]; /* of records */
    uint32_t marks[SEGMENT_DOCUMENTS / SEGMENT_MARKS];    /* blocks of them */
    uint32_t documents_n, removed_n;
    uint32_t lists_n, lists_room;
    struct segment_list *lists; /* owned, open addressing by term */
    uint8_t norm_least[2];      /* no document has less */
    bool draining;              /* its documents are on their way to another segment */
};

/* What a document consists of besides its terms. */
struct segment_document {
    const struct vector *vector; /* borrowed; norm and terms of it are kept */
    const uint32_t *numbers;     /* of its terms, borrowed */
    const bool *posted;          /* false: the term is kept but gets no list, borrowed */
    unsigned char id[SEGMENT_ID_BYTES];
    const char *text; /* of the id, NULL: none; borrowed */
    float norm[2];
};

struct segment *segment_new(uint32_t country) __attribute__((returns_nonnull));
/* Gives back every block. */
void segment_free(struct segment *s, struct pool *p);
/* Needs documents_n < SEGMENT_DOCUMENTS. Returns its place. */
uint32_t segment_add(struct segment *s, struct pool *p, const struct segment_document *d);
/* Its block goes back, its place is not used again. */
void segment_remove(struct segment *s, struct pool *p, uint32_t place);
struct segment_record *segment_record(const struct segment *s, const struct pool *p,
                                      uint32_t place);
struct segment_mark *segment_mark(const struct segment *s, const struct pool *p, uint32_t place);

/* The terms of a document that was not removed, by number, ascending: returns how many. */
struct segment_term {
    uint32_t number;
    uint8_t weight;
};
size_t segment_terms(const struct segment *s, const struct pool *p, uint32_t place,
                     struct segment_term ret_terms[FEATURES_MAX]);
/* Words as in the vector, their term the index in segment_terms; the id's text, "" without one. */
size_t segment_words(const struct segment *s, const struct pool *p, uint32_t place,
                     struct vector_word ret_words[VECTOR_WORDS_MAX],
                     char ret_text[SEGMENT_TEXT_MAX]);

float segment_norm(uint8_t norm);

/* A term that is asked for, and what it adds to the score of a document that has it at a level. */
struct segment_asked {
    uint32_t number;
    uint16_t products[VECTOR_LEVELS];
};
/* Adds to scores[place] for each document and each of the n <= FEATURES_MAX terms that it has. */
void segment_score(const struct segment *s, const struct pool *p, const struct segment_asked *terms,
                   size_t n, uint16_t scores[SEGMENT_DOCUMENTS]);
size_t segment_bytes(const struct segment *s);

#endif
