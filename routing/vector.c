/* Packed:
 *
 *   version  language  words  fingerprint | kind 0: n, n x (hash, weight) | kind 1: .. | words
 *      1         1       1         8             8 bits   Rice     5 bits            term bytes
 * text
 *
 * Hashes of one kind ascend: the distance to the one before is written with the Rice code that
 * suits n hashes spread evenly (R. F. Rice, "Some practical universal noiseless coding techniques",
 * JPL 1979). Bits fill a byte from the lowest; words begin on a byte. */
#include "routing/vector.h"

#include "routing/engine_inside.h"
#include "routing/reading_inside.h"

#include <math.h>
#include <string.h>

enum { HEAD_BYTES = 11, COUNT_BITS = 8 };

#define LEVEL_LEAST 0.15f
#define LEVEL_STEP 1.25f

const float vector_levels[VECTOR_LEVELS] = {
#define LEVEL_2(w) (w), (w)*LEVEL_STEP
#define LEVEL_4(w) LEVEL_2(w), LEVEL_2((w)*LEVEL_STEP *LEVEL_STEP)
#define LEVEL_4_UP (LEVEL_STEP * LEVEL_STEP * LEVEL_STEP * LEVEL_STEP)
    LEVEL_4(LEVEL_LEAST), LEVEL_4(LEVEL_LEAST *LEVEL_4_UP),
    LEVEL_4(LEVEL_LEAST *LEVEL_4_UP *LEVEL_4_UP),
    LEVEL_4(LEVEL_LEAST *LEVEL_4_UP *LEVEL_4_UP *LEVEL_4_UP)};

static uint8_t weight_round(const struct feature *f)
{
    float level = roundf(logf(f->weight / LEVEL_LEAST) / logf(LEVEL_STEP));
    uint8_t weight = level <= 0                   ? 0
                     : level >= VECTOR_LEVELS - 1 ? VECTOR_LEVELS - 1
                                                  : (uint8_t)level;

    return (uint8_t)(f->in_title ? weight | VECTOR_TITLE : weight);
}

bool vector_is_slot(const struct vector_term *t)
{
    enum feature_kind kind = feature_kind(t->key);

    return (t->weight & VECTOR_TITLE) && (kind == FEATURE_NAME || kind == FEATURE_NUMBER ||
                                          kind == FEATURE_SITE || kind == FEATURE_SPECIES);
}

static void add_word(const struct reading *r, const struct feature *f, struct vector *v)
{
    const struct vector_term *t = &v->terms[v->terms_n - 1];
    size_t bytes = f->end - f->start;
    struct vector_word *w = &v->words[v->words_n];

    if (!vector_is_slot(t) || bytes == 0 || bytes > VECTOR_WORD_BYTES_MAX ||
        v->words_n == VECTOR_WORDS_MAX)
        return;
    w->term = (uint8_t)(v->terms_n - 1);
    w->bytes = (uint8_t)bytes;
    memcpy(w->text, r->text.source + f->start, bytes);
    v->words_n++;
}

void vector_init(const struct engine *g, const struct reading *r, const struct feature *features,
                 size_t n, struct vector *ret_v)
{
    memset(ret_v, 0, sizeof *ret_v);
    ret_v->fingerprint = features_fingerprint(r, g->secret);
    ret_v->language = (uint8_t)r->language;
    for (size_t i = 0; i < n; i++) {
        ret_v->terms[ret_v->terms_n++] =
            (struct vector_term){features[i].key, weight_round(&features[i])};
        add_word(r, &features[i], ret_v);
    }
}

