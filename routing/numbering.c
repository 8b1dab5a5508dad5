#include "routing/numbering.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum { SHARD_FIRST = 16 };

static uint32_t mix(uint32_t key)
{
    key = (key ^ (key >> 16)) * UINT32_C(0x7feb352d);
    key = (key ^ (key >> 15)) * UINT32_C(0x846ca68b);
    return key ^ (key >> 16);
}

static size_t shard_of(uint32_t hash)
{
    return hash % NUMBERING_SHARDS;
}

static uint32_t slot_of(uint32_t hash, uint32_t room)
{
    return hash / NUMBERING_SHARDS & (room - 1);
}

void numbering_init(struct numbering *v)
{
    memset(v, 0, sizeof *v);
    v->free = NUMBERING_NONE;
}

void numbering_clear(struct numbering *v)
{
    for (size_t i = 0; i < v->pages_n; i++)
        free(v->pages[i]);
    free(v->pages);
    for (size_t i = 0; i < NUMBERING_SHARDS; i++)
        free(v->shards[i].numbers);
    numbering_init(v);
}

/* The slot of key in its shard, a free one when it is not there; the shard has room. */
static uint32_t *slot_find(const struct numbering *v, uint32_t key, uint32_t hash)
{
    size_t s = shard_of(hash);
    uint32_t i = slot_of(hash, v->shards[s].room);

    while (v->shards[s].numbers[i] != 0 &&
           numbering_row(v, v->shards[s].numbers[i] - 1)->key != key)
        i = (i + 1) & (v->shards[s].room - 1);
    return &v->shards[s].numbers[i];
}

static void shard_grow(struct numbering *v, size_t s)
{
    uint32_t *old = v->shards[s].numbers;
    uint32_t old_room = v->shards[s].room, room = old_room ? old_room * 2 : SHARD_FIRST;

    v->shards[s].numbers = mem_new(room, sizeof *old);
    v->shards[s].room = room;
    for (uint32_t i = 0; i < old_room; i++) {
        uint32_t at;
        if (old[i] == 0)
            continue;
        at = slot_of(mix(numbering_row(v, old[i] - 1)->key), room);
        while (v->shards[s].numbers[at] != 0)
            at = (at + 1) & (room - 1);
        v->shards[s].numbers[at] = old[i];
    }
    free(old);
}

static uint32_t row_take(struct numbering *v)
{
    uint32_t number = v->free;

    if (number != NUMBERING_NONE) {
        v->free = numbering_row(v, number)->key;
        v->kept--;
        return number;
    }
    number = v->rows_n++;
    if (number == NUMBERING_NONE)
        bug("more keys than numbers");
    if (number / NUMBERING_PAGE == v->pages_n) {
        if (v->pages_n == v->pages_room) {
            v->pages_room = v->pages_room ? v->pages_room * 2 : 16;
            v->pages = mem_grow(v->pages, v->pages_room, sizeof *v->pages);
        }
        v->pages[v->pages_n++] = mem_new(NUMBERING_PAGE, sizeof **v->pages);
    }
    return number;
}

uint32_t numbering_enter(struct numbering *v, uint32_t key)
{
    uint32_t hash = mix(key), number, *slot;
    size_t s = shard_of(hash);

    if (v->shards[s].n * 4 >= v->shards[s].room * 3)
        shard_grow(v, s);
    slot = slot_find(v, key, hash);
    if (*slot != 0) {
        numbering_row(v, *slot - 1)->count++;
        return *slot - 1;
    }
    number = row_take(v);
    *numbering_row(v, number) = (struct numbering_row){key, 1};
    *slot = number + 1;
    v->shards[s].n++;
    return number;
}

/* Moves back what stands behind the hole and was put there because of it. */
static void shard_close(struct numbering *v, size_t s, uint32_t hole)
{
    uint32_t *numbers = v->shards[s].numbers, room = v->shards[s].room;

    for (uint32_t i = (hole + 1) & (room - 1); numbers[i] != 0; i = (i + 1) & (room - 1)) {
        uint32_t home = slot_of(mix(numbering_row(v, numbers[i] - 1)->key), room);
        if (((i - home) & (room - 1)) < ((i - hole) & (room - 1)))
            continue;
        numbers[hole] = numbers[i];
        hole = i;
    }
    numbers[hole] = 0;
    v->shards[s].n--;
}

void numbering_leave(struct numbering *v, uint32_t number)
{
    struct numbering_row *row = numbering_row(v, number);
    uint32_t hash = mix(row->key);
    size_t s = shard_of(hash);

    if (--row->count > 0)
        return;
    shard_close(v, s, (uint32_t)(slot_find(v, row->key, hash) - v->shards[s].numbers));
    row->key = v->free;
    v->free = number;
    v->kept++;
}

uint32_t numbering_find(const struct numbering *v, uint32_t key)
{
    uint32_t hash = mix(key), found;

    if (v->shards[shard_of(hash)].room == 0)
        return NUMBERING_NONE;
    found = *slot_find(v, key, hash);
    return found != 0 ? found - 1 : (uint32_t)NUMBERING_NONE;
}

size_t numbering_bytes(const struct numbering *v)
{
    size_t bytes =
        v->pages_room * sizeof *v->pages + v->pages_n * NUMBERING_PAGE * sizeof **v->pages;

    for (size_t i = 0; i < NUMBERING_SHARDS; i++)
        bytes += v->shards[i].room * sizeof *v->shards[i].numbers;
    return bytes;
}
