/* Pairs are kept as numbers in one array; at the end they are sorted by phrase, each phrase keeps
 * its best two stems, and these are numbered. */
#include "routing/wordbook.h"

#include "config/load.h"
#include "routing/lexicon_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BRIDGES_IN_A_ROW = 2,
    HEARD_USUAL = 100, /* a word heard so often counts in one way as in the other */
    SCORE_PARTS = 100  /* so that small scores stay apart */
};

struct pair {
    uint64_t phrase;   /* lexicon_phrase */
    uint64_t stem;     /* token.key */
    uint64_t first;    /* key of the phrase's first word */
    uint32_t skeleton; /* of the English word, where the phrase is a Chinese name */
    uint32_t score;
    uint8_t language;
    uint8_t tokens_n; /* of the phrase */
    uint8_t way;      /* enum wordbook_way */
    bool is_common;   /* the English word has no capital */
};

/* One side of a bridge: what a pair says of its phrase. */
struct side {
    uint64_t phrase, first;
    uint8_t language, tokens_n;
};

struct bridge {
    struct side sides[2];
};

struct wordbook {
    struct pair *pairs; /* owned */
    size_t pairs_n, room;
    struct bridge *bridges; /* owned */
    size_t bridges_n, bridges_room;
    uint64_t *heard; /* owned: stems of English text, one for each word */
    size_t heard_n, heard_room;
};

struct wordbook *wordbook_new(void)
{
    return mem_new(1, sizeof(struct wordbook));
}

void wordbook_free(struct wordbook *b)
{
    if (!b)
        return;
    free(b->pairs);
    free(b->bridges);
    free(b->heard);
    free(b);
}

/* --- collecting ------------------------------------------------------------------------ */

static bool phrase_fits(const struct text *t, int language)
{
    bool says = false;

    if (t->tokens_n == 0 || t->tokens_n > LEXICON_TOKENS_MAX ||
        (t->tokens[0].flags & (TOKEN_STOP | TOKEN_NUMBER)))
        return false;
    for (size_t i = 0; i < t->tokens_n; i++) {
        if (i > 0 && (t->tokens[i].flags & TOKEN_BREAK))
            return false;
        says = says || !((t->tokens[i].flags & (TOKEN_STOP | TOKEN_NUMBER)) ||
                         lexicon_is_english(language, &t->tokens[i]));
    }
    return says;
}

/* Content words of t; more than fit: 0. */
static size_t content_words(const struct text *t, const struct token *words[LEXICON_SENSES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < t->tokens_n; i++) {
        if (t->tokens[i].flags &
            (TOKEN_STOP | TOKEN_NUMBER | TOKEN_HAN | TOKEN_ARABIC | TOKEN_CYRILLIC))
            continue;
        if (n == LEXICON_SENSES_MAX)
            return 0;
        words[n++] = &t->tokens[i];
    }
    return n;
}

/* Chinese alone has neither capitals nor sounds in its letters, so the name's sound is kept. */
static bool is_name(const struct text *phrase, const struct token *english)
{
    return (phrase->tokens[0].flags & TOKEN_HAN) && (english->flags & TOKEN_UPPER);
}

static void pair_add(struct wordbook *b, struct pair p)
{
    if (b->pairs_n == b->room) {
        b->room = b->room ? b->room * 2 : 1024;
        b->pairs = mem_grow(b->pairs, b->room, sizeof *b->pairs);
    }
    b->pairs[b->pairs_n++] = p;
}

bool wordbook_add(struct wordbook *b, int language, const char *phrase, const char *english,
                  enum wordbook_way way, unsigned score)
{
    struct text p, e;
    const struct token *words[LEXICON_SENSES_MAX];
    size_t words_n = 0;

