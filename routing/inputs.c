#include "routing/inputs.h"

#include "routing/gate.h"

/* {code: evidence} without the zeros; every table has its code first, rows row_bytes apart. */
static json_t *evidence_json(const double *evidence, const char *first_code, size_t row_bytes,
                             size_t n)
{
    json_t *json = json_object();

    for (size_t i = 0; i < n; i++)
        if (evidence[i] > 0 || evidence[i] < 0)
            json_object_set_new(json, first_code + i * row_bytes, json_real(evidence[i]));
    return json;
}

static json_t *candidate_json(const struct mandate *m, const struct grounds *v,
                              const struct decision *d, const struct rule_candidate *c)
{
    static const char *const roles[] = {[RULE_NONE] = "none",
                                        [RULE_LEAD] = "lead",
                                        [RULE_SUPPORT] = "support",
                                        [RULE_INFORMED] = "informed"};
    json_t *reasons = json_array(), *gate = json_array();
    double features[GATE_FEATURES] = {0};

    if (d->lead >= 0)
        gate_features(m, v, d, c, features);
    for (size_t i = 0; i < GATE_FEATURES; i++)
        json_array_append_new(gate, json_real(features[i]));
    for (size_t i = 0; i < c->reasons_n; i++)
        json_array_append_new(reasons,
                              json_pack("[s, i]", c->reasons[i].factor, c->reasons[i].points));
    return json_pack("{s:s, s:i, s:s, s:o, s:o}", "secretariat",
                     m->secretariats[c->secretariat].code, "score", c->score, "role",
                     roles[c->role], "reasons", reasons, "gate", gate);
}

static json_t *topic_json(const struct mandate *m, int topic)
{
    return topic >= 0 ? json_string(m->topics[topic].code) : json_null();
}

static json_t *likely_json(const struct mandate *m, const struct decision *d)
{
    json_t *json = evidence_json(d->likely, m->secretariats[0].code, sizeof m->secretariats[0],
                                 m->secretariats_n);

    json_object_set_new(json, "outside", json_real(d->likely[CLASS_OUTSIDE]));
    return json;
}

json_t *inputs_json(const struct mandate *m, const struct grounds *v, const struct decision *d)
{
    json_t *candidates = json_array(), *json;

    for (size_t i = 0; i < d->outcome.candidates_n; i++)
        json_array_append_new(candidates, candidate_json(m, v, d, &d->outcome.candidates[i]));
    json = json_pack(
        "{s:s?, s:o, s:[o, o], s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "lead",
        d->lead >= 0 ? m->secretariats[d->lead].code : NULL, "main", topic_json(m, d->main_topic),
        "secondary", topic_json(m, d->secondary[0]), topic_json(m, d->secondary[1]), "confidence",
        d->confidence, "likely", likely_json(m, d), "topics",
        evidence_json(v->topics, m->topics[0].code, sizeof m->topics[0], m->topics_n), "facts",
        evidence_json(v->facts, m->facts[0].code, sizeof m->facts[0], m->facts_n), "named",
        evidence_json(v->named, m->secretariats[0].code, sizeof m->secretariats[0],
                      m->secretariats_n),
        "outside",
        evidence_json(v->outside, m->referrals[0].code, sizeof m->referrals[0], m->referrals_n),
        "candidates", candidates);
    if (!json)
        bug("inputs do not become JSON");
    return json;
}
