/* One country's requests lie one behind the other in two arrays, keys and weights, so that a
 * whole scan is a walk through memory. A look-up has two rounds: every document gets a quick
 * dot product; the best are compared in full, and a small logistic model turns what they have
 * in common into a probability. Its numbers are set by hand, not learned. */
#include "routing/similar.h"

#include "config/hash.h"
#include "routing/reading_inside.h"
#include "routing/vector.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLOSER_LOOKS = 24, /* documents compared in full */
    TABLE_SLOTS = 512, /* the query's features by key; above FEATURES_MAX by far */
    DF_SLOTS_FIRST = 256,
    SIMILAR_ID_MAX = sizeof((struct similar_hit *)0)->id - 1,
    COMPACT_MIN = 64 /* fewer removed ones are not worth moving the others */
};

/* A key's weight falls with the documents that have it; the first requests of a country must
 * not make every word of theirs common, hence the prior. */
#define IDF_PRIOR 8.0
#define IDF_ADD 0.8

#define CERTAIN_MIN 0.95
#define LIKELY_MIN 0.70
#define POSSIBLE_MIN 0.40
#define PROBABILITY_SAME_TEXT 0.999
/* Certain means that nobody need look: the words agree in large part, and so do the titles. */
#define CERTAIN_COSINE 0.6
#define CERTAIN_TITLES 0.6
enum { CERTAIN_SHARED = 8 }; /* things in common; short texts have too few to be certain */
#define PROBABILITY_UNCERTAIN_MAX 0.94
/* Siblings (same form, other lake) agree in nearly all words: their titles decide. */
#define PROBABILITY_VETO_MAX 0.65

/* The logistic model. */
#define MODEL_BASE (-4.0)
#define MODEL_COSINE 13.0
#define MODEL_TITLE 2.5
#define MODEL_TOPIC 1.3
#define MODEL_NAMES 2.0
#define NAMES_ENOUGH 2.0 /* weight of shared names that says about all they can say */
#define MODEL_NUMBERS 1.5
#define MODEL_VETO (-3.5)

struct document {
    uint64_t fingerprint;
    uint32_t features_at;
    uint32_t id_at;          /* into texts */
    uint32_t title_words_at; /* into texts: key (4 bytes), word, NUL */
    float norm;              /* with every idf 1 */
    uint16_t features_n;
    uint8_t title_words_n;
    uint8_t language;
    bool removed;
};

struct df_slot {
    uint32_t key, n; /* n 0: free */
};

/* The requests of one country. */
struct nation {
    char country[4];
    const struct engine *engine; /* borrowed */
    struct document *documents;  /* owned */
    size_t documents_n, documents_room, removed_n;
    uint32_t *keys;   /* owned, by document, ascending within one */
    uint8_t *weights; /* owned, beside keys */
    size_t features_n, features_room;
    char *texts; /* owned: ids and title words */
    size_t texts_n, texts_room;
    struct df_slot *df; /* owned, open addressing: documents that have the key */
    size_t df_n, df_room;
};

/* Where a request stands. */
struct known {
    UT_hash_handle hh;
    uint32_t nation, document;
    char id[];
};

struct similar_index {
    const struct engine *engine; /* borrowed */
    struct nation *nations;      /* owned; few enough to walk through */
    size_t nations_n;
    struct known *known; /* owned, by id */
};

/* --- storing ------------------------------------------------------------------------- */

static struct df_slot *df_slot(struct df_slot *df, size_t room, uint32_t key)
{
    size_t i = (key * 2654435769U) & (room - 1);

    while (df[i].n > 0 && df[i].key != key)
        i = (i + 1) & (room - 1);
    return &df[i];
}

static void df_count(struct nation *x, uint32_t key)
{
    struct df_slot *slot;

    if (x->df_n * 2 >= x->df_room) {
        size_t room = x->df_room * 2;
        struct df_slot *df = mem_new(room, sizeof *df);
        for (size_t i = 0; i < x->df_room; i++)
            if (x->df[i].n > 0)
                *df_slot(df, room, x->df[i].key) = x->df[i];
        free(x->df);
        x->df = df;
        x->df_room = room;
    }
    slot = df_slot(x->df, x->df_room, key);
    x->df_n += slot->n == 0;
    slot->key = key;
    slot->n++;
}

