/* A link is kept with both of its requests, which live in two partitions and so are written one
 * after the other. The step that writes the first half notes, in the same moment, that the second
 * one may be due; whoever finishes it takes the note away. If the daemon dies in between, a worker
 * finds the note. All of it may be repeated: the later stamp wins on both sides (relation.h). */
#ifndef STORE_HALF_STORE_H
#define STORE_HALF_STORE_H

#include "store/request_store.h"

struct half {
    char first[ID_BYTES]; /* has the note */
    char second[ID_BYTES];
    char operation[OPERATION_BYTES]; /* which attempt left it; "": mend without a note */
};

/* Makes both sides agree and takes the note away. e: what hindered it; the note is then left. */
typedef void (*mended_fn)(void *arg, bool changed, const struct err *e);
void half_store_mend(struct store *s, const struct half *half, mended_fn fn, void *arg);

/* The notes of one partition, at most n of them, in no order. */
typedef void (*halves_fn)(void *arg, const struct half *list, size_t n, const struct err *e);
void half_store_list(struct store *s, unsigned partition, unsigned n, halves_fn fn, void *arg);

#endif
