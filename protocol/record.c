#include "protocol/record.h"

#include <stdio.h>
#include <string.h>

const char *const offer_role_words[] = {"lead", "support", NULL};
const char *const offer_state_words[] = {"pending",   "accepted",  "declined", "expired",
                                         "withdrawn", "completed", NULL};
const char *const proposal_words[] = {"", "decline", "referral", NULL};
const char *const dissent_words[] = {"", "unseen", "seen", NULL};

/* Offers as arrays of five, or of nine with what a supporter did: kept with every request, so
 * short. */
static json_t *offers_write(const struct record *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->offers_n; i++) {
        const struct offer *o = &r->offers[i];

        json_array_append_new(list, json_pack("[s, i, i, I, i]", o->secretariat, (int)o->role,
                                              (int)o->state, (json_int_t)o->due_ms, o->reason));
        if (!o->contributed_ms && !o->reminded_n && !o->awaited_ms)
            continue;
        json_array_append_new(json_array_get(list, i), json_integer(o->contributed_ms));
        json_array_append_new(json_array_get(list, i), json_integer(o->reminded_n));
        json_array_append_new(json_array_get(list, i), json_integer(o->awaited_ms));
        json_array_append_new(json_array_get(list, i), json_integer(o->dissents));
    }
    return list;
}

static json_t *informed_write(const struct record *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->informed_n; i++)
        json_array_append_new(list, json_string(r->informed[i]));
    return list;
}

static json_t *items_write(const struct record *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->items_n; i++)
        json_array_append_new(list, json_pack("[i, i, s]", r->items[i].kind, (int)r->items[i].state,
                                              r->items[i].holder));
    return list;
}

/* What few records have is written only with those that have it. */
static void rare_write(json_t *meta, const struct record *r)
{
    json_t *was;

    if (*r->closest || r->proposal)
        json_object_set_new(
            meta, "y", json_pack("[s, i, i]", r->closest, (int)r->proposal, r->proposed_reason));
    if (*r->officer)
        json_object_set_new(meta, "of", json_string(r->officer));
    if (r->asked_n)
        json_object_set_new(meta, "a", json_integer(r->asked_n));
    if (r->is_unwilling)
        json_object_set_new(meta, "w", json_true());
    if (r->dissent)
        json_object_set_new(meta, "q", json_integer(r->dissent));
    if (r->kinds || r->items_n)
        json_object_set_new(meta, "it", json_pack("[i, o]", (int)r->kinds, items_write(r)));

    if (r->level || r->is_raised)
        json_object_set_new(meta, "v", json_pack("[i, b]", r->level, (int)r->is_raised));
    if (*r->join)
        json_object_set_new(meta, "j", json_string(r->join));
    if (!*r->merged_into)
        return;
    was = json_array();
    for (size_t i = 0; i < r->offers_n; i++)
        json_array_append_new(was, json_integer(r->offers[i].was));
    json_object_set_new(meta, "g",
                        json_pack("[s, i, I, o]", r->merged_into, (int)r->merged_from,
                                  (json_int_t)r->undo_ms, was));
}

static json_t *timing_write(const struct record *r)
{
    return json_pack(
        "[I, I, I, I, I, I, I, b, I, I, I]", (json_int_t)r->wake_ms, (json_int_t)r->timer.used_ms,
        (json_int_t)r->timer.grace_ms, (json_int_t)r->timer.done_n, (json_int_t)r->kept.used_ms,
        (json_int_t)r->kept.grace_ms, (json_int_t)r->kept.done_n, (int)r->is_open,
        (json_int_t)r->unmatched_n, (json_int_t)r->plan_due_ms, (json_int_t)r->plan_ms);
}

json_t *record_meta(const struct record *r)
{
    json_t *meta = json_pack(
        "{s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:o, s:o, "
        "s:b, s:i, s:i, s:I, s:s, s:o}",
        "l", (int)r->language, "u", (int)r->urgency, "d", (int)r->disclosure, "s",
        (json_int_t)r->submitted_ms, "m", (json_int_t)r->updated_ms, "b", (json_int_t)r->since_ms,
        "e", (json_int_t)r->due_ms, "h", r->lead, "n", (json_int_t)r->epoch, "c",
        (json_int_t)r->claimed_ms, "x", (json_int_t)r->lease_ms, "o", offers_write(r), "i",
        informed_write(r), "r", (int)r->restricted, "t", (int)r->return_state, "z", (int)r->outcome,
        "p", (json_int_t)r->reopened_n, "f", r->referred, "k", timing_write(r));

    if (!meta)
        bug("record_meta");
    rare_write(meta, r);
    return meta;
}

