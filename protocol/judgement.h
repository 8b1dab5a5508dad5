/* What a person said of a pair that the engine had listed or not: kept without any text, so that
 * the engine's precision can be measured. */
#ifndef PROTOCOL_JUDGEMENT_H
#define PROTOCOL_JUDGEMENT_H

#include "protocol/fault.h"
#include "protocol/record.h"

/* What the engine had said: the verdicts of `duplicates`, "related" for what it lists of other
 * countries, "none" for a pair that it has not listed. */
enum engine_verdict {
    ENGINE_NONE,
    ENGINE_RELATED,
    ENGINE_POSSIBLE,
    ENGINE_LIKELY,
    ENGINE_CERTAIN,
    ENGINE_VERDICTS_N
};
extern const char *const engine_words[]; /* ends with NULL */

struct judgement {
    char pair[2][ID_BYTES]; /* the smaller id first */
    enum engine_verdict engine;
    double probability; /* 0 when it was not listed */
    enum verdict verdict;
    char by[PRINCIPAL_TEXT_BYTES];
    int64_t at_ms;
};

/* a, b: their ids; a_inner, b_inner: their sealed parts, either may be NULL; the pair is listed
 * with the one decided later. */
void judgement_make(const char *a, const json_t *a_inner, const char *b, const json_t *b_inner,
                    enum verdict verdict, const struct principal *who, int64_t now_ms,
                    struct judgement *ret_judgement);

enum { JUDGEMENTS_MAX = 16 };
/* Who routes a held request by hand says that its listed pairs are no duplicates: those that
 * not_of names (ids, references), all when it is NULL; not those that are linked or merged, of
 * which something else was said. Returns how many; each name that is not listed is a fault at `at`.
 */
size_t judgement_of_route(const struct record *r, const json_t *inner, const json_t *not_of,
                          const struct principal *who, int64_t now_ms,
                          struct judgement ret_list[JUDGEMENTS_MAX], const char *at,
                          struct faults *faults);

#endif
