/*   version  language  fingerprint  terms  words   terms: key weight, ..   words: key bytes text,
 * .. 1        1           8         1      1              4    1                4    1     n
 *
 * Numbers are little-endian. */
#include "routing/vector.h"

#include "routing/reading_inside.h"

#include <string.h>

#define WEIGHT_SCALE 12.0f /* stored weight 127 = 10.6 */

float vector_weight(uint8_t weight)
{
    return (float)(weight & (VECTOR_TITLE - 1)) / WEIGHT_SCALE;
}

static uint8_t weight_round(const struct feature *f)
{
    float scaled = f->weight * WEIGHT_SCALE + 0.5f;
    uint8_t weight = scaled >= 127.0f ? 127 : (uint8_t)scaled;

    if (weight == 0)
        weight = 1;
    return (uint8_t)(f->in_title ? weight | VECTOR_TITLE : weight);
}

bool vector_is_slot(uint32_t key, bool in_title)
{
    enum feature_kind kind = feature_kind(key);

    return in_title && (kind == FEATURE_NAME || kind == FEATURE_NUMBER || kind == FEATURE_SITE);
}

void vector_init(const struct reading *r, const struct feature *features, size_t n,
                 struct vector *ret_v)
{
    memset(ret_v, 0, sizeof *ret_v);
    ret_v->fingerprint = features_fingerprint(r);
    ret_v->language = (uint8_t)r->language;
    for (size_t i = 0; i < n; i++) {
        const struct feature *f = &features[i];
        size_t bytes = f->end - f->start;
        struct vector_word *w = &ret_v->words[ret_v->words_n];
        ret_v->terms[ret_v->terms_n++] = (struct vector_term){f->key, weight_round(f)};
        if (!vector_is_slot(f->key, f->in_title) || bytes > VECTOR_TITLE_WORD_BYTES_MAX ||
            ret_v->words_n == VECTOR_TITLE_WORDS_MAX)
            continue;
        w->key = f->key;
        w->bytes = (uint8_t)bytes;
        memcpy(w->text, r->text.source + f->start, bytes);
        ret_v->words_n++;
    }
}

/* --- packed -------------------------------------------------------------------------------------
 */

struct cursor {
    unsigned char *at;
    const unsigned char *end;
};

static void put(struct cursor *c, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes && c->at < c->end; i++)
        *c->at++ = (unsigned char)(value >> (8 * i));
}

static void put_text(struct cursor *c, const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        put(c, (unsigned char)text[i], 1);
}

static size_t packed_size(const struct vector *v)
{
    size_t n = 12 + 5 * (size_t)v->terms_n;

    for (size_t i = 0; i < v->words_n; i++)
        n += 5 + (size_t)v->words[i].bytes;
    return n;
}

size_t vector_pack(const struct vector *v, unsigned char *ret, size_t room)
{
    size_t n = packed_size(v);
    struct cursor c = {ret, ret + n};

    if (n > room)
        return 0;
    put(&c, VECTOR_VERSION, 1);
    put(&c, v->language, 1);
    put(&c, v->fingerprint, 8);
    put(&c, v->terms_n, 1);
    put(&c, v->words_n, 1);
    for (size_t i = 0; i < v->terms_n; i++) {
        put(&c, v->terms[i].key, 4);
        put(&c, v->terms[i].weight, 1);
    }
    for (size_t i = 0; i < v->words_n; i++) {
        put(&c, v->words[i].key, 4);
        put(&c, v->words[i].bytes, 1);
        put_text(&c, v->words[i].text, v->words[i].bytes);
    }
    return n;
}

struct packed {
    const unsigned char *at, *end;
    bool is_short; /* ended too early */
};

static uint64_t take(struct packed *p, size_t bytes)
{
    uint64_t value = 0;

    if ((size_t)(p->end - p->at) < bytes) {
        p->is_short = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)*p->at++ << (8 * i);
    return value;
}

static bool take_terms(struct packed *p, struct vector *v)
{
    for (size_t i = 0; i < v->terms_n; i++) {
        v->terms[i].key = (uint32_t)take(p, 4);
        v->terms[i].weight = (uint8_t)take(p, 1);
        if (p->is_short || (i > 0 && v->terms[i].key <= v->terms[i - 1].key))
            return false;
    }
    return true;
}

static bool take_words(struct packed *p, struct vector *v)
{
    for (size_t i = 0; i < v->words_n; i++) {
        struct vector_word *w = &v->words[i];
        w->key = (uint32_t)take(p, 4);
        w->bytes = (uint8_t)take(p, 1);
        if (p->is_short || w->bytes > VECTOR_TITLE_WORD_BYTES_MAX ||
            (size_t)(p->end - p->at) < w->bytes)
            return false;
        memcpy(w->text, p->at, w->bytes);
        p->at += w->bytes;
    }
    return true;
}

enum err_code vector_unpack(const unsigned char *bytes, size_t n, struct vector *ret_v,
                            struct err *e)
{
    struct packed p = {bytes, bytes + n, false};
    struct vector v = {0};

    if (n == 0 || take(&p, 1) != VECTOR_VERSION)
        return err_set(e, ERR_STALE, "vector of another version");
    v.language = (uint8_t)take(&p, 1);
    v.fingerprint = take(&p, 8);
    v.terms_n = (uint8_t)take(&p, 1);
    v.words_n = (uint8_t)take(&p, 1);
    if (p.is_short || v.language >= LANGUAGES_N || v.terms_n > FEATURES_MAX ||
        v.words_n > VECTOR_TITLE_WORDS_MAX || !take_terms(&p, &v) || !take_words(&p, &v) ||
        p.at != p.end)
        return err_set(e, ERR_MALFORMED, "not a vector");
    *ret_v = v;
    return ERR_OK;
}