static bool code_read(const json_t *v, char out[PRINCIPAL_OF_BYTES])
{
    const char *code = json_string_value(v);

    if (!code || strlen(code) >= PRINCIPAL_OF_BYTES)
        return false;
    snprintf(out, PRINCIPAL_OF_BYTES, "%s", code);
    return true;
}

static bool offers_read(struct record *r, const json_t *list)
{
    r->offers_n = json_array_size(list);
    if (!json_is_array(list) || r->offers_n > RECORD_OFFERS_MAX)
        return false;
    for (size_t i = 0; i < r->offers_n; i++) {
        struct offer *o = &r->offers[i];
        const char *code;
        int role, state;
        json_int_t due;

        if (json_unpack(json_array_get(list, i), "[s, i, i, I, i]", &code, &role, &state, &due,
                        &o->reason) ||
            role < 0 || role > OFFER_SUPPORT || state < 0 || state > OFFER_COMPLETED ||
            o->reason < -1 || o->reason >= REASONS_N ||
            !code_read(json_array_get(json_array_get(list, i), 0), o->secretariat))
            return false;
        o->role = (enum offer_role)role;
        o->state = (enum offer_state)state;
        o->due_ms = due;
        o->contributed_ms = json_integer_value(json_array_get(json_array_get(list, i), 5));
        o->reminded_n = (int)json_integer_value(json_array_get(json_array_get(list, i), 6));
        o->awaited_ms = json_integer_value(json_array_get(json_array_get(list, i), 7));
        o->dissents = json_integer_value(json_array_get(json_array_get(list, i), 8)) != 0;
        if (json_array_size(json_array_get(list, i)) == 7 && o->reminded_n)
            o->reminded_n = CONTRIBUTION_REMINDERS; /* of a time when there was one reminder */
    }
    return true;
}

static bool informed_read(struct record *r, const json_t *list)
{
    r->informed_n = json_array_size(list);
    if (!json_is_array(list) || r->informed_n > RECORD_OFFERS_MAX)
        return false;
    for (size_t i = 0; i < r->informed_n; i++)
        if (!code_read(json_array_get(list, i), r->informed[i]))
            return false;
    return true;
}

static bool id_read(const json_t *v, char out[ID_BYTES])
{
    const char *id = json_string_value(v);

    if (!id || !id_is(id, "req_"))
        return false;
    memcpy(out, id, ID_BYTES);
    return true;
}

static bool timing_read(struct record *r, const json_t *clock)
{
    json_int_t wake, used, grace, done, kept_used, kept_grace, kept_done, unmatched, plan_due, plan;
    int is_open;

    if (!clock) /* of a time before clocks: its next step sets one */
        return true;

    if (json_unpack((json_t *)(uintptr_t)clock, "[I, I, I, I, I, I, I, b, I, I, I]", &wake, &used,
                    &grace, &done, &kept_used, &kept_grace, &kept_done, &is_open, &unmatched,
                    &plan_due, &plan) ||
        used < 0 || grace < 0 || done < 0 || kept_used < 0 || kept_grace < 0 || kept_done < 0)
        return false;
    r->wake_ms = wake;
    r->timer = (struct timer){.used_ms = used, .grace_ms = grace, .done_n = done};
    r->kept = (struct timer){.used_ms = kept_used, .grace_ms = kept_grace, .done_n = kept_done};
    r->is_open = is_open;
    r->unmatched_n = unmatched;
    r->plan_due_ms = plan_due;
    r->plan_ms = plan;
    return true;
}

static bool level_read(struct record *r, const json_t *meta)
{
    json_t *level = json_object_get(meta, "v");
    int is_raised = 0;

    r->level = 0;
    if (level && (json_unpack(level, "[i, b]", &r->level, &is_raised) || r->level < 0 ||
                  r->level > LEVEL_MAX))
        return false;
    r->is_raised = is_raised;
    return true;
}

static bool triage_read(struct record *r, const json_t *meta)
{
    json_t *triage = json_object_get(meta, "y");
    const char *closest;
    int proposal = PROPOSAL_NONE;

    memset(r->closest, 0, sizeof r->closest);
    r->proposed_reason = 0;
    if (triage &&
        (json_unpack(triage, "[s, i, i]", &closest, &proposal, &r->proposed_reason) ||
         proposal < 0 || proposal > PROPOSAL_REFERRAL || r->proposed_reason < -1 ||
         r->proposed_reason >= REASONS_N || !code_read(json_array_get(triage, 0), r->closest)))
        return false;
    r->proposal = (enum proposal)proposal;
    return true;
}

