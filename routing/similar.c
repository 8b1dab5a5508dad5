/* A request asks in three steps: the index names the nearest, each of those is compared with it in
 * full (likeness.c), and what the two share and do not share becomes words again. */
#include "routing/similar.h"

#include "routing/index.h"
#include "routing/likeness.h"
#include "routing/reading_inside.h"
#include "routing/vector.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(INDEX_ID_MAX + 1 == sizeof((struct similar_hit *)0)->id, "ids are as long");

struct similar_index {
    const struct engine *engine; /* borrowed */
    struct index *index;         /* owned */
    size_t terms_max;            /* of a text */
};

struct similar_index *similar_new(const struct engine *g)
{
    struct similar_index *x = mem_new(1, sizeof *x);

    x->engine = g;
    x->index = index_new();
    x->terms_max = FEATURES_REQUEST;
    return x;
}

void similar_free(struct similar_index *x)
{
    if (!x)
        return;
    index_free(x->index);
    free(x);
}

void similar_deepen(struct similar_index *x)
{
    x->terms_max = FEATURES_MAX;
}

size_t similar_count(const struct similar_index *x)
{
    return index_count(x->index);
}

size_t similar_bytes(const struct similar_index *x)
{
    return sizeof *x + index_bytes(x->index);
}

bool similar_has(const struct similar_index *x, const char *id)
{
    return index_has(x->index, id);
}

bool similar_remove(struct similar_index *x, const char *id)
{
    return index_remove(x->index, id);
}

static void vector_of(const struct engine *g, const struct reading *r, size_t terms_max,
                      struct feature features[FEATURES_MAX], struct vector *ret_v)
{
    vector_init(g, r, features, features_of(g, r, terms_max, features), ret_v);
}

void similar_add(struct similar_index *x, const char *country, const char *id,
                 const struct reading *r)
{
    struct feature features[FEATURES_MAX];
    struct vector v;

    vector_of(x->engine, r, x->terms_max, features, &v);
    index_add(x->index, country, id, &v);
}

size_t similar_pack(const struct engine *g, const struct reading *r, unsigned char *ret,
                    size_t room)
{
    struct feature features[FEATURES_MAX];
    struct vector v;

    vector_of(g, r, FEATURES_REQUEST, features, &v);
    return vector_pack(&v, ret, room);
}

enum err_code similar_add_packed(struct similar_index *x, const char *country, const char *id,
                                 const unsigned char *bytes, size_t n, struct err *e)
{
    struct vector v;
    enum err_code rc = vector_unpack(bytes, n, &v, e);

    if (rc == ERR_OK)
        index_add(x->index, country, id, &v);
    return rc;
}

/* --- words of a hit --------------------------------------------------------------------------- */

static bool words_have(char *const words[SIMILAR_WORDS_MAX], const char *text, size_t bytes)
{
    for (size_t i = 0; i < SIMILAR_WORDS_MAX && words[i]; i++)
        if (strlen(words[i]) == bytes && memcmp(words[i], text, bytes) == 0)
            return true;
    return false;
}

static void words_add(char *words[SIMILAR_WORDS_MAX], const char *text, size_t bytes)
{
    size_t n = 0;

    while (n < SIMILAR_WORDS_MAX && words[n])
        n++;
    if (n < SIMILAR_WORDS_MAX && bytes > 0 && !words_have(words, text, bytes))
        words[n] = mem_text_n(text, bytes);
}

/* A word of one title that the other request lacks says so only where names can be compared. */
static bool differs(const struct likeness *l, const struct vector_term *t,
                    const struct vector *other)
{
    return (l->names_compare || feature_kind(t->key) != FEATURE_NAME) &&
           vector_find(other, t->key) < 0;
}

struct query {
    const struct similar_index *x;         /* borrowed */
    const struct reading *r;               /* borrowed */
    struct feature features[FEATURES_MAX]; /* one for each term of the vector */
    struct vector vector;
    float rarities[FEATURES_MAX]; /* of the vector's terms */
};

static void hit_words(const struct query *q, const struct vector *theirs, const struct likeness *l,
                      struct similar_hit *h)
{
    const char *source = q->r->text.source;

    for (size_t i = 0; i < l->shared_n; i++) {
        const struct feature *f = &q->features[l->shared[i].term];
        words_add(h->shared, source + f->start, f->end - f->start);
    }
    for (size_t i = 0; i < q->vector.terms_n; i++) {
        const struct vector_term *t = &q->vector.terms[i];
        const struct feature *f = &q->features[i];
        if (vector_is_slot(t) && differs(l, t, theirs))
            words_add(h->differs, source + f->start, f->end - f->start);
    }
    for (size_t i = 0; i < theirs->words_n; i++) {
        const struct vector_word *w = &theirs->words[i];
        if (differs(l, &theirs->terms[w->term], &q->vector))
            words_add(h->differs, w->text, w->bytes);
    }
}

/* --- asking ----------------------------------------------------------------------------------- */

/* A verdict stands above its probability: the same text is certain, whatever the logistic gives
 * for another title. */
static int compare_best(const void *a, const void *b)
{
    const struct similar_hit *x = a, *y = b;

    if (x->verdict != y->verdict)
        return x->verdict < y->verdict ? 1 : -1;
    if (x->probability > y->probability || x->probability < y->probability)
        return x->probability < y->probability ? 1 : -1;
    return strcmp(x->id, y->id);
}