/* Between 0 and 1; 1 for a key that no document has. */
static float idf_of(const struct nation *x, uint32_t key)
{
    double n = df_slot(x->df, x->df_room, key)->n;
    double all = (double)(x->documents_n - x->removed_n) + IDF_PRIOR;

    if (feature_kind(key) == FEATURE_TOPIC)
        return 1.0f;
    return (float)(log(all / (n + IDF_ADD)) / log(all / IDF_ADD));
}

static uint32_t texts_add(struct nation *x, const void *bytes, size_t n)
{
    size_t at = x->texts_n;

    while (x->texts_n + n + 1 > x->texts_room) {
        x->texts_room = x->texts_room ? x->texts_room * 2 : 1024;
        x->texts = mem_grow(x->texts, x->texts_room, 1);
    }
    memcpy(x->texts + at, bytes, n);
    x->texts[at + n] = '\0';
    x->texts_n += n + 1;
    return (uint32_t)at;
}

static void room_for(struct nation *x, size_t features_n)
{
    if (x->documents_n == x->documents_room) {
        x->documents_room = x->documents_room ? x->documents_room * 2 : 16;
        x->documents = mem_grow(x->documents, x->documents_room, sizeof *x->documents);
    }
    while (x->features_n + features_n > x->features_room) {
        x->features_room = x->features_room ? x->features_room * 2 : 1024;
        x->keys = mem_grow(x->keys, x->features_room, sizeof *x->keys);
        x->weights = mem_grow(x->weights, x->features_room, sizeof *x->weights);
    }
}

static void nation_init(struct nation *x, const struct engine *g, const char *country)
{
    memset(x, 0, sizeof *x);
    memcpy(x->country, country, strlen(country));
    x->engine = g;
    x->df_room = DF_SLOTS_FIRST;
    x->df = mem_new(x->df_room, sizeof *x->df);
}

static void nation_clear(struct nation *x)
{
    free(x->documents);
    free(x->keys);
    free(x->weights);
    free(x->texts);
    free(x->df);
}

static void nation_add(struct nation *x, const char *id, const struct vector *v)
{
    struct document d = {.fingerprint = v->fingerprint,
                         .features_at = (uint32_t)x->features_n,
                         .features_n = v->terms_n,
                         .title_words_n = v->words_n,
                         .language = v->language};
    float squares = 0;

    room_for(x, v->terms_n);
    for (size_t i = 0; i < v->terms_n; i++) {
        float w = vector_weight(v->terms[i].weight);
        x->keys[x->features_n] = v->terms[i].key;
        x->weights[x->features_n++] = v->terms[i].weight;
        squares += w * w;
        df_count(x, v->terms[i].key);
    }
    d.norm = sqrtf(squares);
    d.id_at = texts_add(x, id, strnlen(id, SIMILAR_ID_MAX));
    d.title_words_at = (uint32_t)x->texts_n;
    for (size_t i = 0; i < v->words_n; i++) {
        char word[sizeof(uint32_t) + VECTOR_TITLE_WORD_BYTES_MAX];
        memcpy(word, &v->words[i].key, sizeof(uint32_t));
        memcpy(word + sizeof(uint32_t), v->words[i].text, v->words[i].bytes);
        texts_add(x, word, sizeof(uint32_t) + v->words[i].bytes);
    }
    x->documents[x->documents_n++] = d;
}

static void nation_remove(struct nation *x, size_t document)
{
    struct document *d = &x->documents[document];

    for (size_t i = 0; i < d->features_n; i++) {
        struct df_slot *slot = df_slot(x->df, x->df_room, x->keys[d->features_at + i]);
        slot->n -= slot->n > 1; /* a slot never becomes free again: others were put behind it */
    }
    d->removed = true;
    x->removed_n++;
}

static void document_vector(const struct nation *x, const struct document *d, struct vector *ret_v)
{
    const char *word = x->texts + d->title_words_at;

    memset(ret_v, 0, sizeof *ret_v);
    ret_v->fingerprint = d->fingerprint;
    ret_v->language = d->language;
    ret_v->terms_n = (uint8_t)d->features_n;
    for (size_t i = 0; i < d->features_n; i++)
        ret_v->terms[i] =
            (struct vector_term){x->keys[d->features_at + i], x->weights[d->features_at + i]};
    for (size_t i = 0; i < d->title_words_n; i++) {
        struct vector_word *w = &ret_v->words[ret_v->words_n++];
        memcpy(&w->key, word, sizeof w->key);
        word += sizeof w->key;
        w->bytes = (uint8_t)strlen(word);
        memcpy(w->text, word, w->bytes);
        word += w->bytes + 1;
    }
}

