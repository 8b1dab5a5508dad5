#include "protocol/view.h"

#include "base/clock.h"
#include "protocol/merge.h"

#include <string.h>

/* clang-format off */
const struct view_member view_members[] = {
    {"id", "string", "opaque, sorts by time"},
    {"reference", "string", "LN-YYYY-CCC-NNNN, for people"},
    {"state", "string", "where it is in the life cycle"},
    {"version", "integer", "+1 with each transition; the ETag is \"r<version>\", with \"-<language>\" where the reasons are told in another language than the request's"},
    {"withheld", "boolean", "true when texts are kept from this reader"},
    {"dir", "string", "direction of the text: ltr or rtl"},
    {"submitted_at", "string", "RFC 3339, UTC"},
    {"updated_at", "string", "RFC 3339, UTC"},
    {"ball", "string?", "who must act: system, coordinator, country or secretariat; null at the end"},
    {"holder", "string?", "which secretariat, when it has the ball"},
    {"due_at", "string?", "until when"},
    {"expected", "object?", "for its country, while others must act: step (claim or answer), place in the queue, from and to (when half, and when nine of ten, of those that waited as long had what they waited for), measured (how many these are), enough_data, text"},
    {"outcome", "string?", "resolved, partly, not_resolved or no_reply"},
    {"referred_to", "string?", "outside body"},
    {"closest", "string?", "in triage: the secretariat that is nearest to it, without whose agreement it is not declined"},
    {"proposal", "object?", "in triage, what the coordinator would do when another one agrees: what (decline or referral), asks (who that is)"},
    {"redirection", "object", "what the coordinator declined or referred, or would: by, at, text, reason, next_door, body"},
    {"questions", "integer", "how many its country was asked"},
    {"flags", "array", "many_questions (more than three), disagreement (of contributors, that the coordinator has not seen), joint (lead and supporters at work)"},
    {"reopened", "integer", "how often"},
    {"open", "boolean", "offered: the first window has passed, every routed secretariat may take the lead"},
    {"level", "integer", "of escalation in this state, 0 to 3"},
    {"claim", "object?", "holder, since, lease_expires_at, epoch; for secretariats and the coordinator officer (whose claim it is, null: all of the holder) and acting (who answers for it now: the officer, or a deputy while that one is away)"},
    {"offers", "array", "secretariat, role, state, expires_at, reason; of a supporter at work contribution_due_at, contributed_at, reminded (how often), disagrees"},
    {"allowed_actions", "array", "what this reader may do now"},
    {"routing", "object?", "the decision with its candidates and reasons; each text in the language of Accept-Language, else the request's"},
    {"duplicates", "array", "likely twins of the same country that this reader may see; text says why"},
    {"related", "array", "related requests of other countries"},
    {"merged", "array", "requests merged into this one: id, reference, title, description"},
    {"merged_into", "object?", "the request that this one is merged into: id, reference, title"},
    {"undo_until", "string?", "until when the merge can be undone"},
    {"links", "array", "requests that belong to this one: id, reference, relation, title"},
    {"join", "object?", "the earlier request that the country wished to join: id, reference"},
    {"contacts", "array", "all contacts, when others were merged into this one"},
    {"question", "object", "by, at, text: the last question"},
    {"reply", "object", "by, at, text"},
    {"plan", "object", "by, at, text, due_at"},
    {"amendment", "object", "by, at, text"},
    {"answer", "object", "by, at, text, contributors: secretariat, role, state (given or to_follow)"},
    {"contributions", "array", "by, at, text: what supporters gave; late: after the answer; disagrees: with what others say"},
    {"confirmation", "object", "by, at, text, outcome, rating: what its country said of the answer"},
    {NULL, NULL, NULL}};
/* clang-format on */

static void set_time(json_t *out, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    json_object_set_new(out, name, ms > 0 ? json_string(clock_text(ms, text)) : json_null());
}

static void set_text(json_t *out, const char *name, const char *text)
{
    json_object_set_new(out, name, text && *text ? json_string(text) : json_null());
}

