/* `liaison assess`: routes drafts one after the other and looks for duplicates among those that
 * came before, without server and store (contract section 6). */
#ifndef ROUTING_ASSESS_H
#define ROUTING_ASSESS_H

#include "routing/engine.h"

#include <jansson.h>

struct assess; /* opaque: the requests seen so far, by country */

/* g is borrowed and must outlive it. language: in which results explain themselves (index,
 * config/mandate.h); -1: in each line's own. */
struct assess *assess_new(const struct engine *g, int language) __attribute__((returns_nonnull));
void assess_free(struct assess *a);

/* line: {id, country, language, title, description} and optionally themes, urgency,
 * preferred_secretariat, beyond_jurisdiction. ret_result, new reference:
 * {id, lead, support, duplicate_of, confidence, text, reasons, supporters, duplicates}: reasons are
 * the lead's, or why nobody leads; supporters are candidates as in `routing`; each has its `text`.
 * The line is then one of those that came before. ERR_VALIDATION: a member is
 * missing or wrong, nothing is kept. */
enum err_code assess_one(struct assess *a, const json_t *line, json_t **ret_result,
                         struct err *e) ERR_CHECK;

/* What the judgement of each pair with an earlier line of the country rests on, for
 * script/learn-pairs, new reference: {id, pairs: [{id, probability, verdict, evidence}]}, the
 * likeliest first. The line is then one of those that came before. */
enum err_code assess_pairs(struct assess *a, const json_t *line, json_t **ret_result,
                           struct err *e) ERR_CHECK;

/* What the decision on such a line rests on, for developers, new reference; duplicates are not
 * looked for, nothing is kept. See routing/inputs.h. */
enum err_code assess_inputs(const struct assess *a, const json_t *line, json_t **ret_inputs,
                            struct err *e) ERR_CHECK;

#endif
