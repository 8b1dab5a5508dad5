#include "protocol/judgement.h"

#include "protocol/document.h"
#include "protocol/relation.h"

#include <stdio.h>
#include <string.h>

const char *const engine_words[] = {"none", "related", "possible", "likely", "certain", NULL};

static const json_t *listed(const json_t *inner, const char *member, const char *id)
{
    const json_t *pair;
    size_t i;

    json_array_foreach (json_object_get(inner, member), i, pair)
        if (!strcmp(document_text(pair, "id"), id))
            return pair;
    return NULL;
}

static bool look(const json_t *inner, const char *id, struct judgement *j)
{
    const json_t *pair = listed(inner, "duplicates", id);
    int engine = word_index(engine_words, document_text(pair, "verdict"));

    if (!pair) {
        pair = listed(inner, "related", id);
        engine = pair ? ENGINE_RELATED : ENGINE_NONE;
    }
    j->engine = engine < 0 ? ENGINE_NONE : (enum engine_verdict)engine;
    j->probability = json_number_value(json_object_get(pair, "probability"));
    return pair != NULL;
}

void judgement_make(const char *a, const json_t *a_inner, const char *b, const json_t *b_inner,
                    enum verdict verdict, const struct principal *who, int64_t now_ms,
                    struct judgement *ret_judgement)
{
    struct judgement j = {.verdict = verdict, .at_ms = now_ms};
    bool a_is_less = strcmp(a, b) < 0;

    snprintf(j.pair[0], ID_BYTES, "%s", a_is_less ? a : b);
    snprintf(j.pair[1], ID_BYTES, "%s", a_is_less ? b : a);
    principal_text(who, j.by);
    if (!look(a_inner, b, &j))
        look(b_inner, a, &j);
    *ret_judgement = j;
}

static bool names(const json_t *name, const json_t *pair)
{
    const char *text = json_string_value(name);

    return text && (!strcmp(text, document_text(pair, "id")) ||
                    !strcmp(text, document_text(pair, "reference")));
}

static bool is_named(const json_t *list, const json_t *pair)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (names(json_array_get(list, i), pair))
            return true;
    return false;
}

static void check_names(const json_t *not_of, const json_t *pairs, const char *at,
                        struct faults *faults)
{
    char name[24];

    for (size_t i = 0; i < json_array_size(not_of); i++) {
        size_t k = 0;

        while (k < json_array_size(pairs) &&
               !names(json_array_get(not_of, i), json_array_get(pairs, k)))
            k++;
        snprintf(name, sizeof name, "%zu", i);
        if (k == json_array_size(pairs))
            fault_add(faults, at, name, "not_listed");
    }
}

size_t judgement_of_route(const struct record *r, const json_t *inner, const json_t *not_of,
                          const struct principal *who, int64_t now_ms,
                          struct judgement ret_list[JUDGEMENTS_MAX], const char *at,
                          struct faults *faults)
{
    const json_t *pairs = json_object_get(inner, "duplicates");
    const json_t *pair;
    size_t n = 0;
    size_t i;

    check_names(not_of, pairs, at, faults);
    if (!not_of && r->state != STATE_TRIAGE)
        return 0;
    json_array_foreach (pairs, i, pair) {
        const char *id = document_text(pair, "id");

        if (n == JUDGEMENTS_MAX || !id_is(id, "req_") || (not_of && !is_named(not_of, pair)) ||
            listed(inner, "merged", id) || relation_of(relation_find(inner, id)) != RELATION_NONE)
            continue;
        judgement_make(r->id, inner, id, NULL, VERDICT_NOT, who, now_ms, &ret_list[n++]);
    }
    return n;
}
