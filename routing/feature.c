#include "routing/feature.h"

#include "routing/reading_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_BITS = 29,
    RAW_MAX = 4096, /* features before they are counted together */
    NAME_LETTERS_MIN = 3,
    TOPICS_KEPT = 4,
    TITLE_CASE_PERCENT = 60, /* so many capitals: "Title Case", where capitals mark no names */
    YEAR_FROM = 1900,
    YEAR_TO = 2100
};

#define TITLE_TIMES 3.0f

/* What one kind says about sameness, for a word that one request in many has. */
#define STEM_WORTH 1.0f
#define VOCABULARY_STEM_WORTH 0.7f /* the concept says it already */
#define EVIDENCE_CONCEPT_WORTH 1.3f
#define PLAIN_CONCEPT_WORTH 0.5f /* "to improve", "ministry" */
#define NAME_WORTH 1.8f
#define UNSURE_NAME_WORTH 0.7f /* Arabic, Chinese: without capitals any word may be a name */
#define NUMBER_WORTH 1.4f
#define SMALL_NUMBER_WORTH 0.5f /* one or two digits, and years */
#define SITE_WORTH 2.0f
#define SPECIES_WORTH 1.8f
#define COUNTRY_WORTH 0.7f

struct features {
    const struct engine *g;
    const struct reading *r;
    struct feature *raw; /* owned */
    size_t raw_n;
    bool title_case;
};

enum feature_kind feature_kind(uint32_t key)
{
    return (enum feature_kind)(key >> KEY_BITS);
}

static void feature_add(struct features *f, enum feature_kind kind, uint64_t what, float worth,
                        uint32_t start, uint32_t end)
{
    enum zone zone = reading_zone(f->r, start);
    struct feature *x;

    if (zone == ZONE_THEME || f->raw_n == RAW_MAX)
        return;
    x = &f->raw[f->raw_n++];
    x->key = (uint32_t)kind << KEY_BITS | (uint32_t)(what & ((1U << KEY_BITS) - 1));
    x->in_title = zone == ZONE_TITLE;
    x->weight = worth * (x->in_title ? TITLE_TIMES : 1.0f);
    x->start = start;
    x->end = end;
}

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

    if ((t->flags & (TOKEN_STOP | TOKEN_NUMBER | TOKEN_HAN)) || t->letters < NAME_LETTERS_MIN ||
        matcher_knows(f->g->matchers[f->r->language], t->key))
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

static void add_number(struct features *f, const struct token *t)
{
    char digits[8];
    size_t n = t->bytes < sizeof digits ? t->bytes : sizeof digits - 1;
    long value;

    memcpy(digits, f->r->text.source + t->start, n);
    digits[n] = '\0';
    value = strtol(digits, NULL, 10);
    feature_add(f, FEATURE_NUMBER, t->key,
                t->letters < 3 || (t->letters == 4 && value >= YEAR_FROM && value <= YEAR_TO)
                    ? SMALL_NUMBER_WORTH
                    : NUMBER_WORTH,
                t->start, t->start + t->bytes);
}

/* Two characters. What no term of the vocabulary covers may be a name ("Poyang" in "Poyang
 * lake wetland"). */
static void add_han(struct features *f, const struct token *t, const struct token *next)
{
    uint64_t key;
    bool is_term;

    if (!next || !(next->flags & TOKEN_HAN) || (next->flags & TOKEN_BREAK))
        return;
    key = text_mix(text_mix((uint64_t)f->r->language, t->key), next->key);
    is_term = (t->flags & TOKEN_TERM) || (next->flags & TOKEN_TERM);
    feature_add(f, is_term ? FEATURE_STEM : FEATURE_NAME, key,
                is_term ? STEM_WORTH : UNSURE_NAME_WORTH, t->start, next->start + next->bytes);
}

static void add_token(struct features *f, size_t i)
{
    const struct token *t = &f->r->text.tokens[i];
    const struct token *next = i + 1 < f->r->text.tokens_n ? t + 1 : NULL;
    uint32_t end = t->start + t->bytes;
    uint64_t tongue = (uint64_t)f->r->language;

    if (t->flags & TOKEN_STOP)
        return;
    if (t->flags & TOKEN_NUMBER) {
        add_number(f, t);
    } else if (t->flags & TOKEN_HAN) {
        add_han(f, t, next);
    } else if (may_be_name(f, t)) {
        feature_add(f, FEATURE_NAME, t->skeleton ? t->skeleton : t->fold,
                    t->flags & TOKEN_ARABIC ? UNSURE_NAME_WORTH : NAME_WORTH, t->start, end);
        if (t->flags & TOKEN_ARABIC)
            feature_add(f, FEATURE_STEM, text_mix(tongue, t->key), STEM_WORTH, t->start, end);
    } else {
        feature_add(f, FEATURE_STEM, text_mix(tongue, t->key),
                    matcher_knows(f->g->matchers[f->r->language], t->key) ? VOCABULARY_STEM_WORTH
                                                                          : STEM_WORTH,
                    t->start, end);
    }
}

