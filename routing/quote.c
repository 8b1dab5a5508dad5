/* Words of the text for each reason:
 *
 *   what the text names, or words that speak for it -> strongest first -> no word twice -> at most
 * 4
 *
 * What is proven by a name ("saiga" for an animal on a list) is told by names alone. A site goes by
 * its name in the table where the text is written in the same script. */
#include "routing/quote.h"

#include "base/utf8.h"
#include "routing/reading_inside.h"

#include <math.h>
#include <string.h>

enum {
    QUOTES_MAX = 4,     /* for one reason */
    FOUND_MAX = 64,     /* looked at for one reason */
    QUOTE_LETTERS = 40, /* longer quotes are left out: a sentence is no word */
    LOOSE_WORDS = 4     /* of a term in other words than its own, without "of the" */
};

/* Fainter words beside a strong one are not worth a reader's time. */
static const double faint_part = 0.1;

struct quote {
    uint32_t first, last; /* tokens of the text */
    const char *name;     /* borrowed: said instead, or NULL */
    double worth;
};

struct quotes {
    const struct engine *g;
    const struct reading *r;
    struct quote found[FOUND_MAX];
    size_t n;
};

/* --- finding --------------------------------------------------------------------------------- */

/* The token that holds a byte of the text. */
static uint32_t token_at(const struct text *t, uint32_t byte)
{
    size_t low = 0, high = t->tokens_n;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (t->tokens[middle].start <= byte)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static uint32_t token_end(const struct text *t, uint32_t token)
{
    return t->tokens[token].start + t->tokens[token].bytes;
}

/* Of a theme's code: "WETLAND" in WETLAND_RESTORE. */
static bool is_part_of_code(const struct text *t, const struct quote *q)
{
    uint32_t start = t->tokens[q->first].start, end = token_end(t, q->last);

    if (start > 0)
        start--;
    if (end < t->source_bytes)
        end++;
    return memchr(t->source + start, '_', end - start) != NULL;
}

/* A term that is found loosely may hold other words, but few, and no function words beyond "of
 * the". */
static bool quote_reads_well(const struct text *t, const struct quote *q, bool loose)
{
    uint32_t words_n = 1, start;

    if (is_part_of_code(t, q))
        return false;
    for (uint32_t i = q->first + 1; i <= q->last; i++) {
        uint16_t flags = t->tokens[i].flags;
        if (loose && (flags & TOKEN_STOP) && !(flags & TOKEN_LINK))
            return false;
        words_n += !(flags & TOKEN_STOP);
    }
    start = t->tokens[q->first].start;
    return utf8_length(t->source + start, token_end(t, q->last) - start) <= QUOTE_LETTERS &&
           (!loose || words_n <= LOOSE_WORDS);
}

/* A full list forgets its weakest. */
static struct quote *quote_place(struct quotes *list, double worth)
{
    struct quote *weakest = &list->found[0];

    if (list->n < FOUND_MAX)
        return &list->found[list->n++];
    for (size_t i = 1; i < list->n; i++)
        if (list->found[i].worth < weakest->worth)
            weakest = &list->found[i];
    return weakest->worth < worth ? weakest : NULL;
}

static void quote_found(struct quotes *list, uint32_t start, uint32_t end, double worth, bool loose)
{
    const struct text *t = &list->r->text;
    struct quote q = {.worth = worth};
    struct quote *place;

    if (end <= start || worth <= 0 || t->tokens_n == 0)
        return;
    q.first = token_at(t, start);
    q.last = token_at(t, end - 1);
    if (quote_reads_well(t, &q, loose) && (place = quote_place(list, worth)))
        *place = q;
}

static void quote_concepts(struct quotes *list, enum target_kind kind, unsigned target)
{
    const struct config *c = list->g->config;

    for (size_t i = 0; i < list->r->spoken_n; i++) {
        const struct spoken *s = &list->r->spoken[i];
        const struct concept *concept = &c->terms.concepts[s->concept];
        for (size_t k = 0; k < concept->evidence_n; k++)
            if (concept->evidence[k].kind == kind && concept->evidence[k].target == target)
                quote_found(list, s->start, s->end,
                            reading_worth(&c->weights, concept->evidence[k].weight) *
                                reading_saturate((double)s->weight),
                            s->loose);
    }
}

/* Names stand in the order of the text, those of the title first. */
static double name_worth(const struct named_thing *thing)
{
    return 1 + 1.0 / (1.0 + thing->start) + (thing->in_title ? 1 : 0);
}

static void quote_sites(struct quotes *list, const char *fact)
{
    static const char *const facts[] = {[SITE_WHC] = "site_whc",
                                        [SITE_RAMSAR] = "site_ramsar",
                                        [SITE_TENTATIVE] = "site_tentative"};
    const struct text *t = &list->r->text;

    for (size_t i = 0; i < list->r->sites_n && list->n < FOUND_MAX; i++) {
        const struct named_thing *thing = &list->r->sites[i];
        const struct site *site = &list->g->config->world.sites[thing->index];
        struct quote q = {.first = token_at(t, thing->start), .last = token_at(t, thing->end - 1)};
        if (strcmp(facts[site->kind], fact) != 0 || thing->stands < 1)
            continue;
        if (!(t->tokens[q.first].flags & (TOKEN_ARABIC | TOKEN_CYRILLIC | TOKEN_HAN)))
            q.name = site->name;
        q.worth = name_worth(thing);
        list->found[list->n++] = q;
    }
}

static bool species_speaks(const struct species *s, const char *fact)
{
    return (strcmp(fact, "cms_listed") == 0 && s->cms) ||
           (strcmp(fact, "plant_pest") == 0 && s->plant_pest) ||
           (strcmp(fact, "pgrfa") == 0 && s->crop) || (strcmp(fact, "trade") == 0 && s->cites) ||
           (strcmp(fact, "large_whale") == 0 && s->large_whale) ||
           (strcmp(fact, "small_cetacean") == 0 && s->cetacean && !s->large_whale);
}

static void quote_species(struct quotes *list, const char *fact)
{
    for (size_t i = 0; i < list->r->species_n; i++) {
        const struct named_thing *thing = &list->r->species[i];
        if (thing->stands >= 1 &&
            species_speaks(&list->g->config->world.species[thing->index], fact))
            quote_found(list, thing->start, thing->end, name_worth(thing), false);
    }
}

/* --- choosing -------------------------------------------------------------------------------- */

/* The words of one stand in the other, if in another form. */
static bool quote_holds(const struct text *t, const struct quote *longer,
                        const struct quote *shorter)
{
    uint32_t n = shorter->last - shorter->first + 1, i;

    for (uint32_t at = longer->first; at + n <= longer->last + 1; at++) {
        for (i = 0; i < n; i++)
            if (t->tokens[at + i].key != t->tokens[shorter->first + i].key)
                break;
        if (i == n)
            return true;
    }
    return false;
}

static bool quote_repeats(const struct text *t, const struct quote *a, const struct quote *b)
{
    if (a->name && b->name && (strstr(a->name, b->name) || strstr(b->name, a->name)))
        return true;
    return (a->first <= b->last && b->first <= a->last) || quote_holds(t, a, b) ||
           quote_holds(t, b, a);
}

/* Moves the best to the front, without repetition; returns how many. */
static size_t quotes_choose(struct quotes *list, size_t most)
{
    const struct text *t = &list->r->text;
    size_t chosen = 0;

    while (chosen < most && chosen < list->n) {
        struct quote *best = &list->found[chosen], taken;
        size_t kept;
        for (size_t i = chosen + 1; i < list->n; i++)
            if (list->found[i].worth > best->worth ||
                (list->found[i].worth >= best->worth && list->found[i].first < best->first))
                best = &list->found[i];
        if (best->worth < faint_part * list->found[0].worth && chosen > 0)
            break;
        taken = *best;
        *best = list->found[chosen];
        list->found[chosen++] = taken;
        kept = chosen;
        for (size_t i = chosen; i < list->n; i++)
            if (!quote_repeats(t, &taken, &list->found[i]))
                list->found[kept++] = list->found[i];
        list->n = kept;
    }
    return chosen;
}

/* --- writing --------------------------------------------------------------------------------- */

static size_t quote_write(const struct text *t, const struct quote *q, char *out)
{
    uint32_t start = t->tokens[q->first].start;
    size_t bytes = q->name ? strlen(q->name) : token_end(t, q->last) - start;

    memcpy(out, q->name ? q->name : t->source + start, bytes);
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)out[i] < ' ')
            out[i] = ' '; /* a phrase over the end of a line */
    return bytes;
}

