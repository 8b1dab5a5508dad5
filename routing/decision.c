/* From sums of evidence to a proposal people can check:
 *
 *   topics of the text -> main and secondary -> facts that are sure enough -> rule_apply
 *                      -> triage when too little speaks, or something outside speaks louder
 *
 * The text chooses topics and facts only; who leads then follows from the rules, so each
 * reason is one the secretariats have signed. */
#include "routing/decision.h"

#include "routing/gate.h"
#include "routing/reading_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVIDENCE_WORDS_MAX = 4,  /* words quoted for one reason */
    COMMON_BASES = 7,        /* a topic of so many secretariats is everybody's */
    EVIDENCE_WORD_BYTES = 48 /* longer quotes are left out: a sentence is no word */
};

/* --- topics -------------------------------------------------------------------------- */

/* Cosine of two topics' base weights: 1 when the same secretariats answer for both. */
static double topic_likeness(const struct mandate *m, size_t a, size_t b)
{
    double ab = 0, aa = 0, bb = 0;

    for (size_t s = 0; s < m->secretariats_n; s++) {
        double x = m->topics[a].base[s], y = m->topics[b].base[s];
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* Topics that share secretariats support one another: five faint wetland topics are a clear
 * wetland need. */
static double kindred(const struct config *c, size_t a, size_t b)
{
    return c->weights.kindred * pow(topic_likeness(&c->mandate, a, b), 2);
}

/* Reports, funding and strategies are part of most needs; they are the matter only where no
 * subject is. A topic that nearly every secretariat supports is such a one. */
static double own_evidence(const struct config *c, const struct reading *r, size_t topic)
{
    const struct mandate *m = &c->mandate;
    size_t bases = 0;

    for (size_t s = 0; s < m->secretariats_n; s++)
        bases += m->topics[topic].base[s] > 0;
    return bases >= COMMON_BASES ? c->weights.common * r->topics[topic] : r->topics[topic];
}

/* A convention named in passing speaks for its topics, but decides nothing. */
static double named_support(const struct config *c, const struct reading *r, size_t topic)
{
    const struct mandate *m = &c->mandate;
    double sum = 0;

    for (size_t s = 0; s < m->secretariats_n; s++)
        sum += fmin(r->named[s], c->weights.named_max) * m->topics[topic].base[s] / 60.0;
    return c->weights.named * sum;
}

/* Evidence for each topic with what its kindred and named conventions lend it. A topic with no
 * evidence of its own stays at 0. */
static void topics_weigh(const struct config *c, const struct reading *r, double weights[])
{
    const struct mandate *m = &c->mandate;

    for (size_t t = 0; t < m->topics_n; t++) {
        weights[t] = 0;
        if (r->topics[t] <= 0)
            continue;
        weights[t] = own_evidence(c, r, t) + named_support(c, r, t);
        for (size_t u = 0; u < m->topics_n; u++)
            if (u != t && r->topics[u] > 0)
                weights[t] += kindred(c, t, u) * own_evidence(c, r, u);
    }
}

static int topic_best(const struct mandate *m, const double weights[])
{
    int best = -1;

    for (size_t t = 0; t < m->topics_n; t++)
        if (weights[t] > 0 && (best < 0 || weights[t] > weights[best]))
            best = (int)t;
    return best;
}

/* A secondary topic has enough evidence of its own, also beside the main topic's. */
static void choose_topics(const struct config *c, const struct reading *r, const double weights[],
                          struct decision *d)
{
    const struct mandate *m = &c->mandate;
    double own[TOPICS_MAX];

    d->main_topic = topic_best(m, weights);
    d->secondary[0] = d->secondary[1] = -1;
    if (d->main_topic < 0)
        return;
    for (size_t t = 0; t < m->topics_n; t++)
        own[t] = own_evidence(c, r, t);
    own[d->main_topic] = 0;
    for (size_t i = 0; i < 2; i++) {
        int t = topic_best(m, own);
        if (t < 0 || own[t] < c->weights.secondary_min ||
            own[t] < c->weights.secondary_part * own_evidence(c, r, (size_t)d->main_topic))
            return;
        d->secondary[i] = t;
        own[t] = 0;
    }
}

/* --- facts --------------------------------------------------------------------------- */

static bool any_species_traded(const struct engine *g, const struct reading *r)
{
    for (size_t i = 0; i < r->species_n; i++)
        if (g->config->world.species[r->species[i].index].cites)
            return true;
    return false;
}

/* Customs and consignments are words of any trade, and a crop is named in many needs that are
 * not about its seed: these facts need more. */
static double fact_needs(const struct weights *w, const char *code)
{
    return strcmp(code, "trade") == 0 || strcmp(code, "pgrfa") == 0 ? w->fact_common_min
                                                                    : w->fact_min;
}

static unsigned long long sure_facts(const struct engine *g, const struct reading *r)
{
    const struct mandate *m = &g->config->mandate;
    int trade = mandate_fact(m, "trade");
    unsigned long long facts = 0;

    for (size_t f = 0; f < m->facts_n; f++) {
        double evidence = r->facts[f];
        if ((int)f == trade && evidence > 0 && any_species_traded(g, r))
            evidence *= 2; /* a listed species and words of trade: each makes the other surer */
        if (evidence >= fact_needs(&g->config->weights, m->facts[f].code))
            facts |= 1ULL << f;
    }
    return facts;
}

/* Rule 2: being named counts only where the instrument itself is the matter. */
static unsigned named_instruments(const struct config *c, const struct reading *r,
                                  const struct decision *d)
{
    const struct mandate *m = &c->mandate;
    int legislation = mandate_topic(m, "LEGISLATION_ONE");
    size_t best = 0;

    if (legislation < 0 || d->main_topic != legislation)
        return 0;
    for (size_t s = 1; s < m->secretariats_n; s++)
        if (r->named[s] > r->named[best])
            best = s;
    return r->named[best] >= c->weights.fact_min ? 1U << best : 0;
}

/* --- evidence for people ------------------------------------------------------------- */

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

/* --- the decision -------------------------------------------------------------------- */

static int loudest_outside(const struct mandate *m, const struct reading *r)
{
    int best = -1;

    for (size_t i = 0; i < m->referrals_n; i++)
        if (r->outside[i] > 0 && (best < 0 || r->outside[i] > r->outside[best]))
            best = (int)i;
    return best;
}

/* Who would lead by the main topic alone; to measure how clear the topic is. */
static int usual_lead(const struct mandate *m, size_t topic)
{
    int best = 0;

    for (size_t s = 1; s < m->secretariats_n; s++)
        if (m->topics[topic].base[s] > m->topics[topic].base[best])
            best = (int)s;
    return best;
}

/* How sure a lead is, in parts. points: between the lead and the next candidate. */
static struct sureness sureness_of(const struct config *c, const struct reading *r,
                                   const double weights[], const struct decision *d, double outside)
{
    const struct mandate *m = &c->mandate;
    double best = weights[d->main_topic], rival = 0;
    struct sureness sure = {0};

    for (size_t t = 0; t < m->topics_n; t++)
        if (r->topics[t] > 0 && usual_lead(m, t) != usual_lead(m, (size_t)d->main_topic))
            rival = fmax(rival, weights[t]);
    for (size_t i = 0; i < d->outcome.candidates_n; i++) {
        const struct rule_candidate *candidate = &d->outcome.candidates[i];
        if (candidate->secretariat == d->lead)
            sure.points += candidate->score;
        else if (candidate->eligible != PARTY_NO && i < 2)
            sure.points -= candidate->score;
    }
    sure.clear = (best - rival) / best;
    sure.evidence = log(best / c->weights.topic_min);
    sure.outside = outside / (outside + best);
    return sure;
}

/* Grows with the evidence, with the distance to the best topic of another lead, and with the
 * distance in points to the next candidate; shrinks with what speaks for a body outside. */
static double confidence(const struct weights *w, const struct sureness *sure)
{
    double x = w->sure_base + w->sure_clear * sure->clear + w->sure_evidence * sure->evidence +
               w->sure_points * sure->points + w->sure_outside * sure->outside;

    return 1.0 / (1.0 + exp(-x));
}

/* In triage: the part of all evidence that speaks for the body outside, or for nobody. */
static double triage_confidence(const struct weights *w, double best, double outside)
{
    return (outside >= w->outside_min ? outside : 0.5 * w->topic_min) /
           (outside + best + w->topic_min);
}

void decision_make(const struct engine *g, const struct reading *r, const struct draft *d,
                   struct decision *ret_d)
{
    const struct config *c = g->config;
    const struct mandate *m = &c->mandate;
    const struct weights *w = &c->weights;
    struct rule_facts f = {.preferred = d->preferred, .emergency = d->emergency};
    double weights[TOPICS_MAX];
    double outside;

    memset(ret_d, 0, sizeof *ret_d);
    topics_weigh(c, r, weights);
    choose_topics(c, r, weights, ret_d);
    ret_d->referral = loudest_outside(m, r);
    outside_quote(g, r, ret_d);
    outside = ret_d->referral >= 0 ? r->outside[ret_d->referral] : 0;
    if (ret_d->main_topic >= 0 && weights[ret_d->main_topic] < w->topic_min)
        ret_d->main_topic = ret_d->secondary[0] = ret_d->secondary[1] = -1;

    f.country = d->country ? world_country(&g->config->world, d->country) : NULL;
    f.main_topic = ret_d->main_topic;
    memcpy(f.secondary, ret_d->secondary, sizeof f.secondary);
    f.facts = sure_facts(g, r);
    f.named = named_instruments(c, r, ret_d);
    f.restricted = d->restricted;
    rule_apply(m, &f, &ret_d->outcome);
    for (size_t i = 0; i < ret_d->outcome.candidates_n; i++)
        for (size_t k = 0; k < ret_d->outcome.candidates[i].reasons_n; k++)
            reason_quote(g, r, ret_d->outcome.candidates[i].secretariat,
                         &ret_d->outcome.candidates[i].reasons[k]);

    ret_d->lead = ret_d->main_topic >= 0 ? ret_d->outcome.lead : -1;
    if (outside >= w->outside_min &&
        (ret_d->main_topic < 0 ||
         outside > w->outside_part * own_evidence(c, r, (size_t)ret_d->main_topic)))
        ret_d->lead = -1;
    else if (ret_d->lead >= 0 || outside < w->outside_min)
        ret_d->referral = -1;
    /* The rules' supporters are all that might care; the text must show a part of theirs. The
     * rules themselves stay as they were signed (docs/decisions/007-support-gate.md). */
    gate_apply(c, r, d, ret_d);
    if (ret_d->lead < 0) {
        ret_d->confidence =
            triage_confidence(w, ret_d->main_topic >= 0 ? weights[ret_d->main_topic] : 0, outside);
        return;
    }
    ret_d->sure = sureness_of(c, r, weights, ret_d, outside);
    ret_d->confidence = confidence(w, &ret_d->sure);
}

/* --- JSON ---------------------------------------------------------------------------- */

/* Builds the words of one decision in one language. */
struct teller {
    const struct engine *g;
    const struct decision *d;
    const char *country; /* name in the language */
    int language;
};

static const char *words_of(const struct teller *t, const char *prefix, const char *code)
{
    char key[64];
    const char *text;

    snprintf(key, sizeof key, "%s.%s", prefix, code);
    text = words_get(t->g->config->words, key, t->language);
    return text == key ? code : text;
}

static json_t *reason_json(const struct teller *t, int secretariat, const struct rule_reason *r)
{
    const struct mandate *m = &t->g->config->mandate;
    bool is_topic = strncmp(r->factor, "base_", 5) == 0;
    const char *topic = is_topic ? words_of(t, "topic", m->topics[r->subject].code) : "";
    const char *name = words_of(t, "secretariat", m->secretariats[secretariat].code);
    const struct word_value values[] = {
        {"topic",       topic                             },
        {"secretariat", name                              },
        {"evidence",    *r->evidence ? r->evidence : topic},
        {"country",     t->country                        },
        {NULL,          NULL                              }
    };
    char key[40];
    char *text;
    json_t *json;

    /* Of the secretariats that a topic concerns, only those with the full base usually lead. */
    snprintf(key, sizeof key, "factor.%s%s", r->factor,
             !strcmp(r->factor, "base_main") && r->points < RULE_BASE_LEAD ? "_part" : "");
    text = words_fill(t->g->config->words, key, t->language, values);
    json = json_pack("{s:s, s:i, s:s, s:s}", "factor", r->factor, "points", r->points, "evidence",
                     r->evidence, "text", text);
    free(text);
    if (!json)
        bug("reason is not UTF-8");
    return json;
}

static json_t *candidate_json(const struct teller *t, const struct rule_candidate *c)
{
    static const char *const eligible[] = {
        [PARTY_NO] = "no", [PARTY_YES] = "yes", [PARTY_UNKNOWN] = "unknown"};
    json_t *reasons = json_array();

    for (size_t i = 0; i < c->reasons_n; i++)
        json_array_append_new(reasons, reason_json(t, c->secretariat, &c->reasons[i]));
    return json_pack("{s:s, s:i, s:s, s:o}", "secretariat",
                     t->g->config->mandate.secretariats[c->secretariat].code, "score", c->score,
                     "eligible", eligible[c->eligible], "reasons", reasons);
}

/* Codes of all candidates with that role; in triage nobody has one. */
static json_t *roles_json(const struct teller *t, enum rule_role role)
{
    json_t *codes = json_array();

    for (size_t i = 0; i < t->d->outcome.candidates_n && t->d->lead >= 0; i++) {
        const struct rule_candidate *c = &t->d->outcome.candidates[i];
        if (c->role == role)
            json_array_append_new(
                codes, json_string(t->g->config->mandate.secretariats[c->secretariat].code));
    }
    return codes;
}

static json_t *topics_json(const struct teller *t)
{
    int topics[3] = {t->d->main_topic, t->d->secondary[0], t->d->secondary[1]};
    json_t *codes = json_array();

    for (size_t i = 0; i < 3; i++)
        if (topics[i] >= 0)
            json_array_append_new(codes, json_string(t->g->config->mandate.topics[topics[i]].code));
    return codes;
}

static json_t *referral_json(const struct teller *t)
{
    const struct referral *r;

    if (t->d->referral < 0)
        return json_null();
    r = &t->g->config->mandate.referrals[t->d->referral];
    return json_pack("{s:s, s:s, s:s, s:s}", "code", r->code, "body", r->body, "evidence",
                     t->d->outside, "text", words_of(t, "outside", r->code));
}

json_t *decision_json(const struct engine *g, const struct decision *d, const char *country,
                      int language)
{
    const struct country *c = country ? world_country(&g->config->world, country) : NULL;
    struct teller t = {g, d, c ? c->names[language] : "", language};
    json_t *candidates = json_array();
    json_t *json;

    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        json_array_append_new(candidates, candidate_json(&t, &d->outcome.candidates[i]));
    json = json_pack("{s:s, s:s?, s:o, s:o, s:f, s:s, s:o, s:o, s:o}", "outcome",
                     d->lead >= 0 ? "offered" : "triage", "lead",
                     d->lead >= 0 ? g->config->mandate.secretariats[d->lead].code : NULL, "support",
                     roles_json(&t, RULE_SUPPORT), "informed", roles_json(&t, RULE_INFORMED),
                     "confidence", d->confidence, "ruleset", g->config->ruleset, "topics",
                     topics_json(&t), "referral", referral_json(&t), "candidates", candidates);
    if (!json)
        bug("decision does not become JSON");
    return json;
}

bool decision_is_restricted(const struct mandate *m, const struct decision *d)
{
    const int topics[] = {d->main_topic, d->secondary[0], d->secondary[1]};

    for (size_t i = 0; i < 3; i++)
        if (topics[i] >= 0 && m->topics[topics[i]].restricted)
            return true;
    return false;
}
