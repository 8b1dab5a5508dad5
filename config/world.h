/* Facts about the world: countries with their treaty memberships, sites, species.
 * Read from config/countries.csv, parties.csv, sites.csv, species.csv (config/SOURCES.md). */
#ifndef CONFIG_WORLD_H
#define CONFIG_WORLD_H

#include "base/err.h"
#include "config/mandate.h"

struct country {
    char iso3[4];
    char region[16];          /* of the United Nations (M49): "africa"; "": not said */
    char *names[LANGUAGES_N]; /* owned */
    bool ldc, lldc, sids;
    enum party party[SECRETARIATS_MAX];
};

enum site_kind { SITE_WHC, SITE_RAMSAR, SITE_TENTATIVE };

struct site {
    char iso3[4];
    enum site_kind kind;
    char id[12];
    char *name; /* owned */
};

struct species {
    char *scientific;           /* owned */
    char *names[LANGUAGES_N];   /* owned; common names parted by ';', may be "" */
    bool cetacean, large_whale; /* large_whale only if cetacean */
    bool cites, cms, plant_pest, crop;
};

struct world {
    struct country *countries; /* sorted by iso3 */
    struct site *sites;        /* sorted by iso3 */
    struct species *species;
    size_t countries_n, sites_n, species_n;
};

/* ERR_CONFIG: "file:line: what"; w is filled only on success. */
enum err_code world_load(const char *dir, const struct mandate *m, struct world *w,
                         struct err *e) ERR_CHECK;
void world_clear(struct world *w);

/* NULL: no such country. Borrowed from w. */
const struct country *world_country(const struct world *w, const char *iso3);

#endif
