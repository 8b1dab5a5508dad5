#include "routing/feature.h"

#include "routing/reading_inside.h"
#include "routing/stop.h"
#include "routing/unglue.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRACES_MAX = 8192, /* places in one text that are looked at */
    TRACES_FIRST = 256,
    NAME_LETTERS_MIN = 3,
    TOPICS_KEPT = 4,
    TITLE_CASE_PERCENT = 60, /* so many capitals: "Title Case", where capitals mark no names */
    YEAR_FROM = 1900,
    YEAR_TO = 2100,
    TAKEN_APART_MAX = 64 /* words made of words that are taken apart in one text */
};

#define TITLE_TIMES 3.0f

/* What one kind says about sameness, for a word that one request in many has; measured by
 * script/retrieval, docs/decisions/009-similar.md. */
#define STEM_WORTH 1.0f
#define PART_WORTH 0.7f /* of an identifier, which counts as a whole too */
#define PAIR_WORTH 0.3f /* two Chinese characters that make no word of the lexicon */
#define EVIDENCE_CONCEPT_WORTH 1.3f
#define PLAIN_CONCEPT_WORTH 0.5f /* "to improve", "ministry" */
#define NAME_WORTH 0.7f          /* beside its stem */
#define NUMBER_WORTH 1.4f
#define SMALL_NUMBER_WORTH 0.5f /* one or two digits, and years */
#define SITE_WORTH 2.0f
#define SPECIES_WORTH 1.8f
#define COUNTRY_WORTH 0.7f

/* Of a text with too many features those stay that weigh most times this: things that are rare by
 * nature before words. */
static const float keep[FEATURE_KINDS_N] = {
    [FEATURE_STEM] = 1.0f,    [FEATURE_OWN] = 0.8f,     [FEATURE_CONCEPT] = 0.8f,
    [FEATURE_NAME] = 2.0f,    [FEATURE_NUMBER] = 2.0f,  [FEATURE_SITE] = 4.0f,
    [FEATURE_SPECIES] = 4.0f, [FEATURE_COUNTRY] = 2.0f, [FEATURE_TOPIC] = 8.0f};

/* One place in the text that makes a feature. */
struct trace {
    uint32_t key;
    float worth; /* of its kind */
    float times; /* how often it counts */
    uint32_t start, end;
    bool in_title;
};

struct features {
    const struct engine *g;
    const struct reading *r;
    struct trace *traces; /* owned */
    size_t traces_n, traces_room;
    size_t said_until; /* tokens before it are in a phrase of the lexicon already */
    size_t taken_apart_n;
    bool title_case;
};

static void trace_put(struct features *f, struct trace t)
{
    if (f->traces_n == TRACES_MAX)
        return;
    if (f->traces_n == f->traces_room) {
        f->traces_room = f->traces_room ? f->traces_room * 2 : TRACES_FIRST;
        f->traces = mem_grow(f->traces, f->traces_room, sizeof *f->traces);
    }
    f->traces[f->traces_n++] = t;
}

static void trace_add(struct features *f, uint32_t key, float worth, float times, uint32_t start,
                      uint32_t end)
{
    enum zone zone = reading_zone(f->r, start);

    if (zone == ZONE_THEME || times <= 0)
        return;
    trace_put(f, (struct trace){.key = key,
                                .worth = worth,
                                .times = times * (zone == ZONE_TITLE ? TITLE_TIMES : 1.0f),
                                .start = start,
                                .end = end,
                                .in_title = zone == ZONE_TITLE});
}

/* --- words ------------------------------------------------------------------------------------ */

static bool is_title_case(const struct reading *r)
{
    size_t words = 0, upper = 0;

    for (size_t i = 0; i < r->text.tokens_n; i++) {
        const struct token *t = &r->text.tokens[i];
        if (reading_zone(r, t->start) != ZONE_TITLE)
            break;
        if (t->flags & (TOKEN_STOP | TOKEN_NUMBER | TOKEN_HAN))
            continue;
        words++;
        upper += (t->flags & TOKEN_UPPER) != 0;
    }
    return words > 2 && upper * 100 > words * TITLE_CASE_PERCENT;
}

/* A word that opens the title is a name when it has its capital elsewhere too. */
static bool stands_again(const struct reading *r, const struct token *t)
{
    for (size_t i = 0; i < r->text.tokens_n; i++) {
        const struct token *other = &r->text.tokens[i];
        if (other != t && other->fold == t->fold && (other->flags & TOKEN_UPPER) &&
            !(other->flags & TOKEN_OPENS))
            return true;
    }
    return false;
}

/* A word that may be a name: a capital that neither opens a sentence nor belongs to a "Title
 * Case" line; in Arabic any word that the vocabulary lacks. */
