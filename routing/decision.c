/* From grounds to a proposal people can check:
 *
 *   likelihoods (classifier.h) and topics of the text -> main and secondary topic
 *                      -> facts that are sure enough -> rule_apply
 *                      -> triage when nobody is likely enough, or a body outside is likelier
 *
 * The text chooses topics and facts only; who leads then follows from the rules, so each
 * reason is one the secretariats have signed. */
#include "routing/decision.h"

#include "routing/classifier.h"
#include "routing/engine_inside.h"
#include "routing/gate.h"
#include "routing/quote.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COMMON_BASES = 7 }; /* a topic of so many secretariats is everybody's */

/* What deciding looks at; all borrowed. */
struct bench {
    const struct mandate *m;
    const struct weights *w;
    const struct grounds *v;
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
static double kindred(const struct bench *b, size_t x, size_t y)
{
    return b->w->kindred * pow(topic_likeness(b->m, x, y), 2);
}

/* Reports, funding and strategies are part of most needs; they are the matter only where no
 * subject is. A topic that nearly every secretariat supports is such a one. */
static double own_evidence(const struct bench *b, size_t topic)
{
    const struct mandate *m = b->m;
    size_t bases = 0;

    for (size_t s = 0; s < m->secretariats_n; s++)
        bases += m->topics[topic].base[s] > 0;
    return bases >= COMMON_BASES ? b->w->common * b->v->topics[topic] : b->v->topics[topic];
}

/* A convention named in passing speaks for its topics, but decides nothing. */
static double named_support(const struct bench *b, size_t topic)
{
    const struct mandate *m = b->m;
    double sum = 0;

    for (size_t s = 0; s < m->secretariats_n; s++)
        sum += fmin(b->v->named[s], b->w->named_max) * m->topics[topic].base[s] / 60.0;
    return b->w->named * sum;
}

/* Who would lead by the main topic alone, -1: nobody has points for it. */
static int usual_lead(const struct mandate *m, size_t topic)
{
    int best = -1;

    for (size_t s = 0; s < m->secretariats_n; s++)
        if (m->topics[topic].base[s] > (best < 0 ? 0 : m->topics[topic].base[best]))
            best = (int)s;
    return best;
}

/* The convention that is named most, if it is surely named; -1: none is. */
static int named_instrument(const struct bench *b)
{
    size_t best = 0;

    for (size_t s = 1; s < b->m->secretariats_n; s++)
        if (b->v->named[s] > b->v->named[best])
            best = s;
    return b->v->named[best] >= b->w->fact_min ? (int)best : -1;
}

/* Evidence for each topic with what its kindred and named conventions lend it. A topic with no
 * evidence of its own stays at 0, and so does one that is nobody's while no convention is named:
 * a law for which of them? */
static void topics_weigh(const struct bench *b, double weights[])
{
    const struct mandate *m = b->m;

    for (size_t t = 0; t < m->topics_n; t++) {
        weights[t] = 0;
        if (b->v->topics[t] <= 0 || (usual_lead(m, t) < 0 && named_instrument(b) < 0))
            continue;
        weights[t] = own_evidence(b, t) + named_support(b, t);
        for (size_t u = 0; u < m->topics_n; u++)
            if (u != t && b->v->topics[u] > 0)
                weights[t] += kindred(b, t, u) * own_evidence(b, u);
    }
}

static bool usually_leads(const struct mandate *m, size_t topic, size_t secretariat)
{
    return m->topics[topic].base[secretariat] >= RULE_BASE_LEAD;
}

/* How likely the need is one for those who answer for the topic. */
static double topic_likely(const struct mandate *m, const double likely[], size_t topic)
{
    double most = 0;

    for (size_t s = 0; s < m->secretariats_n; s++)
        most = fmax(most, likely[s] * m->topics[topic].base[s] / RULE_BASE_LEAD);
    return most;
}

static int topic_best(const struct mandate *m, const double weights[])
{
    int best = -1;

    for (size_t t = 0; t < m->topics_n; t++)
        if (weights[t] > 0 && (best < 0 || weights[t] > weights[best]))
            best = (int)t;
    return best;
}

/* Of the topics that the secretariat usually leads, the one that the text is nearest to. */
static int topic_of(const struct bench *b, size_t secretariat)
{
    double nearness[TOPICS_MAX] = {0};

    for (size_t t = 0; t < b->m->topics_n; t++) {
        if (!usually_leads(b->m, t, secretariat))
            continue;
        nearness[t] = DBL_MIN; /* nothing said of any: the first */
        for (size_t u = 0; u < b->m->topics_n; u++)
            nearness[t] += topic_likeness(b->m, t, u) * fmax(b->v->topics[u], 0);
    }
    return topic_best(b->m, nearness);
}

static size_t likeliest(const struct mandate *m, const double likely[])
{
    size_t best = CLASS_OUTSIDE;

    for (size_t s = 0; s < m->secretariats_n; s++)
        if (likely[s] > likely[best])
            best = s;
    return best;
}

#define CLEARLY 0.5 /* of a likelihood, or of the greatest */

/* The clearest topic, weighed by how likely those are who answer for it. Where the text has no
 * word of the likeliest secretariat's topics, the nearest of them; -1: it says too little. */
static int choose_main(const struct bench *b, const double weights[], const double likely[])
{
    double weighed[TOPICS_MAX];
    size_t lead = likeliest(b->m, likely);
    int best, named = named_instrument(b);

    for (size_t t = 0; t < b->m->topics_n; t++)
        weighed[t] = weights[t] * (usual_lead(b->m, t) < 0 && named >= 0
                                       ? likely[named] /* a law for that convention */
                                       : topic_likely(b->m, likely, t));
    best = topic_best(b->m, weighed);
    if (lead == CLASS_OUTSIDE || (best < 0 && likely[lead] < CLEARLY))
        return best;
    if (best >= 0 && topic_likely(b->m, likely, (size_t)best) >= CLEARLY * likely[lead])
        return best;
    return topic_of(b, lead);
}

/* A secondary topic has enough evidence of its own, also beside the main topic's. */
static void choose_topics(const struct bench *b, const double weights[], struct decision *d)
{
    const struct mandate *m = b->m;
    double own[TOPICS_MAX];

    d->main_topic = choose_main(b, weights, d->likely);
    d->secondary[0] = d->secondary[1] = -1;
    if (d->main_topic < 0)
        return;
    for (size_t t = 0; t < m->topics_n; t++)
        own[t] = own_evidence(b, t);
    own[d->main_topic] = 0;
    for (size_t i = 0; i < 2; i++) {
        int t = topic_best(m, own);
        if (t < 0 || own[t] < b->w->secondary_min ||
            own[t] < b->w->secondary_part * own_evidence(b, (size_t)d->main_topic))
            return;
        d->secondary[i] = t;
        own[t] = 0;
    }
}

/* --- facts --------------------------------------------------------------------------- */

/* Customs and consignments are words of any trade, and a crop is named in many needs that are
 * not about its seed: these facts need more. */
static double fact_needs(const struct weights *w, const char *code)
{
    return strcmp(code, "trade") == 0 || strcmp(code, "pgrfa") == 0 ? w->fact_common_min
                                                                    : w->fact_min;
}

static unsigned long long sure_facts(const struct bench *b)
{
    const struct mandate *m = b->m;
    int trade = mandate_fact(m, "trade");
    unsigned long long facts = 0;

    for (size_t f = 0; f < m->facts_n; f++) {
        double evidence = b->v->facts[f];
        if ((int)f == trade && evidence > 0 && b->v->traded)
            evidence *= 2; /* a listed species and words of trade: each makes the other surer */
        if (evidence >= fact_needs(b->w, m->facts[f].code))
            facts |= 1ULL << f;
    }
    return facts;
}

/* Rule 2: being named counts only where the instrument itself is the matter. */
static unsigned named_instruments(const struct bench *b, const struct decision *d)
{
    int named = named_instrument(b);

    return d->main_topic >= 0 && usual_lead(b->m, (size_t)d->main_topic) < 0 && named >= 0
               ? 1U << named
               : 0;
}

/* --- the decision -------------------------------------------------------------------- */

static int loudest_outside(const struct bench *b)
{
    const struct mandate *m = b->m;
    int best = -1;

    for (size_t i = 0; i < m->referrals_n; i++)
        if (b->v->outside[i] > 0 && (best < 0 || b->v->outside[i] > b->v->outside[best]))
            best = (int)i;
    return best;
}

double decision_odds(double p)
{
    return log(fmax(p, 1e-4) / fmax(1.0 - p, 1e-4));
}

/* A regression that is pulled towards even (its ridge) says less than it knows: this says how
 * often it was right when it said so much. */
static double confidence(const struct weights *w, double likely)
{
    return 1.0 / (1.0 + exp(-w->sure_base - w->sure_likely * decision_odds(likely)));
}

void decision_make(const struct mandate *m, const struct weights *w, const struct grounds *v,
                   struct decision *ret_d)
{
    const struct bench b = {m, w, v};
    struct rule_facts f = {.party = v->party, .preferred = v->preferred, .emergency = v->emergency};
    double weights[TOPICS_MAX];

