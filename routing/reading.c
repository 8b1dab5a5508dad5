/* Reads one draft:
 *
 *   compose -> text_read -> matcher_find -> places -> weigh each match by where it stands
 *           -> one row a concept -> evidence: topics, facts, conventions, bodies outside
 *
 * Nothing is decided here; decision.c does that on the sums. */
#include "routing/reading_inside.h"

#include "base/buf.h"
#include "routing/denial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ZONE_MARK = 0x1f,      /* parts title, description, themes; no text may hold it */
    MATCHES_MAX = 1 << 13, /* matches looked at: bounds time and memory for any text */
    MATCHES_PER_TOKEN = 8, /* more than ordinary text has */
    THEMES_MAX = 16
};

double reading_worth(const struct weights *w, int weight)
{
    int size = abs(weight) > WORTH_MAX ? WORTH_MAX : abs(weight);

    if (size == 0)
        return 0;
    return weight < 0 ? -w->worth[size - 1] : w->worth[size - 1];
}

double reading_saturate(double weight)
{
    return weight <= 1.0 ? weight : 1.0 + log(weight);
}

enum zone reading_zone(const struct reading *r, size_t byte)
{
    if (byte < r->title_end)
        return ZONE_TITLE;
    return byte < r->body_end ? ZONE_BODY : ZONE_THEME;
}

/* --- text ---------------------------------------------------------------------------- */

static void compose_part(struct buf *b, const char *part)
{
    static const char zone_mark[] = {ZONE_MARK, '\0'};

    for (const char *p = part ? part : ""; *p;) {
        size_t n = strcspn(p, zone_mark);
        buf_add(b, p, n);
        p += n;
        if (*p) {
            buf_add(b, " ", 1);
            p++;
        }
    }
}

static void reading_compose(struct reading *r, const struct draft *d)
{
    BUF_AUTO struct buf b = {0};
    static const char zone_mark[] = {ZONE_MARK};
    const char *mark;

    compose_part(&b, d->title);
    buf_add(&b, zone_mark, 1);
    compose_part(&b, d->description);
    buf_add(&b, zone_mark, 1);
    for (size_t i = 0; d->themes && d->themes[i] && i < THEMES_MAX; i++) {
        compose_part(&b, d->themes[i]);
        buf_add(&b, "\n", 1);
    }
    text_read(buf_text(&b), r->language, &r->text);
    mark = strchr(r->text.source, ZONE_MARK);
    r->title_end = mark ? (size_t)(mark - r->text.source) : r->text.source_bytes;
    mark = mark ? strchr(mark + 1, ZONE_MARK) : NULL;
    r->body_end = mark ? (size_t)(mark - r->text.source) : r->text.source_bytes;
}

/* --- matches ------------------------------------------------------------------------- */

/* Everything found while reading; freed when the sums are made. */
struct found_in_text {
    const struct engine *g;
    struct reading *r;
    struct match *matches; /* owned */
    size_t matches_n;
    unsigned char *asking; /* owned, one a sentence: something is asked for there */
    unsigned char *marks;  /* owned, one a token: routing/denial.h */
    bool *aside;           /* owned, one a token: asked besides */
};

static const struct token *match_token(const struct reading *r, size_t content_index)
{
    return &r->text.tokens[r->content.tokens[content_index]];
}

static const struct concept *match_concept(const struct found_in_text *f, const struct match *m)
{
    if (PAYLOAD_FOUND(m->payload) != FOUND_CONCEPT)
        return NULL;
    return &f->g->config->terms.concepts[PAYLOAD_INDEX(m->payload)];
}

static const struct evidence *evidence_of(const struct concept *c, enum target_kind kind)
{
    for (size_t k = 0; c && k < c->evidence_n; k++)
        if (c->evidence[k].kind == kind)
            return &c->evidence[k];
    return NULL;
}

static size_t match_first(const struct found_in_text *f, const struct match *m)
{
    return f->r->content.tokens[m->first];
}

static size_t match_last(const struct found_in_text *f, const struct match *m)
{
    return f->r->content.tokens[m->first + m->length - 1U];
}

/* "not" alone denies nothing: words that deny count only exactly as they are listed. */
static const struct evidence *match_denies(const struct found_in_text *f, const struct match *m)
{
    return m->near_only || m->fit < 1.0f ? NULL : evidence_of(match_concept(f, m), TARGET_DENY);
}

static void mark_tokens(struct found_in_text *f, const struct match *m, enum denial_mark mark)
{
    for (size_t t = match_first(f, m); t <= match_last(f, m); t++)
        f->marks[t] |= (unsigned char)mark;
}