static size_t quote_bytes(const struct text *t, const struct quote *q)
{
    return q->name ? strlen(q->name) : token_end(t, q->last) - t->tokens[q->first].start;
}

/* out: "" when nothing is to be quoted. */
static void quotes_write(const struct quotes *list, size_t n, char *out, size_t room)
{
    static const char parting[] = QUOTE_PARTING;
    const size_t parting_bytes = sizeof parting - 1;
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        const struct quote *q = &list->found[i];
        if (used + parting_bytes + quote_bytes(&list->r->text, q) >= room)
            continue;
        if (used > 0) {
            memcpy(out + used, parting, parting_bytes);
            used += parting_bytes;
        }
        used += quote_write(&list->r->text, q, out + used);
    }
    out[used] = '\0';
}

/* What the text names proves such a fact; only trade takes more than a listed species. */
static void quote_fact(struct quotes *list, struct rule_reason *reason)
{
    double strongest = 0;
    size_t names_n;

    quote_sites(list, reason->factor);
    quote_species(list, reason->factor);
    names_n = quotes_choose(list, QUOTES_MAX);
    reason->by_name = names_n > 0 && strcmp(reason->factor, "trade") != 0;
    if (reason->by_name)
        return;
    list->n = names_n > 0 ? 1 : 0;
    quote_concepts(list, TARGET_FACT, (unsigned)reason->subject);
    for (size_t i = 1; i < list->n; i++)
        strongest = fmax(strongest, list->found[i].worth);
    if (names_n > 0)
        list->found[0].worth = strongest + 1; /* which species first, then what is done to it */
}