    memset(ret_d, 0, sizeof *ret_d);
    classifier_weigh(m, w->classes, v, ret_d->likely);
    classifier_weigh(m, w->supporters, v, ret_d->joins);
    topics_weigh(&b, weights);
    choose_topics(&b, weights, ret_d);
    ret_d->referral = loudest_outside(&b);

    f.facts = sure_facts(&b);
    f.main_topic = ret_d->main_topic;
    memcpy(f.secondary, ret_d->secondary, sizeof f.secondary);
    f.named = named_instruments(&b, ret_d);
    f.restricted = v->restricted;
    rule_apply(m, &f, &ret_d->outcome);

    ret_d->lead = ret_d->main_topic >= 0 ? ret_d->outcome.lead : -1;
    if (ret_d->lead >= 0 && (likeliest(m, ret_d->likely) == CLASS_OUTSIDE ||
                             ret_d->likely[ret_d->lead] < w->likely_min))
        ret_d->lead = -1;
    if (ret_d->lead >= 0 || ret_d->likely[CLASS_OUTSIDE] < w->likely_min)
        ret_d->referral = -1;
    /* The rules' supporters are all that might care; the text must show a part of theirs. The
     * rules themselves stay as they were signed (docs/decisions/007-support-gate.md). */
    gate_apply(m, w, v, ret_d);
    ret_d->confidence =
        confidence(w, ret_d->likely[ret_d->lead >= 0 ? (size_t)ret_d->lead : CLASS_OUTSIDE]);
}

void decision_read(const struct engine *g, const struct reading *r, const struct draft *d,
                   struct grounds *ret_v, struct decision *ret_d)
{
    grounds_make(g, r, d, ret_v);
    decision_make(&g->config->mandate, &g->config->weights, ret_v, ret_d);
    quote_decision(g, r, ret_d);
}

/* --- JSON ---------------------------------------------------------------------------- */

static const char *topic_code(const struct mandate *m, const struct rule_reason *r)
{
    return strncmp(r->factor, "base_", 5) == 0 ? m->topics[r->subject].code : NULL;
}

static const char *proof_word(const char *evidence, bool by_name)
{
    return !*evidence ? "none" : by_name ? "name" : "words";
}

static json_t *reason_json(const struct mandate *m, const struct rule_reason *r)
{
    json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s*}", "factor", r->factor, "points", r->points,
                             "evidence", r->evidence, "proof", proof_word(r->evidence, r->by_name),
                             "topic", topic_code(m, r));

    if (!json)
        bug("reason is not UTF-8");
    return json;
}

