/* Evidence words: concepts with their words in six languages and what they speak for.
 * Read from config/terms/<any name>.csv: concept,evidence,ar,en,es,fr,ru,zh.
 *
 *   tidal_marsh,WETLAND_CHARACTER:4;fact.wetland:6,..,tidal marsh;salt marsh,..
 *
 * evidence: `;`-separated target:weight, weight -9..9 (9 alone nearly proves the target).
 * Targets: TOPIC, fact.NAME, named.SECRETARIAT, outside.REFERRAL, ask.KIND, deny.SIDE (words
 * that deny what stands there), aside.AFTER (words after which something is asked besides); the
 * weights of these two have no meaning. Empty: pure vocabulary, which only lets two languages
 * meet. */
#ifndef CONFIG_TERM_H
#define CONFIG_TERM_H

#include "base/err.h"
#include "config/mandate.h"

#include <stdint.h>

enum target_kind {
    TARGET_TOPIC,
    TARGET_FACT,
    TARGET_NAMED,
    TARGET_OUTSIDE,
    TARGET_ASK,
    TARGET_DENY,
    TARGET_ASIDE
};

/* ADVICE TRAINING MISSION LEGAL DATA_TOOLS MATCHMAKING FUNDING EQUIPMENT COORDINATION VERB */
enum { ASK_KINDS_N = 10 };
extern const char *const ask_kinds[ASK_KINDS_N + 1];

/* "is not the issue" denies what stands before it, "we do not ask for" what stands after. */
enum deny_side { DENY_BEFORE, DENY_AFTER, DENY_SIDES_N };

struct evidence {
    enum target_kind kind;
    unsigned target; /* index into the mandate's table of that kind, ask_kinds or deny_side; 0 of an
                        aside */
    int weight;
};

struct concept {
    char *name; /* owned */
    struct evidence evidence[8];
    size_t evidence_n;
    char **terms[LANGUAGES_N]; /* owned, each list ends with NULL */
};

struct terms {
    struct concept *concepts; /* owned; in order of file name, then line */
    size_t concepts_n;
    uint32_t *by_name; /* owned; indices of concepts in the order of their names */
};

enum err_code terms_load(const char *dir, const struct mandate *m, struct terms *t,
                         struct err *e) ERR_CHECK;
void terms_clear(struct terms *t);
/* Index of the concept of that name, -1: none. */
int terms_concept(const struct terms *t, const char *name);

#endif
