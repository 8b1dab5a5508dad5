#include "routing/grounds.h"

#include "routing/reading_inside.h"
#include "routing/rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More is not worth telling apart; keeps thousandths exact in a double and in an int. */
static const double amount_max = 1e6;

static double whole_thousandths(double amount)
{
    return round(fmin(fmax(amount, -amount_max), amount_max) * 1000) / 1000;
}

/* --- from a reading ------------------------------------------------------------------ */

static void copy_amounts(double *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = whole_thousandths(from[i]);
}

/* Nobody has more points for the topic, and it has some. */
static bool may_lead(const struct topic *t, size_t secretariats_n, size_t secretariat)
{
    for (size_t s = 0; s < secretariats_n; s++)
        if (t->base[s] > t->base[secretariat])
            return false;
    return t->base[secretariat] > 0;
}

/* What a concept says for a secretariat: the best of the topics that it leads. */
static double concept_says(const struct config *c, const struct concept *concept,
                           size_t secretariat)
{
    double most = 0;

    for (size_t k = 0; k < concept->evidence_n; k++) {
        const struct evidence *w = &concept->evidence[k];
        if (w->kind == TARGET_TOPIC &&
            may_lead(&c->mandate.topics[w->target], c->mandate.secretariats_n, secretariat))
            most = fmax(most, reading_worth(&c->weights, w->weight));
    }
    return most;
}

static void says_add(const struct mandate *m, const double sentence[SECRETARIATS_MAX],
                     double says[SECRETARIATS_MAX][SECRETARIATS_MAX])
{
    for (size_t a = 0; a < m->secretariats_n; a++)
        for (size_t b = 0; b < m->secretariats_n; b++)
            says[a][b] += fmax(sentence[a] - sentence[b], 0);
}

static void says_make(const struct config *c, const struct reading *r, struct grounds *v)
{
    const struct mandate *m = &c->mandate;
    size_t sentences_n =
        r->text.tokens_n > 0 ? r->text.tokens[r->text.tokens_n - 1].sentence + 1UL : 0;
    double(*sentences)[SECRETARIATS_MAX] = mem_new(sentences_n + 1, sizeof *sentences);

    for (size_t i = 0; i < r->said_n; i++) {
        const struct said *s = &r->said[i];
        /* The first sentence says where and to whom it happened. */
        for (size_t k = 0; s->sentence > 0 && k < m->secretariats_n; k++)
            sentences[s->sentence][k] +=
                (double)s->amount * concept_says(c, &c->terms.concepts[s->concept], k);
    }
    for (size_t i = 0; i < sentences_n; i++)
        says_add(m, (const double *)sentences[i], v->says);
    free(sentences);
    for (size_t a = 0; a < m->secretariats_n; a++)
        copy_amounts(v->says[a], v->says[a], m->secretariats_n);
}

static int compare_amount(const void *a, const void *b)
{
    const struct grounds_concept *x = a, *y = b;

    if (x->amount < y->amount || x->amount > y->amount)
        return x->amount < y->amount ? 1 : -1;
    return (x->concept > y->concept) - (x->concept < y->concept);
}

static int compare_concept(const void *a, const void *b)
{
    const struct grounds_concept *x = a, *y = b;

    return (x->concept > y->concept) - (x->concept < y->concept);
}

/* By concept, so that sums over them are the same in every run. */
static void concepts_keep(struct grounds_concept *all, size_t n, struct grounds *v)
{
    if (n > GROUNDS_CONCEPTS_MAX) {
        qsort(all, n, sizeof *all, compare_amount);
        n = GROUNDS_CONCEPTS_MAX;
    }
    qsort(all, n, sizeof *all, compare_concept);
    memcpy(v->concepts, all, n * sizeof *all);
    v->concepts_n = n;
}

static void concepts_make(const struct reading *r, struct grounds *v)
{
    struct grounds_concept *all = mem_new(r->spoken_n + 1, sizeof *all);
    size_t n = 0;

    for (size_t i = 0; i < r->spoken_n; i++) {
        double amount = whole_thousandths((double)r->spoken[i].weight);
        if (amount > 0)
            all[n++] = (struct grounds_concept){r->spoken[i].concept, (float)amount};
    }
    concepts_keep(all, n, v);
    free(all);
}

static bool any_species_traded(const struct config *c, const struct reading *r)
{
    for (size_t i = 0; i < r->species_n; i++)
        if (c->world.species[r->species[i].index].cites)
            return true;
    return false;
}

