/* A search has two rounds. In the first each term's lists add to the score of the documents that
 * have it, with norms as they were when a document came; a segment's scores lie in the processor's
 * nearest cache. In the second the best are compared in full, with rarities of today. */
#include "routing/index.h"

#include "routing/segment.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    CANDIDATES = 48, /* that the second round compares */
    STRONGEST = 32,  /* terms that look among other countries */
    SHARDS = 64,     /* of the table of ids */
    SHARD_FIRST = 16,
    MOVES = 4,         /* documents that one call clears up */
    REMOVED_MIN = 32,  /* fewer in a segment are not worth moving the others */
    REMOVED_PART = 4,  /* of a segment: one in so many */
    COMMON_MIN = 4096, /* documents from which on some terms are called common */
    COMMON_PART = 8,   /* in more than one of so many */
    SCORES_AT_ONCE = 32,
    SIGHTED = 64, /* documents looked at together */
    LOGS = 4096   /* counts whose logarithm is at hand */
};

_Static_assert(SEGMENT_DOCUMENTS % SCORES_AT_ONCE == 0, "scores are looked at row by row");

#define SCORE_ONE 512.0f /* a score of 1 in the first round */
/* A term's rarity falls with the documents that have it; the first documents must not make every
 * word of theirs common, hence the prior. */
#define RARITY_PRIOR 8.0f
#define RARITY_ADD 0.8f

struct nation {
    char country[INDEX_COUNTRY_BYTES];
    uint32_t *segments; /* owned: numbers; the last one takes new documents */
    size_t segments_n;
};

struct index {
    struct pool pool;
    struct numbering numbering;
    struct segment **segments; /* owned; NULL: the number is free */
    size_t segments_n, segments_room;
    struct nation *nations; /* owned; few enough to walk through */
    size_t nations_n;
    size_t documents_n;
    float log_all;              /* of documents_n */
    float logs[LOGS];           /* of counts */
    float norms[UINT8_MAX + 1]; /* segment_norm of each */
    uint32_t *draining;         /* owned: segments to be cleared up, the last one first */
    size_t draining_n;
    struct {
        uint32_t *documents; /* owned, open addressing; 0: free, else document + 1 */
        uint32_t n, room;
    } shards[SHARDS];
};

struct index *index_new(void)
{
    struct index *x = mem_new(1, sizeof *x);

    numbering_init(&x->numbering);
    for (size_t i = 0; i < LOGS; i++)
        x->logs[i] = logf((float)i + RARITY_ADD);
    for (unsigned i = 0; i <= UINT8_MAX; i++)
        x->norms[i] = segment_norm((uint8_t)i);
    x->log_all = logf(RARITY_PRIOR);
    return x;
}

void index_free(struct index *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < x->segments_n; i++)
        segment_free(x->segments[i], &x->pool);
    for (size_t i = 0; i < x->nations_n; i++)
        free(x->nations[i].segments);
    for (size_t i = 0; i < SHARDS; i++)
        free(x->shards[i].documents);
    free(x->segments);
    free(x->nations);
    free(x->draining);
    numbering_clear(&x->numbering);
    pool_clear(&x->pool);
    free(x);
}

size_t index_count(const struct index *x)
{
    return x->documents_n;
}

size_t index_bytes(const struct index *x)
{
    size_t bytes = sizeof *x + pool_bytes(&x->pool) + numbering_bytes(&x->numbering) +
                   x->segments_room * sizeof *x->segments + x->nations_n * sizeof *x->nations;

    for (size_t i = 0; i < x->segments_n; i++)
        if (x->segments[i])
            bytes += segment_bytes(x->segments[i]) + sizeof *x->nations->segments;
    for (size_t i = 0; i < SHARDS; i++)
        bytes += x->shards[i].room * sizeof *x->shards[i].documents;
    return bytes;
}

static struct segment *segment_of(const struct index *x, uint32_t document)
{
    return x->segments[document >> SEGMENT_BITS];
}

static uint32_t place_of(uint32_t document)
{
    return document & (SEGMENT_DOCUMENTS - 1);
}

static struct segment_record *record_of(const struct index *x, uint32_t document)
{
    return segment_record(segment_of(x, document), &x->pool, place_of(document));
}

