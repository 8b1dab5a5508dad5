/* What this process knows of the decided requests, to compare a new one with.
 *
 * One at a time enters a country. It is brought up to the country's epoch (the number of its
 * decided requests) first, so who is inside sees every request decided before. A decision is
 * written on that epoch; if another worker decided one meanwhile, the store refuses
 * (STORE_EPOCH): leave and enter again. The other countries follow loosely: loaded in the
 * background, then kept up to date by the event streams.
 *
 * An index holds vectors, no texts and no references, and may for a moment still hold a request
 * that has ended: who lists hits reads their records first (candidate_is). */
#ifndef CORPUS_CORPUS_H
#define CORPUS_CORPUS_H

#include "routing/similar.h"
#include "store/event_store.h"

enum { CORPUS_VECTOR_MAX = 8 + SIMILAR_PACKED_MAX };

struct corpus;
struct corpus_place; /* one country, entered */

struct corpus_options {
    struct event_base *base;
    struct store *store;
    const struct engine *engine;
    /* For who asks now and then about one country: above bytes_max the countries not asked about
     * for longest are dropped, of a large one only the newest country_max are compared with.
     * bytes_max 0: all of every country, in one index, which corpus_check needs. */
    size_t bytes_max;
    size_t country_max;
    int64_t sweep_ms; /* between two looks for requests closed too long ago; 0: never */
};
/* What options borrows outlives it. */
struct corpus *corpus_new(const struct corpus_options *options) __attribute__((returns_nonnull));
/* Who waits to enter is called back with ERR_UNAVAILABLE; nobody may be inside. NULL is fine. */
void corpus_free(struct corpus *c);

/* Takes in all countries in the background. Once. */
void corpus_load(struct corpus *c);
/* One event of the streams: who came, who ended. */
void corpus_hear(struct corpus *c, const struct event *event);

struct corpus_figures {
    size_t requests_n, countries_n;
    size_t bytes;    /* of what was taken in, as the store keeps it */
    int64_t load_ms; /* what corpus_load took; -1: it has not ended */
};
void corpus_figures(const struct corpus *c, struct corpus_figures *ret_figures);

/* place is NULL when e->code is set: then nothing was entered. Never called before corpus_enter
 * returned. */
typedef void (*corpus_entered_fn)(void *arg, struct corpus_place *place, const struct err *e);
void corpus_enter(struct corpus *c, const char *country, corpus_entered_fn fn, void *arg);
/* As similar_find and similar_check. */
size_t corpus_find(const struct corpus_place *p, const struct reading *r,
                   struct similar_hit hits[SIMILAR_HITS_MAX]);
size_t corpus_check(const struct corpus_place *p, const struct reading *r,
                    struct similar_hit hits[SIMILAR_CHECK_MAX], size_t *ret_own_n);
/* How many decided requests were taken in: what a decision is conditional on. */
int64_t corpus_epoch(const struct corpus_place *p);
/* What is kept of a request to compare others with. Returns how many bytes. */
size_t corpus_vector(const struct corpus *c, const struct reading *r,
                     unsigned char ret_vector[CORPUS_VECTOR_MAX]);
/* The request with that vector was decided as the next one: it need not be read back. n 0: it is
 * counted, and not compared with. */
void corpus_add(struct corpus_place *p, const char *id, const unsigned char *vector, size_t n);
void corpus_leave(struct corpus_place *p);

#endif
