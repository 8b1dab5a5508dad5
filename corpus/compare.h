/* A request beside those that it resembles: what the index finds, each with its record as it is
 * now; those that have ended meanwhile are left out. One that is merged stands for its survivor,
 * which is listed in its place, once. */
#ifndef CORPUS_COMPARE_H
#define CORPUS_COMPARE_H

#include "corpus/corpus.h"
#include "store/request_store.h"

/* Together as many as an answer may have to look up for its reader. */
enum { COMPARE_DUPLICATES_MAX = 6, COMPARE_RELATED_MAX = 4 };

struct match {
    struct similar_hit hit; /* its words may be those of one merged into this one */
    struct stored stored;
};

/* Best first. */
struct comparison {
    struct match duplicates[COMPARE_DUPLICATES_MAX]; /* of the same country */
    size_t duplicates_n;
    struct match related[COMPARE_RELATED_MAX]; /* of other countries, for joint work */
    size_t related_n;
    enum similar_verdict best; /* among duplicates */
};

enum compare_depth {
    COMPARE_DUPLICATES, /* of the same country, with their texts */
    COMPARE_ALL         /* with related ones, all without their texts (stored.body NULL) */
};
/* comparison is borrowed for the call; NULL when e->code is set. */
typedef void (*compared_fn)(void *arg, const struct comparison *comparison, const struct err *e);
/* The index is asked before this returns, so that the place may be left then. May call back before
 * it returns. */
void compare_begin(const struct corpus_place *p, struct store *store, const struct reading *r,
                   enum compare_depth depth, compared_fn fn, void *arg);

/* One of `duplicates` or `related` in the API (contract section 4); new reference. */
json_t *compare_json(const struct match *m) __attribute__((returns_nonnull));

#endif
