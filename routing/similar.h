/* Likely duplicates: one index over the requests of all countries, by id. Within a country it finds
 * those that ask for the same; in other countries those for a joint training or mission. */
#ifndef ROUTING_SIMILAR_H
#define ROUTING_SIMILAR_H

#include "config/likeness.h"
#include "routing/reading.h"

#include <jansson.h>
#include <stdbool.h>

enum similar_verdict { SIMILAR_NONE, SIMILAR_POSSIBLE, SIMILAR_LIKELY, SIMILAR_CERTAIN };
enum {
    SIMILAR_HITS_MAX = 10,
    SIMILAR_CHECK_MAX = 2 * SIMILAR_HITS_MAX,
    SIMILAR_LOOKS = 24, /* documents compared in full */
    SIMILAR_WORDS_MAX = 8,
    SIMILAR_PACKED_MAX = 576 /* bytes */
};

struct similar_hit {
    char id[64];
    char country[4];
    double score;                 /* 0..1, likeness of the words */
    double probability;           /* 0..1, that it is the same need */
    enum similar_verdict verdict; /* NONE is never listed */
    bool same_text;               /* but for spacing, case and punctuation */
    double evidence[LIKENESS_EVIDENCE_N];
    char *shared[SIMILAR_WORDS_MAX];  /* owned; words both have, strongest first; NULL-padded */
    char *differs[SIMILAR_WORDS_MAX]; /* owned; words of the titles that only one has */
};

struct similar_index; /* opaque */

/* g is borrowed and must outlive it. */
struct similar_index *similar_new(const struct engine *g) __attribute__((returns_nonnull));
void similar_free(struct similar_index *x);
/* Keeps more of each text from now on than a request needs: for texts of any kind. */
void similar_deepen(struct similar_index *x);

/* country: ISO 3166-1 alpha-3, or "" for none; id: at most 63 bytes, copied; r is borrowed for the
 * call. An id that is there already is replaced. */
void similar_add(struct similar_index *x, const char *country, const char *id,
                 const struct reading *r);
/* What similar_add would keep of r, as bytes that another process and machine can read. Returns how
 * many were written; 0 when room is too small, which SIMILAR_PACKED_MAX never is. */
size_t similar_pack(const struct engine *g, const struct reading *r, unsigned char *ret,
                    size_t room);
/* As similar_add. ERR_STALE: packed by another version, compute it from the text again;
 * ERR_MALFORMED: nothing that similar_pack wrote. Nothing was added then. */
enum err_code similar_add_packed(struct similar_index *x, const char *country, const char *id,
                                 const unsigned char *bytes, size_t n, struct err *e) ERR_CHECK;
/* False: it was not there. */
bool similar_remove(struct similar_index *x, const char *id);
bool similar_has(const struct similar_index *x, const char *id);
size_t similar_count(const struct similar_index *x);
/* Of memory, all in all. */
size_t similar_bytes(const struct similar_index *x);

/* The two below write hits that are at least possible, best first, and return how many; clear each
 * with similar_hit_clear. A request finds itself too when it is in the index. */

/* Up to SIMILAR_HITS_MAX of the same country. */
size_t similar_find(const struct similar_index *x, const char *country, const struct reading *r,
                    struct similar_hit hits[SIMILAR_HITS_MAX]);
/* The same, and behind those ret_own_n up to SIMILAR_HITS_MAX of the other countries: for joint
 * work, never to be merged. */
size_t similar_check(const struct similar_index *x, const char *country, const struct reading *r,
                     struct similar_hit hits[SIMILAR_CHECK_MAX], size_t *ret_own_n);

/* The two below write up to SIMILAR_LOOKS hits, by score, whatever their verdict. */

/* Of the same country: for learning. */
size_t similar_compare(const struct similar_index *x, const char *country, const struct reading *r,
                       struct similar_hit hits[SIMILAR_LOOKS]);
/* Of all countries: retrieval on its own. */
size_t similar_nearest(const struct similar_index *x, const struct reading *r,
                       struct similar_hit hits[SIMILAR_LOOKS]);
void similar_hit_clear(struct similar_hit *h);
/* One of `duplicates` in the API (contract section 4), without the reference, which only the store
 * knows. New reference. */
json_t *similar_hit_json(const struct similar_hit *h) __attribute__((returns_nonnull));
/* "certain" "likely" "possible" "none" */
const char *similar_verdict_word(enum similar_verdict v);

#endif
