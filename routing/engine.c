#include "routing/engine_inside.h"

#include "config/csv.h"

#include <stdlib.h>
#include <string.h>

enum {
    ABBREVIATION_LETTERS_MAX = 5 /* "CMS", "CITES": written in capitals or not meant */
};

/* One word in capitals is an abbreviation: "WH" must not match "wh", nor "PIC" a peak. One
 * word with a capital is a name: "Manis" must not match "many", which has its stem. */
static enum match_need term_need(const struct text *t)
{
    if (t->tokens_n != 1 || !(t->tokens[0].flags & TOKEN_UPPER))
        return MATCH_ANY;
    return (t->tokens[0].flags & TOKEN_CAPITALS) && t->tokens[0].letters <= ABBREVIATION_LETTERS_MAX
               ? MATCH_CAPITALS
               : MATCH_UPPER;
}

static void engine_add_concept(struct engine *g, size_t index, int language)
{
    char **terms = g->config->terms.concepts[index].terms[language];

    for (size_t i = 0; terms && terms[i]; i++) {
        struct text t;
        text_read(terms[i], language, &t);
        matcher_add(g->matchers[language], &t, term_need(&t), PAYLOAD(FOUND_CONCEPT, index));
        text_clear(&t);
    }
}

/* A name has a capital where the script has capitals. */
static void engine_add_name(struct engine *g, const char *name, int language, uint32_t payload)
{
    struct text t;

    if (!name || !*name)
        return;
    text_read(name, language, &t);
    matcher_add(g->matchers[language], &t,
                t.tokens_n > 0 && (t.tokens[0].flags & TOKEN_UPPER) ? MATCH_UPPER : MATCH_ANY,
                payload);
    text_clear(&t);
}

/* Its words stay unknown to matcher_knows: "Komodo dragon" must not take the name from Komodo
 * National Park. */
static void engine_add_species_name(struct engine *g, const char *name, int language,
                                    enum match_need need, size_t index)
{
    struct text t;

    text_read(name, language, &t);
    matcher_add_name(g->matchers[language], &t, need, PAYLOAD(FOUND_SPECIES, index));
    text_clear(&t);
}

/* The scientific name in every language, common names in their own. */
static void engine_add_species(struct engine *g, size_t index, int language)
{
    const struct species *s = &g->config->world.species[index];
    const char *rest = s->names[language];
    const char *part;
    size_t bytes;

    engine_add_species_name(g, s->scientific, language, MATCH_UPPER, index);
    while (csv_part(&rest, &part, &bytes)) {
        char *name = mem_text_n(part, bytes);
        if (!strpbrk(name, ",(")) /* "Hawks, eagles and vultures" is a heading, no name */
            engine_add_species_name(g, name, language, MATCH_ANY, index);
        free(name);
    }
}

enum err_code engine_new(const struct config *c, struct engine **ret_engine, struct err *e)
{
    struct engine *g;
    struct lexicon *lexicon = NULL;
    enum err_code rc;

    if (c->terms.concepts_n > UINT16_MAX || c->world.species_n > UINT16_MAX)
        return err_set(e, ERR_CONFIG, "more than %d concepts or species", UINT16_MAX);
    if (c->lexicon.bytes > 0 &&
        (rc = lexicon_open(c->lexicon.text, c->lexicon.bytes, &lexicon, e)) != ERR_OK)
        return rc;
    g = mem_new(1, sizeof *g);
    g->lexicon = lexicon;
    g->config = c;
    for (int l = 0; l < LANGUAGES_N; l++) {
        g->matchers[l] = matcher_new();
        for (size_t i = 0; i < c->terms.concepts_n; i++)
            engine_add_concept(g, i, l);
        for (size_t i = 0; i < c->world.countries_n; i++)
            engine_add_name(g, c->world.countries[i].names[l], l, PAYLOAD(FOUND_COUNTRY, i));
        for (size_t i = 0; i < c->world.species_n; i++)
            engine_add_species(g, i, l);
        matcher_finish(g->matchers[l]);
    }
    g->places = places_new(&c->world, g->matchers[language_find("en")]);
    g->asides = asides_new(&c->terms);
    *ret_engine = g;
    return ERR_OK;
}

void engine_free(struct engine *g)
{
    if (!g)
        return;
    for (size_t l = 0; l < LANGUAGES_N; l++)
        matcher_free(g->matchers[l]);
    places_free(g->places);
    asides_free(g->asides);
    lexicon_close(g->lexicon);
    free(g);
}

void engine_set_secret(struct engine *g, const unsigned char secret[ENGINE_SECRET_BYTES])
{
    memcpy(g->secret, secret, ENGINE_SECRET_BYTES);
}

const struct config *engine_config(const struct engine *g)
{
    return g->config;
}

const struct lexicon *engine_lexicon(const struct engine *g)
{
    return g->lexicon;
}