static bool may_be_name(const struct features *f, const struct token *t)
{
    bool in_title = reading_zone(f->r, t->start) == ZONE_TITLE;
    const char *language = language_codes[f->r->language];
    bool foreign = !(t->flags & (TOKEN_ARABIC | TOKEN_CYRILLIC)) &&
                   (strcmp(language, "ar") == 0 || strcmp(language, "ru") == 0 ||
                    strcmp(language, "zh") == 0); /* a Latin word in a text of another script */

    if (t->letters < NAME_LETTERS_MIN || matcher_knows(f->g->matchers[f->r->language], t->key))
        return false;
    if (foreign)
        return true;
    if (t->flags & TOKEN_ARABIC)
        return t->skeleton != 0;
    if (!(t->flags & TOKEN_UPPER))
        return false;
    if (t->flags & TOKEN_OPENS)
        return in_title && stands_again(f->r, t);
    return !in_title || !f->title_case || stands_again(f->r, t);
}

/* The English stems that a word or phrase of the lexicon stands for. */
static void add_hit(struct features *f, const struct lexicon_hit *hit, uint32_t start, uint32_t end)
{
    for (size_t k = 0; k < hit->senses_n; k++) {
        trace_add(f, feature_key(FEATURE_STEM, hit->senses[k].key), STEM_WORTH,
                  hit->senses[k].weight, start, end);
        if (hit->senses[k].skeleton != 0)
            trace_add(f, feature_key(FEATURE_NAME, hit->senses[k].skeleton), NAME_WORTH, 1.0f,
                      start, end);
    }
}

