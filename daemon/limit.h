/* How much a caller may have in a while: a bucket for each, refilled evenly. Kept as one instant,
 * the time at which the bucket would be full again (the generic cell rate algorithm, ITU-T I.371).
 */
#ifndef DAEMON_LIMIT_H
#define DAEMON_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMIT_WHO_BYTES = 64 };

struct limit;

/* window_ms: in how long an empty bucket is full. entries_max: callers remembered; beyond it those
 * go whose bucket is full, then the oldest. */
struct limit *limit_new(int64_t window_ms, size_t entries_max) __attribute__((returns_nonnull));
void limit_free(struct limit *l);

struct limit_state {
    bool is_over;    /* nothing was taken */
    int64_t left;    /* how many more would go through now */
    int64_t wait_ms; /* until one more does; 0: now */
};

/* Takes one of quota (> 0) from the bucket of who, unless it is empty. now_ms must not fall. */
struct limit_state limit_take(struct limit *l, const char *who, int64_t quota, int64_t now_ms);
/* The same without taking. */
struct limit_state limit_look(const struct limit *l, const char *who, int64_t quota,
                              int64_t now_ms);
/* Gives one back. */
void limit_return(struct limit *l, const char *who, int64_t quota, int64_t now_ms);
/* Empties the bucket: nothing goes through before wait_ms have passed. */
void limit_close(struct limit *l, const char *who, int64_t quota, int64_t wait_ms, int64_t now_ms);

#endif