/* Copies what is left into new arrays; the df table counts only what is there already. */
static void nation_compact(struct similar_index *x, size_t n)
{
    struct nation *from = &x->nations[n];
    struct nation to;

    nation_init(&to, from->engine, from->country);
    for (size_t i = 0; i < from->documents_n; i++) {
        const struct document *d = &from->documents[i];
        struct known *k;
        struct vector v;
        if (d->removed)
            continue;
        HASH_FIND_STR(x->known, from->texts + d->id_at, k);
        k->document = (uint32_t)to.documents_n;
        document_vector(from, d, &v);
        nation_add(&to, k->id, &v);
    }
    nation_clear(from);
    *from = to;
}

struct similar_index *similar_new(const struct engine *g)
{
    struct similar_index *x = mem_new(1, sizeof *x);

    x->engine = g;
    return x;
}

void similar_free(struct similar_index *x)
{
    struct known *k, *next;

    if (!x)
        return;
    HASH_ITER (hh, x->known, k, next) {
        HASH_DEL(x->known, k);
        free(k);
    }
    for (size_t i = 0; i < x->nations_n; i++)
        nation_clear(&x->nations[i]);
    free(x->nations);
    free(x);
}

size_t similar_count(const struct similar_index *x)
{
    return HASH_COUNT(x->known);
}

bool similar_has(const struct similar_index *x, const char *id)
{
    struct known *k;

    HASH_FIND_STR(x->known, id, k);
    return k != NULL;
}

/* Index of the country, nations_n: none. */
static size_t nation_find(const struct similar_index *x, const char *country)
{
    size_t i = 0;

    while (i < x->nations_n && strcmp(x->nations[i].country, country) != 0)
        i++;
    return i;
}

static void index_add(struct similar_index *x, const char *country, const char *id,
                      const struct vector *v)
{
    char iso3[sizeof x->nations->country] = "";
    size_t bytes = strnlen(id, SIMILAR_ID_MAX), n;
    struct known *k = mem_new(1, sizeof *k + bytes + 1);

    memcpy(k->id, id, bytes);
    memcpy(iso3, country, strnlen(country, sizeof iso3 - 1));
    similar_remove(x, k->id);
    n = nation_find(x, iso3);
    if (n == x->nations_n) {
        x->nations = mem_grow(x->nations, n + 1, sizeof *x->nations);
        nation_init(&x->nations[x->nations_n++], x->engine, iso3);
    }
    k->nation = (uint32_t)n;
    k->document = (uint32_t)x->nations[n].documents_n;
    nation_add(&x->nations[n], k->id, v);
    HASH_ADD_STR(x->known, id, k);
}

static void vector_of(const struct engine *g, const struct reading *r, struct vector *ret_v)
{
    struct feature features[FEATURES_MAX];

    vector_init(r, features, features_of(g, r, features), ret_v);
}

void similar_add(struct similar_index *x, const char *country, const char *id,
                 const struct reading *r)
{
    struct vector v;

    vector_of(x->engine, r, &v);
    index_add(x, country, id, &v);
}

size_t similar_pack(const struct engine *g, const struct reading *r, unsigned char *ret,
                    size_t room)
{
    struct vector v;

    vector_of(g, r, &v);
    return vector_pack(&v, ret, room);
}

enum err_code similar_add_packed(struct similar_index *x, const char *country, const char *id,
                                 const unsigned char *bytes, size_t n, struct err *e)
{
    struct vector v;
    enum err_code rc = vector_unpack(bytes, n, &v, e);

    if (rc == ERR_OK)
        index_add(x, country, id, &v);
    return rc;
}

bool similar_remove(struct similar_index *x, const char *id)
{
    struct nation *n;
    struct known *k;

    HASH_FIND_STR(x->known, id, k);
    if (!k)
        return false;
    n = &x->nations[k->nation];
    nation_remove(n, k->document);
    HASH_DEL(x->known, k);
    if (n->removed_n > COMPACT_MIN && n->removed_n * 2 > n->documents_n)
        nation_compact(x, k->nation);
    free(k);
    return true;
}

/* --- comparing ----------------------------------------------------------------------- */

struct query {
    const struct nation *x;
    const struct reading *r;
    struct feature features[FEATURES_MAX];
    float idf[FEATURES_MAX];
    size_t n;
    uint64_t fingerprint;
    int16_t table[TABLE_SLOTS]; /* index into features + 1 by key; 0: free */
};