/* "We do not ask for" holds a word that asks, but asks for nothing. */
static bool match_asks(const struct found_in_text *f, const struct match *m)
{
    return !m->near_only && evidence_of(match_concept(f, m), TARGET_ASK) &&
           !(f->marks[match_first(f, m)] & DENIAL_CUE);
}

static void mark_denials(struct found_in_text *f)
{
    size_t part_first[ZONES_N] = {0}; /* tokens before are another part's */

    for (size_t t = 1; t < f->r->text.tokens_n; t++) {
        enum zone zone = reading_zone(f->r, f->r->text.tokens[t].start);
        if (zone != reading_zone(f->r, f->r->text.tokens[t - 1].start))
            part_first[zone] = t;
    }
    for (size_t i = 0; i < f->matches_n; i++) {
        const struct match *m = &f->matches[i];
        const struct evidence *denies = match_denies(f, m);
        struct denial_cue cue = {DENY_BEFORE, match_first(f, m), match_last(f, m), 0};
        if (!denies)
            continue;
        cue.side = (enum deny_side)denies->target;
        cue.part = part_first[reading_zone(f->r, f->r->text.tokens[cue.first].start)];
        denial_mark(&f->r->text, &cue, f->marks);
    }
}

static void flag_denied(struct found_in_text *f)
{
    for (size_t t = 0; t < f->r->text.tokens_n; t++)
        if (f->marks[t] & DENIAL_DENIED)
            f->r->text.tokens[t].flags |= TOKEN_DENIED;
}

/* Marks words that belong to a term, sentences that ask for something, and what is denied. */
static void mark_text(struct found_in_text *f)
{
    for (size_t i = 0; i < f->matches_n; i++) {
        const struct match *m = &f->matches[i];
        for (size_t k = 0; match_concept(f, m) && !m->near_only && k < m->length; k++)
            f->r->text.tokens[f->r->content.tokens[m->first + k]].flags |= TOKEN_TERM;
        if (match_denies(f, m))
            mark_tokens(f, m, DENIAL_CUE);
    }
    for (size_t i = 0; i < f->matches_n; i++) {
        const struct match *m = &f->matches[i];
        if (!match_asks(f, m))
            continue;
        f->asking[match_token(f->r, m->first)->sentence] = 1;
        mark_tokens(f, m, DENIAL_ASK);
    }
    mark_denials(f);
    flag_denied(f);
}

static double token_stands(const struct found_in_text *f, size_t token)
{
    return f->marks[token] & DENIAL_DENIED ? f->g->config->weights.denied : 1.0;
}

static bool names_species(const struct match *m)
{
    return PAYLOAD_FOUND(m->payload) == FOUND_SPECIES;
}

static bool names_country(const struct match *m)
{
    return PAYLOAD_FOUND(m->payload) == FOUND_COUNTRY;
}

/* A fact that species have or have not. */
static bool species_lacks(const struct species *s, const char *fact)
{
    return (!s->cms && strcmp(fact, "cms_listed") == 0) ||
           (!s->large_whale && strcmp(fact, "large_whale") == 0) ||
           ((!s->cetacean || s->large_whale) && strcmp(fact, "small_cetacean") == 0) ||
           (!s->plant_pest && strcmp(fact, "plant_pest") == 0) ||
           (!s->crop && strcmp(fact, "pgrfa") == 0);
}

/* Whether the longer phrase takes the meaning from the shorter one inside it. A concept does that
 * when it is evidence itself. A species takes only what it is not: "whale shark" is no whale, but
 * "blue whale" is one. A country takes also words of its own length: Russian "China" has the stem
 * of "whale". */
static bool takes_meaning(const struct found_in_text *f, const struct match *longer,
                          const struct match *shorter)
{
    const struct mandate *mandate = &f->g->config->mandate;
    const struct concept *c = match_concept(f, longer), *inside = match_concept(f, shorter);

    if (names_country(longer))
        return !names_country(shorter);
    if (longer->length <= shorter->length)
        return false;
    if (!names_species(longer))
        return c && c->evidence_n > 0 && !names_species(shorter);
    if (!inside)
        return names_species(shorter);
    for (size_t i = 0; i < inside->evidence_n; i++)
        if (inside->evidence[i].kind == TARGET_FACT && inside->evidence[i].weight > 0 &&
            species_lacks(&f->g->config->world.species[PAYLOAD_INDEX(longer->payload)],
                          mandate->facts[inside->evidence[i].target].code))
            return true;
    return false;
}