    text_read(phrase, language, &p);
    text_read(english, language_find("en"), &e);
    if (phrase_fits(&p, language))
        words_n = content_words(&e, words);
    for (size_t i = 0; i < words_n; i++)
        pair_add(b, (struct pair){.phrase = lexicon_phrase(p.tokens, p.tokens_n),
                                  .stem = words[i]->key,
                                  .skeleton = is_name(&p, words[i]) ? words[i]->skeleton : 0,
                                  .first = p.tokens[0].key,
                                  .score = score,
                                  .language = (uint8_t)language,
                                  .way = (uint8_t)way,
                                  .is_common = !(words[i]->flags & TOKEN_UPPER),
                                  .tokens_n = (uint8_t)p.tokens_n});
    text_clear(&p);
    text_clear(&e);
    return words_n > 0;
}

void wordbook_hear(struct wordbook *b, const char *english)
{
    struct text t;

    text_read(english, language_find("en"), &t);
    for (size_t i = 0; i < t.tokens_n; i++) {
        if (t.tokens[i].flags & (TOKEN_STOP | TOKEN_NUMBER))
            continue;
        if (b->heard_n == b->heard_room) {
            b->heard_room = b->heard_room ? b->heard_room * 2 : 4096;
            b->heard = mem_grow(b->heard, b->heard_room, sizeof *b->heard);
        }
        b->heard[b->heard_n++] = t.tokens[i].key;
    }
    text_clear(&t);
}

static bool side_read(int language, const char *phrase, struct side *ret_side)
{
    struct text t;
    bool fits;

    text_read(phrase, language, &t);
    fits = phrase_fits(&t, language);
    if (fits)
        *ret_side = (struct side){lexicon_phrase(t.tokens, t.tokens_n), t.tokens[0].key,
                                  (uint8_t)language, (uint8_t)t.tokens_n};
    text_clear(&t);
    return fits;
}

bool wordbook_bridge(struct wordbook *b, int language, const char *phrase, int other_language,
                     const char *other)
{
    struct bridge x;

    if (!side_read(language, phrase, &x.sides[0]) || !side_read(other_language, other, &x.sides[1]))
        return false;
    if (b->bridges_n == b->bridges_room) {
        b->bridges_room = b->bridges_room ? b->bridges_room * 2 : 1024;
        b->bridges = mem_grow(b->bridges, b->bridges_room, sizeof *b->bridges);
    }
    b->bridges[b->bridges_n++] = x;
    return true;
}

/* --- choosing -------------------------------------------------------------------------- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_stem(const void *a, const void *b)
{
    return compare_u64(((const struct pair *)a)->stem, ((const struct pair *)b)->stem);
}

static int by_phrase(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int order = (x->language > y->language) - (x->language < y->language);

    if (order == 0)
        order = compare_u64(x->phrase, y->phrase);
    return order ? order : by_stem(a, b);
}

static int by_number(const void *a, const void *b)
{
    return compare_u64(*(const uint64_t *)a, *(const uint64_t *)b);
}

/* How often the stem was heard. */
static size_t heard_count(const struct wordbook *b, uint64_t stem)
{
    size_t bounds[2];

    for (unsigned i = 0; i < 2; i++) {
        size_t low = 0, high = b->heard_n;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (b->heard[middle] < stem + i)
                low = middle + 1;
            else
                high = middle;
        }
        bounds[i] = low;
    }
    return bounds[1] - bounds[0];
}

/* Bayes' rule: the chance of the English word, given the foreign one, goes with the chance of the
 * foreign one in the English word's entry, and with how common the English word is: by its root,
 * since dictionaries are no sample of what people write. */
static void pairs_weigh(struct wordbook *b)
{

    if (b->heard_n > 0)
        qsort(b->heard, b->heard_n, sizeof *b->heard, by_number);
    for (size_t i = 0; i < b->pairs_n; i++) {
        struct pair *p = &b->pairs[i];
        double score = p->score;
        if (p->way == WORDBOOK_FROM_ENGLISH)
            score *= sqrt((1 + (double)heard_count(b, p->stem)) / HEARD_USUAL);
        p->score = (uint32_t)(score * SCORE_PARTS) + 1;
    }
}

static void pair_join(struct pair *into, const struct pair *p)
{
    into->score += p->score;
    into->is_common |= p->is_common;
    if (p->skeleton > into->skeleton)
        into->skeleton = p->skeleton;
}

