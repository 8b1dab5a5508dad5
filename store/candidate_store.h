/* What a new request is compared with: the decided requests that have not ended, those closed less
 * than a year ago (domain reference 5.6), and those merged, whose words lead to their survivor.
 * Each country keeps its decided requests in one list, in order, an id and behind it the sealed
 * vector that the engine compares with, so that a country is read in a few calls and without its
 * texts. */
#ifndef STORE_CANDIDATE_STORE_H
#define STORE_CANDIDATE_STORE_H

#include "protocol/record.h"
#include "store/store.h"

enum { CANDIDATE_DAYS = 365, CANDIDATE_PAGE_MAX = 200 };

/* Whether a request in this state is compared with; a closed one only for CANDIDATE_DAYS. */
bool candidate_state(enum state s);
/* The same of a record at that moment. */
bool candidate_is(const struct record *r, int64_t now_ms);

struct candidate {
    char id[ID_BYTES];           /* "": not compared with any more */
    const unsigned char *vector; /* borrowed; NULL: none is kept, or it does not open */
    size_t vector_n;
};
struct candidates {
    int64_t epoch;                /* how many decided requests the country has */
    int64_t first;                /* position of the first one in list */
    const struct candidate *list; /* in order; borrowed for the call */
    size_t n;
};
typedef void (*candidates_fn)(void *arg, const struct candidates *page, const struct err *e);
/* Positions from first on, at most n <= CANDIDATE_PAGE_MAX; first < 0: the last -first ones. One
 * moment: epoch and list belong together. */
void candidate_store_read(struct store *s, const char *country, int64_t first, size_t n,
                          int64_t now_ms, candidates_fn fn, void *arg);
/* Keeps a vector computed anew for the request at that position. Not answered: if it is lost, it is
 * computed once more. */
void candidate_store_keep(struct store *s, const char *country, int64_t position, const char *id,
                          const void *vector, size_t n);

/* Ids of requests whose CANDIDATE_DAYS ended between the two moments, of one partition, from the
 * first-th on, at most n. */
typedef void (*lapsed_fn)(void *arg, const char (*ids)[ID_BYTES], size_t n, const struct err *e);
void candidate_store_lapsed(struct store *s, unsigned partition, int64_t after_ms,
                            int64_t before_ms, int64_t first, size_t n, lapsed_fn fn, void *arg);

#endif
