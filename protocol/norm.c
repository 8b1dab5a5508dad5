#include "protocol/norm.h"

#include "base/clock.h"

#define HOURS(n)                                                                                   \
    {                                                                                              \
        (n), true                                                                                  \
    }
#define DAYS(n)                                                                                    \
    {                                                                                              \
        (n), false                                                                                 \
    }

static const struct {
    int n;
    bool hours;
} norms[NORM_STEPS_N][4] = {
  /* emergency, priority, routine, planned */
    [NORM_TRIAGE] = {HOURS(4),  DAYS(1),  DAYS(3),  DAYS(5) },
    [NORM_FIRST_WINDOW] = {HOURS(4),  DAYS(1),  DAYS(3),  DAYS(5) },
    [NORM_OPEN_WINDOW] = {HOURS(8),  DAYS(2),  DAYS(5),  DAYS(10)},
    [NORM_LEASE] = {HOURS(12), DAYS(3),  DAYS(10), DAYS(20)},
    [NORM_CONTRIBUTION] = {HOURS(12), DAYS(2),  DAYS(7),  DAYS(15)},
    [NORM_ANSWER] = {HOURS(24), DAYS(5),  DAYS(15), DAYS(30)},
    [NORM_CLARIFICATION] = {HOURS(48), DAYS(5),  DAYS(20), DAYS(60)},
    [NORM_AGREEMENT] = {HOURS(48), DAYS(5),  DAYS(20), DAYS(60)},
    [NORM_CONFIRM] = {DAYS(20),  DAYS(20), DAYS(30), DAYS(30)},
    [NORM_UNMATCHED] = {DAYS(5),   DAYS(10), DAYS(30), DAYS(60)},
};

struct norm norm_of(enum norm_step step, enum urgency urgency)
{
    int64_t n = norms[step][urgency].n;

    if (norms[step][urgency].hours)
        return (struct norm){n * 3600 * 1000, false};
    return (struct norm){n * CLOCK_DAY_MS, true};
}

bool norm_of_state(enum state s, enum norm_step *ret_step)
{
    static const struct {
        enum state state;
        enum norm_step step;
    } steps[] = {
        {STATE_TRIAGE,           NORM_TRIAGE       },
        {STATE_OFFERED,          NORM_FIRST_WINDOW },
        {STATE_CLAIMED,          NORM_LEASE        },
        {STATE_PLANNED,          NORM_AGREEMENT    },
        {STATE_DELIVERING,       NORM_ANSWER       },
        {STATE_AWAITING_COUNTRY, NORM_CLARIFICATION},
        {STATE_ANSWERED,         NORM_CONFIRM      },
        {STATE_UNMATCHED,        NORM_UNMATCHED    },
    };

    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i].state == s) {
            *ret_step = steps[i].step;
            return true;
        }
    return false;
}

int64_t norm_passed(struct norm norm, const struct calendar *c, int64_t from_ms, int64_t to_ms)
{
    if (to_ms <= from_ms)
        return 0; /* the wall clock was set back */
    return norm.is_work ? calendar_worked(c, from_ms, to_ms) : to_ms - from_ms;
}

int64_t norm_after(struct norm norm, const struct calendar *c, int64_t from_ms, int64_t ms)
{
    if (ms <= 0)
        return from_ms;
    return norm.is_work ? calendar_after(c, from_ms, ms) : from_ms + ms;
}

int64_t norm_due(enum norm_step step, enum urgency urgency, const struct calendar *c,
                 int64_t from_ms)
{
    struct norm norm = norm_of(step, urgency);

    return norm_after(norm, c, from_ms, norm.ms);
}