static bool hit_make(const struct query *q, const struct index_hit *found,
                     enum similar_verdict least, struct similar_hit *ret_hit)
{
    const struct likeness_weights *weights = &q->x->engine->config->likeness;
    float rarities[FEATURES_MAX];
    struct vector theirs;
    struct likeness l;

    memset(ret_hit, 0, sizeof *ret_hit);
    index_read(q->x->index, found->document, &theirs, rarities, ret_hit->id, ret_hit->country);
    likeness_of(&(struct likeness_side){&q->vector, q->rarities},
                &(struct likeness_side){&theirs, rarities}, &l);
    ret_hit->score = (double)found->score;
    ret_hit->probability = likeness_probability(weights, &l);
    ret_hit->verdict = likeness_verdict(weights, &l, ret_hit->probability);
    ret_hit->same_text = l.same_text;
    memcpy(ret_hit->evidence, l.evidence, sizeof l.evidence);
    if (ret_hit->verdict < least)
        return false;
    hit_words(q, &theirs, &l, ret_hit);
    return true;
}

static void query_init(struct query *q, const struct similar_index *x, const struct reading *r)
{
    q->x = x;
    q->r = r;
    vector_of(x->engine, r, x->terms_max, q->features, &q->vector);
    index_rarities(x->index, &q->vector, q->rarities);
}

static size_t find_in(const struct query *q, const char *country, enum index_scope scope,
                      struct similar_hit hits[SIMILAR_HITS_MAX])
{
    struct index_hit found[SIMILAR_LOOKS];
    struct similar_hit all[SIMILAR_LOOKS];
    size_t found_n, n = 0;

    found_n = index_search(q->x->index, &q->vector, country, scope,
                           scope == INDEX_OTHERS ? SIMILAR_HITS_MAX : SIMILAR_LOOKS, found);
    for (size_t i = 0; i < found_n; i++)
        n += hit_make(q, &found[i], SIMILAR_POSSIBLE, &all[n]);
    qsort(all, n, sizeof *all, compare_best);
    for (; n > SIMILAR_HITS_MAX; n--)
        similar_hit_clear(&all[n - 1]);
    memcpy(hits, all, n * sizeof *hits);
    return n;
}

size_t similar_find(const struct similar_index *x, const char *country, const struct reading *r,
                    struct similar_hit hits[SIMILAR_HITS_MAX])
{
    struct query q;

    query_init(&q, x, r);
    return find_in(&q, country, INDEX_SAME, hits);
}

size_t similar_check(const struct similar_index *x, const char *country, const struct reading *r,
                     struct similar_hit hits[SIMILAR_CHECK_MAX], size_t *ret_own_n)
{
    struct query q;

    query_init(&q, x, r);
    *ret_own_n = find_in(&q, country, INDEX_SAME, hits);
    return *ret_own_n + find_in(&q, country, INDEX_OTHERS, hits + *ret_own_n);
}

static size_t list(const struct similar_index *x, const struct reading *r, const char *country,
                   enum index_scope scope, struct similar_hit hits[SIMILAR_LOOKS])
{
    struct index_hit found[SIMILAR_LOOKS];
    struct query q;
    size_t n;

    query_init(&q, x, r);
    n = index_search(x->index, &q.vector, country, scope, SIMILAR_LOOKS, found);
    for (size_t i = 0; i < n; i++)
        hit_make(&q, &found[i], SIMILAR_NONE, &hits[i]);
    return n;
}

size_t similar_compare(const struct similar_index *x, const char *country, const struct reading *r,
                       struct similar_hit hits[SIMILAR_LOOKS])
{
    return list(x, r, country, INDEX_SAME, hits);
}

size_t similar_nearest(const struct similar_index *x, const struct reading *r,
                       struct similar_hit hits[SIMILAR_LOOKS])
{
    return list(x, r, "", INDEX_ALL, hits);
}

/* --- hits ------------------------------------------------------------------------------------- */

void similar_hit_clear(struct similar_hit *h)
{
    for (size_t i = 0; i < SIMILAR_WORDS_MAX; i++) {
        free(h->shared[i]);
        free(h->differs[i]);
    }
    memset(h, 0, sizeof *h);
}

const char *similar_verdict_word(enum similar_verdict v)
{
    static const char *const words[] = {[SIMILAR_NONE] = "none",
                                        [SIMILAR_POSSIBLE] = "possible",
                                        [SIMILAR_LIKELY] = "likely",
                                        [SIMILAR_CERTAIN] = "certain"};

    return words[v];
}

static json_t *words_json(char *const words[SIMILAR_WORDS_MAX])
{
    json_t *list = json_array();

    for (size_t i = 0; i < SIMILAR_WORDS_MAX && words[i]; i++)
        json_array_append_new(list, json_string(words[i]));
    return list;
}

json_t *similar_hit_json(const struct similar_hit *h)
{
    json_t *json = json_pack("{s:s, s:f, s:s, s:o, s:o}", "id", h->id, "probability",
                             h->probability, "verdict", similar_verdict_word(h->verdict), "shared",
                             words_json(h->shared), "differs", words_json(h->differs));

    if (!json)
        bug("a hit does not become JSON");
    return json;
}
