#include "routing/assess.h"

#include "routing/decision.h"
#include "routing/draft.h"
#include "routing/explanation.h"
#include "routing/inputs.h"
#include "routing/similar.h"

#include <stdlib.h>
#include <string.h>

struct assess {
    const struct engine *engine;    /* borrowed */
    int language;                   /* of the texts in results; -1: each line's own */
    struct similar_index *requests; /* owned: those so far */
};

struct assess *assess_new(const struct engine *g, int language)
{
    struct assess *a = mem_new(1, sizeof *a);

    a->engine = g;
    a->language = language;
    a->requests = similar_new(g);
    return a;
}

void assess_free(struct assess *a)
{
    if (!a)
        return;
    similar_free(a->requests);
    free(a);
}

static const char *text_of(const json_t *line, const char *member)
{
    return json_string_value(json_object_get(line, member));
}

/* The lead's reasons; in triage why nobody leads. Borrowed from routing, a new reference. */
static json_t *assess_reasons(const json_t *routing)
{
    const char *lead = text_of(routing, "lead");
    const json_t *candidate;
    size_t i;

    json_array_foreach (json_object_get(routing, "candidates"), i, candidate)
        if (lead && strcmp(text_of(candidate, "secretariat"), lead) == 0)
            return json_incref(json_object_get(candidate, "reasons"));
    return json_pack("[O]", json_object_get(routing, "triage"));
}

/* The candidates that are asked to help, in the order of `support`. */
static json_t *assess_supporters(const json_t *routing)
{
    const json_t *code;
    json_t *candidate, *list = json_array();
    size_t i, k;

    json_array_foreach (json_object_get(routing, "support"), i, code)
        json_array_foreach (json_object_get(routing, "candidates"), k, candidate)
            if (strcmp(text_of(candidate, "secretariat"), json_string_value(code)) == 0)
                json_array_append(list, candidate);
    return list;
}

/* ret_best: id of the best hit that is at least likely, new reference, null without one. */
static json_t *assess_duplicates(const struct assess *a, const char *country,
                                 const struct reading *r, int language, json_t **ret_best)
{
    struct similar_hit hits[SIMILAR_HITS_MAX];
    size_t n = similar_find(a->requests, country, r, hits);
    json_t *list = json_array();

    *ret_best = n > 0 && hits[0].verdict >= SIMILAR_LIKELY ? json_string(hits[0].id) : json_null();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, similar_hit_json(&hits[i]));
        similar_hit_clear(&hits[i]);
    }
    explanation_add_duplicates(engine_config(a->engine)->words, list, language);
    return list;
}

static enum err_code assess_read(const struct assess *a, const json_t *line,
                                 const char *themes[DRAFT_THEMES_MAX + 1], struct draft *ret_draft,
                                 struct err *e)
{
    if (!text_of(line, "id"))
        return err_set(e, ERR_VALIDATION, "id is not a text");
    return draft_read(&engine_config(a->engine)->mandate, line, themes, ret_draft, e);
}

enum err_code assess_inputs(const struct assess *a, const json_t *line, json_t **ret_inputs,
                            struct err *e)
{
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct grounds grounds;
    struct decision decision;
    struct reading *r;
    struct draft d;
    enum err_code rc;

    rc = assess_read(a, line, themes, &d, e);
    if (rc != ERR_OK)
        return rc;
    r = reading_new(a->engine, &d);
    decision_read(a->engine, r, &d, &grounds, &decision);
    *ret_inputs = inputs_json(&engine_config(a->engine)->mandate, &grounds, &decision);
    json_object_set(*ret_inputs, "id", json_object_get(line, "id"));
    reading_free(r);
    return ERR_OK;
}

enum err_code assess_pairs(struct assess *a, const json_t *line, json_t **ret_result, struct err *e)
{
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct similar_hit hits[SIMILAR_LOOKS];
    json_t *list = json_array();
    struct reading *r;
    struct draft d;
    size_t n;
    enum err_code rc = assess_read(a, line, themes, &d, e);

    if (rc != ERR_OK) {
        json_decref(list);
        return rc;
    }
    r = reading_new(a->engine, &d);
    n = similar_compare(a->requests, d.country, r, hits);
    for (size_t i = 0; i < n; i++) {
        json_t *evidence = json_object();
        for (size_t k = 0; k < LIKENESS_EVIDENCE_N; k++)
            json_object_set_new(evidence, likeness_names[k], json_real(hits[i].evidence[k]));
        json_array_append_new(list, json_pack("{s:s, s:f, s:s, s:o}", "id", hits[i].id,
                                              "probability", hits[i].probability, "verdict",
                                              similar_verdict_word(hits[i].verdict), "evidence",
                                              evidence));
        similar_hit_clear(&hits[i]);
    }
    similar_add(a->requests, d.country, text_of(line, "id"), r);
    reading_free(r);
    *ret_result = json_pack("{s:O, s:o}", "id", json_object_get(line, "id"), "pairs", list);
    return ERR_OK;
}

enum err_code assess_one(struct assess *a, const json_t *line, json_t **ret_result, struct err *e)
{
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct grounds grounds;
    struct decision decision;
    struct reading *r;
    struct draft d;
    json_t *best, *duplicates;
    json_auto_t *routing = NULL;
    enum err_code rc;
    int language;

    rc = assess_read(a, line, themes, &d, e);
    if (rc != ERR_OK)
        return rc;
    r = reading_new(a->engine, &d);
    decision_read(a->engine, r, &d, &grounds, &decision);
    language = a->language >= 0 ? a->language : d.language;
    routing = decision_json(a->engine, &decision);
    explanation_add(engine_config(a->engine)->words, routing, language);
    duplicates = assess_duplicates(a, d.country, r, language, &best);
    similar_add(a->requests, d.country, text_of(line, "id"), r);
    reading_free(r);
    *ret_result = json_pack("{s:O, s:O, s:O, s:o, s:O, s:O, s:o, s:o, s:o}", "id",
                            json_object_get(line, "id"), "lead", json_object_get(routing, "lead"),
                            "support", json_object_get(routing, "support"), "duplicate_of", best,
                            "confidence", json_object_get(routing, "confidence"), "text",
                            json_object_get(routing, "text"), "reasons", assess_reasons(routing),
                            "supporters", assess_supporters(routing), "duplicates", duplicates);
    if (!*ret_result)
        bug("assessment does not become JSON");
    return ERR_OK;
}
