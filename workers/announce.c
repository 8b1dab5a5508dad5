/* announce_begin -> announce_read -> announce_written
 *
 * The store away: the event stays with the group and is taken over later. A fault of the event's
 * own becomes a dead letter, so that it is seen and can be told anew. */
#include "workers/announce.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/event_name.h"
#include "protocol/mail.h"
#include "protocol/word.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct announce {
    struct crew *crew;
    const struct hooks *hooks; /* borrowed */
    struct happening event;
    struct stored stored; /* owned */
    void (*fn)(void *arg);
    void *arg;
};

/* --- who -------------------------------------------------------------------------------------- */

struct people {
    const struct contacts *contacts;
    const struct absences *absent; /* NULL: not known */
    int64_t now_ms;
    int degree; /* of the event */
    const struct stored *stored;
    const struct notice_row *row;
    const char *whom; /* of the event */
    struct told *list;
    size_t n;
};

static void person_add(struct people *p, const struct principal *who, const char *email,
                       const char *name, int language)
{
    if (!email || !mail_is_address(email) || p->n == ANNOUNCE_PEOPLE_MAX)
        return;
    for (size_t i = 0; i < p->n; i++)
        if (!strcasecmp(p->list[i].email, email))
            return;
    p->list[p->n++] = (struct told){*who, email, name ? name : "", language, p->row};
}

/* Those that the operator's file names for this principal; officer NULL: all of them. Returns how
 * many that are. */
static size_t contacts_add(struct people *p, const struct principal *who, const char *officer)
{
    char text[PRINCIPAL_TEXT_BYTES];
    size_t n = 0;

    principal_text(who, text);
    for (size_t i = 0; i < p->contacts->n; i++) {
        const struct contact *c = &p->contacts->list[i];

        if (strcmp(c->who, text) != 0 || (officer && strcmp(c->officer, officer) != 0))
            continue;
        person_add(p, who, c->email, c->name, c->language);
        n++;
    }
    return n;
}

/* What is about a claim is for who answers for it: its officer, or the deputy while that one is
 * away. Level 1 is for both; level 2 and above for all, the head among them (domain reference 5.9).
 * False: nobody in particular, or no address is known. */
static bool officer_add(struct people *p, const struct principal *who)
{
    static const struct absences nobody = {.n = 0};
    const struct record *r = &p->stored->record;
    bool escalates = !strcmp(p->row->action, action_words[ACTION_ESCALATE]);
    char acting[OFFICER_BYTES];
    size_t n;

    if (!*r->officer || strcmp(r->lead, who->of) != 0 || (escalates && p->degree > 1))
        return false;
    absence_acting(p->absent ? p->absent : &nobody, who->of, r->officer, p->now_ms, acting);
    if (!*acting)
        return false;
    n = contacts_add(p, who, acting);
    if (n && escalates)
        contacts_add(p, who, r->officer);
    return n > 0;
}

static int language_of(const json_t *doc, const char *name, int otherwise)
{
    const char *text = json_string_value(json_object_get(doc, name));
    int language = text ? language_find(text) : -1;

    return language < 0 ? otherwise : language;
}

static void person_of(struct people *p, const struct principal *who, const json_t *doc,
                      const char *email, const char *name, const char *language)
{
    person_add(p, who, json_string_value(json_object_get(doc, email)),
               json_string_value(json_object_get(doc, name)),
               language_of(doc, language, (int)p->stored->record.language));
}

/* The contact; its deputy when there is no address of it. Then the contacts of what was merged. */
static void requester_add(struct people *p, const struct principal *who)
{
    const json_t *body = p->stored->body;
    const json_t *merged, *list;
    size_t i;

    if (json_object_get(body, "contact_email"))
        person_of(p, who, body, "contact_email", "contact_name", "contact_language");
    else
        person_of(p, who, json_object_get(body, "deputy_contact"), "email", "name", "language");
    json_array_foreach (json_object_get(p->stored->inner, "merged"), i, merged) {
        list = json_object_get(merged, "contacts");
        person_of(p, who, json_array_get(list, 0), "email", "name", "language");
    }
}

