#include "routing/likeness.h"

#include "config/mandate.h"

#include <math.h>
#include <string.h>

#define PROBABILITY_SAME_TEXT 0.999
/* Certain means that nobody need look: the words agree in large part, and so do the titles. */
#define CERTAIN_COSINE 0.6
#define CERTAIN_TITLES 0.6
enum { CERTAIN_SHARED = 8 }; /* things in common; short texts have too few to be certain */
/* The same form filled in for another lake or year: each title has its own word, all else agrees.
 * It is listed with what differs, and where that is a name, number, site or species never as
 * likely: of the judged pairs of that kind none was a duplicate (docs/decisions/009-similar.md). */
#define FORM_COSINE 0.5
#define FORM_PART 0.9   /* of what would be likely */
#define NEAR_NOISE 0.05 /* cosine that two texts of unlike needs may have */
/* How much a word's rarity counts: less than for finding, for how many requests of one form are
 * stored already must not change what two texts have in common. */
#define RARITY_LEAST 0.25f
enum { FEW = 2 };  /* words that may be the name of one place */
#define ENOUGH 2.0 /* weight of names or numbers that says about all they can say */

/* Sums over what only one side has and over what both have. */
struct overlap {
    double ours, theirs, both;
};

struct sums {
    struct overlap all; /* squares, products */
    struct overlap words, names, numbers, things;
    struct overlap topics, plain;    /* squares, products; plain: of words that name nothing */
    double strongest[FEW];           /* products of those */
    double titles, titles_found;     /* words of either title; those that stand in the other text */
    double both_titles;              /* words that stand in both titles, twice the lesser weight */
    unsigned our_words, their_words; /* of the title, that the other text lacks */
    unsigned our_slots, their_slots; /* those of them that are slots */
};

static void overlap_add(struct overlap *o, double ours, double theirs)
{
    if (ours > 0 && theirs > 0)
        o->both += fmin(ours, theirs);
    else
        *(ours > 0 ? &o->ours : &o->theirs) += ours + theirs;
}

static double part(double of, double whole)
{
    return whole > 0 ? of / whole : 0;
}

static void products_add(struct overlap *o, double ours, double theirs)
{
    o->ours += ours * ours;
    o->theirs += theirs * theirs;
    o->both += ours * theirs;
}

static double cosine(const struct overlap *products)
{
    return part(products->both, sqrt(products->ours * products->theirs));
}

static void strongest_add(double strongest[FEW], double product)
{
    for (size_t i = 0; i < FEW; i++) {
        double most = fmax(strongest[i], product);
        product = fmin(strongest[i], product);
        strongest[i] = most;
    }
}

static void shared_add(struct likeness *l, float worth, size_t term)
{
    size_t i;

    for (i = l->shared_n; i > 0 && l->shared[i - 1].worth < worth; i--)
        if (i < SIMILAR_WORDS_MAX)
            l->shared[i] = l->shared[i - 1];
    if (i < SIMILAR_WORDS_MAX) {
        l->shared[i].worth = worth;
        l->shared[i].term = (uint16_t)term;
        l->shared_n += l->shared_n < SIMILAR_WORDS_MAX;
    }
}

static bool in_title(const struct vector_term *t)
{
    return t && (t->weight & VECTOR_TITLE);
}

static void add_title(struct sums *s, const struct vector_term *t, double value, bool shared)
{
    if (!in_title(t))
        return;
    s->titles += value;
    s->titles_found += shared ? value : 0;
}

static bool tells_apart(const struct vector_term *t, bool names_compare)
{
    return vector_is_slot(t) && (names_compare || feature_kind(t->key) != FEATURE_NAME);
}

/* One key; ours, theirs: NULL where it is absent. */
static void sums_add(struct sums *s, double rarity, bool names_compare,
                     const struct vector_term *ours, const struct vector_term *theirs)
{
    enum feature_kind kind = feature_kind(ours ? ours->key : theirs->key);
    double a = ours ? (double)vector_weight(ours->weight) * rarity : 0;
    double b = theirs ? (double)vector_weight(theirs->weight) * rarity : 0;

    if (kind == FEATURE_TOPIC) {
        products_add(&s->topics, a, b);
        return;
    }
    if (kind == FEATURE_STEM || kind == FEATURE_OWN || kind == FEATURE_CONCEPT) {
        products_add(&s->plain, a, b);
        strongest_add(s->strongest, a * b);
    }
    products_add(&s->all, a, b);
    overlap_add(&s->words, a, b);
    if (kind == FEATURE_NAME)
        overlap_add(&s->names, a, b);
    if (kind == FEATURE_NUMBER)
        overlap_add(&s->numbers, a, b);
    if (kind == FEATURE_SITE || kind == FEATURE_SPECIES)
        overlap_add(&s->things, a, b);
    add_title(s, ours, a, theirs != NULL);
    add_title(s, theirs, b, ours != NULL);
    if (in_title(ours) && in_title(theirs))
        s->both_titles += 2 * fmin(a, b);
    s->our_words += in_title(ours) && !theirs;
    s->their_words += in_title(theirs) && !ours;
    s->our_slots += ours && !theirs && tells_apart(ours, names_compare);
    s->their_slots += theirs && !ours && tells_apart(theirs, names_compare);
}

/* Names written in two scripts meet often, not always: only where both texts write names in
 * the same script does a name that is missing say "another place". */
static bool names_compare(int a, int b)
{
    static const char *const latin[] = {"en", "es", "fr"};
    int latin_n = 0;

    if (a == b)
        return true;
    for (size_t i = 0; i < 3; i++) {
        latin_n += strcmp(language_codes[a], latin[i]) == 0;
        latin_n += strcmp(language_codes[b], latin[i]) == 0;
    }
    return latin_n == 2;
}