static void query_init(struct query *q, const struct nation *x, const struct reading *r)
{
    q->x = x;
    q->r = r;
    q->n = features_of(x->engine, r, q->features);
    q->fingerprint = features_fingerprint(r);
    memset(q->table, 0, sizeof q->table);
    for (size_t i = 0; i < q->n; i++) {
        size_t slot = (q->features[i].key * 2654435769U) % TABLE_SLOTS;
        while (q->table[slot] != 0)
            slot = (slot + 1) % TABLE_SLOTS;
        q->table[slot] = (int16_t)(i + 1);
        q->idf[i] = idf_of(x, q->features[i].key);
    }
}

/* Index of the query's feature with that key, -1: none. */
static int query_find(const struct query *q, uint32_t key)
{
    size_t slot = (key * 2654435769U) % TABLE_SLOTS;

    while (q->table[slot] != 0) {
        int i = q->table[slot] - 1;
        if (q->features[i].key == key)
            return i;
        slot = (slot + 1) % TABLE_SLOTS;
    }
    return -1;
}

static float quick_score(const struct query *q, const struct document *d)
{
    const uint32_t *keys = q->x->keys + d->features_at;
    const uint8_t *weights = q->x->weights + d->features_at;
    float dot = 0;

    if (d->removed)
        return 0;
    if (d->fingerprint == q->fingerprint)
        return INFINITY;
    for (size_t i = 0; i < d->features_n; i++) {
        int k = query_find(q, keys[i]);
        if (k >= 0)
            dot += q->features[k].weight * vector_weight(weights[i]) * q->idf[k] * q->idf[k];
    }
    return d->norm > 0 ? dot / d->norm : 0;
}

/* Sums over one side's features and over what both have. */
struct overlap {
    double ours, theirs, both;
};

/* What two requests have in common, each part between 0 and 1. */
struct likeness {
    struct overlap words;  /* squares, for the cosine */
    struct overlap topics; /* squares */
    struct overlap titles; /* ours: title words of either, both: those that the other text has */
    struct overlap names;  /* also sites and species */
    struct overlap numbers;
    unsigned our_slots, their_slots; /* distinguishing title words that the other text lacks */
    struct {
        float worth;
        int feature; /* of the query */
    } shared[SIMILAR_WORDS_MAX];
    size_t shared_n;
};

static bool is_name(enum feature_kind kind)
{
    return kind == FEATURE_NAME || kind == FEATURE_SITE || kind == FEATURE_SPECIES;
}

static void overlap_add(struct overlap *o, double ours, double theirs, double both)
{
    o->ours += ours;
    o->theirs += theirs;
    o->both += both;
}

/* ours, theirs: weight of one key, 0 where it is absent. */
static void likeness_add(struct likeness *l, uint32_t key, double ours, double theirs, double idf,
                         bool in_our_title, bool in_their_title)
{
    enum feature_kind kind = feature_kind(key);
    double a = ours * idf, b = theirs * idf;

    if (kind == FEATURE_TOPIC) {
        overlap_add(&l->topics, a * a, b * b, a * b);
        return;
    }
    overlap_add(&l->words, a * a, b * b, a * b);
    if (is_name(kind))
        overlap_add(&l->names, a, b, fmin(a, b));
    if (kind == FEATURE_NUMBER)
        overlap_add(&l->numbers, a, b, fmin(a, b));
    if (in_our_title)
        overlap_add(&l->titles, a, 0, theirs > 0 ? a : 0);
    if (in_their_title)
        overlap_add(&l->titles, b, 0, ours > 0 ? b : 0);
}

static void shared_add(struct likeness *l, float worth, int feature)
{
    size_t i;

    for (i = l->shared_n; i > 0 && l->shared[i - 1].worth < worth; i--)
        if (i < SIMILAR_WORDS_MAX)
            l->shared[i] = l->shared[i - 1];
    if (i < SIMILAR_WORDS_MAX) {
        l->shared[i].worth = worth;
        l->shared[i].feature = feature;
        l->shared_n += l->shared_n < SIMILAR_WORDS_MAX;
    }
}