static bool offer_is_told(const struct offer *o, const struct record *r, unsigned tells)
{
    bool supports = o->role == OFFER_SUPPORT;

    if ((tells & NOTICE_LEAD) && !strcmp(o->secretariat, r->lead))
        return true;
    if ((tells & NOTICE_SUPPORTERS) && supports &&
        (o->state == OFFER_ACCEPTED || o->state == OFFER_COMPLETED))
        return true;
    if ((tells & NOTICE_INVITED) && supports && o->state == OFFER_PENDING)
        return true;
    if ((tells & NOTICE_OFFERED) && o->state == OFFER_PENDING)
        return true;
    return (tells & NOTICE_ENGAGED) && o->state != OFFER_DECLINED;
}

static void secretariat_add(struct people *p, const char *code)
{
    struct principal who;

    if (principal_make("secretariat", code, &who) &&
        record_view_of(&p->stored->record, &who) != RECORD_HIDDEN && !officer_add(p, &who))
        contacts_add(p, &who, NULL);
}

static void country_add(struct people *p)
{
    struct principal who;

    if (!principal_make("country", p->stored->record.country, &who))
        return;
    requester_add(p, &who);
    contacts_add(p, &who, NULL);
}

static void coordinator_add(struct people *p)
{
    contacts_add(p, &(struct principal){.role = ROLE_COORDINATOR}, NULL);
}

static void whom_add(struct people *p)
{
    struct principal who;

    if (!principal_read(p->whom, &who))
        return;
    if (who.role == ROLE_COUNTRY && !strcmp(who.of, p->stored->record.country))
        country_add(p);
    else if (who.role == ROLE_SECRETARIAT)
        secretariat_add(p, who.of);
    else if (who.role == ROLE_COORDINATOR)
        coordinator_add(p);
}

static void ball_add(struct people *p)
{
    const struct record *r = &p->stored->record;

    switch (lifecycle_ball(r->state)) {
    case BALL_COUNTRY:
        country_add(p);
        return;
    case BALL_SECRETARIAT:
        secretariat_add(p, r->lead);
        return;
    case BALL_COORDINATOR:
        coordinator_add(p);
        return;
    case BALL_NONE:
    case BALL_SYSTEM:
        return;
    }
}

static void row_add(struct people *p, unsigned tells)
{
    const struct record *r = &p->stored->record;

    if (tells & NOTICE_WHOM)
        whom_add(p);
    if (tells & NOTICE_BALL)
        ball_add(p);
    if (tells & NOTICE_COUNTRY)
        country_add(p);
    if ((tells & NOTICE_CLOSEST) && *r->closest)
        secretariat_add(p, r->closest);
    for (size_t i = 0; i < r->offers_n; i++)
        if (offer_is_told(&r->offers[i], r, tells))
            secretariat_add(p, r->offers[i].secretariat);
    for (size_t i = 0; (tells & NOTICE_INFORMED) && i < r->informed_n; i++)
        secretariat_add(p, r->informed[i]);
    if (tells & NOTICE_COORDINATOR)
        coordinator_add(p);
}

/* What the actor is to the request: "lead", "support" or "". */
static const char *standing_of(const struct record *r, const struct principal *actor)
{
    const struct offer *o =
        actor->role == ROLE_SECRETARIAT ? record_offer_find(r, actor->of) : NULL;

    return o ? offer_role_words[o->role] : "";
}