/* Equal pairs become one, their scores added; then by language and phrase. */
static void pairs_join(struct wordbook *b)
{
    size_t n = 0;

    if (b->pairs_n > 0)
        qsort(b->pairs, b->pairs_n, sizeof *b->pairs, by_phrase);
    for (size_t i = 0; i < b->pairs_n; i++) {
        if (n > 0 && by_phrase(&b->pairs[n - 1], &b->pairs[i]) == 0)
            pair_join(&b->pairs[n - 1], &b->pairs[i]);
        else
            b->pairs[n++] = b->pairs[i];
    }
    b->pairs_n = n;
}

struct sense {
    uint64_t stem;
    uint32_t skeleton;
    uint8_t weight; /* 0: none */
};

struct entry {
    uint64_t phrase;
    struct sense senses[LEXICON_SENSES_MAX]; /* strongest first */
    uint8_t language;
    uint8_t longest; /* tokens of the longest phrase that begins so */
};

/* "United Nations" is a name of ordinary words: it has no sound in other languages. */
static void names_check(struct wordbook *b)
{
    uint64_t *common = mem_new(b->pairs_n + 1, sizeof *common);
    size_t n = 0;

    for (size_t i = 0; i < b->pairs_n; i++)
        if (b->pairs[i].is_common)
            common[n++] = b->pairs[i].stem;
    qsort(common, n, sizeof *common, by_number);
    for (size_t i = 0; i < b->pairs_n; i++)
        if (b->pairs[i].skeleton &&
            bsearch(&b->pairs[i].stem, common, n, sizeof *common, by_number))
            b->pairs[i].skeleton = 0;
    free(common);
}

/* The pairs of a phrase; NULL: none. pairs are joined up to n. */
static const struct pair *pairs_find(const struct wordbook *b, size_t n, const struct side *side,
                                     size_t *ret_pairs_n)
{
    size_t low = 0, high = n, end;
    struct pair wanted = {.phrase = side->phrase, .language = side->language};

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (by_phrase(&b->pairs[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < n && b->pairs[end].phrase == side->phrase &&
                    b->pairs[end].language == side->language;)
        end++;
    *ret_pairs_n = end - low;
    return end > low ? &b->pairs[low] : NULL;
}

/* The unexplained side of each bridge takes the other's pairs; of several, what they agree on adds
 * up. */
static void bridges_cross(struct wordbook *b)
{
    size_t joined_n = b->pairs_n;

    for (size_t i = 0; i < b->bridges_n; i++)
        for (size_t k = 0; k < 2; k++) {
            const struct side *to = &b->bridges[i].sides[k], *from = &b->bridges[i].sides[1 - k];
            size_t n, to_n;
            const struct pair *p = pairs_find(b, joined_n, from, &n);
            if (!p || pairs_find(b, joined_n, to, &to_n))
                continue;
            for (size_t first = (size_t)(p - b->pairs), j = 0; j < n; j++) {
                struct pair copy = b->pairs[first + j];
                copy.phrase = to->phrase;
                copy.first = to->first;
                copy.language = to->language;
                copy.tokens_n = to->tokens_n;
                pair_add(b, copy);
            }
        }
    pairs_join(b);
}

struct stem {
    uint64_t key;
    uint32_t skeleton;
};

/* The file under way. */
struct writer {
    struct entry *entries; /* owned */
    struct stem *stems;    /* owned, sorted, each once */
    size_t entries_n, stems_n;
    unsigned char *bytes; /* owned */
    size_t n;
};

/* pairs[0..n): one phrase. The best two by score, each weighed by its part of both. */
static void senses_choose(const struct pair *pairs, size_t n,
                          struct sense senses[LEXICON_SENSES_MAX])
{
    const struct pair *best[LEXICON_SENSES_MAX] = {0};
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        const struct pair *p = &pairs[i];
        for (size_t k = 0; k < LEXICON_SENSES_MAX; k++) {
            if (!best[k] || p->score > best[k]->score) {
                const struct pair *weaker = best[k];
                best[k] = p;
                p = weaker;
            }
            if (!p)
                break;
        }
    }
    for (size_t k = 0; k < LEXICON_SENSES_MAX; k++)
        sum += best[k] ? best[k]->score : 0;
    for (size_t k = 0; k < LEXICON_SENSES_MAX; k++)
        if (best[k])
            senses[k] = (struct sense){best[k]->stem, best[k]->skeleton,
                                       (uint8_t)(best[k]->score * LEXICON_WEIGHT_MAX / sum)};
}

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = (x->language > y->language) - (x->language < y->language);

    return order ? order : compare_u64(x->phrase, y->phrase);
}

