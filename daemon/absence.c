/* GET and POST /v1/absences, DELETE /v1/absences/{officer}: who of the caller's secretariat is away
 * and who acts meanwhile. A token of an officer speaks for that one, a token of the secretariat for
 * all. A chain of deputies that would lead back to its beginning is refused.
 *
 *   absence_begin, absence_end_begin -> absence_changed */
#include "daemon/absence.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/operations.h"
#include "daemon/task.h"
#include "store/control_store.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct absence_wish {
    const char *officer, *deputy, *from, *until;
};

/* clang-format off */
#define WISH(member) offsetof(struct absence_wish, member)
const struct field absence_fields[] = {
    {"officer", FIELD_TEXT, false, 0, 1, OFFICER_BYTES - 1, NULL, NULL, WISH(officer), "who is away, as the tokens of that one say; without it the officer of this token"},
    {"deputy", FIELD_TEXT, false, 0, 1, OFFICER_BYTES - 1, NULL, NULL, WISH(deputy), "who acts meanwhile; without it the whole secretariat"},
    {"from", FIELD_DATE, false, 0, 0, 0, NULL, NULL, WISH(from), "since when; without it from now on"},
    {"until", FIELD_DATE, true, 0, 0, 0, NULL, NULL, WISH(until), "when that one is back"},
    {NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL}};
/* clang-format on */

static const struct absences *absences_of(const struct app *app)
{
    static const struct absences nobody = {.n = 0};
    const struct controls *c = control_watch_now(app->controls);

    return c ? &c->absent : &nobody;
}

char *absence_acting_of(const struct app *app, const struct record *r, int64_t now_ms,
                        char out[OFFICER_BYTES])
{
    return absence_acting(absences_of(app), r->lead, r->officer, now_ms, out);
}

void absence_add(const struct app *app, const struct record *r, json_t *doc)
{
    json_t *claim = json_object_get(doc, "claim");
    char acting[OFFICER_BYTES];

    if (!json_object_get(claim, "officer"))
        return;
    absence_acting_of(app, r, clock_now_ms(), acting);
    json_object_set_new(claim, "acting", *acting ? json_string(acting) : json_null());
}

/* --- answers ---------------------------------------------------------------------------------- */

static json_t *absence_json(const struct absences *all, const struct absence *a)
{
    char from[CLOCK_TEXT_BYTES], until[CLOCK_TEXT_BYTES], acting[OFFICER_BYTES];

    absence_acting(all, a->of, a->officer, clock_now_ms(), acting);
    return json_pack("{s:s, s:s?, s:s, s:s, s:s?}", "officer", a->officer, "deputy",
                     *a->deputy ? a->deputy : NULL, "from", clock_text(a->from_ms, from), "until",
                     clock_text(a->until_ms, until), "acting", *acting ? acting : NULL);
}

static void absences_answer(struct task *t)
{
    const struct absences *all = absences_of(t->app);
    json_t *items = json_array();

    for (size_t i = 0; i < all->n; i++)
        if (!strcmp(all->list[i].of, t->who.of) && all->list[i].until_ms > clock_now_ms())
            json_array_append_new(items, absence_json(all, &all->list[i]));
    task_reply_json(t, 200, json_pack("{s:o}", "items", items), NULL);
}

void absences_begin(struct task *t)
{
    absences_answer(t);
}

static void absence_changed(void *arg, int64_t changed, const struct controls *c,
                            const struct err *e)
{
    struct task *t = arg;

    (void)changed;
    if (e->code != ERR_OK) {
        task_problem(t, e);
        return;
    }
    control_watch_set(t->app->controls, c);
    log_info("absence", "secretariat=%s via=%s", t->who.of, http_request_id(t->http));
    absences_answer(t);
}

/* --- changes ---------------------------------------------------------------------------------- */

static void store_absence(struct task *t, const struct absence *a)
{
    char object[PRINCIPAL_OF_BYTES + OFFICER_BYTES];
    struct operated what = {
        .action = a->until_ms ? "absence.set" : "absence.end", .object = object, .who = &t->who};

    snprintf(object, sizeof object, "%s:%s", a->of, a->officer);
    control_store_absence(t->app->store, &what, a, absences_of(t->app), clock_now_ms(),
                          absence_changed, t);
}

