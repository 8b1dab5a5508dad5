#include "config/world.h"

#include "config/csv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    const struct mandate *mandate; /* borrowed */
    struct world world;
};

/* Space for element n of a growing array: it doubles whenever n is a power of two. */
static void *one_more(void *array, size_t n, size_t element_bytes)
{
    return (n & (n - 1)) == 0 ? mem_grow(array, n ? n * 2 : 1, element_bytes) : array;
}

static void region_read(const struct csv *row, char *out, size_t out_bytes)
{
    const char *cell = csv_cell(row, "un_region");

    snprintf(out, out_bytes, "%s", cell ? cell : "");
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

/* countries.csv: ascending, which finds doubles and lets world_country search by halves. */
static enum err_code country_read(const struct world *w, const struct csv *row, struct country *c,
                                  struct err *e)
{
    enum err_code rc;

    if ((rc = csv_copy(row, "iso3", c->iso3, sizeof c->iso3, e)) ||
        (rc = csv_flag(row, "ldc", &c->ldc, e)) || (rc = csv_flag(row, "lldc", &c->lldc, e)) ||
        (rc = csv_flag(row, "sids", &c->sids, e)))
        return rc;
    region_read(row, c->region, sizeof c->region);
    if (strspn(c->iso3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return csv_fault(row, e, "iso3 \"%s\" is not three capital letters", c->iso3);
    if (w->countries_n && strcmp(w->countries[w->countries_n - 1].iso3, c->iso3) >= 0)
        return csv_fault(row, e, "iso3 %s twice or not in ascending order", c->iso3);
    return ERR_OK;
}

static enum err_code country_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    struct world *w = &l->world;
    const char *names[LANGUAGES_N];
    struct country c = {0};
    enum err_code rc = country_read(w, row, &c, e);

    for (int i = 0; rc == ERR_OK && i < LANGUAGES_N; i++) {
        char column[8];

        snprintf(column, sizeof column, "name_%s", language_codes[i]);
        rc = csv_require(row, column, &names[i], e);
    }
    if (rc != ERR_OK)
        return rc;
    for (int i = 0; i < LANGUAGES_N; i++)
        c.names[i] = mem_text(names[i]);
    for (size_t i = 0; i < l->mandate->secretariats_n; i++)
        c.party[i] = l->mandate->secretariats[i].list_complete ? PARTY_NO : PARTY_UNKNOWN;
    w->countries = one_more(w->countries, w->countries_n, sizeof c);
    w->countries[w->countries_n++] = c;
    return ERR_OK;
}

static int by_iso3(const void *key, const void *country)
{
    return strcmp(key, ((const struct country *)country)->iso3);
}

static struct country *country_find(const struct world *w, const char *iso3)
{
    return w->countries_n
               ? bsearch(iso3, w->countries, w->countries_n, sizeof *w->countries, by_iso3)
               : NULL;
}

const struct country *world_country(const struct world *w, const char *iso3)
{
    return country_find(w, iso3);
}

/* The country that a row of another file names; NULL with e filled when there is none. */
static struct country *known_country(const struct world *w, const struct csv *row, struct err *e)
{
    const char *iso3 = NULL;
    struct country *c;

    if (csv_require(row, "iso3", &iso3, e) != ERR_OK)
        return NULL;
    c = country_find(w, iso3);
    if (!c)
        csv_fault(row, e, "iso3 \"%.20s\" is not in countries.csv", iso3);
    return c;
}

/* parties.csv: also has treaties that no secretariat stands for (nagoya); those are passed over. */
static enum err_code party_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    struct country *c = known_country(&l->world, row, e);
    const char *treaty = NULL;

    if (!c || csv_require(row, "treaty", &treaty, e) != ERR_OK)
        return ERR_CONFIG;
    for (size_t i = 0; i < l->mandate->secretariats_n; i++) {
        if (strcmp(l->mandate->secretariats[i].treaty, treaty) != 0)
            continue;
        if (c->party[i] == PARTY_YES)
            return csv_fault(row, e, "%s is a Party to %s twice", c->iso3, treaty);
        c->party[i] = PARTY_YES;
    }
    return ERR_OK;
}

/* sites.csv: grouped by country in ascending order. */
static enum err_code site_order_check(const struct world *w, const struct csv *row,
                                      const struct site *s, struct err *e)
{
    if (w->sites_n && strcmp(w->sites[w->sites_n - 1].iso3, s->iso3) > 0)
        return csv_fault(row, e, "iso3 %s not in ascending order", s->iso3);
    for (size_t i = w->sites_n; i-- && !strcmp(w->sites[i].iso3, s->iso3);)
        if (w->sites[i].kind == s->kind && !strcmp(w->sites[i].id, s->id))
            return csv_fault(row, e, "site %s of %s twice", s->id, s->iso3);
    return ERR_OK;
}

static enum err_code site_row(void *arg, const struct csv *row, struct err *e)
{
    static const char *const kinds[] = {
        [SITE_WHC] = "whc", [SITE_RAMSAR] = "ramsar", [SITE_TENTATIVE] = "tentative", NULL};
    struct loader *l = arg;
    struct world *w = &l->world;
    const struct country *c = known_country(w, row, e);
    struct site s = {0};
    const char *name = NULL;
    int kind = 0;
    enum err_code rc;

    if (!c)
        return ERR_CONFIG;
    if ((rc = csv_word(row, "kind", kinds, &kind, e)) ||
        (rc = csv_copy(row, "id", s.id, sizeof s.id, e)) ||
        (rc = csv_require(row, "name", &name, e)))
        return rc;
    memcpy(s.iso3, c->iso3, sizeof s.iso3);
    s.kind = (enum site_kind)kind;
    if ((rc = site_order_check(w, row, &s, e)))
        return rc;
    s.name = mem_text(name);
    w->sites = one_more(w->sites, w->sites_n, sizeof s);
    w->sites[w->sites_n++] = s;
    return ERR_OK;
}

/* species.csv, columns cites and cms: the Appendix, empty when not listed. */
static enum err_code appendix_read(const struct csv *row, const char *column, bool *ret_listed,
                                   struct err *e)
{
    const char *cell = csv_cell(row, column);

    if (!cell)
        return csv_fault(row, e, "no column %s", column);
    if (cell[strspn(cell, "I;")])
        return csv_fault(row, e, "%s \"%.20s\" is not an Appendix", column, cell);
    *ret_listed = *cell != '\0';
    return ERR_OK;
}

/* A language without a name in use has an empty cell, but it has its column. */
static enum err_code species_names(const struct csv *row, const char *names[LANGUAGES_N],
                                   struct err *e)
{
    static const char *const columns[LANGUAGES_N] = {"name_ar", "common_name_en", "name_es",
                                                     "name_fr", "name_ru",        "name_zh"};

    for (int i = 0; i < LANGUAGES_N; i++) {
        const char *rest = csv_cell(row, columns[i]);
        const char *part;
        size_t bytes;

        if (!rest)
            return csv_fault(row, e, "no column %s", columns[i]);
        names[i] = rest;
        while (csv_part(&rest, &part, &bytes))
            if (!bytes)
                return csv_fault(row, e, "%s: empty name", columns[i]);
    }
    return ERR_OK;
}

static enum err_code species_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    struct world *w = &l->world;
    struct species s = {0};
    const char *scientific = NULL;
    const char *names[LANGUAGES_N];
    enum err_code rc;

    if ((rc = csv_require(row, "scientific_name", &scientific, e)) ||
        (rc = species_names(row, names, e)) || (rc = csv_flag(row, "iwc", &s.cetacean, e)) ||
        (rc = csv_flag(row, "large_whale", &s.large_whale, e)) ||
        (rc = appendix_read(row, "cites", &s.cites, e)) ||
        (rc = appendix_read(row, "cms", &s.cms, e)) ||
        (rc = csv_flag(row, "plant_pest", &s.plant_pest, e)) ||
        (rc = csv_flag(row, "annex1_crop", &s.crop, e)))
        return rc;
    if (s.large_whale && !s.cetacean)
        return csv_fault(row, e, "a large whale that is no cetacean");
    if (w->species_n && strcmp(w->species[w->species_n - 1].scientific, scientific) >= 0)
        return csv_fault(row, e, "\"%.60s\" twice or not in ascending order", scientific);
    s.scientific = mem_text(scientific);
    for (int i = 0; i < LANGUAGES_N; i++)
        s.names[i] = mem_text(names[i]);
    w->species = one_more(w->species, w->species_n, sizeof s);
    w->species[w->species_n++] = s;
    return ERR_OK;
}