/* An entry for each phrase, and for the first word of each longer one, so that the reader knows
 * how far to look. */
static void entries_make(const struct wordbook *b, struct writer *w)
{
    size_t n = 0;

    w->entries = mem_new(b->pairs_n * 2 + 1, sizeof *w->entries);
    for (size_t i = 0, end; i < b->pairs_n; i = end) {
        const struct pair *p = &b->pairs[i];
        struct entry *x = &w->entries[n++];
        for (end = i + 1; end < b->pairs_n && b->pairs[end].language == p->language &&
                          b->pairs[end].phrase == p->phrase;)
            end++;
        *x = (struct entry){.phrase = p->phrase, .language = p->language, .longest = 1};
        senses_choose(p, end - i, x->senses);
        if (p->tokens_n > 1)
            w->entries[n++] =
                (struct entry){.phrase = p->first, .language = p->language, .longest = p->tokens_n};
    }
    if (n > 0)
        qsort(w->entries, n, sizeof *w->entries, by_place);
    for (size_t i = 0; i < n; i++) {
        struct entry *last = w->entries_n > 0 ? &w->entries[w->entries_n - 1] : NULL;
        const struct entry *x = &w->entries[i];
        if (!last || by_place(last, x) != 0) {
            w->entries[w->entries_n++] = *x;
            continue;
        }
        if (x->longest > last->longest)
            last->longest = x->longest;
        if (x->senses[0].weight > 0)
            memcpy(last->senses, x->senses, sizeof last->senses);
    }
}

/* For bsearch, and the same with names first, so that one of a stem's names stays. */
static int by_key(const void *a, const void *b)
{
    return compare_u64(((const struct stem *)a)->key, ((const struct stem *)b)->key);
}

static int by_name(const void *a, const void *b)
{
    int order = by_key(a, b);

    return order ? order
                 : compare_u64(((const struct stem *)b)->skeleton,
                               ((const struct stem *)a)->skeleton);
}

static void stems_make(struct writer *w)
{
    size_t n = 0;

    w->stems = mem_new(w->entries_n * LEXICON_SENSES_MAX + 1, sizeof *w->stems);
    for (size_t i = 0; i < w->entries_n; i++)
        for (size_t k = 0; k < LEXICON_SENSES_MAX; k++)
            if (w->entries[i].senses[k].weight > 0)
                w->stems[n++] =
                    (struct stem){w->entries[i].senses[k].stem, w->entries[i].senses[k].skeleton};
    if (n > 0)
        qsort(w->stems, n, sizeof *w->stems, by_name);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || w->stems[i].key != w->stems[w->stems_n - 1].key)
            w->stems[w->stems_n++] = w->stems[i];
}

/* --- writing --------------------------------------------------------------------------- */

static void put(struct writer *w, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        w->bytes[w->n++] = (unsigned char)(value >> (8 * i) & 0xff);
}

static void put_at(struct writer *w, size_t at, uint64_t value, size_t bytes)
{
    size_t n = w->n;

    w->n = at;
    put(w, value, bytes);
    w->n = n;
}

static uint32_t sense_word(const struct writer *w, const struct sense *s)
{
    const struct stem *stem;

    if (s->weight == 0)
        return 0;
    stem = bsearch(&(struct stem){.key = s->stem}, w->stems, w->stems_n, sizeof *w->stems, by_key);
    return (uint32_t)(stem - w->stems) | (uint32_t)s->weight << LEXICON_WEIGHT_SHIFT;
}

