/* Many small blocks of memory by 32-bit handle, so that a reference costs four bytes and a block no
 * header. Grows by a page at a time, never copies; blocks given back serve later ones of the same
 * size. */
#ifndef ROUTING_POOL_H
#define ROUTING_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { POOL_UNIT = 4, POOL_UNITS_MAX = 512 }; /* bytes; units of one block */

struct pool {
    unsigned char **pages; /* owned */
    size_t pages_n, room;
    uint32_t next;                     /* unit of the last page that is free */
    uint32_t free[POOL_UNITS_MAX + 1]; /* by units: first block given back, 0: none */
    size_t free_bytes;                 /* in all of those */
};

/* Units that hold so many bytes. */
static inline uint32_t pool_units(size_t bytes)
{
    return (uint32_t)((bytes + POOL_UNIT - 1) / POOL_UNIT);
}

/* Zeroed it is empty and valid. */
void pool_clear(struct pool *p);
/* A block of 1..POOL_UNITS_MAX units, not zeroed, aligned to POOL_UNIT. Never 0, below 2^31. */
uint32_t pool_take(struct pool *p, uint32_t units);
/* units: as it was taken with. */
void pool_give(struct pool *p, uint32_t block, uint32_t units);
/* Valid until the block is given back. */
void *pool_at(const struct pool *p, uint32_t block);
/* Bytes taken from the system. */
size_t pool_bytes(const struct pool *p);

#endif