static json_t *offers_json(const struct record *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->offers_n; i++) {
        const struct offer *o = &r->offers[i];
        json_t *one = json_pack("{s:s, s:s, s:s}", "secretariat", o->secretariat, "role",
                                offer_role_words[o->role], "state", offer_state_words[o->state]);

        set_time(one, "expires_at", o->state == OFFER_PENDING ? o->due_ms : 0);
        if (o->role == OFFER_SUPPORT && o->state == OFFER_ACCEPTED && r->claimed_ms) {
            set_time(one, "contribution_due_at", o->due_ms);
            set_time(one, "contributed_at", o->contributed_ms);
            json_object_set_new(one, "reminded", json_integer(o->reminded_n));
            json_object_set_new(one, "disagrees", json_boolean(o->dissents));
        }
        set_text(one, "reason", o->reason >= 0 ? reason_words[o->reason] : NULL);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *allowed_json(const struct record *r, const struct principal *who, int64_t now_ms)
{
    unsigned allowed = transition_allowed(r, who, now_ms);
    json_t *list = json_array();

    for (unsigned a = 0; a < ACTIONS_N; a++)
        if (allowed & 1u << a)
            json_array_append_new(list, json_string(action_words[a]));
    return list;
}

/* Names of officers are for those who work together. */
static bool works_with_officers(const struct principal *who)
{
    return who->role == ROLE_SECRETARIAT || who->role == ROLE_COORDINATOR;
}

static json_t *claim_json(const struct record *r, const struct principal *who)
{
    json_t *claim;

    if (!r->claimed_ms || r->state == STATE_MERGED)
        return json_null();
    claim = json_pack("{s:s, s:I}", "holder", r->lead, "epoch", (json_int_t)r->epoch);
    if (works_with_officers(who))
        set_text(claim, "officer", r->officer);
    set_time(claim, "since", r->claimed_ms);
    set_time(claim, "lease_expires_at", r->state == STATE_CLAIMED ? r->lease_ms : 0);
    return claim;
}

/* What its document asks for, with who does it. */
static json_t *items_json(const struct record *r, const json_t *body, const json_t *inner)
{
    json_t *list = json_copy(json_object_get(body, "items"));
    json_t *all = merge_union(body, inner, "items");
    json_t *more;
    size_t k;

    if (!list && all)
        list = json_array();
    json_array_foreach (all, k, more) { /* also what merged ones brought */
        size_t i = 0;

        while (i < json_array_size(list) && !json_equal(json_array_get(list, i), more))
            i++;
        if (i == json_array_size(list))
            json_array_append(list, more);
    }
    json_decref(all);
    for (size_t i = 0; i < r->items_n && i < json_array_size(list); i++) {
        const struct item *item = &r->items[i];
        json_t *one = json_copy(json_array_get(list, i));

        json_object_set_new(one, "number", json_integer((json_int_t)i + 1));
        json_object_set_new(one, "state", json_string(item_state_words[item->state]));
        set_text(one, "holder", item->holder);
        json_array_set_new(list, i, one);
    }
    return list;
}

static json_t *proposal_json(const struct record *r)
{
    struct principal asked = {.role = ROLE_COUNTRY};
    char who[PRINCIPAL_TEXT_BYTES];

    if (r->state != STATE_TRIAGE || !r->proposal)
        return json_null();
    if (r->proposal == PROPOSAL_DECLINE)
        asked.role = ROLE_SECRETARIAT;
    snprintf(asked.of, sizeof asked.of, "%s",
             r->proposal == PROPOSAL_DECLINE ? r->closest : r->country);
    return json_pack("{s:s, s:s}", "what", proposal_words[r->proposal], "asks",
                     principal_text(&asked, who));
}

static bool is_joint(const struct record *r)
{
    for (size_t i = 0; r->claimed_ms && i < r->offers_n; i++)
        if (r->offers[i].role == OFFER_SUPPORT &&
            (r->offers[i].state == OFFER_ACCEPTED || r->offers[i].state == OFFER_COMPLETED))
            return true;
    return false;
}

static json_t *flags_json(const struct record *r)
{
    const struct {
        bool is_up;
        const char *word;
    } flags[] = {
        {r->asked_n > QUESTIONS_MANY,  "many_questions"},
        {r->dissent == DISSENT_UNSEEN, "disagreement"  },
        {is_joint(r),                  "joint"         }
    };
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i].is_up)
            json_array_append_new(list, json_string(flags[i].word));
    return list;
}