static bool items_read(struct record *r, const json_t *meta)
{
    json_t *items = json_object_get(meta, "it");
    json_t *list = json_array_get(items, 1);
    int kinds = 0;

    if (items && (json_unpack(items, "[i, o]", &kinds, &list) || kinds < 0 || kinds >> KINDS_N ||
                  !json_is_array(list) || json_array_size(list) > ITEMS_MAX))
        return false;
    r->kinds = (unsigned)kinds;
    r->items_n = json_array_size(list);
    for (size_t i = 0; i < r->items_n; i++) {
        struct item *item = &r->items[i];
        json_t *one = json_array_get(list, i);
        const char *holder;
        int state;

        memset(item, 0, sizeof *item);
        if (json_unpack(one, "[i, i, s]", &item->kind, &state, &holder) || item->kind < -1 ||
            item->kind >= KINDS_N || state < 0 || state > ITEM_DROPPED ||
            !code_read(json_array_get(one, 2), item->holder))
            return false;
        item->state = (enum item_state)state;
    }
    return true;
}

/* What came after the first release; absent in what that one wrote. */
static bool later_read(struct record *r, const json_t *meta)
{
    json_int_t dissent = json_integer_value(json_object_get(meta, "q"));
    const char *officer = json_string_value(json_object_get(meta, "of"));

    memset(r->officer, 0, sizeof r->officer);
    if (officer && !absence_is_officer(officer))
        return false;
    snprintf(r->officer, sizeof r->officer, "%s", officer ? officer : "");
    r->asked_n = json_integer_value(json_object_get(meta, "a"));
    r->is_unwilling = json_is_true(json_object_get(meta, "w"));
    if (r->asked_n < 0 || dissent < 0 || dissent > DISSENT_SEEN)
        return false;
    r->dissent = (enum dissent)dissent;
    return triage_read(r, meta) && items_read(r, meta);
}

static bool merged_read(struct record *r, const json_t *meta)
{
    const json_t *join = json_object_get(meta, "j");
    const json_t *merged = json_object_get(meta, "g");
    const json_t *was;
    const char *into;
    json_int_t undo;
    int from;

    *r->join = *r->merged_into = '\0';
    if (join && !id_read(join, r->join))
        return false;
    if (!merged)
        return true;
    if (json_unpack((json_t *)(uintptr_t)merged, "[s, i, I, o]", &into, &from, &undo, &was) ||
        from < 0 || from >= STATES_N || !id_read(json_array_get(merged, 0), r->merged_into) ||
        json_array_size(was) != r->offers_n)
        return false;
    r->merged_from = (enum state)from;
    r->undo_ms = undo;
    for (size_t i = 0; i < r->offers_n; i++) {
        json_int_t state = json_integer_value(json_array_get(was, i));

        if (state < 0 || state > OFFER_COMPLETED)
            return false;
        r->offers[i].was = (enum offer_state)state;
    }
    return true;
}

enum err_code record_read_meta(struct record *r, const json_t *meta, struct err *e)
{
    int language, urgency, disclosure, restricted, back, outcome;
    json_int_t submitted, updated, since, due, epoch, claimed, lease, reopened;
    const json_t *offers, *informed;
    const json_t *clock = NULL;
    const char *lead, *referred;
    struct record read = *r;

    if (json_unpack((json_t *)(uintptr_t)meta,
                    "{s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:o, s:o, s:b, s:i, "
                    "s:i, s:I, s:s, s?o}",
                    "l", &language, "u", &urgency, "d", &disclosure, "s", &submitted, "m", &updated,
                    "b", &since, "e", &due, "h", &lead, "n", &epoch, "c", &claimed, "x", &lease,
                    "o", &offers, "i", &informed, "r", &restricted, "t", &back, "z", &outcome, "p",
                    &reopened, "f", &referred, "k", &clock) ||
        language < 0 || language > LANGUAGE_ZH || urgency < 0 || urgency > URGENCY_PLANNED ||
        disclosure < 0 || disclosure > DISCLOSURE_RESTRICTED || back < 0 || back > STATES_N ||
        outcome < 0 || outcome > OUTCOME_NO_REPLY || strlen(referred) >= sizeof r->referred ||
        strlen(lead) >= sizeof r->lead || !offers_read(&read, offers) ||
        !informed_read(&read, informed) || !timing_read(&read, clock) || !level_read(&read, meta) ||
        !merged_read(&read, meta) || !later_read(&read, meta))
        return err_set(e, ERR_INTERNAL, "record %s: unreadable meta", r->id);
    read.language = (enum language)language;
    read.urgency = (enum urgency)urgency;
    read.disclosure = (enum disclosure)disclosure;
    read.submitted_ms = submitted;
    read.updated_ms = updated;
    read.since_ms = since;
    read.due_ms = due;
    snprintf(read.lead, sizeof read.lead, "%s", lead);
    read.epoch = epoch;
    read.claimed_ms = claimed;
    read.lease_ms = lease;
    read.restricted = restricted;
    read.return_state = (enum state)back;
    read.outcome = (enum outcome)outcome;
    read.reopened_n = reopened;
    snprintf(read.referred, sizeof read.referred, "%s", referred);
    *r = read;
    return ERR_OK;
}

