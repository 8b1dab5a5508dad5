/* The rules of the domain reference, section 3.2, one function each, in their order:
 *
 *   score (1, 2) -> sort (5) -> lead (3, 6) -> supporters and informed (4, 10)
 *
 * Language and arrears never enter (7, 8); every addend leaves a reason (9). */
#include "routing/rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAMED_POINTS = 60,     /* the instrument itself is what is asked about */
    PREFERRED_POINTS = 10, /* the country asks for this secretariat: a hint only */
    SECONDARY_PART = 2     /* a secondary topic counts half, rounded down */
};

static bool has_bit(unsigned long long bits, int i)
{
    return i >= 0 && i < 64 && (bits >> i & 1) != 0;
}

static void rule_add(struct rule_candidate *c, const char *factor, int points, int subject)
{
    struct rule_reason *r;

    if (points == 0)
        return;
    c->score += points;
    if (c->reasons_n == RULE_REASONS_MAX)
        return;
    r = &c->reasons[c->reasons_n++];
    snprintf(r->factor, sizeof r->factor, "%s", factor);
    r->points = points;
    r->subject = subject;
}

/* Rules 1 and 2. */
static void rule_score(const struct mandate *m, const struct rule_facts *f,
                       struct rule_candidate *c)
{
    int s = c->secretariat;

    if (f->main_topic >= 0)
        rule_add(c, "base_main", m->topics[f->main_topic].base[s], f->main_topic);
    for (size_t i = 0; i < 2; i++)
        if (f->secondary[i] >= 0)
            rule_add(c, "base_secondary", m->topics[f->secondary[i]].base[s] / SECONDARY_PART,
                     f->secondary[i]);
    for (size_t i = 0; i < m->rules_n; i++) {
        const struct fact_rule *r = &m->rules[i];
        if (r->secretariat == (unsigned)s && has_bit(f->facts, (int)r->fact) &&
            !has_bit(f->facts, r->unless))
            rule_add(c, m->facts[r->fact].code, r->points, (int)r->fact);
    }
    if (has_bit(f->named, s))
        rule_add(c, "named", NAMED_POINTS, -1);
    if (f->preferred == s)
        rule_add(c, "preference", PREFERRED_POINTS, -1);
}

/* Has an emergency channel for what is asked (rule 5). */
static bool rule_rushes(const struct mandate *m, const struct rule_facts *f, int s)
{
    return m->secretariats[s].emergency ||
           has_bit(m->secretariats[s].emergency_topics, f->main_topic);
}

/* What the comparison needs besides the two candidates. */
struct rule_order {
    const struct mandate *m;
    const struct rule_facts *f;
};

/* Rule 5, best first. */
static int rule_compare(const void *a, const void *b, void *arg)
{
    const struct rule_order *o = arg;
    int x = ((const struct rule_candidate *)a)->secretariat;
    int y = ((const struct rule_candidate *)b)->secretariat;
    int by_score =
        ((const struct rule_candidate *)b)->score - ((const struct rule_candidate *)a)->score;

    if (by_score != 0)
        return by_score;
    if (o->f->main_topic >= 0) {
        const int *base = o->m->topics[o->f->main_topic].base;
        if (base[x] != base[y])
            return base[y] - base[x];
    }
    if (o->f->emergency && rule_rushes(o->m, o->f, x) != rule_rushes(o->m, o->f, y))
        return rule_rushes(o->m, o->f, x) ? -1 : 1;
    if (o->f->open_leads[x] != o->f->open_leads[y])
        return o->f->open_leads[x] < o->f->open_leads[y] ? -1 : 1;
    return o->m->secretariats[x].order - o->m->secretariats[y].order;
}

/* Rule 3, second half: some secretariats (WHC) act only on a site of theirs, one of their own
 * topics, or when named. A site of theirs is any fact that speaks for them by name. */