/* Whose absence it is: the token's officer, or, for a token of the whole secretariat, the one
 * named.
 */
static bool officer_read(const struct task *t, const char *named, const char *at,
                         struct absence *ret_absence, struct faults *faults)
{
    const char *officer = named ? named : t->officer;

    snprintf(ret_absence->of, sizeof ret_absence->of, "%s", t->who.of);
    if (!*officer)
        fault_add(faults, "#", at, "required");
    else if (!absence_is_officer(officer))
        fault_add(faults, "#", at, "not_an_officer");
    else if (*t->officer && strcmp(t->officer, officer) != 0)
        fault_add(faults, "#", at, "not_yours");
    else
        snprintf(ret_absence->officer, sizeof ret_absence->officer, "%s", officer);
    return faults->n == 0;
}

/* How many others of this secretariat are or will be away. */
static size_t others_n(const struct absences *all, const struct absence *a, int64_t now_ms,
                       size_t *ret_all_n)
{
    size_t n = 0;

    *ret_all_n = 0;
    for (size_t i = 0; i < all->n; i++) {
        bool is_same = !strcmp(all->list[i].of, a->of);

        *ret_all_n += !is_same || strcmp(all->list[i].officer, a->officer) != 0;
        n += is_same && strcmp(all->list[i].officer, a->officer) != 0 &&
             all->list[i].until_ms > now_ms;
    }
    return n;
}

static void absence_check(const struct task *t, const struct absence_wish *wish, struct absence *a,
                          struct faults *faults)
{
    const struct absences *all = absences_of(t->app);
    int64_t now_ms = clock_now_ms();
    int64_t last_ms = now_ms + ABSENCE_NOTICE_DAYS * CLOCK_DAY_MS;
    size_t all_n;

    a->from_ms = now_ms;
    if (wish->from && (!clock_read(wish->from, &a->from_ms) || a->from_ms > last_ms))
        fault_add(faults, "#", "from", "out_of_range");
    if (!clock_read(wish->until, &a->until_ms) || a->until_ms <= now_ms ||
        a->until_ms <= a->from_ms)
        fault_add(faults, "#", "until", "in_the_past");
    else if (a->until_ms - a->from_ms > ABSENCE_DAYS_MAX * CLOCK_DAY_MS)
        fault_add(faults, "#", "until", "out_of_range");
    if (wish->deputy && !absence_is_officer(wish->deputy))
        fault_add(faults, "#", "deputy", "not_an_officer");
    else if (wish->deputy)
        snprintf(a->deputy, sizeof a->deputy, "%s", wish->deputy);
    if (!faults->n && absence_is_circular(all, a))
        fault_add(faults, "#", "deputy", "circular");
    if (!faults->n &&
        (others_n(all, a, now_ms, &all_n) >= ABSENCES_OF_MAX || all_n >= ABSENCES_MAX))
        fault_add(faults, "#", "officer", "too_many_items")->max = ABSENCES_OF_MAX;
}

void absence_begin(struct task *t)
{
    struct absence_wish wish = {NULL};
    struct absence a = {.from_ms = 0};
    struct faults faults = {.n = 0};
    json_auto_t *doc = NULL;
    struct err e = {0};

    if (task_read_json(t, true, &doc, &faults, &e) != ERR_OK) {
        task_faults(t, &e, &faults);
        return;
    }
    if (field_decode(doc, "#", absence_fields, &t->app->codes, &wish, &faults) &&
        officer_read(t, wish.officer, "officer", &a, &faults))
        absence_check(t, &wish, &a, &faults);
    if (faults.n)
        task_faults(t, &(struct err){ERR_VALIDATION, "absence"}, &faults);
    else
        store_absence(t, &a);
}

void absence_end_begin(struct task *t)
{
    struct absence a = {.from_ms = 0};
    struct faults faults = {.n = 0};

    if (officer_read(t, t->id, "officer", &a, &faults))
        store_absence(t, &a);
    else
        task_faults(t, &(struct err){ERR_VALIDATION, "absence"}, &faults);
}