/* The phrase that the match lies inside of and that takes its meaning, NULL: none. Matches stand by
 * first token, so the phrases that may cover one are just before or after it. */
static const struct match *covering(const struct found_in_text *f, size_t i)
{
    const struct match *m = &f->matches[i];

    for (size_t step = 1; step <= 2 * MATCH_PHRASE_MAX; step++)
        for (int side = 0; side < 2; side++) {
            size_t k = side ? i + step : i - step;
            const struct match *other;
            if (k >= f->matches_n) /* also below 0 */
                continue;
            other = &f->matches[k];
            if (!other->near_only && other->length >= m->length && other->first <= m->first &&
                other->first + other->length >= m->first + m->length && takes_meaning(f, other, m))
                return other;
        }
    return NULL;
}

/* What is left of a word inside the phrase: nothing of a country's name. */
static double covered_weight(const struct found_in_text *f, const struct match *phrase)
{
    if (!phrase)
        return 1;
    return names_country(phrase) ? 0 : f->g->config->weights.covered;
}

static double zone_weight(const struct weights *w, enum zone zone)
{
    return zone == ZONE_TITLE ? w->title : zone == ZONE_THEME ? w->theme : 1.0;
}

/* How well the words stand there, and whether they are meant. */
static double match_stands(const struct found_in_text *f, size_t i)
{
    const struct match *m = &f->matches[i];

    return (double)m->fit * covered_weight(f, covering(f, i)) * token_stands(f, match_first(f, m));
}

static double match_weight(const struct found_in_text *f, size_t i)
{
    const struct weights *weights = &f->g->config->weights;
    const struct match *m = &f->matches[i];
    const struct token *t = match_token(f->r, m->first);
    enum zone zone = reading_zone(f->r, t->start);
    double w = zone_weight(weights, zone) * match_stands(f, i);

    if (zone != ZONE_BODY)
        return w;
    if (f->aside[match_first(f, m)])
        w *= weights->aside;
    if (f->asking[t->sentence] && !(f->marks[match_first(f, m)] & DENIAL_DENIED))
        w *= weights->asking;
    return w;
}

static struct spoken spoken_of(const struct found_in_text *f, size_t i)
{
    const struct match *m = &f->matches[i];
    const struct token *first = match_token(f->r, m->first);
    const struct token *last = match_token(f->r, m->first + m->length - 1U);
    struct spoken s = {.concept = PAYLOAD_INDEX(m->payload),
                       .start = first->start,
                       .end = last->start + last->bytes,
                       .sentence = first->sentence,
                       .loose = m->near_only || m->fit < 1.0f};

    s.best = s.weight = (float)match_weight(f, i);
    s.in_title = reading_zone(f->r, first->start) == ZONE_TITLE;
    return s;
}