static struct segment_mark *mark_of(const struct index *x, uint32_t document)
{
    return segment_mark(segment_of(x, document), &x->pool, place_of(document));
}

/* --- ids -------------------------------------------------------------------------------------- */

/* Ids of requests, whose 32 digits are kept as 16 bytes; of any other the text is kept and its
 * hash stands for it. */
struct name {
    unsigned char bytes[SEGMENT_ID_BYTES];
    bool is_text;
    char text[INDEX_ID_MAX + 1];
};

static const char prefix[] = "req_";
enum { PREFIX_BYTES = sizeof prefix - 1, DIGITS = 2 * SEGMENT_ID_BYTES };

static bool is_request(const char *id)
{
    return strncmp(id, prefix, PREFIX_BYTES) == 0 && strlen(id) == PREFIX_BYTES + DIGITS &&
           strspn(id + PREFIX_BYTES, "0123456789abcdef") == DIGITS;
}

static struct name name_of(const char *id)
{
    struct name n = {.is_text = !is_request(id)};

    memcpy(n.text, id, strnlen(id, INDEX_ID_MAX));
    if (n.is_text)
        crypto_generichash(n.bytes, sizeof n.bytes, (const unsigned char *)n.text, strlen(n.text),
                           NULL, 0);
    else
        sodium_hex2bin(n.bytes, sizeof n.bytes, n.text + PREFIX_BYTES, DIGITS, NULL, NULL, NULL);
    return n;
}

/* Digits of a request's id that are random, or a hash: good enough as they are. */
static uint32_t name_hash(const unsigned char bytes[SEGMENT_ID_BYTES])
{
    uint32_t words[4];

    memcpy(words, bytes, sizeof words);
    return (words[0] ^ words[1] * UINT32_C(0x9e3779b1) ^ words[2] * UINT32_C(0x85ebca6b) ^
            words[3] * UINT32_C(0xc2b2ae35)) *
           UINT32_C(0x27d4eb2f);
}

static size_t shard_of(uint32_t hash)
{
    return hash >> 26;
}

_Static_assert(SHARDS == 1 << (32 - 26), "the shard is the hash's highest bits");

static bool is_named(const struct index *x, uint32_t document, const struct name *n)
{
    return !(mark_of(x, document)->flags & SEGMENT_ID_TEXT) == !n->is_text &&
           memcmp(record_of(x, document)->id, n->bytes, sizeof n->bytes) == 0;
}

/* The slot of the name, or the free one where it would stand; the shard has room. */
static uint32_t *slot_find(const struct index *x, const struct name *n)
{
    uint32_t hash = name_hash(n->bytes);
    size_t s = shard_of(hash);
    uint32_t i = hash & (x->shards[s].room - 1);

    while (x->shards[s].documents[i] != 0 && !is_named(x, x->shards[s].documents[i] - 1, n))
        i = (i + 1) & (x->shards[s].room - 1);
    return &x->shards[s].documents[i];
}

/* NULL: not in the index. */
static uint32_t *name_find(const struct index *x, const struct name *n)
{
    uint32_t *slot;

    if (x->shards[shard_of(name_hash(n->bytes))].room == 0)
        return NULL;
    slot = slot_find(x, n);
    return *slot != 0 ? slot : NULL;
}

static void shard_grow(struct index *x, size_t s)
{
    uint32_t *old = x->shards[s].documents;
    uint32_t old_room = x->shards[s].room, room = old_room ? old_room * 2 : SHARD_FIRST;

    x->shards[s].documents = mem_new(room, sizeof *old);
    x->shards[s].room = room;
    for (uint32_t i = 0; i < old_room; i++) {
        uint32_t at;
        if (old[i] == 0)
            continue;
        at = name_hash(record_of(x, old[i] - 1)->id) & (room - 1);
        while (x->shards[s].documents[at] != 0)
            at = (at + 1) & (room - 1);
        x->shards[s].documents[at] = old[i];
    }
    free(old);
}

static void name_enter(struct index *x, const struct name *n, uint32_t document)
{
    size_t s = shard_of(name_hash(n->bytes));

    if (x->shards[s].n * 4 >= x->shards[s].room * 3)
        shard_grow(x, s);
    *slot_find(x, n) = document + 1;
    x->shards[s].n++;
}