static void party_make(const struct world *w, const char *iso3, enum party party[])
{
    const struct country *country = iso3 ? world_country(w, iso3) : NULL;

    for (size_t s = 0; s < SECRETARIATS_MAX; s++)
        party[s] = country ? country->party[s] : PARTY_UNKNOWN;
}

void grounds_make(const struct engine *g, const struct reading *r, const struct draft *d,
                  struct grounds *ret_v)
{
    const struct config *c = g->config;
    struct grounds v = {.preferred = d->preferred,
                        .emergency = d->emergency,
                        .restricted = d->restricted,
                        .traded = any_species_traded(c, r)};

    concepts_make(r, &v);
    copy_amounts(v.topics, r->topics, c->mandate.topics_n);
    copy_amounts(v.facts, r->facts, c->mandate.facts_n);
    copy_amounts(v.named, r->named, c->mandate.secretariats_n);
    copy_amounts(v.outside, r->outside, c->mandate.referrals_n);
    says_make(c, r, &v);
    party_make(&c->world, d->country, v.party);
    *ret_v = v;
}

/* --- JSON ---------------------------------------------------------------------------- */

/* The rows of a table of config/mandate.h; each begins with its code. */
struct codes {
    const char *first;
    size_t row_bytes, n;
};

#define CODES(rows, count) ((struct codes){(rows)[0].code, sizeof(rows)[0], count})

static const char *code_at(const struct codes *codes, size_t i)
{
    return codes->first + i * codes->row_bytes;
}

static int code_index(const struct codes *codes, const char *code)
{
    for (size_t i = 0; code && i < codes->n; i++)
        if (strcmp(code_at(codes, i), code) == 0)
            return (int)i;
    return -1;
}

static json_t *amounts_json(const struct codes *codes, const double *amounts)
{
    json_t *json = json_object();

    for (size_t i = 0; i < codes->n; i++)
        if (amounts[i] > 0 || amounts[i] < 0)
            json_object_set_new(json, code_at(codes, i),
                                json_integer((json_int_t)lround(amounts[i] * 1000)));
    return json;
}

static json_t *says_json(const struct codes *secretariats,
                         const double says[SECRETARIATS_MAX][SECRETARIATS_MAX])
{
    json_t *json = json_object();

    for (size_t i = 0; i < secretariats->n; i++) {
        json_t *row = amounts_json(secretariats, says[i]);

        if (json_object_size(row) > 0)
            json_object_set(json, code_at(secretariats, i), row);
        json_decref(row);
    }
    return json;
}

static json_t *parties_json(const struct codes *secretariats, const enum party party[],
                            enum party which)
{
    json_t *json = json_array();

    for (size_t i = 0; i < secretariats->n; i++)
        if (party[i] == which)
            json_array_append_new(json, json_string(code_at(secretariats, i)));
    return json;
}

static const struct {
    const char *word;
    size_t at; /* a bool of struct grounds */
} flags[] = {
    {"emergency",  offsetof(struct grounds, emergency) },
    {"restricted", offsetof(struct grounds, restricted)},
    {"traded",     offsetof(struct grounds, traded)    },
};

enum { FLAGS_N = sizeof flags / sizeof flags[0] };

static bool *flag_of(struct grounds *v, size_t i)
{
    return (bool *)((char *)v + flags[i].at);
}

static json_t *flags_json(struct grounds v)
{
    json_t *json = json_array();

    for (size_t i = 0; i < FLAGS_N; i++)
        if (*flag_of(&v, i))
            json_array_append_new(json, json_string(flags[i].word));
    return json;
}

static json_t *concepts_json(const struct terms *t, const struct grounds *v)
{
    json_t *json = json_object();

    for (size_t i = 0; i < v->concepts_n; i++)
        json_object_set_new(json, t->concepts[v->concepts[i].concept].name,
                            json_integer(lround((double)v->concepts[i].amount * 1000)));
    return json;
}

json_t *grounds_json(const struct config *c, const struct grounds *v)
{
    const struct mandate *m = &c->mandate;
    struct codes secretariats = CODES(m->secretariats, m->secretariats_n);
    struct codes topics = CODES(m->topics, m->topics_n);
    struct codes facts = CODES(m->facts, m->facts_n);
    struct codes referrals = CODES(m->referrals, m->referrals_n);
    json_t *json = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:s*, s:o}", "ruleset", c->ruleset,
        "concepts", concepts_json(&c->terms, v), "topics", amounts_json(&topics, v->topics),
        "facts", amounts_json(&facts, v->facts), "named", amounts_json(&secretariats, v->named),
        "outside", amounts_json(&referrals, v->outside), "says", says_json(&secretariats, v->says),
        "party", "no", parties_json(&secretariats, v->party, PARTY_NO), "yes",
        parties_json(&secretariats, v->party, PARTY_YES), "preferred",
        v->preferred >= 0 ? m->secretariats[v->preferred].code : NULL, "flags", flags_json(*v));

    if (!json)
        bug("grounds do not become JSON");
    return json;
}

