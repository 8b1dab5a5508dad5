#include "routing/label.h"

#include <string.h>

static const unsigned everybody = (1U << SECRETARIATS_MAX) - 1;

static unsigned bit_of(int secretariat)
{
    return secretariat >= 0 ? 1U << secretariat : 0;
}

/* -1: the member is missing or no secretariat. */
static int secretariat_of(const struct mandate *m, const json_t *doc, const char *member)
{
    const char *code = json_string_value(json_object_get(doc, member));

    return code ? mandate_secretariat(m, code) : -1;
}

/* False when one of the codes is none; the others are in the set. */
static bool set_read(const struct mandate *m, const json_t *codes, unsigned *ret_set)
{
    unsigned set = 0;
    bool good = true;
    const json_t *code;
    size_t i;

    json_array_foreach (codes, i, code) {
        int s = json_is_string(code) ? mandate_secretariat(m, json_string_value(code)) : -1;

        good = good && s >= 0;
        set |= bit_of(s);
    }
    *ret_set = set;
    return good;
}

enum err_code label_read_gold(const struct mandate *m, const json_t *gold, struct label *ret_label,
                              struct err *e)
{
    const json_t *lead = json_object_get(gold, "lead");
    struct label l = {.lead_known = true, .lead = secretariat_of(m, gold, "lead")};

    if (!lead || (l.lead < 0 && !json_is_null(lead)))
        return err_set(e, ERR_VALIDATION, "gold.lead is neither a secretariat nor null");
    if (!json_is_array(json_object_get(gold, "support")) ||
        !set_read(m, json_object_get(gold, "support"), &l.support) ||
        !set_read(m, json_object_get(gold, "acceptable_leads"), &l.acceptable))
        return err_set(e, ERR_VALIDATION,
                       "gold.support and gold.acceptable_leads are not lists of secretariats");
    l.no_support = everybody & ~l.support;
    *ret_label = l;
    return ERR_OK;
}

/* --- from lessons -------------------------------------------------------------------- */

static void now_leads(struct label *l, int lead)
{
    l->lead_known = true;
    l->lead = lead;
    l->not_lead &= ~bit_of(lead);
    l->support &= ~bit_of(lead);
}

static void gives_up_lead(const struct mandate *m, const json_t *lesson, int by, struct label *l)
{
    const char *reason = json_string_value(json_object_get(lesson, "reason"));
    int better = secretariat_of(m, lesson, "better");

    if (l->lead_known && l->lead == by)
        l->lead_known = false;
    l->not_lead |= bit_of(by);
    if (reason && strcmp(reason, "out_of_mandate") == 0) {
        l->support &= ~bit_of(by);
        l->no_support |= bit_of(by);
    }
    if (better >= 0 && better != by)
        now_leads(l, better);
}

static void set_by_hand(int lead, unsigned support, struct label *l)
{
    *l = (struct label){.lead_known = true,
                        .lead = lead,
                        .support = support & ~bit_of(lead),
                        .no_support = everybody & ~(support | bit_of(lead))};
}

void label_add_lesson(const struct mandate *m, const json_t *lesson, struct label *l)
{
    const char *action = json_string_value(json_object_get(lesson, "action"));
    const char *role = json_string_value(json_object_get(lesson, "role"));
    int by = secretariat_of(m, lesson, "by"), lead = secretariat_of(m, lesson, "lead");
    bool as_lead = role && strcmp(role, "lead") == 0;
    unsigned support = 0;

    if (!action)
        return;
    if (!json_object_get(lesson, "by")) { /* the coordinator */
        if (strcmp(action, "route") != 0) {
            set_by_hand(-1, 0, l);
        } else if (lead >= 0) {
            (void)set_read(m, json_object_get(lesson, "support"), &support);
            set_by_hand(lead, support, l);
        }
    } else if (by < 0) {
        return;
    } else if (strcmp(action, "claim") == 0 && as_lead) {
        now_leads(l, by);
    } else if (strcmp(action, "claim") == 0) {
        l->support |= bit_of(by);
        l->no_support &= ~bit_of(by);
    } else if (as_lead) {
        gives_up_lead(m, lesson, by, l);
    } else {
        l->support &= ~bit_of(by);
        l->no_support |= bit_of(by);
    }
}

/* --- judging ------------------------------------------------------------------------- */

bool label_is_empty(const struct label *l)
{
    return !l->lead_known && !l->not_lead && !l->support && !l->no_support;
}

enum verdict label_judge_lead(const struct label *l, int lead)
{
    if (!l->lead_known)
        return l->not_lead & bit_of(lead) ? VERDICT_WRONG : VERDICT_UNKNOWN;
    if (lead == l->lead)
        return VERDICT_RIGHT;
    return l->acceptable & bit_of(lead) ? VERDICT_ACCEPTABLE : VERDICT_WRONG;
}

struct label label_beside(const struct label *l, int lead)
{
    struct label beside = *l;

    if (label_judge_lead(l, lead) == VERDICT_ACCEPTABLE && l->lead >= 0) {
        beside.support = (l->support | bit_of(l->lead)) & ~bit_of(lead);
        beside.no_support = l->no_support & ~bit_of(l->lead);
    }
    return beside;
}
