/* The routing engine: reference data compiled for reading texts. Pure: no I/O, no clock, no
 * store. One engine serves any number of threads as long as each has its own struct reading;
 * it is immutable once made.
 *
 *   draft --reading_new--> reading (terms, topics, facts, names) --decision_read--> decision
 *                             |
 *                             +--similar_find / similar_add --> hits, over all countries */
#ifndef ROUTING_ENGINE_H
#define ROUTING_ENGINE_H

#include "base/err.h"
#include "config/load.h"

enum { ENGINE_SECRET_BYTES = 16 };

struct engine;
struct lexicon;

/* c is borrowed and must outlive the engine. ERR_CONFIG: the data do not fit, or the lexicon is
 * damaged or made by another version. */
enum err_code engine_new(const struct config *c, struct engine **ret_engine,
                         struct err *e) ERR_CHECK;
void engine_free(struct engine *g);
/* What fingerprints of texts are keyed with; zeros unless set, before the engine is first used. */
void engine_set_secret(struct engine *g, const unsigned char secret[ENGINE_SECRET_BYTES]);
const struct config *engine_config(const struct engine *g);
/* NULL: the data folder has none. */
const struct lexicon *engine_lexicon(const struct engine *g);

/* A request's text and the structured members that routing looks at. All borrowed. */
struct draft {
    const char *country;       /* ISO 3166-1 alpha-3 */
    int language;              /* index, config/mandate.h */
    const char *title;         /* UTF-8 */
    const char *description;   /* UTF-8 */
    const char *const *themes; /* ends with NULL; NULL: none. Topic codes or free tags */
    bool emergency;
    int preferred;            /* secretariat index, -1: none */
    bool beyond_jurisdiction; /* stated in the form */
    bool restricted;          /* disclosure "restricted" */
};

#endif