/* Entries first..end are of this language. About two to a bucket. */
static void tongue_write(struct writer *w, int language, size_t first, size_t end)
{
    size_t row = LEXICON_AT_TONGUES + (size_t)language * LEXICON_TONGUE_BYTES;
    unsigned bits = 0;

    while ((size_t)2 << bits < end - first && bits < LEXICON_BUCKET_BITS_MAX)
        bits++;
    put_at(w, row, w->n, 4);
    put_at(w, row + 4, bits, 4);
    for (uint64_t bucket = 0, i = first; bucket <= UINT64_C(1) << bits; bucket++) {
        while (i < end && (bits == 0 ? 0 : w->entries[i].phrase >> (64 - bits)) < bucket)
            i++;
        put(w, (bucket == UINT64_C(1) << bits ? end : i) - first, 4);
    }
    put_at(w, row + 8, w->n, 4);
    put_at(w, row + 12, end - first, 4);
    for (size_t i = first; i < end; i++) {
        const struct entry *x = &w->entries[i];
        put(w, (uint32_t)x->phrase, 4);
        put(w, sense_word(w, &x->senses[0]) | (uint32_t)(x->longest - 1) << LEXICON_STEM_BITS, 4);
        put(w, sense_word(w, &x->senses[1]), 4);
    }
}

static void file_write(struct writer *w, const char *about)
{
    put_at(w, LEXICON_AT_DIALECT, lexicon_dialect(), 8);
    put_at(w, LEXICON_AT_VERSION, LEXICON_VERSION, 4);
    memcpy(w->bytes, LEXICON_MAGIC, LEXICON_AT_VERSION);
    w->n = LEXICON_HEADER_BYTES;
    put_at(w, LEXICON_AT_ABOUT, w->n, 4);
    put_at(w, LEXICON_AT_ABOUT + 4, strlen(about) + 1, 4);
    memcpy(w->bytes + w->n, about, strlen(about) + 1);
    w->n += strlen(about) + 1;
    put_at(w, LEXICON_AT_STEMS, w->n, 4);
    put_at(w, LEXICON_AT_STEMS + 4, w->stems_n, 4);
    for (size_t i = 0; i < w->stems_n; i++)
        put(w, w->stems[i].key, 8);
    for (size_t i = 0; i < w->stems_n; i++)
        put(w, w->stems[i].skeleton, 4);
    for (size_t i = 0, end, l = 0; l < LANGUAGES_N; l++, i = end) {
        for (end = i; end < w->entries_n && w->entries[end].language == l;)
            end++;
        tongue_write(w, (int)l, i, end);
    }
    put_at(w, LEXICON_AT_BYTES, w->n, 4);
    lexicon_seal(w->bytes, w->n);
}

enum err_code wordbook_write(struct wordbook *b, const char *about, struct buf *ret_bytes,
                             struct err *e)
{
    struct writer w = {0};
    enum err_code rc = ERR_OK;

    pairs_weigh(b);
    pairs_join(b);
    for (int i = 0; i < BRIDGES_IN_A_ROW; i++)
        bridges_cross(b);
    names_check(b);
    entries_make(b, &w);
    stems_make(&w);
    /* Buckets take at most 4 bytes an entry, one at least a language, and each list's end. */
    w.bytes = mem_new(1, LEXICON_HEADER_BYTES + strlen(about) + 1 + LEXICON_STEM_BYTES * w.stems_n +
                             w.entries_n * (LEXICON_ENTRY_BYTES + 4) + (size_t)LANGUAGES_N * 8);
    file_write(&w, about);
    if (w.n > LEXICON_BYTES_MAX || w.stems_n > LEXICON_STEMS_MAX)
        rc = err_set(e, ERR_TOO_LARGE, "lexicon: %zu bytes, %zu stems: more than fit", w.n,
                     w.stems_n);
    else
        buf_add(ret_bytes, w.bytes, w.n);
    free(w.bytes);
    free(w.stems);
    free(w.entries);
    return rc;
}
