#include "daemon/limit.h"

#include "base/err.h"
#include "config/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bucket {
    UT_hash_handle hh;
    char who[LIMIT_WHO_BYTES];
    int64_t full_us; /* when it is full again */
};

struct limit {
    int64_t window_us;
    size_t entries_max;
    struct bucket *buckets; /* owned, in the order in which they were made */
};

struct limit *limit_new(int64_t window_ms, size_t entries_max)
{
    struct limit *l = mem_new(1, sizeof *l);

    l->window_us = window_ms * 1000;
    l->entries_max = entries_max;
    return l;
}

static void bucket_drop(struct limit *l, struct bucket *b)
{
    HASH_DEL(l->buckets, b);
    free(b);
}

void limit_free(struct limit *l)
{
    struct bucket *b, *next;

    if (!l)
        return;
    HASH_ITER (hh, l->buckets, b, next)
        bucket_drop(l, b);
    free(l);
}

static struct bucket *bucket_find(const struct limit *l, const char *who)
{
    struct bucket *b = NULL;

    HASH_FIND_STR(l->buckets, who, b);
    return b;
}

/* A full bucket and none are the same. */
static void make_room(struct limit *l, int64_t now_us)
{
    struct bucket *b, *next;

    if (HASH_COUNT(l->buckets) < l->entries_max)
        return;
    HASH_ITER (hh, l->buckets, b, next)
        if (b->full_us <= now_us)
            bucket_drop(l, b);
    if (HASH_COUNT(l->buckets) >= l->entries_max)
        bucket_drop(l, l->buckets);
}

static struct bucket *bucket_get(struct limit *l, const char *who, int64_t now_us)
{
    struct bucket *b = bucket_find(l, who);

    if (b)
        return b;
    make_room(l, now_us);
    b = mem_new(1, sizeof *b);
    snprintf(b->who, sizeof b->who, "%s", who);
    HASH_ADD_STR(l->buckets, who, b);
    return b;
}

static struct limit_state state_of(const struct limit *l, int64_t full_us, int64_t quota,
                                   int64_t now_us)
{
    int64_t each_us = l->window_us / quota;
    int64_t debt_us = full_us > now_us ? full_us - now_us : 0;
    int64_t room_us = l->window_us - debt_us;
    struct limit_state s = {.left = room_us > 0 ? room_us / each_us : 0};

    if (s.left > quota)
        s.left = quota; /* the window is no multiple of each_us */
    s.is_over = s.left == 0;
    if (s.is_over)
        s.wait_ms = (each_us - room_us + 999) / 1000;
    return s;
}

struct limit_state limit_look(const struct limit *l, const char *who, int64_t quota, int64_t now_ms)
{
    const struct bucket *b = bucket_find(l, who);

    return state_of(l, b ? b->full_us : 0, quota, now_ms * 1000);
}

struct limit_state limit_take(struct limit *l, const char *who, int64_t quota, int64_t now_ms)
{
    int64_t now_us = now_ms * 1000;
    struct bucket *b = bucket_get(l, who, now_us);
    struct limit_state s = state_of(l, b->full_us, quota, now_us);

    if (s.is_over)
        return s;
    if (b->full_us < now_us)
        b->full_us = now_us;
    b->full_us += l->window_us / quota;
    s = state_of(l, b->full_us, quota, now_us);
    s.is_over = false; /* this one has gone through */
    return s;
}

void limit_return(struct limit *l, const char *who, int64_t quota, int64_t now_ms)
{
    struct bucket *b = bucket_find(l, who);

    if (b && b->full_us > now_ms * 1000)
        b->full_us -= l->window_us / quota;
}

void limit_close(struct limit *l, const char *who, int64_t quota, int64_t wait_ms, int64_t now_ms)
{
    struct bucket *b = bucket_get(l, who, now_ms * 1000);
    int64_t full_us = now_ms * 1000 + l->window_us - l->window_us / quota + wait_ms * 1000;

    if (b->full_us < full_us)
        b->full_us = full_us;
}