/* False: the lexicon has neither the word at token i nor a phrase that it is part of. */
static bool add_senses(struct features *f, size_t i)
{
    const struct token *t = &f->r->text.tokens[i];
    struct lexicon_hit hit;

    if (i < f->said_until)
        return true;
    if (!lexicon_find(f->g->lexicon, f->r->language, &f->r->text, i, &hit))
        return false;
    f->said_until = i + hit.tokens_n;
    add_hit(f, &hit, t->start, t[hit.tokens_n - 1].start + t[hit.tokens_n - 1].bytes);
    return true;
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* "closeQuietly", "HTTPServer": where a new word begins inside one. */
static bool begins_part(const char *word, size_t i, size_t n)
{
    if (i == 0 || !is_upper(word[i]))
        return false;
    return is_lower(word[i - 1]) || (is_upper(word[i - 1]) && i + 1 < n && is_lower(word[i + 1]));
}

/* The words that an identifier was made of. */
static void add_parts(struct features *f, const struct token *t)
{
    const char *word = f->r->text.source + t->start;
    char parted[2 * TEXT_WORD_BYTES + 1];
    size_t n = 0, parts_n = 1;
    struct text parts;

    if ((t->flags & TOKEN_CAPITALS) || t->bytes > TEXT_WORD_BYTES)
        return;
    for (size_t i = 0; i < t->bytes; i++) {
        if (begins_part(word, i, t->bytes)) {
            parted[n++] = ' ';
            parts_n++;
        }
        parted[n++] = word[i];
    }
    parted[n] = '\0';
    if (parts_n == 1 || f->taken_apart_n++ >= TAKEN_APART_MAX)
        return;
    text_read(parted, language_find("en"), &parts);
    for (size_t i = 0; i < parts.tokens_n; i++)
        if (!(parts.tokens[i].flags & TOKEN_STOP))
            trace_add(f, feature_key(FEATURE_STEM, parts.tokens[i].key), PART_WORTH, 1.0f, t->start,
                      t->start + t->bytes);
    text_clear(&parts);
}

/* Several Arabic words that somebody wrote as one. */
static bool add_glued(struct features *f, const struct token *t)
{
    uint32_t end = t->start + t->bytes;
    struct text parts;

    if (!(t->flags & TOKEN_ARABIC) || t->letters < UNGLUE_LETTERS_MIN ||
        f->taken_apart_n >= TAKEN_APART_MAX)
        return false;
    f->taken_apart_n++;
    if (!unglue(f->g->lexicon, f->r->language, f->r->text.source + t->start, t->bytes, &parts))
        return false;
    for (size_t i = 0; i < parts.tokens_n;) {
        struct lexicon_hit hit = {.tokens_n = 1};
        if (lexicon_find(f->g->lexicon, f->r->language, &parts, i, &hit))
            add_hit(f, &hit, t->start, end);
        else if (!(parts.tokens[i].flags & TOKEN_STOP) && parts.tokens[i].skeleton != 0)
            trace_add(f, feature_key(FEATURE_NAME, parts.tokens[i].skeleton), NAME_WORTH, 1.0f,
                      t->start, end);
        i += hit.tokens_n;
    }
    text_clear(&parts);
    return true;
}

static void add_word(struct features *f, size_t i)
{
    const struct token *t = &f->r->text.tokens[i];
    uint32_t end = t->start + t->bytes;

    add_parts(f, t);
    if (!add_senses(f, i)) {
        if (add_glued(f, t))
            return;
        trace_add(f, feature_key(FEATURE_OWN, text_mix((uint64_t)f->r->language, t->key)),
                  STEM_WORTH, 1.0f, t->start, end);
    }
    if (may_be_name(f, t))
        trace_add(f, feature_key(FEATURE_NAME, t->skeleton ? t->skeleton : t->fold), NAME_WORTH,
                  1.0f, t->start, end);
}

static bool is_function_character(const struct features *f, const struct token *t)
{
    char c[8] = "";

    memcpy(c, f->r->text.source + t->start, t->bytes < sizeof c ? t->bytes : 0);
    return stop_find(f->r->language, c) != STOP_NONE;
}

/* A Chinese character: the word that begins with it, or the pair with the next one. A character
 * alone is a word only when it is no function word. */
static void add_han(struct features *f, size_t i)
{
    const struct token *t = &f->r->text.tokens[i];
    const struct token *next = i + 1 < f->r->text.tokens_n ? t + 1 : NULL;
    struct lexicon_hit hit;

    if (i < f->said_until)
        return;
    if (lexicon_find(f->g->lexicon, f->r->language, &f->r->text, i, &hit) &&
        (hit.tokens_n > 1 || !is_function_character(f, t)))
        add_senses(f, i);
    if (i + 1 < f->said_until || is_function_character(f, t))
        return;
    if (next && (next->flags & TOKEN_HAN) && !(next->flags & TOKEN_BREAK) &&
        !is_function_character(f, next))
        trace_add(f,
                  feature_key(FEATURE_OWN,
                              text_mix(text_mix((uint64_t)f->r->language, t->key), next->key)),
                  PAIR_WORTH, 1.0f, t->start, next->start + next->bytes);
}

static void add_number(struct features *f, const struct token *t)
{
    char digits[8];
    size_t n = t->bytes < sizeof digits ? t->bytes : sizeof digits - 1;
    long value;
    bool small;

    memcpy(digits, f->r->text.source + t->start, n);
    digits[n] = '\0';
    value = strtol(digits, NULL, 10);
    small = t->letters < 3 || (t->letters == 4 && value >= YEAR_FROM && value <= YEAR_TO);
    trace_add(f, feature_key(FEATURE_NUMBER, t->key), small ? SMALL_NUMBER_WORTH : NUMBER_WORTH,
              1.0f, t->start, t->start + t->bytes);
}

static void add_token(struct features *f, size_t i)
{
    const struct token *t = &f->r->text.tokens[i];

    if (t->flags & (TOKEN_STOP | TOKEN_DENIED))
        return;
    if (t->flags & TOKEN_NUMBER)
        add_number(f, t);
    else if (t->flags & TOKEN_HAN)
        add_han(f, i);
    else
        add_word(f, i);
}

/* --- what the reading found ------------------------------------------------------------------- */

static uint64_t name_hash(const char *name)
{
    return text_hash(name, strlen(name));
}

static bool says_what(const struct concept *c)
{
    for (size_t i = 0; i < c->evidence_n; i++)
        if (c->evidence[i].kind != TARGET_ASK && c->evidence[i].kind != TARGET_DENY &&
            c->evidence[i].kind != TARGET_ASIDE)
            return true;
    return false;
}

/* The reading has counted them already, in the title more than once. */
static void add_concepts(struct features *f)
{
    const struct reading *r = f->r;

    for (size_t i = 0; i < r->spoken_n; i++) {
        const struct spoken *s = &r->spoken[i];
        const struct concept *c = &f->g->config->terms.concepts[s->concept];
        trace_add(f, feature_key(FEATURE_CONCEPT, name_hash(c->name)),
                  says_what(c) ? EVIDENCE_CONCEPT_WORTH : PLAIN_CONCEPT_WORTH,
                  s->weight / (s->in_title ? TITLE_TIMES : 1.0f), s->start, s->end);
    }
}

/* Not one that the text says it is not about. */
static void add_thing(struct features *f, enum feature_kind kind, const char *name, float worth,
                      const struct named_thing *thing)
{
    if (thing->stands >= 1.0f)
        trace_add(f, feature_key(kind, name_hash(name)), worth, 1.0f, thing->start, thing->end);
}

/* A crop is the matter of many requests of one country, it tells none of them from another. */
static void add_things(struct features *f)
{
    const struct world *world = &f->g->config->world;
    const struct reading *r = f->r;

    for (size_t i = 0; i < r->sites_n; i++)
        add_thing(f, FEATURE_SITE, world->sites[r->sites[i].index].id, SITE_WORTH, &r->sites[i]);
    for (size_t i = 0; i < r->species_n; i++)
        if (!world->species[r->species[i].index].crop)
            add_thing(f, FEATURE_SPECIES, world->species[r->species[i].index].scientific,
                      SPECIES_WORTH, &r->species[i]);
    for (size_t i = 0; i < r->countries_n; i++)
        add_thing(f, FEATURE_COUNTRY, world->countries[r->countries[i].index].iso3, COUNTRY_WORTH,
                  &r->countries[i]);
}

/* The strongest topics, in proportion: what the request is about, whatever its words. */
static void add_topics(struct features *f)
{
    const struct mandate *mandate = &f->g->config->mandate;
    double left[TOPICS_MAX];
    double most = 0;

    memcpy(left, f->r->topics, sizeof left);
    for (size_t i = 0; i < TOPICS_KEPT; i++) {
        size_t best = 0;
        for (size_t t = 1; t < mandate->topics_n; t++)
            if (left[t] > left[best])
                best = t;
        if (left[best] <= 0)
            return;
        most = i == 0 ? left[best] : most;
        trace_put(f, (struct trace){
                         .key = feature_key(FEATURE_TOPIC, name_hash(mandate->topics[best].code)),
                         .worth = (float)(left[best] / most),
                         .times = 1.0f});
        left[best] = 0;
    }
}

/* --- counting --------------------------------------------------------------------------------- */

static int compare_trace(const void *a, const void *b)
{
    const struct trace *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start); /* the title first */
}

