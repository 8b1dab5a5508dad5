/* How many requests there are, by the indexes and counters that their functions keep. */
#ifndef STORE_COUNT_STORE_H
#define STORE_COUNT_STORE_H

#include "store/store.h"

/* counts: in the order asked for, borrowed for the call; all 0 with e. */
typedef void (*counts_fn)(void *arg, const int64_t *counts, const struct err *e);

/* Requests of each country (n codes, "KEN"). */
void count_store_countries(struct store *s, const char *const *countries, size_t n, counts_fn fn,
                           void *arg);
/* Requests in each state (n words), over all partitions. */
void count_store_states(struct store *s, const char *const *states, size_t n, counts_fn fn,
                        void *arg);
/* Requests whose main topic is each of n codes, as decided by the router. */
void count_store_themes(struct store *s, const char *const *themes, size_t n, counts_fn fn,
                        void *arg);

#endif