/* A mistyped treaty would make every country a non-Party without a word. */
static enum err_code treaties_check(const struct loader *l, struct err *e)
{
    for (size_t i = 0; i < l->mandate->secretariats_n; i++) {
        const struct secretariat *s = &l->mandate->secretariats[i];
        size_t parties_n = 0;

        for (size_t c = 0; c < l->world.countries_n; c++)
            parties_n += l->world.countries[c].party[i] == PARTY_YES;
        if (s->list_complete && parties_n == 0)
            return err_set(e, ERR_CONFIG,
                           "parties.csv has no row for %s, though secretariats.csv calls its list "
                           "complete for %s",
                           s->treaty, s->code);
    }
    return ERR_OK;
}

enum err_code world_load(const char *dir, const struct mandate *m, struct world *w, struct err *e)
{
    static const struct {
        const char *name;
        csv_row_fn row;
    } files[] = {
        {"countries.csv", country_row},
        {"parties.csv",   party_row  },
        {"sites.csv",     site_row   },
        {"species.csv",   species_row},
    };
    struct loader l = {.mandate = m};
    enum err_code rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < sizeof files / sizeof files[0]; i++)
        rc = csv_read_in(dir, files[i].name, files[i].row, &l, e);
    if (rc == ERR_OK)
        rc = treaties_check(&l, e);
    if (rc == ERR_OK)
        *w = l.world;
    else
        world_clear(&l.world);
    return rc;
}

void world_clear(struct world *w)
{
    for (size_t i = 0; i < w->countries_n; i++)
        for (int language = 0; language < LANGUAGES_N; language++)
            free(w->countries[i].names[language]);
    for (size_t i = 0; i < w->sites_n; i++)
        free(w->sites[i].name);
    for (size_t i = 0; i < w->species_n; i++) {
        free(w->species[i].scientific);
        for (int language = 0; language < LANGUAGES_N; language++)
            free(w->species[i].names[language]);
    }
    free(w->countries);
    free(w->sites);
    free(w->species);
    *w = (struct world){0};
}
