/* Lessons for the router (protocol/lesson.h) in the store: one bounded list a partition, each
 * lesson sealed. transition_v3 adds one in the same step as the act that it comes from, so an act
 * that is repeated teaches once. */
#ifndef STORE_LESSON_STORE_H
#define STORE_LESSON_STORE_H

#include "store/args.h"
#include "store/store.h"

#include <jansson.h>

/* Appends the sealed lesson, "" for NULL, as one argument. */
void lesson_store_add(struct args *a, const struct keyring *ring, unsigned partition,
                      const json_t *lesson);

/* lessons: array, oldest first; borrowed. Those that do not open are left out and counted. */
typedef void (*lessons_fn)(void *arg, json_t *lessons, size_t unreadable_n, const struct err *e);
/* From the first-th on (0: oldest), at most n. Calls back exactly once, never before it returned.
 */
void lesson_store_read(struct store *s, unsigned partition, int64_t first, int64_t n, lessons_fn fn,
                       void *arg);

#endif