static int compare_key(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static int compare_keep(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;
    float u = x->weight * keep[feature_kind(x->key)], v = y->weight * keep[feature_kind(y->key)];

    if (u > v || u < v)
        return u < v ? 1 : -1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return compare_key(a, b);
}

/* One feature a key: t times weigh 1 + log t, less than once weighs what it is; the worth of its
 * kind stands outside the log. */
static size_t features_count(struct features *f, struct feature *ret_features)
{
    size_t n = 0;

    if (f->traces_n > 0)
        qsort(f->traces, f->traces_n, sizeof *f->traces, compare_trace);
    for (size_t i = 0, end; i < f->traces_n; i = end) {
        const struct trace *t = &f->traces[i];
        struct feature *x = &ret_features[n++];
        float times = 0, worth = 0;
        *x = (struct feature){.key = t->key, .start = t->start, .end = t->end};
        for (end = i; end < f->traces_n && f->traces[end].key == t->key; end++) {
            times += f->traces[end].times;
            worth = fmaxf(worth, f->traces[end].worth);
            x->in_title = x->in_title || f->traces[end].in_title;
        }
        x->weight = worth * (times > 1.0f ? 1.0f + logf(times) : times);
    }
    return n;
}

size_t features_of(const struct engine *g, const struct reading *r, size_t max,
                   struct feature ret_features[FEATURES_MAX])
{
    struct features f = {.g = g, .r = r, .title_case = is_title_case(r)};
    struct feature *all;
    size_t n;

    add_topics(&f);
    add_concepts(&f);
    add_things(&f);
    for (size_t i = 0; i < r->text.tokens_n; i++)
        add_token(&f, i);
    all = mem_new(f.traces_n + 1, sizeof *all);
    n = features_count(&f, all);
    if (n > max) {
        qsort(all, n, sizeof *all, compare_keep);
        n = max;
        qsort(all, n, sizeof *all, compare_key);
    }
    memcpy(ret_features, all, n * sizeof *all);
    free(all);
    free(f.traces);
    return n;
}

static void put_u64(unsigned char *out, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

uint64_t features_fingerprint(const struct reading *r, const unsigned char key[ENGINE_SECRET_BYTES])
{
    const struct text *t = &r->text;
    unsigned char *folds = mem_new(t->tokens_n + 1, sizeof t->tokens->fold);
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t print = 0;
    size_t n = 0;

    put_u64(folds, (uint64_t)r->language);
    for (size_t i = 0; i < t->tokens_n; i++)
        if (reading_zone(r, t->tokens[i].start) != ZONE_THEME)
            put_u64(folds + 8 * ++n, t->tokens[i].fold);
    crypto_shorthash(hash, folds, 8 * (n + 1), key);
    free(folds);
    for (size_t i = 0; i < sizeof hash; i++)
        print |= (uint64_t)hash[i] << (8 * i);
    return print;
}