size_t announce_people(const struct notices *rows, const struct contacts *contacts,
                       const struct absences *absent, int64_t now_ms, const struct happening *event,
                       const struct stored *stored, struct told list[ANNOUNCE_PEOPLE_MAX])
{
    struct people p = {.contacts = contacts,
                       .absent = absent,
                       .now_ms = now_ms,
                       .degree = event->degree,
                       .stored = stored,
                       .whom = event->whom,
                       .list = list};
    struct principal actor = {.role = ROLE_SYSTEM};
    struct notice_case this = {.action = event->action, .to = event->to, .degree = event->degree};
    size_t at = 0;

    if (!principal_read(event->actor, &actor))
        return 0;
    this.as = standing_of(&stored->record, &actor);
    this.role = role_words[actor.role];
    while ((p.row = notices_next(rows, &at, &this)))
        row_add(&p, p.row->tells);
    return p.n;
}

int64_t announce_due(const struct told *t, const struct record *r, const struct calendars *all,
                     int64_t now_ms)
{
    if (!t->row->in_hours || r->urgency == URGENCY_EMERGENCY)
        return now_ms;
    return calendar_office(calendars_find(all, *t->who.of ? t->who.of : role_words[t->who.role]),
                           now_ms);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void announce_done(struct announce *op)
{
    void (*fn)(void *) = op->fn;
    void *arg = op->arg;

    stored_clear(&op->stored);
    free(op);
    fn(arg);
}

static void announce_written(void *arg, int64_t made, const struct err *e)
{
    struct announce *op = arg;

    if (e->code != ERR_OK)
        log_warning("not_announced", "request=%s action=%s why=\"%s\"", op->event.request,
                    op->event.action, e->detail);
    else if (made > 0)
        log_info("announced", "request=%s action=%s notices=%lld", op->event.request,
                 op->event.action, (long long)made);
    announce_done(op);
}

static void announce_write(struct announce *op, const struct notice *list, size_t n)
{
    notice_store_announce(op->crew->store, &op->event, list, n, clock_now_ms(),
                          op->crew->settings.reply_days * CLOCK_DAY_MS, announce_written, op);
}

static void notice_make(struct announce *op, const struct told *t, struct notice *ret_notice)
{
    struct crew *crew = op->crew;
    char who[PRINCIPAL_TEXT_BYTES];
    struct notice n = {.kind = NOTICE_MAIL, .event = op->event, .reply = t->row->reply};

    notice_store_id(crew->store, &op->event, t->row->once_a_step, n.kind, t->email, n.id);
    memcpy(n.words, t->row->words, sizeof n.words);
    memcpy(n.whom, "mail", sizeof "mail");
    n.kid = keyring_active(crew->ring);
    n.until_ms = clock_now_ms() + crew->settings.reply_days * CLOCK_DAY_MS;
    n.due_ms = announce_due(t, &op->stored.record, &crew->config->calendars.all, clock_now_ms());
    n.person = json_pack("{s:s, s:s, s:s, s:s}", "who", principal_text(&t->who, who), "email",
                         t->email, "name", t->name, "language", language_codes[t->language]);
    *ret_notice = n;
}

/* What a webhook is told: ids and words of the life cycle. The texts are for who asks for them,
 * with a token, at the API. */
static char *payload_make(const struct announce *op, const char *type)
{
    const struct happening *h = &op->event;
    char at[CLOCK_TEXT_BYTES];
    json_t *doc =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}}", "type", type,
                  "timestamp", clock_text(h->at_ms, at), "data", "id", h->request, "reference",
                  op->stored.record.reference, "country", h->country, "action", h->action, "actor",
                  h->actor, "from", h->from, "state", h->to, "version", (json_int_t)h->version);
    char *text;

    if (h->degree)
        json_object_set_new(json_object_get(doc, "data"), "degree", json_integer(h->degree));
    text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    if (!text)
        bug("cannot write JSON");
    return text;
}

static bool hook_is_told(const struct hook *h, const struct record *r, const char *type)
{
    return h->state != HOOK_DISABLED && hook_wants(h, type) &&
           record_view_of(r, &h->who) != RECORD_HIDDEN;
}