static json_t *candidate_json(const struct mandate *m, const struct rule_candidate *c)
{
    static const char *const eligible[] = {
        [PARTY_NO] = "no", [PARTY_YES] = "yes", [PARTY_UNKNOWN] = "unknown"};
    json_t *reasons = json_array();

    for (size_t i = 0; i < c->reasons_n; i++)
        json_array_append_new(reasons, reason_json(m, &c->reasons[i]));
    return json_pack("{s:s, s:i, s:s, s:o}", "secretariat", m->secretariats[c->secretariat].code,
                     "score", c->score, "eligible", eligible[c->eligible], "reasons", reasons);
}

/* Codes of all candidates with that role; in triage nobody has one. */
static json_t *roles_json(const struct mandate *m, const struct decision *d, enum rule_role role)
{
    json_t *codes = json_array();

    for (size_t i = 0; i < d->outcome.candidates_n && d->lead >= 0; i++) {
        const struct rule_candidate *c = &d->outcome.candidates[i];
        if (c->role == role)
            json_array_append_new(codes, json_string(m->secretariats[c->secretariat].code));
    }
    return codes;
}

static json_t *topics_json(const struct mandate *m, const struct decision *d)
{
    int topics[3] = {d->main_topic, d->secondary[0], d->secondary[1]};
    json_t *codes = json_array();

    for (size_t i = 0; i < 3; i++)
        if (topics[i] >= 0)
            json_array_append_new(codes, json_string(m->topics[topics[i]].code));
    return codes;
}