static void set_list(json_t *out, const char *name, json_t *list)
{
    if (list)
        json_object_set_new(out, name, list);
}

/* The people's words: everything for a full view, the title alone for one that was informed. What
 * was merged into it belongs to it. */
static void add_texts(json_t *out, const struct record *r, const json_t *body, const json_t *inner,
                      enum record_view view, bool summary)
{
    const char *name;
    json_t *value;

    json_object_set_new(out, "withheld", json_boolean(view != RECORD_FULL));
    if (view == RECORD_HEADER)
        return;
    if (view == RECORD_TITLE || summary) {
        json_object_set(out, "title", json_object_get(body, "title"));
        set_list(out, "themes", merge_union(body, inner, "themes"));
        return;
    }
    json_object_foreach ((json_t *)(uintptr_t)body, name, value)
        json_object_set(out, name, value);
    json_object_del(out, "join"); /* names another request: others.h */
    set_list(out, "themes", merge_union(body, inner, "themes"));
    set_list(out, "items", items_json(r, body, inner));
    set_list(out, "contacts", merge_contacts(body, inner));
}

static void add_inner(json_t *out, const json_t *inner, enum record_view view, bool summary)
{
    static const char *const said[] = {"question",     "reply",       "plan",
                                       "amendment",    "answer",      "contributions",
                                       "confirmation", "redirection", NULL};
    json_t *value = json_object_get(inner, "routing");

    if (summary)
        return;
    if (value && view != RECORD_FULL) { /* reasons quote the text */
        value = json_deep_copy(value);
        json_object_del(value, "candidates");
        json_object_del(json_object_get(value, "referral"), "evidence");
        json_object_del(value, "triage");
        if (view == RECORD_HEADER) { /* these tell what it is about */
            json_object_del(value, "topics");
            json_object_del(value, "referral");
            json_object_del(value, "confidence");
        }
        json_object_set_new(out, "routing", value);
    } else {
        json_object_set_new(out, "routing", value ? json_incref(value) : json_null());
    }
    for (size_t i = 0; said[i] && view == RECORD_FULL; i++)
        if ((value = json_object_get(inner, said[i])))
            json_object_set(out, said[i], value);
}

json_t *view_resource(const struct record *r, const json_t *body, const json_t *inner,
                      const struct principal *who, int64_t now_ms, bool summary)
{
    enum record_view view = record_view_of(r, who);
    json_t *out = json_pack("{s:s, s:s, s:s, s:I}", "id", r->id, "reference", r->reference, "state",
                            state_words[r->state], "version", (json_int_t)r->version);

    add_texts(out, r, body, inner, view, summary);
    json_object_set_new(out, "country", json_string(r->country));
    json_object_set_new(out, "language", json_string(language_words[r->language]));
    json_object_set_new(out, "dir", json_string(r->language == LANGUAGE_AR ? "rtl" : "ltr"));
    json_object_set_new(out, "urgency", json_string(urgency_words[r->urgency]));
    json_object_set_new(out, "disclosure", json_string(disclosure_words[r->disclosure]));
    set_time(out, "submitted_at", r->submitted_ms);
    set_time(out, "updated_at", r->updated_ms);
    set_text(out, "ball", ball_words[lifecycle_ball(r->state)]);
    set_text(out, "holder", lifecycle_ball(r->state) == BALL_SECRETARIAT ? r->lead : NULL);
    set_time(out, "due_at", r->due_ms);
    set_text(out, "outcome", outcome_words[r->outcome]);
    set_text(out, "referred_to", r->state == STATE_REFERRED ? r->referred : NULL);
    set_text(out, "closest", r->state == STATE_TRIAGE ? r->closest : NULL);
    json_object_set_new(out, "proposal", proposal_json(r));
    json_object_set_new(out, "questions", json_integer(r->asked_n));
    json_object_set_new(out, "flags", flags_json(r));
    if (r->state == STATE_MERGED)
        set_time(out, "undo_until", r->undo_ms);
    json_object_set_new(out, "reopened", json_integer(r->reopened_n));
    json_object_set_new(out, "open", json_boolean(r->is_open));
    json_object_set_new(out, "level", json_integer(r->level));
    json_object_set_new(out, "claim", claim_json(r, who));
    json_object_set_new(out, "offers", offers_json(r));
    json_object_set_new(out, "allowed_actions", allowed_json(r, who, now_ms));
    add_inner(out, inner, view, summary);
    return out;
}

