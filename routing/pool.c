/* Pages double up to PAGE_UNITS, so that an index of few documents is small: page k of the first
 * FIRST_PAGES has FIRST_UNITS << k units. A handle is a unit's number over all pages, 0 is never
 * given out. */
#include "routing/pool.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    FIRST_BITS = 10, /* 4 KiB */
    PAGE_BITS = 19,  /* 2 MiB: a huge page of the processors at hand */
    FIRST_PAGES = PAGE_BITS - FIRST_BITS
};

static const uint32_t block_max = UINT32_C(1) << 31;

static uint32_t page_units(size_t page)
{
    return UINT32_C(1) << (page < FIRST_PAGES ? FIRST_BITS + page : PAGE_BITS);
}

/* The unit at which a page begins, less FIRST_UNITS: 0, 1024, 3072, 7168 .. */
static uint32_t page_begin(size_t page)
{
    uint32_t small = page < FIRST_PAGES ? (uint32_t)page : FIRST_PAGES;

    return (UINT32_C(1) << (FIRST_BITS + small)) - (UINT32_C(1) << FIRST_BITS) +
           ((uint32_t)page - small) * (UINT32_C(1) << PAGE_BITS);
}

static size_t page_of(uint32_t block)
{
    uint32_t shifted = block + (UINT32_C(1) << FIRST_BITS);

    if (shifted < UINT32_C(1) << PAGE_BITS)
        return (size_t)(31 - __builtin_clz(shifted)) - FIRST_BITS;
    return FIRST_PAGES + (shifted >> PAGE_BITS) - 1;
}

void pool_clear(struct pool *p)
{
    for (size_t i = 0; i < p->pages_n; i++)
        free(p->pages[i]);
    free(p->pages);
    memset(p, 0, sizeof *p);
}

static void pool_keep(struct pool *p, uint32_t block, uint32_t units)
{
    memcpy(pool_at(p, block), &p->free[units], sizeof p->free[units]);
    p->free[units] = block;
    p->free_bytes += (size_t)units * POOL_UNIT;
}

/* Blocks are read all over the memory: with pages of 4 KiB every other read has to look up where
 * its page is. The system may decline. */
static unsigned char *page_take(size_t page)
{
    size_t bytes = (size_t)page_units(page) * POOL_UNIT;
    unsigned char *memory;

    if (page < FIRST_PAGES)
        return mem_grow(NULL, bytes, 1);
    if (!(memory = aligned_alloc(bytes, bytes)))
        bug("out of memory");
    (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

/* What is left of the last page serves smaller blocks. */
static void pool_new_page(struct pool *p)
{
    if (p->pages_n > 0) {
        uint32_t begin = page_begin(p->pages_n - 1), left = page_units(p->pages_n - 1) - p->next;
        while (left > 0) {
            uint32_t units = left < POOL_UNITS_MAX ? left : POOL_UNITS_MAX;
            pool_keep(p, begin + p->next, units);
            p->next += units;
            left -= units;
        }
    }
    if (page_begin(p->pages_n + 1) >= block_max)
        bug("a pool of 8 GiB is full");
    if (p->pages_n == p->room) {
        p->room = p->room ? p->room * 2 : 8;
        p->pages = mem_grow(p->pages, p->room, sizeof *p->pages);
    }
    p->pages[p->pages_n] = page_take(p->pages_n);
    p->next = p->pages_n == 0; /* 0 is no block */
    p->pages_n++;
}

uint32_t pool_take(struct pool *p, uint32_t units)
{
    uint32_t block = 0;

    if (units == 0 || units > POOL_UNITS_MAX)
        bug("a block of %u units", units);
    block = p->free[units];
    if (block) {
        memcpy(&p->free[units], pool_at(p, block), sizeof p->free[units]);
        p->free_bytes -= (size_t)units * POOL_UNIT;
        return block;
    }
    if (p->pages_n == 0 || p->next + units > page_units(p->pages_n - 1))
        pool_new_page(p);
    block = page_begin(p->pages_n - 1) + p->next;
    p->next += units;
    return block;
}

void pool_give(struct pool *p, uint32_t block, uint32_t units)
{
    pool_keep(p, block, units);
}

void *pool_at(const struct pool *p, uint32_t block)
{
    size_t page = page_of(block);

    return p->pages[page] + (size_t)(block - page_begin(page)) * POOL_UNIT;
}

size_t pool_bytes(const struct pool *p)
{
    size_t bytes = p->room * sizeof *p->pages;

    for (size_t i = 0; i < p->pages_n; i++)
        bytes += (size_t)page_units(i) * POOL_UNIT;
    return bytes;
}
