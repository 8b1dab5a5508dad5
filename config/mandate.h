/* Who does what: secretariats, topics with base weights, addends for facts, referral targets.
 * Read from config/secretariats.csv, topics.csv, facts.csv, referrals.csv. A further
 * secretariat is one more row and column there, no code. Source: the overlap map of the
 * domain reference, sections 2 and 3. */
#ifndef CONFIG_MANDATE_H
#define CONFIG_MANDATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRETARIATS_MAX 16
#define TOPICS_MAX 64
#define FACTS_MAX 32
#define REFERRALS_MAX 48
#define FACT_RULES_MAX 128

enum { LANGUAGES_N = 6 };
/* ar en es fr ru zh, in this order everywhere an array is indexed by language. */
extern const char *const language_codes[LANGUAGES_N + 1]; /* ends with NULL */
int language_find(const char *code);                      /* -1: none */

enum party { PARTY_NO, PARTY_YES, PARTY_UNKNOWN };

struct secretariat {
    char code[12];
    char treaty[12];    /* key in parties.csv */
    bool enabled;       /* false: known, never routed to (bbnj) */
    bool list_complete; /* parties.csv names every Party: absent means no, else unknown */
    bool needs_site;    /* leads or supports only with a site, its own topics or when named (WHC) */
    bool emergency;     /* has an emergency channel for any topic */
    unsigned long long emergency_topics; /* bit a topic: emergency channel for these only */
    unsigned long long admits_topics;    /* bit a topic: helps non-Parties there (IWC) */
    unsigned long long own_topics;       /* bit a topic: counts as its own (WHC: HERITAGE_*) */
    int order;                           /* last tie-break, lowest first */
    char zone[32];                       /* IANA time zone */
};

struct topic {
    char code[24];
    int base[SECRETARIATS_MAX]; /* points, by index of the secretariat */
    bool restricted;            /* supporters see the header only, nobody is informed (rule 10) */
};

/* One addend of rule 2: when the fact holds, the secretariat gets the points, once. */
struct fact_rule {
    unsigned fact;
    unsigned secretariat;
    int points;
    int unless; /* fact that takes the points' place (wetland: site_ramsar), -1: none */
};

struct fact {
    char code[20]; /* "site_whc", "trade", ... */
};

struct referral {
    char code[32]; /* subject outside the eight: "climate"; words: message outside.<code> */
    char body[24]; /* short name of whom to turn to: "UNFCCC" */
};

struct mandate {
    struct secretariat secretariats[SECRETARIATS_MAX];
    struct topic topics[TOPICS_MAX];
    struct fact facts[FACTS_MAX];
    struct fact_rule rules[FACT_RULES_MAX];
    struct referral referrals[REFERRALS_MAX];
    size_t secretariats_n, topics_n, facts_n, rules_n, referrals_n;
};

/* Reads the four files in dir. m is filled only on success. ERR_CONFIG: "file:line: what". */
enum err_code mandate_load(const char *dir, struct mandate *m, struct err *e) ERR_CHECK;

/* Indices; -1: none. Codes are lower case except topics. */
int mandate_secretariat(const struct mandate *m, const char *code);
int mandate_topic(const struct mandate *m, const char *code);
int mandate_fact(const struct mandate *m, const char *code);
int mandate_referral(const struct mandate *m, const char *code);

#endif