/* Moves back what stands behind the hole and was put there because of it. */
static void name_leave(struct index *x, const struct name *n, uint32_t *slot)
{
    size_t s = shard_of(name_hash(n->bytes));
    uint32_t *documents = x->shards[s].documents, room = x->shards[s].room;
    uint32_t hole = (uint32_t)(slot - documents);

    for (uint32_t i = (hole + 1) & (room - 1); documents[i] != 0; i = (i + 1) & (room - 1)) {
        uint32_t home = name_hash(record_of(x, documents[i] - 1)->id) & (room - 1);
        if (((i - home) & (room - 1)) < ((i - hole) & (room - 1)))
            continue;
        documents[hole] = documents[i];
        hole = i;
    }
    documents[hole] = 0;
    x->shards[s].n--;
}

/* --- countries -------------------------------------------------------------------------------- */

/* Number of the country, nations_n: none. */
static size_t nation_find(const struct index *x, const char *country)
{
    size_t i = 0;

    while (i < x->nations_n && strncmp(x->nations[i].country, country, INDEX_COUNTRY_BYTES - 1))
        i++;
    return i;
}

static uint32_t segment_open(struct index *x, size_t nation)
{
    struct nation *n = &x->nations[nation];
    uint32_t number = 0;

    while (number < x->segments_n && x->segments[number])
        number++;
    if (number == x->segments_n) {
        if (x->segments_n == x->segments_room) {
            x->segments_room = x->segments_room ? x->segments_room * 2 : 8;
            x->segments = mem_grow(x->segments, x->segments_room, sizeof *x->segments);
        }
        x->segments_n++;
    }
    x->segments[number] = segment_new((uint32_t)nation);
    n->segments = mem_grow(n->segments, n->segments_n + 1, sizeof *n->segments);
    n->segments[n->segments_n++] = number;
    return number;
}

/* The segment of the country that takes the next document. */
static uint32_t segment_for(struct index *x, size_t nation)
{
    const struct nation *n = &x->nations[nation];
    const struct segment *s;

    if (n->segments_n == 0)
        return segment_open(x, nation);
    s = x->segments[n->segments[n->segments_n - 1]];
    if (s->draining || s->documents_n == SEGMENT_DOCUMENTS)
        return segment_open(x, nation);
    return n->segments[n->segments_n - 1];
}

static void segment_close(struct index *x, uint32_t number)
{
    struct nation *n = &x->nations[x->segments[number]->country];
    size_t i = 0;

    while (n->segments[i] != number)
        i++;
    memmove(&n->segments[i], &n->segments[i + 1], (n->segments_n - i - 1) * sizeof *n->segments);
    n->segments_n--;
    segment_free(x->segments[number], &x->pool);
    x->segments[number] = NULL;
}

/* --- adding and removing ---------------------------------------------------------------------- */

static void count_documents(struct index *x, size_t n)
{
    x->documents_n = n;
    x->log_all = logf((float)n + RARITY_PRIOR);
}

/* log(all / count) / log(all / 0), the latter for a word that nobody has */
static float rarity(const struct index *x, uint32_t count)
{
    float log_count = count < LOGS ? x->logs[count] : logf((float)count + RARITY_ADD);

    return (x->log_all - log_count) / (x->log_all - x->logs[0]);
}

float index_rarity(const struct index *x, uint32_t key)
{
    uint32_t number = numbering_find(&x->numbering, key);

    return number == NUMBERING_NONE ? 1.0f : rarity(x, numbering_count(&x->numbering, number));
}

void index_rarities(const struct index *x, const struct vector *v, float ret_rarities[FEATURES_MAX])
{
    for (size_t i = 0; i < v->terms_n; i++)
        ret_rarities[i] = index_rarity(x, v->terms[i].key);
}

static bool is_common(const struct index *x, uint32_t number)
{
    return x->documents_n >= COMMON_MIN &&
           numbering_count(&x->numbering, number) > x->documents_n / COMMON_PART;
}