static json_t *referral_json(const struct mandate *m, const struct decision *d)
{
    const struct referral *r = d->referral >= 0 ? &m->referrals[d->referral] : NULL;

    return r ? json_pack("{s:s, s:s, s:s}", "code", r->code, "body", r->body, "evidence",
                         d->outside)
             : json_null();
}

/* Why nobody leads, and how many of the best candidates have to do with it. */
static const char *triage_factor(const struct decision *d, size_t *ret_concerned_n)
{
    const struct rule_candidate *best = d->outcome.candidates;
    size_t alike_n = 0;

    *ret_concerned_n = 0;
    if (d->referral >= 0)
        return "outside";
    if (d->main_topic < 0 || d->outcome.candidates_n == 0)
        return "too_little";
    while (alike_n < d->outcome.candidates_n && best[alike_n].score == best->score)
        alike_n++;
    *ret_concerned_n = alike_n;
    if (alike_n > 1)
        return "equal";
    return best->eligible == PARTY_NO && best->score >= RULE_LEAD_MIN ? "not_party"
                                                                      : "below_threshold";
}

static json_t *triage_json(const struct mandate *m, const struct decision *d)
{
    json_t *concerned;
    const char *factor;
    size_t n;

    if (d->lead >= 0)
        return json_null();
    concerned = json_array();
    factor = triage_factor(d, &n);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            concerned, json_string(m->secretariats[d->outcome.candidates[i].secretariat].code));
    return json_pack("{s:s, s:i, s:s, s:s, s:o}", "factor", factor, "points",
                     n > 0 ? d->outcome.candidates[0].score : 0, "evidence", d->outside, "proof",
                     proof_word(d->outside, false), "secretariats", concerned);
}

json_t *decision_json(const struct engine *g, const struct decision *d)
{
    const struct mandate *m = &g->config->mandate;
    json_t *candidates = json_array();
    json_t *json;

    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        json_array_append_new(candidates, candidate_json(m, &d->outcome.candidates[i]));
    json = json_pack("{s:s, s:s?, s:o, s:o, s:f, s:s, s:o, s:o, s:o, s:o}", "outcome",
                     d->lead >= 0 ? "offered" : "triage", "lead",
                     d->lead >= 0 ? m->secretariats[d->lead].code : NULL, "support",
                     roles_json(m, d, RULE_SUPPORT), "informed", roles_json(m, d, RULE_INFORMED),
                     "confidence", d->confidence, "ruleset", g->config->ruleset, "topics",
                     topics_json(m, d), "referral", referral_json(m, d), "triage",
                     triage_json(m, d), "candidates", candidates);
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