/* At most room of them: what all webhooks that may be called get. */
static size_t hooks_add(const struct announce *op, const char *type, const char *payload,
                        struct notice *list, size_t room)
{
    size_t hooks_n;
    const struct hook *hooks = hooks_list(op->hooks, &hooks_n);
    size_t n = 0;

    for (size_t i = 0; i < hooks_n && n < room; i++) {
        struct notice *one = &list[n];

        if (!hook_is_told(&hooks[i], &op->stored.record, type))
            continue;
        *one = (struct notice){.kind = NOTICE_HOOK, .event = op->event, .payload = payload};
        notice_store_id(op->crew->store, &op->event, false, one->kind, hooks[i].id, one->id);
        memcpy(one->whom, hooks[i].id, sizeof one->whom);
        n++;
    }
    return n;
}

static void announce_all(struct announce *op)
{
    enum { LIST_MAX = ANNOUNCE_PEOPLE_MAX + ANNOUNCE_HOOKS_MAX };
    struct notice *list = mem_new(LIST_MAX, sizeof *list);
    struct told *told = mem_new(ANNOUNCE_PEOPLE_MAX, sizeof *told);
    int action = word_index(action_words, op->event.action);
    const char *type = action < 0 ? "request.changed" : event_name((enum action)action);
    char *payload = payload_make(op, type);
    const struct controls *controls = control_watch_now(op->crew->controls);
    size_t n = 0;
    size_t people_n;

    if (crew_mails(op->crew))
        n = announce_people(&op->crew->config->notices, &op->crew->contacts,
                            controls ? &controls->absent : NULL, clock_now_ms(), &op->event,
                            &op->stored, told);
    for (size_t i = 0; i < n; i++)
        notice_make(op, &told[i], &list[i]);
    people_n = n;
    n += hooks_add(op, type, payload, list + n, LIST_MAX - n);
    announce_write(op, list, n);
    for (size_t i = 0; i < people_n; i++)
        json_decref((json_t *)(uintptr_t)list[i].person);
    free(payload);
    free(told);
    free(list);
}

/* An operator finds it among the dead letters; requeued, the event is told anew. */
static void announce_bury(struct announce *op, const struct err *e)
{
    struct notice n = {.kind = NOTICE_EVENT, .event = op->event};

    log_error("dead_letter", "request=%s action=%s why=\"%s\"", op->event.request, op->event.action,
              e->detail);
    notice_store_id(op->crew->store, &op->event, false, n.kind, "", n.id);
    memcpy(n.whom, "event", sizeof "event");
    announce_write(op, &n, 1);
}

static void announce_read(void *arg, struct stored *stored, const struct err *e)
{
    struct announce *op = arg;

    if (e->code == ERR_UNAVAILABLE) {
        announce_done(op);
    } else if (e->code == ERR_NOT_FOUND) {
        announce_write(op, NULL, 0);
    } else if (e->code != ERR_OK) {
        announce_bury(op, e);
    } else {
        op->stored = *stored;
        *stored = (struct stored){0};
        announce_all(op);
    }
}

static bool is_told_to_nobody(const struct crew *crew, const struct hooks *hooks,
                              const struct happening *event)
{
    size_t hooks_n;

    hooks_list(hooks, &hooks_n);
    return (!crew_mails(crew) && !hooks_n) ||
           clock_now_ms() - event->at_ms > crew->settings.deliver_hours * 3600000;
}

void announce_begin(struct crew *crew, const struct hooks *hooks, const struct happening *event,
                    void (*fn)(void *arg), void *arg)
{
    struct announce *op = mem_new(1, sizeof *op);

    op->crew = crew;
    op->hooks = hooks;
    op->event = *event;
    op->fn = fn;
    op->arg = arg;
    if (is_told_to_nobody(crew, hooks, event))
        announce_write(op, NULL, 0);
    else
        request_store_read(crew->store, event->request, NULL, announce_read, op);
}
