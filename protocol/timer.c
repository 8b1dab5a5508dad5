#include "protocol/timer.h"

#include <stdio.h>
#include <string.h>

enum {
    LATE_MS = 600000,  /* a row acted on this much late moves those after it */
    EARLY_PERCENT = 80 /* of its time, after which a supporter is reminded of its contribution */
};

struct row {
    enum norm_step step;
    int percent; /* of the norm */
    enum action action;
    int level;           /* escalate */
    bool only_emergency; /* unclaimed after the norm: everybody hears (domain reference 5.9) */
};

/* clang-format off */
static const struct row schedule[] = {
    {NORM_TRIAGE,        100, ACTION_ESCALATE, 1, false},
    {NORM_TRIAGE,        150, ACTION_ESCALATE, 2, false},
    {NORM_TRIAGE,        200, ACTION_ESCALATE, 3, false},
    {NORM_FIRST_WINDOW,  100, ACTION_OPEN,     0, false},
    {NORM_OPEN_WINDOW,     0, ACTION_ESCALATE, 3, true },
    {NORM_OPEN_WINDOW,   100, ACTION_EXPIRE,   0, false},
    {NORM_LEASE,          50, ACTION_REMIND,   0, false},
    {NORM_LEASE,          80, ACTION_REMIND,   0, false},
    {NORM_LEASE,         100, ACTION_RELEASE,  0, false},
    {NORM_ANSWER,         80, ACTION_REMIND,   0, false},
    {NORM_ANSWER,        100, ACTION_ESCALATE, 1, false},
    {NORM_ANSWER,        150, ACTION_ESCALATE, 2, false},
    {NORM_ANSWER,        200, ACTION_ESCALATE, 3, false},
    {NORM_CLARIFICATION,  50, ACTION_REMIND,   0, false},
    {NORM_CLARIFICATION,  90, ACTION_REMIND,   0, false},
    {NORM_CLARIFICATION, 100, ACTION_LAPSE,    0, false},
    {NORM_AGREEMENT,      50, ACTION_REMIND,   0, false},
    {NORM_AGREEMENT,      90, ACTION_REMIND,   0, false},
    {NORM_AGREEMENT,     100, ACTION_ESCALATE, 1, false},
    {NORM_AGREEMENT,     150, ACTION_ESCALATE, 2, false},
    {NORM_AGREEMENT,     200, ACTION_ESCALATE, 3, false},
    {NORM_CONFIRM,        50, ACTION_REMIND,   0, false},
    {NORM_CONFIRM,        90, ACTION_REMIND,   0, false},
    {NORM_CONFIRM,       100, ACTION_CLOSE,    0, false},
    {NORM_UNMATCHED,     100, ACTION_ESCALATE, 1, false},
    {NORM_UNMATCHED,     150, ACTION_ESCALATE, 2, false},
    {NORM_UNMATCHED,     200, ACTION_ESCALATE, 3, false},
};
/* clang-format on */
enum { SCHEDULE_N = sizeof schedule / sizeof schedule[0] };

/* --- the clock that runs ---------------------------------------------------------------------- */

struct running {
    enum norm_step step;
    struct norm norm;
    const struct calendar *calendar;
};

static const char *ball_holder(const struct record *r)
{
    switch (lifecycle_ball(r->state)) {
    case BALL_COUNTRY:
        return r->country;
    case BALL_SECRETARIAT:
        return r->lead;
    case BALL_COORDINATOR:
        return role_words[ROLE_COORDINATOR];
    case BALL_SYSTEM:
    case BALL_NONE:
        break;
    }
    return "";
}

static bool running_of(const struct record *r, const struct calendars *c, struct running *ret)
{
    if (!norm_of_state(r->state, &ret->step))
        return false;
    if (ret->step == NORM_FIRST_WINDOW && r->is_open)
        ret->step = NORM_OPEN_WINDOW;
    ret->norm = norm_of(ret->step, r->urgency);
    if (ret->step == NORM_ANSWER && r->plan_ms) /* the plan that was agreed to says when */
        ret->norm = (struct norm){r->plan_ms, false};
    ret->calendar = calendars_find(c, ball_holder(r));
    return true;
}

/* Of the norm's kind of time, all runs together. */
static int64_t used_ms(const struct record *r, const struct running *clock, int64_t now_ms)
{
    return r->timer.used_ms + norm_passed(clock->norm, clock->calendar, r->since_ms, now_ms);
}

static int64_t allowed_ms(const struct record *r, const struct running *clock, int percent)
{
    return clock->norm.ms / 100 * percent + r->timer.grace_ms;
}