/* Both lists ascend by key. Across languages stems say nothing and are left out. */
static void likeness_of(const struct query *q, const struct document *d, struct likeness *l)
{
    const uint32_t *keys = q->x->keys + d->features_at;
    const uint8_t *weights = q->x->weights + d->features_at;
    bool same_language = d->language == q->r->language;
    size_t i = 0, k = 0;

    memset(l, 0, sizeof *l);
    while (i < q->n || k < d->features_n) {
        bool ours = i < q->n && (k == d->features_n || q->features[i].key <= keys[k]);
        bool theirs = k < d->features_n && (i == q->n || keys[k] <= q->features[i].key);
        uint32_t key = ours ? q->features[i].key : keys[k];
        bool in_their_title = theirs && (weights[k] & VECTOR_TITLE);
        if (same_language || feature_kind(key) != FEATURE_STEM) {
            float idf = ours ? q->idf[i] : idf_of(q->x, key);
            float a = ours ? q->features[i].weight : 0;
            float b = theirs ? vector_weight(weights[k]) : 0;
            likeness_add(l, key, (double)a, (double)b, (double)idf, ours && q->features[i].in_title,
                         in_their_title);
            if (ours && theirs && feature_kind(key) != FEATURE_TOPIC)
                shared_add(l, a * b * idf * idf, (int)i);
            l->our_slots += ours && !theirs && vector_is_slot(key, q->features[i].in_title);
            l->their_slots += theirs && !ours && vector_is_slot(key, in_their_title);
        }
        i += ours;
        k += theirs;
    }
}

static double cosine(const struct overlap *o)
{
    return o->ours > 0 && o->theirs > 0 ? o->both / sqrt(o->ours * o->theirs) : 0;
}

/* How much of the smaller side is shared. */
static double containment(const struct overlap *o)
{
    double least = fmin(o->ours, o->theirs);

    return least > 0 ? o->both / least : 0;
}

/* One shared name of one is less than three of four. */
static double names_shared(const struct overlap *o)
{
    return (1.0 - exp(-o->both / NAMES_ENOUGH)) * sqrt(containment(o));
}

/* Names written in two scripts meet often, not always: only where both texts write names in
 * the same script does a name that is missing say "another place". */
static bool names_compare(const struct query *q, const struct document *d)
{
    static const char *const latin[] = {"en", "es", "fr"};
    int latin_n = 0;

    if (d->language == q->r->language)
        return true;
    for (size_t i = 0; i < 3; i++) {
        latin_n += strcmp(language_codes[d->language], latin[i]) == 0;
        latin_n += strcmp(language_codes[q->r->language], latin[i]) == 0;
    }
    return latin_n == 2;
}

static bool is_vetoed(const struct query *q, const struct document *d, const struct likeness *l)
{
    return l->our_slots > 0 && l->their_slots > 0 && names_compare(q, d);
}

static double probability_of(const struct query *q, const struct document *d,
                             const struct likeness *l)
{
    double titles = l->titles.ours > 0 ? l->titles.both / l->titles.ours : 0;
    bool veto = is_vetoed(q, d, l);
    double z = MODEL_BASE + MODEL_COSINE * cosine(&l->words) + MODEL_TITLE * titles +
               MODEL_TOPIC * cosine(&l->topics) + MODEL_NAMES * names_shared(&l->names) +
               MODEL_NUMBERS * containment(&l->numbers) + (veto ? MODEL_VETO : 0);
    double p = 1.0 / (1.0 + exp(-z));

    if (d->fingerprint == q->fingerprint)
        return PROBABILITY_SAME_TEXT;
    if (veto)
        return fmin(p, PROBABILITY_VETO_MAX);
    if (l->shared_n < CERTAIN_SHARED || cosine(&l->words) < CERTAIN_COSINE ||
        titles < CERTAIN_TITLES)
        return fmin(p, PROBABILITY_UNCERTAIN_MAX);
    return p;
}

static enum similar_verdict verdict_of(double probability)
{
    if (probability >= CERTAIN_MIN)
        return SIMILAR_CERTAIN;
    if (probability >= LIKELY_MIN)
        return SIMILAR_LIKELY;
    return probability >= POSSIBLE_MIN ? SIMILAR_POSSIBLE : SIMILAR_NONE;
}

/* --- answering ----------------------------------------------------------------------- */

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

static bool document_has(const struct nation *x, const struct document *d, uint32_t key)
{
    for (size_t i = 0; i < d->features_n; i++)
        if (x->keys[d->features_at + i] == key)
            return true;
    return false;
}

static void hit_words(const struct query *q, const struct document *d, const struct likeness *l,
                      struct similar_hit *h)
{
    const char *word = q->x->texts + d->title_words_at;
    bool compare = names_compare(q, d);

