/* The mandate rules (domain reference 3.2) on facts that are already known: pure arithmetic
 * with a reason for each point. Texts come in through decision.h. */
#ifndef ROUTING_RULE_H
#define ROUTING_RULE_H

#include "config/mandate.h"

enum {
    RULE_REASONS_MAX = 12,
    RULE_SUPPORT_MAX = 4,
    RULE_BASE_LEAD = 60, /* base of a topic's usual lead */
    RULE_LEAD_MIN = 40,
    RULE_SUPPORT_MIN = 25,
    RULE_INFORM_MIN = 10
};

struct rule_facts {
    const enum party *party;  /* borrowed, by secretariat; NULL: unknown everywhere */
    int main_topic;           /* -1: none found */
    int secondary[2];         /* -1: none */
    unsigned long long facts; /* bit a fact, config/mandate.h */
    unsigned named;           /* bit a secretariat: its instrument is what is asked about */
    int preferred;            /* -1: none */
    bool emergency;
    bool restricted;                       /* disclosure "restricted" */
    unsigned open_leads[SECRETARIATS_MAX]; /* tie-break; all 0 where not known */
};

struct rule_reason {
    char factor[20]; /* base_main base_secondary named preference <fact>; explanation.h */
    int points;
    int subject;        /* topic for base_*, fact for facts, else -1 */
    char evidence[240]; /* words of the text, "" when there are none; filled by quote.c */
    bool by_name;       /* evidence names what the fact is about; else words that speak for it */
};

enum rule_role { RULE_NONE, RULE_LEAD, RULE_SUPPORT, RULE_INFORMED };

struct rule_candidate {
    int secretariat;
    int score;
    enum party eligible;
    enum rule_role role;
    struct rule_reason reasons[RULE_REASONS_MAX];
    size_t reasons_n;
};

struct rule_outcome {
    int lead;                                           /* secretariat, -1: manual route */
    struct rule_candidate candidates[SECRETARIATS_MAX]; /* best first; score > 0 only */
    size_t candidates_n;
};

void rule_apply(const struct mandate *m, const struct rule_facts *f, struct rule_outcome *ret_o);

#endif