static int64_t time_of(const struct record *r, const struct running *clock, int percent)
{
    return norm_after(clock->norm, clock->calendar, r->since_ms,
                      allowed_ms(r, clock, percent) - r->timer.used_ms);
}

/* --- what the schedule demands ---------------------------------------------------------------- */

/* The first row of a step that is behind `done` others of it and applies; -1: none. */
static int next_row(const struct record *r, enum norm_step step, int64_t done)
{
    int n = 0;

    for (int i = 0; i < SCHEDULE_N; i++) {
        const struct row *row = &schedule[i];

        if (row->step != step || n++ < done ||
            (row->only_emergency && r->urgency != URGENCY_EMERGENCY) ||
            (row->action == ACTION_ESCALATE && row->level <= r->level))
            continue;
        return i;
    }
    return -1;
}

static int done_with(int row)
{
    int n = 0;

    for (int i = 0; i <= row; i++)
        n += schedule[i].step == schedule[row].step;
    return n;
}

/* When a supporter is reminded next; it is not when its contribution has come. */
static bool next_reminder(const struct offer *o, int64_t *ret_ms)
{
    int64_t from_ms = o->awaited_ms ? o->awaited_ms : o->due_ms;

    if (o->role != OFFER_SUPPORT || o->state != OFFER_ACCEPTED || o->contributed_ms || !o->due_ms ||
        o->reminded_n >= CONTRIBUTION_REMINDERS)
        return false;
    *ret_ms = o->due_ms;
    if (!o->reminded_n && o->due_ms > from_ms)
        *ret_ms = from_ms + (o->due_ms - from_ms) / 100 * EARLY_PERCENT;
    return true;
}

static int late_contribution(const struct record *r, int64_t *ret_due_ms)
{
    int first = -1;

    if (r->state != STATE_CLAIMED && r->state != STATE_PLANNED && r->state != STATE_DELIVERING)
        return -1;
    for (size_t i = 0; i < r->offers_n; i++) {
        int64_t at_ms = 0;

        if (!next_reminder(&r->offers[i], &at_ms) || (first >= 0 && at_ms >= *ret_due_ms))
            continue;
        first = (int)i;
        *ret_due_ms = at_ms;
    }
    return first;
}

static void act_of_row(const struct record *r, int i, struct timer_act *act)
{
    const struct row *row = &schedule[i];
    struct principal holder = {.role = ROLE_COORDINATOR};

    *act = (struct timer_act){.action = row->action, .row = i, .offer = -1};
    if (row->action == ACTION_ESCALATE)
        act->degree = row->level;
    if (row->action != ACTION_REMIND)
        return;
    act->degree = row->percent;
    if (lifecycle_ball(r->state) != BALL_COORDINATOR) {
        holder.role = lifecycle_ball(r->state) == BALL_COUNTRY ? ROLE_COUNTRY : ROLE_SECRETARIAT;
        snprintf(holder.of, sizeof holder.of, "%s", ball_holder(r));
    }
    principal_text(&holder, act->whom);
}

bool timer_due(const struct record *r, const struct calendars *c, int64_t now_ms,
               struct timer_act *ret_act)
{
    struct running clock;
    int64_t due_ms = 0;
    int i;

    if (running_of(r, c, &clock) && (i = next_row(r, clock.step, r->timer.done_n)) >= 0 &&
        time_of(r, &clock, schedule[i].percent) <= now_ms) {
        for (int k = i; schedule[i].action == ACTION_ESCALATE && k >= 0;) {
            i = k; /* what was missed meanwhile is one step */
            k = next_row(r, clock.step, done_with(i));
            if (k >= 0 && (schedule[k].action != ACTION_ESCALATE ||
                           time_of(r, &clock, schedule[k].percent) > now_ms))
                k = -1;
        }
        act_of_row(r, i, ret_act);
        return true;
    }
    i = late_contribution(r, &due_ms);
    if (i < 0 || due_ms > now_ms)
        return false;
    *ret_act = (struct timer_act){.action = ACTION_REMIND,
                                  .degree = now_ms < r->offers[i].due_ms ? EARLY_PERCENT : 100,
                                  .row = -1,
                                  .offer = i};
    snprintf(ret_act->whom, sizeof ret_act->whom, "%s:%s", role_words[ROLE_SECRETARIAT],
             r->offers[i].secretariat);
    return true;
}

void timer_done(struct record *r, const struct calendars *c, const struct timer_act *act,
                int64_t now_ms)
{
    struct running clock;

    if (act->offer >= 0) {
        r->offers[act->offer].reminded_n =
            act->degree < 100 ? CONTRIBUTION_REMINDERS - 1 : CONTRIBUTION_REMINDERS;
    } else if (running_of(r, c, &clock)) {
        int64_t late_ms =
            used_ms(r, &clock, now_ms) - allowed_ms(r, &clock, schedule[act->row].percent);

        r->timer.done_n = done_with(act->row);
        if (act->action == ACTION_REMIND && late_ms > LATE_MS)
            r->timer.grace_ms += late_ms;
    }
    timer_set(r, c);
}