json_t *view_history(const struct record *before, const struct record *after, enum action a,
                     const struct principal *who, const struct transition_input *in, int64_t now_ms)
{
    char actor[PRINCIPAL_TEXT_BYTES];
    json_t *line = json_object();

    set_time(line, "at", now_ms);
    json_object_set_new(line, "version", json_integer(after->version));
    json_object_set_new(line, "action", json_string(action_words[a]));
    json_object_set_new(line, "actor", json_string(principal_text(who, actor)));
    set_text(line, "from", before ? state_words[before->state] : NULL);
    set_text(line, "to", state_words[after->state]);
    if (!in)
        return line;
    if (in->officer && *in->officer)
        json_object_set_new(line, "officer", json_string(in->officer));
    if (in->reason >= 0)
        json_object_set_new(line, "reason", json_string(reason_words[in->reason]));
    else if (a == ACTION_AGREE && after->state == STATE_DECLINED && after->proposed_reason >= 0)
        json_object_set_new(line, "reason", json_string(reason_words[after->proposed_reason]));
    if (in->next_door)
        json_object_set_new(line, "next_door", json_string(in->next_door));
    if (in->in_part)
        json_object_set_new(line, "more", json_true());
    if (in->dissents)
        json_object_set_new(line, "disagrees", json_true());
    if (in->rating)
        json_object_set_new(line, "rating", json_integer(in->rating));
    for (size_t i = 0; i < 4; i++) {
        const json_t *lists[] = {in->done, in->dropped, in->items, in->parts};
        static const char *const names[] = {"done", "dropped", "items", "contributions"};

        if (lists[i])
            json_object_set(line, names[i], (json_t *)(uintptr_t)lists[i]);
    }
    if (in->outcome > 0)
        json_object_set_new(line, "outcome", json_string(outcome_words[in->outcome]));
    if (in->as >= 0)
        json_object_set_new(line, "role", json_string(offer_role_words[in->as]));
    if (in->better)
        json_object_set_new(line, "better", json_string(in->better));
    if (in->lead)
        json_object_set_new(line, "lead", json_string(in->lead));
    if (in->support)
        json_object_set(line, "support", (json_t *)(uintptr_t)in->support);
    if (in->body)
        json_object_set_new(line, "body", json_string(in->body));
    if (in->counterpart)
        json_object_set_new(line, "other",
                            json_pack("{s:s, s:s}", "id", in->counterpart->id, "reference",
                                      in->counterpart->reference));
    if (in->act && in->act->action == ACTION_REMIND) {
        json_object_set_new(line, "percent", json_integer(in->act->degree));
        json_object_set_new(line, "whom", json_string(in->act->whom));
    }
    if (in->urgency >= 0)
        json_object_set_new(line, "urgency", json_string(urgency_words[in->urgency]));
    if (in->due)
        json_object_set_new(line, "due_at", json_string(in->due));
    if (a == ACTION_ESCALATE)
        json_object_set_new(line, "level", json_integer(after->level));
    if (a == ACTION_LINK)
        json_object_set_new(line, "relation", json_string(relation_words[in->relation]));
    if (in->text)
        json_object_set_new(line, "text", json_string(in->text));
    return line;
}

void view_history_narrow(json_t *line, enum record_view view, const struct principal *who)
{
    if (!works_with_officers(who))
        json_object_del(line, "officer");
    if (view != RECORD_FULL)
        json_object_del(line, "text");
    if (view == RECORD_HEADER)
        json_object_del(line, "relation");
}

