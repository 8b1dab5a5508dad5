/* All keys that any document of an index has, each with a small number: numbers are what documents
 * are stored as, and the smaller the more common ones as a rule, for these come early. Counts in
 * how many documents a key stands. */
#ifndef ROUTING_NUMBERING_H
#define ROUTING_NUMBERING_H

#include <stddef.h>
#include <stdint.h>

enum {
    NUMBERING_BITS = 27,
    NUMBERING_NONE = (1 << NUMBERING_BITS) - 1,
    NUMBERING_SHARDS = 64,
    NUMBERING_PAGE = 1024 /* rows */
};

struct numbering_row {
    uint32_t key;   /* of a free row: the next free one */
    uint32_t count; /* documents that have it; 0: free */
};

struct numbering {
    struct numbering_row **pages; /* owned */
    size_t pages_n, pages_room;
    uint32_t rows_n;
    uint32_t free; /* first row given back, NUMBERING_NONE: none */
    uint32_t kept; /* rows given back */
    struct {
        uint32_t *numbers; /* owned, open addressing; 0: free, else number + 1 */
        uint32_t n, room;
    } shards[NUMBERING_SHARDS]; /* each grows by itself, so that no step is long */
};

void numbering_init(struct numbering *v);
void numbering_clear(struct numbering *v);
/* One more document has the key. Returns the key's number. */
uint32_t numbering_enter(struct numbering *v, uint32_t key);
/* One document fewer has it; with the last one the number is free for another key. */
void numbering_leave(struct numbering *v, uint32_t number);
/* NUMBERING_NONE: no document has it. */
uint32_t numbering_find(const struct numbering *v, uint32_t key);

static inline struct numbering_row *numbering_row(const struct numbering *v, uint32_t number)
{
    return &v->pages[number / NUMBERING_PAGE][number % NUMBERING_PAGE];
}

static inline uint32_t numbering_key(const struct numbering *v, uint32_t number)
{
    return numbering_row(v, number)->key;
}

/* Documents that have it. */
static inline uint32_t numbering_count(const struct numbering *v, uint32_t number)
{
    return numbering_row(v, number)->count;
}

size_t numbering_bytes(const struct numbering *v);

#endif