    for (size_t i = 0; i < l->shared_n; i++) {
        const struct feature *f = &q->features[l->shared[i].feature];
        words_add(h->shared, q->r->text.source + f->start, f->end - f->start);
    }
    for (size_t i = 0; i < q->n; i++) {
        const struct feature *f = &q->features[i];
        if (vector_is_slot(f->key, f->in_title) &&
            (compare || feature_kind(f->key) != FEATURE_NAME) && !document_has(q->x, d, f->key))
            words_add(h->differs, q->r->text.source + f->start, f->end - f->start);
    }
    for (size_t i = 0; i < d->title_words_n; i++) {
        uint32_t key;
        memcpy(&key, word, sizeof key);
        word += sizeof key;
        if (query_find(q, key) < 0 && (compare || feature_kind(key) != FEATURE_NAME))
            words_add(h->differs, word, strlen(word));
        word += strlen(word) + 1;
    }
}

/* Keeps the best `room` of documents by quick score, best first. */
struct look {
    float score;
    uint32_t document;
};

static size_t look_add(struct look looks[CLOSER_LOOKS], size_t n, struct look l)
{
    size_t i;

    if (l.score <= 0 || (n == CLOSER_LOOKS && looks[n - 1].score >= l.score))
        return n;
    if (n < CLOSER_LOOKS)
        n++;
    for (i = n - 1; i > 0 && looks[i - 1].score < l.score; i--)
        looks[i] = looks[i - 1];
    looks[i] = l;
    return n;
}

static int compare_hit(const void *a, const void *b)
{
    const struct similar_hit *x = a, *y = b;

    if (x->probability > y->probability || x->probability < y->probability)
        return x->probability < y->probability ? 1 : -1;
    return strcmp(x->id, y->id);
}

/* The documents that a closer look is worth. */
static size_t look_around(const struct query *q, struct look looks[CLOSER_LOOKS])
{
    size_t n = 0;

    for (size_t i = 0; i < q->x->documents_n; i++)
        n = look_add(looks, n, (struct look){quick_score(q, &q->x->documents[i]), (uint32_t)i});
    return n;
}

/* The best of one country among hits_n <= SIMILAR_HITS_MAX that are there already. */
static size_t find_in(const struct nation *x, const struct reading *r, enum similar_verdict least,
                      struct similar_hit hits[SIMILAR_HITS_MAX], size_t hits_n)
{
    struct similar_hit all[CLOSER_LOOKS + SIMILAR_HITS_MAX];
    struct look looks[CLOSER_LOOKS];
    struct query q;
    size_t looks_n, n = hits_n;

    memcpy(all, hits, n * sizeof *hits);
    query_init(&q, x, r);
    looks_n = look_around(&q, looks);
    for (size_t i = 0; i < looks_n; i++) {
        const struct document *d = &x->documents[looks[i].document];
        struct similar_hit *h = &all[n];
        struct likeness l;
        likeness_of(&q, d, &l);
        memset(h, 0, sizeof *h);
        h->probability = probability_of(&q, d, &l);
        h->verdict = verdict_of(h->probability);
        h->score = cosine(&l.words);
        if (h->verdict < least)
            continue;
        memcpy(h->country, x->country, sizeof h->country);
        snprintf(h->id, sizeof h->id, "%s", x->texts + d->id_at);
        hit_words(&q, d, &l, h);
        n++;
    }
    qsort(all, n, sizeof *all, compare_hit);
    for (; n > SIMILAR_HITS_MAX; n--)
        similar_hit_clear(&all[n - 1]);
    memcpy(hits, all, n * sizeof *hits);
    return n;
}

size_t similar_find(const struct similar_index *x, const char *country, const struct reading *r,
                    struct similar_hit hits[SIMILAR_HITS_MAX])
{
    size_t i = nation_find(x, country);

    return i < x->nations_n ? find_in(&x->nations[i], r, SIMILAR_POSSIBLE, hits, 0) : 0;
}

size_t similar_related(const struct similar_index *x, const char *country, const struct reading *r,
                       struct similar_hit hits[SIMILAR_HITS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < x->nations_n; i++)
        if (strcmp(x->nations[i].country, country) != 0)
            n = find_in(&x->nations[i], r, SIMILAR_POSSIBLE, hits, n);
    return n;
}

size_t similar_nearest(const struct similar_index *x, const struct reading *r,
                       struct similar_hit hits[SIMILAR_HITS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < x->nations_n; i++)
        n = find_in(&x->nations[i], r, SIMILAR_NONE, hits, n);
    return n;
}

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
