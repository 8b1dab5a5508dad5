/* A year of 500 requests with a test clock, in the real calendars of all actors: people who
 * sometimes act, and workers of role `clock` that look every hour and now and then are away for
 * days. At every hour somebody has the ball and a clock runs; every demand of a clock is met, once.
 * That two workers at the same moment do it once is tests/integration/test_clock.py. */
#include "base/clock.h"
#include "config/load.h"
#include "protocol/transition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REQUESTS = 500, HOURS = 365 * 24, TOLD_MAX = 1 << 16, HOUR_MS = 3600000 };

/* One act of the clock, as people would be told of it. */
struct told {
    int request;
    int64_t run_ms; /* when its clock had begun; of a contribution, when that was due */
    enum action action;
    int degree;
    char whom[PRINCIPAL_TEXT_BYTES];
};

static struct config *config;
static struct record requests[REQUESTS];
static struct told told[TOLD_MAX];
static size_t told_n;
static unsigned seed = 2026;
static unsigned long long people_n;

static unsigned dice(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

static const char *some_secretariat(void)
{
    return config->mandate.secretariats[dice((unsigned)config->mandate.secretariats_n)].code;
}

static bool try(int i, enum action a, const struct principal *who, struct transition_input *in,
                int64_t now_ms)
{
    const struct lifecycle_row *row;
    struct err e = {0};

    in->calendars = &config->calendars.all;
    return transition_apply(&requests[i], a, who, in, now_ms, &row, &e) == ERR_OK;
}

static void submit(int i, int64_t now_ms)
{
    const struct country *country =
        &config->world.countries[dice((unsigned)config->world.countries_n)];
    const struct principal router = {.role = ROLE_SYSTEM};
    struct transition_input in = transition_silent;
    struct routed to = {.lead = dice(8) ? some_secretariat() : ""};
    struct record *r = &requests[i];

    snprintf(r->id, sizeof r->id, "req_0199f3c2a1b47c3d9f245ab6c7d%04x3", (unsigned)i);
    memcpy(r->country, country->iso3, 4);
    r->urgency = (enum urgency)dice(4);
    r->version = 1;
    r->submitted_ms = r->updated_ms = r->since_ms = now_ms;
    for (unsigned k = dice(4); k > 0; k--)
        to.support[to.support_n++] = some_secretariat();
    transition_offer(r, &to);
    assert_true(try(i, *to.lead ? ACTION_OFFER : ACTION_HOLD, &router, &in, now_ms));
}

/* Mostly whoever has the ball, else one of the others that it was offered to. */
static struct principal somebody(const struct record *r)
{
    struct principal who = {.role = ROLE_COORDINATOR};

    if (lifecycle_ball(r->state) == BALL_COUNTRY) {
        who.role = ROLE_COUNTRY;
        memcpy(who.of, r->country, 4);
    } else if (lifecycle_ball(r->state) == BALL_SECRETARIAT) {
        who.role = ROLE_SECRETARIAT;
        snprintf(who.of, sizeof who.of, "%s",
                 dice(3) ? r->lead : r->offers[dice((unsigned)r->offers_n)].secretariat);
    }
    return who;
}

static void somebody_acts(int i, int64_t now_ms)
{
    const unsigned other_stories = 1u << ACTION_WITHDRAW | 1u << ACTION_MERGE | 1u << ACTION_JOIN |
                                   1u << ACTION_UNMERGE | 1u << ACTION_LINK;
    struct principal who = somebody(&requests[i]);
    struct transition_input in = transition_silent;
    unsigned allowed = transition_allowed(&requests[i], &who, now_ms) & ~other_stories;
    unsigned from = dice(ACTIONS_N);

    in.text = "words";
    in.reason = (int)dice(REASONS_N);
    in.outcome = 1 + (int)dice(3);
    in.as = dice(2) ? OFFER_SUPPORT : -1;
    in.lead = some_secretariat();
    in.body = "climate";
    for (unsigned k = 0; k < ACTIONS_N; k++)
        if (allowed & 1u << (from + k) % ACTIONS_N) {
            people_n += try(i, (enum action)((from + k) % ACTIONS_N), &who, &in, now_ms);
            return;
        }
}

static void tell(int i, const struct record *before, const struct timer_act *act)
{
    struct told *t = &told[told_n++];

    assert_true(told_n < TOLD_MAX);
    *t = (struct told){.request = i,
                       .run_ms = act->offer >= 0 ? before->offers[act->offer].due_ms
                                                 : before->since_ms - before->timer.used_ms,
                       .action = act->action,
                       .degree = act->degree};
    snprintf(t->whom, sizeof t->whom, "%s", act->whom);
}

/* As workers do it: what the index says is due, read and done. */
static void workers_look(int64_t now_ms)
{
    const struct principal the_clock = {.role = ROLE_SYSTEM};

    for (int i = 0; i < REQUESTS; i++) {
        struct timer_act act;

        if (!requests[i].wake_ms || requests[i].wake_ms > now_ms)
            continue;
        while (timer_due(&requests[i], &config->calendars.all, now_ms, &act)) {
            struct transition_input in = transition_silent;
            struct record before = requests[i];

            assert_true(try(i, act.action, &the_clock, &in, now_ms));
            tell(i, &before, &act);
        }
        if (requests[i].wake_ms && requests[i].wake_ms <= now_ms)
            fail_msg("request %d in %s: a demand is not met", i, state_words[requests[i].state]);
    }
}

static int compare_told(const void *a, const void *b)
{
    const struct told *x = a;
    const struct told *y = b;

    if (x->request != y->request)
        return x->request < y->request ? -1 : 1;
    if (x->run_ms != y->run_ms)
        return x->run_ms < y->run_ms ? -1 : 1;
    if (x->action != y->action)
        return x->action < y->action ? -1 : 1;
    if (x->degree != y->degree)
        return x->degree < y->degree ? -1 : 1;
    return strcmp(x->whom, y->whom);
}

static void check_balls(int n)
{
    for (int i = 0; i < n; i++) {
        const struct record *r = &requests[i];
        enum ball ball = lifecycle_ball(r->state);

        if (lifecycle_is_terminal(r->state) == (ball != BALL_NONE) ||
            (ball == BALL_SECRETARIAT && !record_offer_find(r, r->lead)))
            fail_msg("request %d in %s: nobody has the ball", i, state_words[r->state]);
        if (!lifecycle_is_terminal(r->state) && !r->due_ms)
            fail_msg("request %d in %s: no clock runs", i, state_words[r->state]);
    }
}

static void test_a_year_of_500_requests(void **state)
{
    int64_t now_ms = clock_now_ms() - clock_now_ms() % CLOCK_DAY_MS;
    int submitted = 0;
    int away = 0;
    int ended = 0;

    (void)state;
    for (int hour = 0; hour < HOURS; hour++, now_ms += HOUR_MS) {
        while (submitted < REQUESTS && submitted * HOURS <= hour * REQUESTS * 2)
            submit(submitted++, now_ms); /* all within half a year */
        for (unsigned k = dice(3); k > 0; k--)
            somebody_acts((int)dice((unsigned)submitted), now_ms);
        if (!away && !dice(24 * 30))
            away = 1 + (int)dice(72);
        if (away)
            away--;
        else
            workers_look(now_ms);
        check_balls(submitted);
    }
    workers_look(now_ms);
    for (int i = 0; i < REQUESTS; i++)
        ended += lifecycle_is_terminal(requests[i].state);
    qsort(told, told_n, sizeof told[0], compare_told);
    for (size_t i = 1; i < told_n; i++)
        if (!compare_told(&told[i - 1], &told[i]))
            fail_msg("request %d: %s %d %s twice", told[i].request, action_words[told[i].action],
                     told[i].degree, told[i].whom);
    printf("%d requests, %llu acts of people, %zu of the clock, %d ended\n", REQUESTS, people_n,
           told_n, ended);
    assert_true(submitted == REQUESTS && told_n > REQUESTS && people_n > REQUESTS &&
                ended > REQUESTS / 4);
}

static int load(void **state)
{
    struct err e = {0};

    (void)state;
    if (config_load(LIAISON_SOURCE_DIR "/config", &config, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_year_of_500_requests),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