bool record_is_reference(const char *text, char ret_country[4])
{
    static const char digits[] = "0123456789";
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *year = text + 3;
    const char *country = year + 5;
    const char *number = country + 4;
    size_t bytes = strlen(text);

    if (bytes < sizeof "LN-2026-KEN-0001" - 1 || bytes >= RECORD_REFERENCE_BYTES ||
        strncmp(text, "LN-", 3) != 0 || strspn(year, digits) != 4 || year[4] != '-' ||
        strspn(country, letters) != 3 || country[3] != '-' ||
        strspn(number, digits) != strlen(number))
        return false;
    memcpy(ret_country, country, 3);
    ret_country[3] = '\0';
    return true;
}

bool record_is_first(const struct record *a, const struct record *b)
{
    if (a->submitted_ms != b->submitted_ms)
        return a->submitted_ms < b->submitted_ms;
    return strcmp(a->id, b->id) < 0;
}

const struct offer *record_offer_find(const struct record *r, const char *secretariat)
{
    for (size_t i = 0; i < r->offers_n; i++)
        if (!strcmp(r->offers[i].secretariat, secretariat))
            return &r->offers[i];
    return NULL;
}

struct offer *record_offer(struct record *r, const char *secretariat)
{
    const struct offer *found = record_offer_find(r, secretariat);

    return found ? &r->offers[found - r->offers] : NULL;
}

/* Who is asked whether it may be declined must know what it is. */
static bool is_consulted(const struct record *r, const char *code)
{
    return (r->state == STATE_TRIAGE || r->state == STATE_DECLINED) && !strcmp(r->closest, code);
}

static enum record_view secretariat_view(const struct record *r, const char *code)
{
    const struct offer *offer = record_offer_find(r, code);
    bool narrow = r->restricted || r->disclosure == DISCLOSURE_RESTRICTED;

    if (offer)
        return !narrow || !strcmp(r->lead, code) ? RECORD_FULL : RECORD_HEADER;
    if (r->disclosure == DISCLOSURE_OPEN && !r->restricted && r->state != STATE_SUBMITTED)
        return RECORD_FULL; /* also for those that were only informed */
    if (is_consulted(r, code))
        return narrow ? RECORD_HEADER : RECORD_FULL;
    for (size_t i = 0; i < r->informed_n; i++)
        if (!strcmp(r->informed[i], code))
            return narrow ? RECORD_HEADER : RECORD_TITLE; /* informed: no duty (glossary) */
    return RECORD_HIDDEN;
}

enum record_view record_view_of(const struct record *r, const struct principal *who)
{
    switch (who->role) {
    case ROLE_COUNTRY:
        return !strcmp(who->of, r->country) ? RECORD_FULL : RECORD_HIDDEN;
    case ROLE_SECRETARIAT:
        return secretariat_view(r, who->of);
    case ROLE_COORDINATOR:
        return r->disclosure == DISCLOSURE_RESTRICTED ? RECORD_HEADER : RECORD_FULL;
    case ROLE_SYSTEM:
        return RECORD_FULL;
    case ROLE_OPERATOR: /* never sees content */
    case ROLES_N:
        break;
    }
    return RECORD_HIDDEN;
}

size_t record_readers(const struct record *r, const char *ret_codes[RECORD_READERS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < r->offers_n; i++)
        ret_codes[n++] = r->offers[i].secretariat;
    for (size_t i = 0; i < r->informed_n; i++)
        if (!record_offer_find(r, r->informed[i]))
            ret_codes[n++] = r->informed[i];
    for (size_t i = 0; i < n; i++)
        if (!strcmp(ret_codes[i], r->closest))
            return n;
    if (is_consulted(r, r->closest) && *r->closest)
        ret_codes[n++] = r->closest;
    return n;
}