static bool says_what(const struct concept *c)
{
    for (size_t i = 0; i < c->evidence_n; i++)
        if (c->evidence[i].kind != TARGET_ASK && c->evidence[i].kind != TARGET_DENY &&
            c->evidence[i].kind != TARGET_ASIDE)
            return true;
    return false;
}

static void add_concepts(struct features *f)
{
    const struct reading *r = f->r;

    for (size_t i = 0; i < r->spoken_n; i++) {
        const struct spoken *s = &r->spoken[i];
        const struct concept *c = &f->g->config->terms.concepts[s->concept];
        size_t n = f->raw_n;
        feature_add(f, FEATURE_CONCEPT, s->concept,
                    says_what(c) ? EVIDENCE_CONCEPT_WORTH : PLAIN_CONCEPT_WORTH, s->start, s->end);
        if (f->raw_n > n && s->weight > 0) /* the reading has counted already */
            f->raw[n].weight *= fmaxf(s->weight, 0.3f) / (f->raw[n].in_title ? TITLE_TIMES : 1.0f);
    }
}

static void add_things(struct features *f, enum feature_kind kind, const struct named_thing *things,
                       size_t n, float worth)
{
    for (size_t i = 0; i < n; i++)
        feature_add(f, kind, things[i].index, worth, things[i].start, things[i].end);
}

/* A crop is the matter of many requests of one country, it tells none of them from another. */
static void add_species(struct features *f)
{
    const struct species *species = f->g->config->world.species;

    for (size_t i = 0; i < f->r->species_n; i++)
        if (!species[f->r->species[i].index].crop)
            add_things(f, FEATURE_SPECIES, &f->r->species[i], 1, SPECIES_WORTH);
}

/* The strongest topics, in proportion: what the request is about, whatever its words. */
static void add_topics(struct features *f)
{
    double left[TOPICS_MAX];
    double most = 0;

    memcpy(left, f->r->topics, sizeof left);
    for (size_t i = 0; i < TOPICS_KEPT; i++) {
        size_t best = 0;
        for (size_t t = 1; t < f->g->config->mandate.topics_n; t++)
            if (left[t] > left[best])
                best = t;
        if (left[best] <= 0 || f->raw_n == RAW_MAX)
            return;
        most = i == 0 ? left[best] : most;
        f->raw[f->raw_n++] = (struct feature){(uint32_t)FEATURE_TOPIC << KEY_BITS | (uint32_t)best,
                                              (float)(left[best] / most), 0, 0, false};
        left[best] = 0;
    }
}

static int compare_key(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start); /* the title first */
}

static int compare_weight(const void *a, const void *b)
{
    const struct feature *x = a, *y = b;

    if (x->weight > y->weight || x->weight < y->weight)
        return x->weight < y->weight ? 1 : -1;
    return compare_key(a, b);
}

/* One row a key. A count of n weighs 1 + log n; its kind's worth stands outside the log. */
static size_t features_count(struct features *f)
{
    size_t n = 0;

    qsort(f->raw, f->raw_n, sizeof *f->raw, compare_key);
    for (size_t i = 0, end; i < f->raw_n; i = end) {
        struct feature x = f->raw[i];
        float worth = x.weight / (x.in_title ? TITLE_TIMES : 1.0f), sum = x.weight;
        for (end = i + 1; end < f->raw_n && f->raw[end].key == x.key; end++) {
            sum += f->raw[end].weight;
            x.in_title = x.in_title || f->raw[end].in_title;
        }
        if (feature_kind(x.key) != FEATURE_TOPIC && worth > 0 && sum > worth)
            x.weight = worth * (1.0f + logf(sum / worth));
        f->raw[n++] = x;
    }
    return n;
}

size_t features_of(const struct engine *g, const struct reading *r,
                   struct feature ret_features[FEATURES_MAX])
{
    struct features f = {.g = g, .r = r, .title_case = is_title_case(r)};
    size_t n;

    f.raw = mem_new(RAW_MAX, sizeof *f.raw);
    add_topics(&f);
    add_concepts(&f);
    add_things(&f, FEATURE_SITE, r->sites, r->sites_n, SITE_WORTH);
    add_species(&f);
    add_things(&f, FEATURE_COUNTRY, r->countries, r->countries_n, COUNTRY_WORTH);
    for (size_t i = 0; i < r->text.tokens_n; i++)
        add_token(&f, i);
    n = features_count(&f);
    if (n > FEATURES_MAX) {
        qsort(f.raw, n, sizeof *f.raw, compare_weight);
        n = FEATURES_MAX;
        qsort(f.raw, n, sizeof *f.raw, compare_key);
    }
    memcpy(ret_features, f.raw, n * sizeof *f.raw);
    free(f.raw);
    return n;
}

uint64_t features_fingerprint(const struct reading *r)
{
    uint64_t h = (uint64_t)r->language;

    for (size_t i = 0; i < r->text.tokens_n; i++)
        if (reading_zone(r, r->text.tokens[i].start) != ZONE_THEME)
            h = text_mix(h, r->text.tokens[i].fold);
    return h;
}