/* One shared name is something, the fifth adds little. */
static double saturate(double sum)
{
    return 1.0 - exp(-sum / ENOUGH);
}

static double apart(const struct overlap *o)
{
    return saturate(fmin(o->ours, o->theirs));
}

/* Two texts of one need in two languages have little in common, and that little is far more than
 * strangers have: 0 for a cosine of 0, about 1 for 1. */
static double near(double cosine)
{
    return log1p(cosine / NEAR_NOISE) / log1p(1 / NEAR_NOISE);
}

/* How near plain words are without the strongest that both have: two needs of one place have its
 * name in common and little else. */
static double spread(const struct sums *s)
{
    struct overlap left = s->plain;

    for (size_t i = 0; i < FEW; i++)
        left.both = fmax(left.both - s->strongest[i], 0);
    return near(cosine(&left));
}

static void evidence_of(const struct sums *s, bool cross, struct likeness *l)
{
    double *e = l->evidence;

    e[LIKENESS_COSINE] = cosine(&s->all);
    e[LIKENESS_NEAR] = near(e[LIKENESS_COSINE]);
    e[LIKENESS_SPREAD] = spread(s);
    e[LIKENESS_COVER] = fmax(part(s->words.both, s->words.both + s->words.ours),
                             part(s->words.both, s->words.both + s->words.theirs));
    e[LIKENESS_TITLE] = part(s->titles_found, s->titles);
    e[LIKENESS_TITLES] = l->words_apart ? part(s->both_titles, s->titles) : 0;
    e[LIKENESS_TOPICS] = cosine(&s->topics);
    e[LIKENESS_NAMES] = saturate(s->names.both);
    e[LIKENESS_NAMES_APART] = l->names_compare ? apart(&s->names) : 0;
    e[LIKENESS_NUMBERS] = saturate(s->numbers.both);
    e[LIKENESS_NUMBERS_APART] = apart(&s->numbers);
    e[LIKENESS_THINGS] = saturate(s->things.both);
    e[LIKENESS_THINGS_APART] = s->things.both > 0 ? 0 : apart(&s->things);
    e[LIKENESS_TITLE_APART] = l->title_apart;
    e[LIKENESS_FORM] = l->title_apart ? e[LIKENESS_COSINE] : 0;
    e[LIKENESS_CROSS] = cross;
}

/* The next term of one side, NULL: there is none. */
static const struct vector_term *side_term(const struct likeness_side *side, size_t i)
{
    return i < side->vector->terms_n ? &side->vector->terms[i] : NULL;
}

void likeness_of(const struct likeness_side *ours, const struct likeness_side *theirs,
                 struct likeness *ret_l)
{
    bool cross = ours->vector->language != theirs->vector->language;
    const struct vector_term *a, *b;
    struct sums s = {0};
    size_t i = 0, k = 0;

    memset(ret_l, 0, sizeof *ret_l);
    ret_l->same_text = ours->vector->fingerprint == theirs->vector->fingerprint;
    ret_l->names_compare = names_compare(ours->vector->language, theirs->vector->language);
    for (;;) {
        enum feature_kind kind;
        float rarity;
        a = side_term(ours, i);
        b = side_term(theirs, k);
        if (!a && !b)
            break;
        if (a && b && a->key != b->key) {
            if (a->key < b->key)
                b = NULL;
            else
                a = NULL;
        }
        kind = feature_kind(a ? a->key : b->key);
        rarity = fmaxf(a ? ours->rarities[i] : theirs->rarities[k], RARITY_LEAST);
        rarity = kind == FEATURE_TOPIC ? 1.0f : sqrtf(rarity);
        i += a != NULL;
        k += b != NULL;
        if (kind == FEATURE_OWN && cross)
            continue;
        sums_add(&s, (double)rarity, ret_l->names_compare, a, b);
        if (a && b && kind != FEATURE_TOPIC)
            shared_add(ret_l, vector_weight(a->weight) * vector_weight(b->weight) * rarity * rarity,
                       i - 1);
    }
    ret_l->title_apart = s.our_slots > 0 && s.their_slots > 0;
    ret_l->words_apart = s.our_words > 0 && s.their_words > 0;
    evidence_of(&s, cross, ret_l);
}

double likeness_probability(const struct likeness_weights *w, const struct likeness *l)
{
    double z = w->base, p;

    if (l->same_text)
        return PROBABILITY_SAME_TEXT;
    for (size_t i = 0; i < LIKENESS_EVIDENCE_N; i++)
        z += w->evidence[i] * l->evidence[i];
    p = 1.0 / (1.0 + exp(-z));
    if (l->evidence[LIKENESS_COSINE] < FORM_COSINE)
        return p;
    if (l->words_apart)
        p = fmax(p, w->possible_min); /* worth a glance at what differs */
    if (l->title_apart)
        p = fmin(p, w->likely_min * FORM_PART);
    return p;
}

enum similar_verdict likeness_verdict(const struct likeness_weights *w, const struct likeness *l,
                                      double probability)
{
    if (l->same_text)
        return SIMILAR_CERTAIN;
    if (probability >= w->certain_min && !l->words_apart && l->shared_n >= CERTAIN_SHARED &&
        l->evidence[LIKENESS_COSINE] >= CERTAIN_COSINE &&
        l->evidence[LIKENESS_TITLE] >= CERTAIN_TITLES)
        return SIMILAR_CERTAIN;
    if (probability >= w->likely_min)
        return SIMILAR_LIKELY;
    return probability >= w->possible_min ? SIMILAR_POSSIBLE : SIMILAR_NONE;
}