/* Stores a document whose terms have been counted. */
static uint32_t document_put(struct index *x, size_t nation, const struct name *n,
                             const struct vector *v, const uint32_t *numbers)
{
    bool posted[FEATURES_MAX];
    struct segment_document d = {.vector = v, .numbers = numbers, .posted = posted};
    float squares[2] = {0};
    uint32_t number = segment_for(x, nation);

    for (size_t i = 0; i < v->terms_n; i++) {
        enum feature_kind kind = feature_kind(v->terms[i].key);
        float w = vector_weight(v->terms[i].weight) *
                  rarity(x, numbering_count(&x->numbering, numbers[i]));
        posted[i] = kind != FEATURE_TOPIC && !is_common(x, numbers[i]);
        if (kind == FEATURE_TOPIC)
            continue;
        squares[0] += w * w;
        squares[1] += kind == FEATURE_OWN ? 0 : w * w;
    }
    d.norm[0] = sqrtf(squares[0]);
    d.norm[1] = sqrtf(squares[1]);
    memcpy(d.id, n->bytes, sizeof d.id);
    d.text = n->is_text ? n->text : NULL;
    return number << SEGMENT_BITS | segment_add(x->segments[number], &x->pool, &d);
}

static void document_drop(struct index *x, uint32_t document)
{
    struct segment *s = segment_of(x, document);
    uint32_t number = document >> SEGMENT_BITS;

    segment_remove(s, &x->pool, place_of(document));
    if (s->draining || s->removed_n < REMOVED_MIN || s->removed_n * REMOVED_PART < s->documents_n)
        return;
    s->draining = true;
    x->draining = mem_grow(x->draining, x->draining_n + 1, sizeof *x->draining);
    x->draining[x->draining_n++] = number;
}

static void document_read(const struct index *x, uint32_t document, struct vector *ret_v,
                          uint32_t numbers[FEATURES_MAX], struct name *ret_name);

static void document_move(struct index *x, uint32_t document)
{
    uint32_t numbers[FEATURES_MAX], *slot;
    struct vector v;
    struct name n;

    document_read(x, document, &v, numbers, &n);
    slot = name_find(x, &n);
    *slot = document_put(x, segment_of(x, document)->country, &n, &v, numbers) + 1;
    segment_remove(segment_of(x, document), &x->pool, place_of(document));
}

/* Moves a few documents out of a segment with many removed ones; an empty one goes. */
static void clear_up(struct index *x)
{
    for (unsigned moves = 0; moves < MOVES && x->draining_n > 0;) {
        uint32_t number = x->draining[x->draining_n - 1], place;
        struct segment *s = x->segments[number];
        if (s->removed_n == s->documents_n) {
            x->draining_n--;
            segment_close(x, number);
            return;
        }
        place = s->documents_n - 1;
        while (segment_mark(s, &x->pool, place)->flags & SEGMENT_REMOVED)
            place--;
        document_move(x, number << SEGMENT_BITS | place);
        moves++;
    }
}

void index_add(struct index *x, const char *country, const char *id, const struct vector *v)
{
    uint32_t numbers[FEATURES_MAX];
    struct name name = name_of(id);
    size_t nation = nation_find(x, country);

    index_remove(x, id);
    if (nation == x->nations_n) {
        x->nations = mem_grow(x->nations, x->nations_n + 1, sizeof *x->nations);
        memset(&x->nations[nation], 0, sizeof *x->nations);
        memcpy(x->nations[nation].country, country, strnlen(country, INDEX_COUNTRY_BYTES - 1));
        x->nations_n++;
    }
    count_documents(x, x->documents_n + 1);
    for (size_t i = 0; i < v->terms_n; i++)
        numbers[i] = numbering_enter(&x->numbering, v->terms[i].key);
    name_enter(x, &name, document_put(x, nation, &name, v, numbers));
    clear_up(x);
}

bool index_remove(struct index *x, const char *id)
{
    struct segment_term terms[FEATURES_MAX];
    struct name name = name_of(id);
    uint32_t *slot = name_find(x, &name), document;
    size_t n;

    if (!slot)
        return false;
    document = *slot - 1;
    n = segment_terms(segment_of(x, document), &x->pool, place_of(document), terms);
    for (size_t i = 0; i < n; i++)
        numbering_leave(&x->numbering, terms[i].number);
    name_leave(x, &name, slot);
    document_drop(x, document);
    count_documents(x, x->documents_n - 1);
    clear_up(x);
    return true;
}

