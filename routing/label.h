/* What people say is right for one request: who leads, who has a part. Decisions are judged by it
 * and weights learned from it. It may be known in parts only. */
#ifndef ROUTING_LABEL_H
#define ROUTING_LABEL_H

#include "config/mandate.h"

#include <jansson.h>

struct label {
    bool lead_known;
    int lead; /* where known; -1: none of ours */
    /* Bits, one a secretariat. */
    unsigned acceptable; /* may lead as well as the lead */
    unsigned not_lead;   /* said that it is not theirs */
    unsigned support;    /* have a part */
    unsigned no_support; /* have none; of those in neither set nobody has said */
};

/* The `gold` of a labelled text (tests/cases/routing): {lead: code or null, support: [codes],
 * acceptable_leads: [codes]}. ERR_VALIDATION: of another form, or a code is none. */
enum err_code label_read_gold(const struct mandate *m, const json_t *gold, struct label *ret_label,
                              struct err *e) ERR_CHECK;

/* One more lesson of the same request (protocol/lesson.h); what it says stands above what earlier
 * ones said. *l starts as {0}. Codes that m does not have say nothing. */
void label_add_lesson(const struct mandate *m, const json_t *lesson, struct label *l);

bool label_is_empty(const struct label *l);

enum verdict { VERDICT_UNKNOWN, VERDICT_WRONG, VERDICT_ACCEPTABLE, VERDICT_RIGHT };
/* lead -1: triage. */
enum verdict label_judge_lead(const struct label *l, int lead);
/* Who has a part beside that lead: where two may lead, they can change places. */
struct label label_beside(const struct label *l, int lead);

#endif