int vector_find(const struct vector *v, uint32_t key)
{
    size_t low = 0, high = v->terms_n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (v->terms[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->terms_n && v->terms[low].key == key ? (int)low : -1;
}

/* --- bits ------------------------------------------------------------------------------------- */

/* Of n ascending hashes: the bits of a distance that are written as they are. */
static unsigned rice_bits(size_t n)
{
    unsigned bits = FEATURE_HASH_BITS;

    while (bits > 0 && n > 1) {
        n /= 2;
        bits--;
    }
    return bits;
}

struct writer {
    unsigned char *bytes;
    size_t room, n; /* bits */
    bool is_short;
};

static void put(struct writer *w, uint64_t value, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++, w->n++) {
        if (w->n / 8 >= w->room) {
            w->is_short = true;
            return;
        }
        if (w->n % 8 == 0)
            w->bytes[w->n / 8] = 0;
        w->bytes[w->n / 8] |= (unsigned char)((value >> i & 1) << (w->n % 8));
    }
}

static void put_distance(struct writer *w, uint32_t distance, unsigned bits)
{
    for (uint32_t i = distance >> bits; i > 0; i--)
        put(w, 1, 1);
    put(w, 0, 1);
    put(w, distance & ((UINT32_C(1) << bits) - 1), bits);
}

static size_t terms_of_kind(const struct vector *v, size_t from, enum feature_kind kind)
{
    size_t end = from;

    while (end < v->terms_n && feature_kind(v->terms[end].key) == kind)
        end++;
    return end - from;
}

size_t vector_pack(const struct vector *v, unsigned char *ret, size_t room)
{
    struct writer w = {.bytes = ret, .room = room};
    size_t i = 0;

    if (v->terms_n > FEATURES_REQUEST)
        bug("a request with %u terms", (unsigned)v->terms_n);
    put(&w, VECTOR_VERSION, 8);
    put(&w, v->language, 8);
    put(&w, v->words_n, 8);
    put(&w, v->fingerprint, 64);
    for (enum feature_kind kind = 0; kind < FEATURE_KINDS_N; kind++) {
        size_t n = terms_of_kind(v, i, kind);
        uint32_t at = 0;
        put(&w, n, COUNT_BITS);
        for (size_t end = i + n; i < end; i++) {
            uint32_t hash = feature_hash(v->terms[i].key);
            put_distance(&w, hash - at, rice_bits(n));
            put(&w, v->terms[i].weight, VECTOR_WEIGHT_BITS);
            at = hash + 1;
        }
    }
    w.n = (w.n + 7) / 8 * 8;
    for (size_t k = 0; k < v->words_n; k++) {
        put(&w, v->words[k].term, 8);
        put(&w, v->words[k].bytes, 8);
        for (size_t b = 0; b < v->words[k].bytes; b++)
            put(&w, (unsigned char)v->words[k].text[b], 8);
    }
    return w.is_short ? 0 : w.n / 8;
}

struct reader {
    const unsigned char *bytes;
    size_t bits, n; /* all, and read */
    bool is_short;
};

static uint64_t take(struct reader *r, unsigned bits)
{
    uint64_t value = 0;

    if (r->bits - r->n < bits) {
        r->is_short = true;
        return 0;
    }
    for (unsigned i = 0; i < bits; i++, r->n++)
        value |= (uint64_t)(r->bytes[r->n / 8] >> (r->n % 8) & 1) << i;
    return value;
}

static uint64_t take_distance(struct reader *r, unsigned bits)
{
    uint64_t high = 0;

    while (!r->is_short && take(r, 1))
        high++;
    return high << bits | take(r, bits);
}

static bool take_terms(struct reader *r, struct vector *v)
{
    for (enum feature_kind kind = 0; kind < FEATURE_KINDS_N; kind++) {
        size_t n = take(r, COUNT_BITS);
        uint64_t at = 0;
        if (v->terms_n + n > FEATURES_REQUEST)
            return false;
        for (size_t i = 0; i < n; i++) {
            at += take_distance(r, rice_bits(n));
            if (r->is_short || at >> FEATURE_HASH_BITS)
                return false;
            v->terms[v->terms_n].key = feature_key(kind, at);
            v->terms[v->terms_n++].weight = (uint8_t)take(r, VECTOR_WEIGHT_BITS);
            at++;
        }
    }
    while (r->n % 8 != 0)
        if (take(r, 1))
            return false;
    return !r->is_short;
}

static bool take_words(struct reader *r, struct vector *v)
{
    for (size_t i = 0; i < v->words_n; i++) {
        struct vector_word *w = &v->words[i];
        w->term = (uint8_t)take(r, 8);
        w->bytes = (uint8_t)take(r, 8);
        if (w->bytes > VECTOR_WORD_BYTES_MAX || w->term >= v->terms_n)
            return false;
        for (size_t k = 0; k < w->bytes; k++)
            w->text[k] = (char)take(r, 8);
    }
    return !r->is_short;
}

enum err_code vector_unpack(const unsigned char *bytes, size_t n, struct vector *ret_v,
                            struct err *e)
{
    struct reader r = {.bytes = bytes, .bits = n * 8};
    struct vector v = {0};

    if (take(&r, 8) != VECTOR_VERSION)
        return err_set(e, ERR_STALE, "vector of another version");
    v.language = (uint8_t)take(&r, 8);
    v.words_n = (uint8_t)take(&r, 8);
    v.fingerprint = take(&r, 64);
    if (v.language >= LANGUAGES_N || v.words_n > VECTOR_WORDS_MAX || !take_terms(&r, &v) ||
        !take_words(&r, &v) || r.n != r.bits)
        return err_set(e, ERR_MALFORMED, "not a vector");
    *ret_v = v;
    return ERR_OK;
}