static bool rule_may_act(const struct mandate *m, const struct rule_facts *f, int s)
{
    const struct secretariat *sec = &m->secretariats[s];

    if (!sec->needs_site || has_bit(f->named, s))
        return true;
    if (has_bit(sec->own_topics, f->main_topic) || has_bit(sec->own_topics, f->secondary[0]) ||
        has_bit(sec->own_topics, f->secondary[1]))
        return true;
    for (size_t i = 0; i < m->rules_n; i++)
        if (m->rules[i].secretariat == (unsigned)s && has_bit(f->facts, (int)m->rules[i].fact) &&
            strncmp(m->facts[m->rules[i].fact].code, "site_", 5) == 0)
            return true;
    return false;
}

static bool rule_is_restricted(const struct mandate *m, const struct rule_facts *f)
{
    int topics[3] = {f->main_topic, f->secondary[0], f->secondary[1]};

    for (size_t i = 0; i < 3; i++)
        if (topics[i] >= 0 && m->topics[topics[i]].restricted)
            return true;
    return f->restricted;
}

/* Rule 4: helps non-Parties too where this is the main topic. */
static bool rule_admits(const struct mandate *m, const struct rule_facts *f, int s)
{
    return has_bit(m->secretariats[s].admits_topics, f->main_topic);
}

/* The best with enough points that may act; non-Parties only where they are admitted. */
static int rule_best(const struct mandate *m, const struct rule_facts *f, struct rule_outcome *o,
                     bool admitted)
{
    for (size_t i = 0; i < o->candidates_n; i++) {
        struct rule_candidate *c = &o->candidates[i];
        if (c->score >= RULE_LEAD_MIN && rule_may_act(m, f, c->secretariat) &&
            (c->eligible != PARTY_NO || (admitted && rule_admits(m, f, c->secretariat)))) {
            c->role = RULE_LEAD;
            return c->secretariat;
        }
    }
    return -1;
}

/* Rules 3 and 6: a Party's secretariat leads, however few its points; who admits non-Parties leads
 * only where no such secretariat can, so that a stranded whale is not left to triage. */
static int rule_choose_lead(const struct mandate *m, const struct rule_facts *f,
                            struct rule_outcome *o)
{
    int lead = rule_best(m, f, o, false);

    return lead >= 0 ? lead : rule_best(m, f, o, true);
}

/* Rules 4 and 10. */
static void rule_share(const struct mandate *m, const struct rule_facts *f, struct rule_outcome *o)
{
    bool restricted = rule_is_restricted(m, f);
    size_t support_n = 0;

    for (size_t i = 0; i < o->candidates_n; i++) {
        struct rule_candidate *c = &o->candidates[i];
        if (c->role == RULE_LEAD || (c->eligible == PARTY_NO && !rule_admits(m, f, c->secretariat)))
            continue;
        if (c->score >= RULE_SUPPORT_MIN && support_n < RULE_SUPPORT_MAX &&
            rule_may_act(m, f, c->secretariat)) {
            c->role = RULE_SUPPORT;
            support_n++;
        } else if (c->score >= RULE_INFORM_MIN && !restricted) {
            c->role = RULE_INFORMED;
        }
    }
}

void rule_apply(const struct mandate *m, const struct rule_facts *f, struct rule_outcome *ret_o)
{
    struct rule_order order = {m, f};
    struct rule_outcome *o = ret_o;

    memset(o, 0, sizeof *o);
    for (size_t s = 0; s < m->secretariats_n; s++) {
        struct rule_candidate *c = &o->candidates[o->candidates_n];
        if (!m->secretariats[s].enabled)
            continue;
        memset(c, 0, sizeof *c);
        c->secretariat = (int)s;
        c->eligible = f->party ? f->party[s] : PARTY_UNKNOWN;
        rule_score(m, f, c);
        if (c->score > 0)
            o->candidates_n++;
    }
    qsort_r(o->candidates, o->candidates_n, sizeof o->candidates[0], rule_compare, &order);
    o->lead = rule_choose_lead(m, f, o);
    rule_share(m, f, o);
}
