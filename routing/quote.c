#include "routing/quote.h"

#include "routing/reading_inside.h"

#include <string.h>

enum {
    EVIDENCE_WORDS_MAX = 4,  /* words quoted for one reason */
    EVIDENCE_WORD_BYTES = 48 /* longer quotes are left out: a sentence is no word */
};

struct quote {
    uint32_t start, end;
    double worth;
};

/* Keeps the weightiest quotes, best first. */
static void quote_add(struct quote quotes[EVIDENCE_WORDS_MAX], size_t *n, struct quote q)
{
    size_t i;

    if (q.end <= q.start || q.end - q.start > EVIDENCE_WORD_BYTES || q.worth <= 0)
        return;
    for (i = 0; i < *n; i++)
        if (q.start < quotes[i].end && quotes[i].start < q.end)
            return; /* the same words again, through another concept */
    for (i = *n; i > 0 && quotes[i - 1].worth < q.worth; i--)
        if (i < EVIDENCE_WORDS_MAX)
            quotes[i] = quotes[i - 1];
    if (i < EVIDENCE_WORDS_MAX) {
        quotes[i] = q;
        *n += *n < EVIDENCE_WORDS_MAX;
    }
}

static void quotes_write(const struct reading *r, const struct quote *quotes, size_t n, char *out,
                         size_t bytes)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t length = quotes[i].end - quotes[i].start;
        if (used + length + 3 > bytes)
            return;
        if (i > 0) {
            memcpy(out + used, ", ", 2);
            used += 2;
        }
        memcpy(out + used, r->text.source + quotes[i].start, length);
        used += length;
        out[used] = '\0';
    }
}

static void quote_concepts(const struct engine *g, const struct reading *r, enum target_kind kind,
                           unsigned target, struct quote *quotes, size_t *n)
{
    for (size_t i = 0; i < r->spoken_n; i++) {
        const struct spoken *s = &r->spoken[i];
        const struct concept *c = &g->config->terms.concepts[s->concept];
        for (size_t k = 0; k < c->evidence_n; k++)
            if (c->evidence[k].kind == kind && c->evidence[k].target == target)
                quote_add(quotes, n,
                          (struct quote){s->start, s->end,
                                         reading_worth(&g->config->weights, c->evidence[k].weight) *
                                             reading_saturate(s->weight)});
    }
}

/* Names say more than words: "Banc d'Arguin" before "World Heritage property". */
static void quote_names(const struct engine *g, const struct reading *r, const char *fact,
                        struct quote *quotes, size_t *n)
{
    static const char *const site_facts[] = {[SITE_WHC] = "site_whc",
                                             [SITE_RAMSAR] = "site_ramsar",
                                             [SITE_TENTATIVE] = "site_tentative"};
    enum { NAME_WORTH = 100 };

    for (size_t i = 0; i < r->sites_n; i++)
        if (strcmp(site_facts[g->config->world.sites[r->sites[i].index].kind], fact) == 0)
            quote_add(quotes, n, (struct quote){r->sites[i].start, r->sites[i].end, NAME_WORTH});
    for (size_t i = 0; i < r->species_n; i++) {
        const struct species *s = &g->config->world.species[r->species[i].index];
        bool speaks = (strcmp(fact, "cms_listed") == 0 && s->cms) ||
                      (strcmp(fact, "plant_pest") == 0 && s->plant_pest) ||
                      (strcmp(fact, "pgrfa") == 0 && s->crop) ||
                      (strcmp(fact, "trade") == 0 && s->cites) ||
                      (strcmp(fact, "large_whale") == 0 && s->large_whale) ||
                      (strcmp(fact, "small_cetacean") == 0 && s->cetacean && !s->large_whale);
        if (speaks)
            quote_add(quotes, n,
                      (struct quote){r->species[i].start, r->species[i].end, NAME_WORTH});
    }
}

static void reason_quote(const struct engine *g, const struct reading *r, int secretariat,
                         struct rule_reason *reason)
{
    struct quote quotes[EVIDENCE_WORDS_MAX];
    size_t n = 0;

    if (strncmp(reason->factor, "base_", 5) == 0) {
        quote_concepts(g, r, TARGET_TOPIC, (unsigned)reason->subject, quotes, &n);
    } else if (strcmp(reason->factor, "named") == 0) {
        quote_concepts(g, r, TARGET_NAMED, (unsigned)secretariat, quotes, &n);
    } else if (reason->subject >= 0) {
        quote_names(g, r, reason->factor, quotes, &n);
        quote_concepts(g, r, TARGET_FACT, (unsigned)reason->subject, quotes, &n);
    }
    quotes_write(r, quotes, n, reason->evidence, sizeof reason->evidence);
}

static void outside_quote(const struct engine *g, const struct reading *r, struct decision *d)
{
    struct quote quotes[EVIDENCE_WORDS_MAX];
    size_t n = 0;

    if (d->referral >= 0)
        quote_concepts(g, r, TARGET_OUTSIDE, (unsigned)d->referral, quotes, &n);
    quotes_write(r, quotes, n, d->outside, sizeof d->outside);
}

void quote_decision(const struct engine *g, const struct reading *r, struct decision *d)
{
    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        for (size_t k = 0; k < d->outcome.candidates[i].reasons_n; k++)
            reason_quote(g, r, d->outcome.candidates[i].secretariat,
                         &d->outcome.candidates[i].reasons[k]);
    outside_quote(g, r, d);
}