static void reason_quote(struct quotes *list, int secretariat, struct rule_reason *reason)
{
    list->n = 0;
    reason->by_name = false;
    if (strncmp(reason->factor, "base_", 5) == 0)
        quote_concepts(list, TARGET_TOPIC, (unsigned)reason->subject);
    else if (strcmp(reason->factor, "named") == 0)
        quote_concepts(list, TARGET_NAMED, (unsigned)secretariat);
    else if (reason->subject >= 0)
        quote_fact(list, reason);
    quotes_write(list, quotes_choose(list, QUOTES_MAX), reason->evidence, sizeof reason->evidence);
}

/* What a candidate before this one has for the same topic or fact; NULL: nothing. */
static const struct rule_reason *reason_before(const struct rule_outcome *o, size_t candidate,
                                               const struct rule_reason *reason)
{
    for (size_t i = 0; i < candidate && reason->subject >= 0; i++)
        for (size_t k = 0; k < o->candidates[i].reasons_n; k++)
            if (o->candidates[i].reasons[k].subject == reason->subject &&
                strcmp(o->candidates[i].reasons[k].factor, reason->factor) == 0)
                return &o->candidates[i].reasons[k];
    return NULL;
}

static void candidate_quote(struct quotes *list, struct rule_outcome *o, size_t candidate)
{
    struct rule_candidate *c = &o->candidates[candidate];

    for (size_t k = 0; k < c->reasons_n; k++) {
        const struct rule_reason *same = reason_before(o, candidate, &c->reasons[k]);
        if (!same) {
            reason_quote(list, c->secretariat, &c->reasons[k]);
            continue;
        }
        memcpy(c->reasons[k].evidence, same->evidence, sizeof same->evidence);
        c->reasons[k].by_name = same->by_name;
    }
}

void quote_decision(const struct engine *g, const struct reading *r, struct decision *d)
{
    struct quotes list = {.g = g, .r = r};

    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        candidate_quote(&list, &d->outcome, i);
    list.n = 0;
    if (d->referral >= 0)
        quote_concepts(&list, TARGET_OUTSIDE, (unsigned)d->referral);
    quotes_write(&list, quotes_choose(&list, QUOTES_MAX), d->outside, sizeof d->outside);
}