bool index_has(const struct index *x, const char *id)
{
    struct name name = name_of(id);

    return name_find(x, &name) != NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A term's key above its index among the terms by number. */
static uint64_t keyed(uint32_t key, size_t term)
{
    return (uint64_t)key << 32 | term;
}

static int compare_keyed(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Terms come by number and leave by key; words follow their terms. */
static void document_read(const struct index *x, uint32_t document, struct vector *ret_v,
                          uint32_t numbers[FEATURES_MAX], struct name *ret_name)
{
    const struct segment *s = segment_of(x, document);
    const struct segment_record *r = record_of(x, document);
    uint8_t flags = mark_of(x, document)->flags;
    struct segment_term terms[FEATURES_MAX];
    uint64_t order[FEATURES_MAX];
    uint8_t places[FEATURES_MAX]; /* by key, of the terms by number */
    size_t n = segment_terms(s, &x->pool, place_of(document), terms);

    memset(ret_v, 0, sizeof *ret_v);
    memset(ret_name, 0, sizeof *ret_name);
    for (size_t i = 0; i < n; i++)
        order[i] = keyed(numbering_key(&x->numbering, terms[i].number), i);
    qsort(order, n, sizeof *order, compare_keyed);
    for (size_t i = 0; i < n; i++) {
        size_t term = order[i] & UINT32_MAX;
        places[term] = (uint8_t)i;
        ret_v->terms[i] = (struct vector_term){(uint32_t)(order[i] >> 32), terms[term].weight};
        numbers[i] = terms[term].number;
    }
    ret_v->terms_n = (uint16_t)n;
    ret_v->words_n =
        (uint8_t)segment_words(s, &x->pool, place_of(document), ret_v->words, ret_name->text);
    for (size_t i = 0; i < ret_v->words_n; i++)
        ret_v->words[i].term = places[ret_v->words[i].term];
    ret_v->language = flags & SEGMENT_LANGUAGE;
    ret_v->fingerprint = r->fingerprint[0] | (uint64_t)r->fingerprint[1] << 32;
    memcpy(ret_name->bytes, r->id, sizeof r->id);
    ret_name->is_text = (flags & SEGMENT_ID_TEXT) != 0;
}

void index_read(const struct index *x, uint32_t document, struct vector *ret_v,
                float ret_rarities[FEATURES_MAX], char ret_id[INDEX_ID_MAX + 1],
                char ret_country[INDEX_COUNTRY_BYTES])
{
    uint32_t numbers[FEATURES_MAX];
    struct name name;

    document_read(x, document, ret_v, numbers, &name);
    for (size_t i = 0; i < ret_v->terms_n; i++)
        ret_rarities[i] = rarity(x, numbering_count(&x->numbering, numbers[i]));
    memcpy(ret_country, x->nations[segment_of(x, document)->country].country, INDEX_COUNTRY_BYTES);
    if (name.is_text) {
        memcpy(ret_id, name.text, sizeof name.text);
        return;
    }
    memcpy(ret_id, prefix, PREFIX_BYTES);
    sodium_bin2hex(ret_id + PREFIX_BYTES, DIGITS + 1, name.bytes, sizeof name.bytes);
}

/* --- searching -------------------------------------------------------------------------------- */

struct query_term {
    uint32_t number;
    float value; /* weight times rarity */
};

struct query {
    const struct index *x;
    struct query_term terms[FEATURES_MAX]; /* those that some document has, by number */
    size_t n;
    struct segment_asked asked[FEATURES_MAX]; /* the strongest of them */
    size_t asked_n;
    float norm[2]; /* of all terms; without those of its own language */
    uint8_t language;
    struct index_hit best[CANDIDATES]; /* a heap, the worst on top */
    size_t best_n;
};

static int compare_value(const void *a, const void *b)
{
    const struct query_term *x = a, *y = b;

    if (x->value > y->value || x->value < y->value)
        return x->value < y->value ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

static int compare_number(const void *a, const void *b)
{
    const struct query_term *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void query_ask(struct query *q, size_t strongest)
{
    qsort(q->terms, q->n, sizeof *q->terms, compare_value);
    q->asked_n = strongest < q->n ? strongest : q->n;
    for (size_t i = 0; i < q->asked_n; i++) {
        struct segment_asked *a = &q->asked[i];
        float says = rarity(q->x, numbering_count(&q->x->numbering, q->terms[i].number));
        a->number = q->terms[i].number;
        for (unsigned level = 0; level < VECTOR_LEVELS; level++)
            a->products[level] = (uint16_t)lrintf(q->terms[i].value / q->norm[0] * says *
                                                  vector_weight((uint8_t)level) * SCORE_ONE);
    }
    qsort(q->terms, q->n, sizeof *q->terms, compare_number);
}

static void query_init(struct query *q, const struct index *x, const struct vector *v,
                       size_t strongest)
{
    float squares[2] = {0};

    q->x = x;
    q->n = q->best_n = 0;
    q->language = v->language;
    for (size_t i = 0; i < v->terms_n; i++) {
        enum feature_kind kind = feature_kind(v->terms[i].key);
        uint32_t number = numbering_find(&x->numbering, v->terms[i].key);
        float says =
            number == NUMBERING_NONE ? 1.0f : rarity(x, numbering_count(&x->numbering, number));
        float value = vector_weight(v->terms[i].weight) * says;
        if (kind == FEATURE_TOPIC)
            continue;
        squares[0] += value * value;
        squares[1] += kind == FEATURE_OWN ? 0 : value * value;
        if (number != NUMBERING_NONE)
            q->terms[q->n++] = (struct query_term){number, value};
    }
    q->norm[0] = sqrtf(squares[0]);
    q->norm[1] = sqrtf(squares[1]);
    query_ask(q, strongest);
}

static void heap_sink(struct index_hit *heap, size_t n, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
            if (heap[child].score < heap[least].score)
                least = child;
        if (least == i)
            return;
        struct index_hit other = heap[least];
        heap[least] = heap[i];
        heap[i] = other;
        i = least;
    }
}

static void query_keep(struct query *q, uint32_t document, float score)
{
    if (q->best_n < CANDIDATES) {
        q->best[q->best_n++] = (struct index_hit){document, score};
        if (q->best_n == CANDIDATES)
            for (size_t i = CANDIDATES / 2; i-- > 0;)
                heap_sink(q->best, CANDIDATES, i);
        return;
    }
    q->best[0] = (struct index_hit){document, score};
    heap_sink(q->best, CANDIDATES, 0);
}

/* The score that a document needs to be kept. */
static float query_least(const struct query *q)
{
    return q->best_n == CANDIDATES ? q->best[0].score : 0;
}

/* Whether any of so many scores is more than enough: most are not, and this is a few steps. */
static bool any_above(const uint16_t scores[SCORES_AT_ONCE], uint16_t enough)
{
    uint16_t above = 0;

    for (unsigned i = 0; i < SCORES_AT_ONCE; i++)
        above |= (uint16_t)(scores[i] > enough);
    return above != 0;
}

/* Documents of one segment that are worth a look; their marks are asked for when they come here,
 * for they lie all over the memory. */
struct sight {
    uint32_t number; /* of the segment */
    uint16_t places[SIGHTED], n;
};

static void sight_look(struct sight *sight, struct query *q,
                       const uint16_t scores[SEGMENT_DOCUMENTS])
{
    const struct segment *s = q->x->segments[sight->number];

    for (unsigned i = 0; i < sight->n; i++) {
        uint32_t place = sight->places[i];
        const struct segment_mark *m = segment_mark(s, &q->x->pool, place);
        bool other = (m->flags & SEGMENT_LANGUAGE) != q->language;
        float cosine = (float)scores[place] / q->x->norms[m->norm[other]];
        if (cosine > query_least(q) && !(m->flags & SEGMENT_REMOVED))
            query_keep(q, sight->number << SEGMENT_BITS | place, cosine);
    }
    sight->n = 0;
}

/* The score that a document of the segment needs to be worth a look. */
static uint16_t query_enough(const struct query *q, const struct segment *s)
{
    uint8_t norm = s->norm_least[0] < s->norm_least[1] ? s->norm_least[0] : s->norm_least[1];

    return (uint16_t)fminf(query_least(q) * q->x->norms[norm], UINT16_MAX);
}

/* Documents of one segment that come among the best so far. scores: 0 after the last document. */
static void query_pick(struct query *q, uint32_t number, const uint16_t scores[SEGMENT_DOCUMENTS])
{
    const struct segment *s = q->x->segments[number];
    struct sight sight = {.number = number, .n = 0};
    uint16_t enough = query_enough(q, s);

    for (uint32_t from = 0; from < s->documents_n; from += SCORES_AT_ONCE) {
        if (!any_above(scores + from, enough))
            continue;
        for (uint32_t place = from; place < from + SCORES_AT_ONCE; place++) {
            if (scores[place] <= enough)
                continue;
            __builtin_prefetch(segment_mark(s, &q->x->pool, place));
            sight.places[sight.n++] = (uint16_t)place;
        }
        if (sight.n + SCORES_AT_ONCE <= SIGHTED)
            continue;
        sight_look(&sight, q, scores);
        enough = query_enough(q, s);
    }
    sight_look(&sight, q, scores);
}

static void query_segment(struct query *q, uint32_t number)
{
    const struct segment *s = q->x->segments[number];
    size_t rows = (s->documents_n + SCORES_AT_ONCE - 1) / SCORES_AT_ONCE;
    uint16_t scores[SEGMENT_DOCUMENTS];

    memset(scores, 0, rows * SCORES_AT_ONCE * sizeof *scores);
    segment_score(s, &q->x->pool, q->asked, q->asked_n, scores);
    query_pick(q, number, scores);
}

static void query_country(struct query *q, size_t nation)
{
    const struct nation *n = &q->x->nations[nation];

    for (size_t i = 0; i < n->segments_n; i++)
        query_segment(q, n->segments[i]);
}

/* Both ascend by number. */
static float cosine(const struct query *q, uint32_t document)
{
    const struct segment *s = segment_of(q->x, document);
    struct segment_term terms[FEATURES_MAX];
    size_t n = segment_terms(s, &q->x->pool, place_of(document), terms), k = 0;
    bool other = (mark_of(q->x, document)->flags & SEGMENT_LANGUAGE) != q->language;
    float both = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        const struct numbering_row *row = numbering_row(&q->x->numbering, terms[i].number);
        enum feature_kind kind = feature_kind(row->key);
        float value = vector_weight(terms[i].weight) * rarity(q->x, row->count);
        if (kind == FEATURE_TOPIC || (other && kind == FEATURE_OWN))
            continue;
        squares += value * value;
        while (k < q->n && q->terms[k].number < terms[i].number)
            k++;
        if (k < q->n && q->terms[k].number == terms[i].number)
            both += value * q->terms[k].value;
    }
    return both > 0 ? both / (sqrtf(squares) * q->norm[other]) : 0;
}

static int compare_hit(const void *a, const void *b)
{
    const struct index_hit *x = a, *y = b;

    if (x->score > y->score || x->score < y->score)
        return x->score < y->score ? 1 : -1;
    return (x->document > y->document) - (x->document < y->document);
}

static size_t query_finish(struct query *q, size_t max, struct index_hit *ret_hits)
{
    size_t n = 0;

    for (size_t i = 0; i < q->best_n; i++) {
        q->best[i].score = cosine(q, q->best[i].document);
        if (q->best[i].score > 0)
            q->best[n++] = q->best[i];
    }
    qsort(q->best, n, sizeof *q->best, compare_hit);
    n = n < max ? n : max;
    memcpy(ret_hits, q->best, n * sizeof *ret_hits);
    return n;
}

size_t index_search(const struct index *x, const struct vector *v, const char *country,
                    enum index_scope scope, size_t max, struct index_hit *ret_hits)
{
    size_t nation = nation_find(x, country);
    struct query q;

    query_init(&q, x, v, scope == INDEX_OTHERS ? STRONGEST : FEATURES_MAX);
    for (size_t i = 0; i < x->nations_n; i++)
        if (scope == INDEX_ALL || (scope == INDEX_SAME) == (i == nation))
            query_country(&q, i);
    return query_finish(&q, max, ret_hits);
}