static int compare_spoken(const void *a, const void *b)
{
    const struct spoken *x = a, *y = b;

    if (x->concept != y->concept)
    return x->concept < y->concept ? -1 : 1;
    if (x->best < y->best || x->best > y->best)
        return x->best > y->best ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/* One row a concept: the weightiest place quoted, weights added. Two places that overlap (a
 * phrase found both as written and loosely) count once. */
static void gather_concepts(struct found_in_text *f)
{
    struct reading *r = f->r;
    size_t n = 0;

    r->spoken = mem_new(f->matches_n + 1, sizeof *r->spoken);
    for (size_t i = 0; i < f->matches_n; i++)
        if (PAYLOAD_FOUND(f->matches[i].payload) == FOUND_CONCEPT)
            r->spoken[n++] = spoken_of(f, i);
    qsort(r->spoken, n, sizeof *r->spoken, compare_spoken);
    for (size_t i = 0; i < n; i++) {
        struct spoken *s = &r->spoken[i];
        struct spoken *row = r->spoken_n > 0 ? &r->spoken[r->spoken_n - 1] : NULL;
        if (!row || row->concept != s->concept) {
            r->spoken[r->spoken_n++] = *s;
        } else if (s->start >= row->end || s->end <= row->start) {
            row->weight += s->weight;
            row->in_title = row->in_title || s->in_title;
        }
    }
}

static int compare_said(const void *a, const void *b)
{
    const struct said *x = a, *y = b;

    if (x->concept != y->concept)
    return x->concept < y->concept ? -1 : 1;
    if (x->sentence != y->sentence)
        return x->sentence < y->sentence ? -1 : 1;
    return (x->amount < y->amount) - (x->amount > y->amount);
}

/* What each sentence says, for whom it has a part in: routing/grounds.c. */
static void gather_said(struct found_in_text *f)
{
    struct reading *r = f->r;
    size_t n = 0;

    r->said = mem_new(f->matches_n + 1, sizeof *r->said);
    for (size_t i = 0; i < f->matches_n; i++) {
        const struct match *m = &f->matches[i];
        const struct token *t = match_token(r, m->first);
        if (evidence_of(match_concept(f, m), TARGET_TOPIC) &&
            reading_zone(r, t->start) == ZONE_BODY)
            r->said[n++] =
                (struct said){PAYLOAD_INDEX(m->payload), t->sentence, (float)match_stands(f, i)};
    }
    qsort(r->said, n, sizeof *r->said, compare_said);
    for (size_t i = 0; i < n; i++)
        if (r->said_n == 0 || r->said[r->said_n - 1].concept != r->said[i].concept ||
            r->said[r->said_n - 1].sentence != r->said[i].sentence)
            r->said[r->said_n++] = r->said[i];
}

static void things_add(struct named_thing *things, size_t *n, size_t max,
                       const struct named_thing *thing)
{
    for (size_t i = 0; i < *n; i++)
        if (things[i].index == thing->index) {
            things[i].in_title = things[i].in_title || thing->in_title;
            things[i].stands = fmaxf(things[i].stands, thing->stands);
            return;
        }
    if (*n < max)
        things[(*n)++] = *thing;
}

static void gather_names(struct found_in_text *f)
{
    struct reading *r = f->r;

    for (size_t i = 0; i < f->matches_n; i++) {
        struct spoken at;
        struct named_thing thing;
        if (PAYLOAD_FOUND(f->matches[i].payload) == FOUND_CONCEPT || f->matches[i].near_only)
            continue;
        if (names_species(&f->matches[i]) && covering(f, i))
            continue; /* the leopard in "snow leopard" is another animal */
        at = spoken_of(f, i);
        thing = (struct named_thing){at.concept, at.start, at.end, at.in_title,
                                     (float)token_stands(f, match_first(f, &f->matches[i]))};
        if (PAYLOAD_FOUND(f->matches[i].payload) == FOUND_SPECIES)
            things_add(r->species, &r->species_n, READING_SPECIES_MAX, &thing);
        else if (strcmp(f->g->config->world.countries[thing.index].iso3, r->country) != 0)
            things_add(r->countries, &r->countries_n, READING_COUNTRIES_MAX, &thing);
    }
}

static void gather_sites(struct found_in_text *f)
{
    struct place_found found[READING_SITES_MAX];
    struct reading *r = f->r;

    r->sites_n = places_find(f->g->places, r->country, &r->text, f->g->matchers[r->language], found,
                             READING_SITES_MAX);
    for (size_t i = 0; i < r->sites_n; i++) {
        const struct token *first = &r->text.tokens[found[i].token];
        const struct token *last = &r->text.tokens[found[i].token_end - 1];
        r->sites[i] = (struct named_thing){found[i].site, first->start, last->start + last->bytes,
                                           reading_zone(r, first->start) == ZONE_TITLE,
                                           (float)token_stands(f, found[i].token)};
    }
}

/* --- evidence ------------------------------------------------------------------------ */

static void add_evidence(struct reading *r, const struct evidence *e, double amount)
{
    switch (e->kind) {
    case TARGET_TOPIC:
        r->topics[e->target] += amount;
        return;
    case TARGET_FACT:
        r->facts[e->target] += amount;
        return;
    case TARGET_NAMED:
        r->named[e->target] += amount;
        return;
    case TARGET_OUTSIDE:
        r->outside[e->target] += amount;
        return;
    case TARGET_ASK:
        r->asks[e->target] += amount;
        return;
    case TARGET_DENY: /* their work is done: mark_denials, asides_find */
    case TARGET_ASIDE:
        return;
    }
}

static void weigh_concepts(const struct engine *g, struct reading *r)
{
    for (size_t i = 0; i < r->spoken_n; i++) {
        const struct concept *c = &g->config->terms.concepts[r->spoken[i].concept];
        double said = reading_saturate(r->spoken[i].weight);
        for (size_t k = 0; k < c->evidence_n; k++)
            add_evidence(r, &c->evidence[k],
                         said * reading_worth(&g->config->weights, c->evidence[k].weight));
    }
}

static void add_fact(const struct engine *g, struct reading *r, const char *code, double amount)
{
    int f = mandate_fact(&g->config->mandate, code);

    if (f >= 0)
        r->facts[f] += amount;
}

static void add_topic(const struct engine *g, struct reading *r, const char *code, double amount)
{
    int t = mandate_topic(&g->config->mandate, code);

    if (t >= 0)
        r->topics[t] += amount;
}

static void weigh_names(const struct engine *g, struct reading *r)
{
    /* A property or Site named is as a rule what the need is about (domain reference 2, "best
     * placed: threats to a named property"), unless the text has a clearer matter. */
    const struct weights *w = &g->config->weights;
    const struct {
        const char *fact, *topic;
        double topic_worth;
    } sites[] = {
        [SITE_WHC] = {"site_whc",       "HERITAGE_OUV",        w->site_whc_topic   },
        [SITE_RAMSAR] = {"site_ramsar",    "WETLAND_CHARACTER",   w->site_ramsar_topic},
        [SITE_TENTATIVE] = {"site_tentative", "HERITAGE_NOMINATION", 0                   }
    };
    bool seen[3] = {false};

    for (size_t i = 0; i < r->species_n; i++) {
        const struct species *s = &g->config->world.species[r->species[i].index];
        double stands = (double)r->species[i].stands;
        if (s->cms)
            add_fact(g, r, "cms_listed", stands * w->species_cms);
        if (s->cetacean)
            add_fact(g, r, s->large_whale ? "large_whale" : "small_cetacean",
                     stands * w->species_cetacean);
        if (s->plant_pest)
            add_fact(g, r, "plant_pest", stands * w->species_pest);
        if (s->crop)
            add_fact(g, r, "pgrfa", stands * w->species_crop);
    }
    for (size_t i = 0; i < r->sites_n; i++) {
        double stands = (double)r->sites[i].stands;
        enum site_kind kind = g->config->world.sites[r->sites[i].index].kind;
        add_fact(g, r, sites[kind].fact, stands * w->site);
        if (!seen[kind])
            add_topic(g, r, sites[kind].topic,
                      stands * sites[kind].topic_worth *
                          reading_saturate(
                              zone_weight(w, r->sites[i].in_title ? ZONE_TITLE : ZONE_BODY)));
        seen[kind] = true;
    }
}

static void weigh_themes(const struct engine *g, struct reading *r, const struct draft *d)
{
    for (size_t i = 0; d->themes && d->themes[i] && i < THEMES_MAX; i++) {
        int t = mandate_topic(&g->config->mandate, d->themes[i]);
        if (t >= 0)
            r->topics[t] += g->config->weights.theme_code;
    }
}

struct reading *reading_new(const struct engine *g, const struct draft *d)
{
    struct reading *r = mem_new(1, sizeof *r);
    struct found_in_text f = {.g = g, .r = r};
    size_t matches_max;

    r->language = d->language >= 0 && d->language < LANGUAGES_N ? d->language : language_find("en");
    if (d->country)
        strncpy(r->country, d->country, sizeof r->country - 1);
    reading_compose(r, d);
    content_init(&r->content, &r->text);
    matches_max = 64 + MATCHES_PER_TOKEN * r->content.tokens_n;
    matches_max = matches_max < MATCHES_MAX ? matches_max : MATCHES_MAX;
    f.matches = mem_new(matches_max, sizeof *f.matches);
    f.matches_n = matcher_find(g->matchers[r->language], &r->content, f.matches, matches_max);
    f.asking = mem_new(
        r->text.tokens_n > 0 ? r->text.tokens[r->text.tokens_n - 1].sentence + 1UL : 1UL, 1);
    f.marks = mem_new(r->text.tokens_n + 1, 1);
    f.aside = mem_new(r->text.tokens_n + 1, sizeof *f.aside);
    asides_find(g->asides, r->language, &r->text, f.aside);
    mark_text(&f);
    gather_concepts(&f);
    gather_said(&f);
    gather_names(&f);
    gather_sites(&f);
    weigh_concepts(g, r);
    weigh_names(g, r);
    weigh_themes(g, r, d);
    if (d->beyond_jurisdiction)
        add_fact(g, r, "abnj", g->config->weights.site);
    free(f.matches);
    r->asking = f.asking;
    free(f.marks);
    free(f.aside);
    return r;
}

void reading_free(struct reading *r)
{
    if (!r)
        return;
    content_clear(&r->content);
    text_clear(&r->text);
    free(r->spoken);
    free(r->asking);
    free(r->said);
    free(r);
}