/* --- and back ------------------------------------------------------------------------ */

static bool amounts_read(const struct codes *codes, json_t *json, double *amounts)
{
    const char *code;
    json_t *value;

    if (!json_is_object(json))
        return false;
    json_object_foreach (json, code, value) {
        int i = code_index(codes, code);

        if (!json_is_integer(value) || fabs((double)json_integer_value(value)) > amount_max * 1000)
            return false;
        if (i >= 0)
            amounts[i] = (double)json_integer_value(value) / 1000;
    }
    return true;
}

static bool says_read(const struct codes *secretariats, json_t *json,
                      double says[SECRETARIATS_MAX][SECRETARIATS_MAX])
{
    double unknown[SECRETARIATS_MAX] = {0};
    const char *code;
    json_t *row;

    if (!json_is_object(json))
        return false;
    json_object_foreach (json, code, row) {
        int i = code_index(secretariats, code);

        if (!amounts_read(secretariats, row, i >= 0 ? says[i] : unknown))
            return false;
    }
    return true;
}

static bool parties_read(const struct codes *secretariats, const json_t *codes, enum party which,
                         enum party party[])
{
    const json_t *code;
    size_t k;

    json_array_foreach (codes, k, code) {
        int i = code_index(secretariats, json_string_value(code));

        if (i >= 0)
            party[i] = which;
    }
    return json_is_array(codes);
}

static bool flags_read(const json_t *words, struct grounds *v)
{
    const json_t *word;
    size_t k;

    json_array_foreach (words, k, word)
        for (size_t i = 0; i < FLAGS_N; i++)
            if (json_is_string(word) && strcmp(json_string_value(word), flags[i].word) == 0)
                *flag_of(v, i) = true;
    return json_is_array(words);
}

static bool concepts_read(const struct terms *t, json_t *json, struct grounds *v)
{
    struct grounds_concept *all = mem_new(json_object_size(json) + 1, sizeof *all);
    const char *name;
    bool ok = json_is_object(json);
    size_t n = 0;
    json_t *value;

    json_object_foreach (json, name, value) {
        int i = terms_concept(t, name);

        ok = ok && json_is_integer(value) && json_integer_value(value) > 0 &&
             (double)json_integer_value(value) <= amount_max * 1000;
        if (ok && i >= 0)
            all[n++] =
                (struct grounds_concept){(uint32_t)i, (float)json_integer_value(value) / 1000.0f};
    }
    if (ok)
        concepts_keep(all, n, v);
    free(all);
    return ok;
}

enum err_code grounds_read(const struct config *c, const json_t *json, struct grounds *ret_v,
                           struct err *e)
{
    const struct mandate *m = &c->mandate;
    struct codes secretariats = CODES(m->secretariats, m->secretariats_n);
    struct codes topics = CODES(m->topics, m->topics_n);
    struct codes facts = CODES(m->facts, m->facts_n);
    struct codes referrals = CODES(m->referrals, m->referrals_n);
    const json_t *party = json_object_get(json, "party");
    struct grounds v = {.preferred = code_index(
                            &secretariats, json_string_value(json_object_get(json, "preferred")))};

    party_make(NULL, NULL, v.party);
    if (!concepts_read(&c->terms, json_object_get(json, "concepts"), &v) ||
        !amounts_read(&topics, json_object_get(json, "topics"), v.topics) ||
        !amounts_read(&facts, json_object_get(json, "facts"), v.facts) ||
        !amounts_read(&secretariats, json_object_get(json, "named"), v.named) ||
        !amounts_read(&referrals, json_object_get(json, "outside"), v.outside) ||
        !says_read(&secretariats, json_object_get(json, "says"), v.says) ||
        !parties_read(&secretariats, json_object_get(party, "no"), PARTY_NO, v.party) ||
        !parties_read(&secretariats, json_object_get(party, "yes"), PARTY_YES, v.party) ||
        !flags_read(json_object_get(json, "flags"), &v))
        return err_set(e, ERR_VALIDATION, "not the grounds of a decision");
    *ret_v = v;
    return ERR_OK;
}
