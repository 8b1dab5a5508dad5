/* What a decision rests on: numbers and codes, not a word of the text. On the same grounds the
 * same weights decide the same, so a decision can be made again with other weights long after the
 * text is out of reach:
 *
 *   draft --reading_new--> reading --grounds_make--> grounds --decision_make--> decision
 *
 * Every amount is a whole number of thousandths, so that JSON keeps it exactly. */
#ifndef ROUTING_GROUNDS_H
#define ROUTING_GROUNDS_H

#include "routing/reading.h"

#include <jansson.h>

enum { GROUNDS_CONCEPTS_MAX = 96 }; /* the weightiest are kept */

struct grounds {
    /* What is spoken of, and how much; by concept. */
    struct grounds_concept {
        uint32_t concept; /* index of config/term.h */
        float amount;
    } concepts[GROUNDS_CONCEPTS_MAX];
    size_t concepts_n;
    /* Sums of what the text says, 0: nothing. By index of config/mandate.h. */
    double topics[TOPICS_MAX];
    double facts[FACTS_MAX];
    double named[SECRETARIATS_MAX];
    double outside[REFERRALS_MAX];
    /* says[a][b]: of those sentences after the opening that say more for a than for b, how much
     * more. */
    double says[SECRETARIATS_MAX][SECRETARIATS_MAX];
    enum party party[SECRETARIATS_MAX]; /* the country's, when this was made */
    int preferred;                      /* secretariat, -1: none */
    bool emergency;
    bool restricted; /* disclosure "restricted" */
    bool traded;     /* names a species of the CITES Appendices */
};

/* d is the draft that r was read from. */
void grounds_make(const struct engine *g, const struct reading *r, const struct draft *d,
                  struct grounds *ret_v);

/* New reference: {ruleset, concepts: {name: thousandths}, topics, facts, named, outside: {code:
 * thousandths}, says: {code: {code: thousandths}}, party: {no, yes: [codes]}, preferred,
 * flags: [words]}, without what is 0, unknown or none. ruleset: by which the text was read. */
json_t *grounds_json(const struct config *c, const struct grounds *v)
    __attribute__((returns_nonnull));
/* The reverse. Codes and names that c does not have are left out: no longer routed by.
 * ERR_VALIDATION: of another form, ret_v is untouched. */
enum err_code grounds_read(const struct config *c, const json_t *json, struct grounds *ret_v,
                           struct err *e) ERR_CHECK;

#endif