static json_t *said_json(const struct principal *who, const struct transition_input *in,
                         int64_t now_ms)
{
    char by[PRINCIPAL_TEXT_BYTES];
    json_t *said = json_pack("{s:s, s:s*}", "by", principal_text(who, by), "text", in->text);

    set_time(said, "at", now_ms);
    return said;
}

/* Its lead, and each supporter that has accepted. */
static json_t *contributors_json(const struct record *r)
{
    json_t *list = json_pack("[{s:s, s:s, s:s}]", "secretariat", r->lead, "role",
                             offer_role_words[OFFER_LEAD], "state", "given");

    for (size_t i = 0; i < r->offers_n; i++) {
        const struct offer *o = &r->offers[i];

        if (o->role == OFFER_SUPPORT && o->state == OFFER_ACCEPTED)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "secretariat", o->secretariat,
                                                  "role", offer_role_words[o->role], "state",
                                                  o->contributed_ms ? "given" : "to_follow"));
    }
    return list;
}

/* What was to follow has come. */
static void contribution_followed(json_t *inner, const char *secretariat)
{
    json_t *one;
    size_t i;

    json_array_foreach (json_object_get(json_object_get(inner, "answer"), "contributors"), i, one)
        if (!strcmp(json_string_value(json_object_get(one, "secretariat")), secretariat))
            json_object_set_new(one, "state", json_string("given"));
}

/* A supporter's later contribution replaces its earlier one: the history keeps both. */
static void remember_contribution(json_t *inner, json_t *said)
{
    json_t *list = json_object_get(inner, "contributions");
    const char *by = json_string_value(json_object_get(said, "by"));
    size_t i;
    json_t *one;

    if (!list) {
        list = json_array();
        json_object_set_new(inner, "contributions", list);
    }
    json_array_foreach (list, i, one)
        if (!strcmp(by, json_string_value(json_object_get(one, "by")))) {
            json_array_set_new(list, i, said);
            return;
        }
    json_array_append_new(list, said);
}

/* Under which name it stands; NULL: it is kept in the history alone. */
static const char *name_of(enum action a, const struct principal *who,
                           const struct transition_input *in)
{
    static const char *const names[ACTIONS_N] = {[ACTION_ASK] = "question",
                                                 [ACTION_REPLY] = "reply",
                                                 [ACTION_PLAN] = "plan",
                                                 [ACTION_AMEND] = "amendment",
                                                 [ACTION_ANSWER] = "answer",
                                                 [ACTION_CONTRIBUTE] = "contributions",
                                                 [ACTION_CONFIRM] = "confirmation",
                                                 [ACTION_CLOSE] = "confirmation"};

    if ((a == ACTION_DECLINE || a == ACTION_REFER) && who->role == ROLE_COORDINATOR)
        return "redirection";
    return in->text || in->rating ? names[a] : NULL;
}

bool view_remember(json_t *inner, const struct record *after, enum action a,
                   const struct principal *who, const struct transition_input *in, int64_t now_ms)
{
    const char *name = name_of(a, who, in);
    bool is_late = a == ACTION_CONTRIBUTE && after->state == STATE_ANSWERED;
    json_t *said;

    if (!name)
        return false;
    said = said_json(who, in, now_ms);
    if (in->dissents)
        json_object_set_new(said, "disagrees", json_true());
    if (in->outcome > 0)
        json_object_set_new(said, "outcome", json_string(outcome_words[in->outcome]));
    if (in->rating)
        json_object_set_new(said, "rating", json_integer(in->rating));
    if (in->reason >= 0)
        json_object_set_new(said, "reason", json_string(reason_words[in->reason]));
    if (in->next_door)
        json_object_set_new(said, "next_door", json_string(in->next_door));
    if (in->body)
        json_object_set_new(said, "body", json_string(in->body));
    if (a == ACTION_ANSWER)
        json_object_set_new(said, "contributors", contributors_json(after));
    if (a == ACTION_PLAN && in->due)
        json_object_set_new(said, "due_at", json_string(in->due));
    if (is_late) {
        json_object_set_new(said, "late", json_true());
        contribution_followed(inner, who->of);
    }
    if (a == ACTION_CONTRIBUTE)
        remember_contribution(inner, said);
    else
        json_object_set_new(inner, name, said);
    return true;
}