/* --- starting and stopping -------------------------------------------------------------------- */

struct timer timer_stopped(const struct record *r, const struct calendars *c, int64_t now_ms)
{
    struct timer used = r->timer;
    struct running clock;

    if (running_of(r, c, &clock))
        used.used_ms = used_ms(r, &clock, now_ms);
    return used;
}

void timer_start(struct record *r, const struct calendars *c, struct timer used, int64_t now_ms)
{
    r->timer = used;
    r->since_ms = now_ms;
    timer_set(r, c);
}

void timer_set(struct record *r, const struct calendars *c)
{
    struct running clock;
    int64_t late_ms = 0;
    int next;

    r->due_ms = r->wake_ms = 0;
    if (running_of(r, c, &clock)) {
        r->due_ms = time_of(r, &clock, 100);
        next = next_row(r, clock.step, r->timer.done_n);
        r->wake_ms = next >= 0 ? time_of(r, &clock, schedule[next].percent) : 0;
    }
    if (late_contribution(r, &late_ms) >= 0 && (!r->wake_ms || late_ms < r->wake_ms))
        r->wake_ms = late_ms;
    if (r->state == STATE_CLAIMED)
        r->lease_ms = r->due_ms;
    for (size_t i = 0; r->state == STATE_OFFERED && i < r->offers_n; i++)
        if (r->offers[i].state == OFFER_PENDING)
            r->offers[i].due_ms = r->due_ms; /* one window for all who may answer */
}

int timer_percent(const struct record *r, const struct calendars *c, int64_t now_ms)
{
    struct running clock;
    int64_t allowed, share;

    if (!running_of(r, c, &clock))
        return 0;
    allowed = allowed_ms(r, &clock, 100);
    share = allowed > 0 ? used_ms(r, &clock, now_ms) / (allowed / 100 + 1) : 100;
    return share < 1000000 ? (int)share : 1000000;
}

int64_t timer_contribution_ms(const struct record *r, const struct calendars *c,
                              const char *secretariat, int64_t now_ms)
{
    return norm_due(NORM_CONTRIBUTION, r->urgency, calendars_find(c, secretariat), now_ms);
}

/* --- for the documents ------------------------------------------------------------------------ */

static const char *const step_names[NORM_STEPS_N] = {
    [NORM_TRIAGE] = "triage",
    [NORM_FIRST_WINDOW] = "first window of the proposed lead",
    [NORM_OPEN_WINDOW] = "window open to all routed",
    [NORM_LEASE] = "lease of a claim",
    [NORM_CONTRIBUTION] = "contribution of a supporter",
    [NORM_ANSWER] = "delivery, where the plan has no date",
    [NORM_CLARIFICATION] = "reply of the country",
    [NORM_AGREEMENT] = "agreement of the country to a plan",
    [NORM_CONFIRM] = "confirmation by the country",
    [NORM_UNMATCHED] = "cycle of an unmatched request",
};

static void print_norms(FILE *out, enum norm_step step)
{
    for (unsigned u = URGENCY_EMERGENCY; u <= URGENCY_PLANNED; u++) {
        struct norm norm = norm_of(step, (enum urgency)u);

        fprintf(out, " %lld %s |", (long long)(norm.ms / (norm.is_work ? 86400000 : 3600000)),
                norm.is_work ? "d" : "h");
    }
}

void timer_print_markdown(FILE *out)
{
    fputs("| clock | emergency | priority | routine | planned | what it demands, at which share |\n"
          "|---|---|---|---|---|---|\n",
          out);
    for (unsigned s = 0; s < NORM_STEPS_N; s++) {
        const char *comma = " ";

        fprintf(out, "| %s |", step_names[s]);
        print_norms(out, (enum norm_step)s);
        for (int i = 0; i < SCHEDULE_N; i++) {
            const struct row *row = &schedule[i];

            if (row->step != s)
                continue;
            fprintf(out, "%s`%s`", comma, action_words[row->action]);
            if (row->level)
                fprintf(out, " to level %d", row->level);
            fprintf(out, " at %d %%%s", row->percent,
                    row->only_emergency ? " of an emergency" : "");
            comma = ", ";
        }
        if (s == NORM_CONTRIBUTION)
            fprintf(out, " `remind` at %d %%, `remind` at 100 %%", EARLY_PERCENT);
        fputs(" |\n", out);
    }
}
