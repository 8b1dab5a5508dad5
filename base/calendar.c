#include "base/calendar.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { DAYS_MAX = 3660 /* a bound for every walk over days: ten years */ };

static const struct calendar_offset utc_offset = {INT64_MIN, 0};
static const struct calendar_zone utc = {"UTC", &utc_offset, 1};
static const struct calendar plain = {.of = "", .rest = 1u << 0 | 1u << 6, .zone = &utc};

static int compare_of(const void *of, const void *calendar)
{
    return strcmp(of, ((const struct calendar *)calendar)->of);
}

const struct calendar *calendars_find(const struct calendars *all, const char *of)
{
    const struct calendar *found =
        all && all->n ? bsearch(of, all->list, all->n, sizeof *all->list, compare_of) : NULL;

    return found ? found : &plain;
}

/* The index of the offset in force. */
static size_t offset_at(const struct calendar_zone *z, int64_t ms)
{
    size_t low = 0;
    size_t high = z->offsets_n;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (z->offsets[middle].from_ms <= ms)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static int64_t floor_days(int64_t ms)
{
    return ms >= 0 ? ms / CLOCK_DAY_MS : -((-ms + CLOCK_DAY_MS - 1) / CLOCK_DAY_MS);
}

int32_t calendar_day(const struct calendar *c, int64_t ms)
{
    const struct calendar_zone *z = c->zone;

    return (int32_t)floor_days(ms + z->offsets[offset_at(z, ms)].offset_ms);
}

/* The first instant whose local time is not before that day's midnight. Where clocks go forward
 * over midnight this is the change itself; where they go back over it, the first of the two
 * midnights. */
int64_t calendar_day_begins(const struct calendar *c, int32_t day)
{
    const struct calendar_zone *z = c->zone;
    int64_t midnight = (int64_t)day * CLOCK_DAY_MS;

    for (size_t i = offset_at(z, midnight - CLOCK_DAY_MS);; i++) {
        int64_t at = midnight - z->offsets[i].offset_ms;

        if (i + 1 < z->offsets_n && at >= z->offsets[i + 1].from_ms)
            continue;
        return at > z->offsets[i].from_ms ? at : z->offsets[i].from_ms;
    }
}

static int compare_days(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

bool calendar_is_working(const struct calendar *c, int32_t day)
{
    int weekday = (int)(((int64_t)day + 4) % 7); /* 1970-01-01 was a Thursday */

    if (weekday < 0)
        weekday += 7;
    return !(c->rest >> weekday & 1u) &&
           !(c->holidays_n &&
             bsearch(&day, c->holidays, c->holidays_n, sizeof *c->holidays, compare_days));
}

int64_t calendar_worked(const struct calendar *c, int64_t from_ms, int64_t to_ms)
{
    int32_t day = calendar_day(c, from_ms);
    int64_t begins = from_ms;
    int64_t worked = 0;

    for (int n = 0; begins < to_ms && n < DAYS_MAX; n++, day++) {
        int64_t ends = calendar_day_begins(c, day + 1);

        if (ends > to_ms)
            ends = to_ms;
        if (ends > begins && calendar_is_working(c, day))
            worked += ends - begins;
        if (ends > begins)
            begins = ends;
    }
    return worked;
}

int64_t calendar_after(const struct calendar *c, int64_t from_ms, int64_t work_ms)
{
    int32_t day = calendar_day(c, from_ms);
    int64_t begins = from_ms;

    for (int n = 0; work_ms > 0 && n < DAYS_MAX; n++, day++) {
        int64_t ends = calendar_day_begins(c, day + 1);

        if (ends <= begins)
            continue;
        if (calendar_is_working(c, day)) {
            if (ends - begins >= work_ms)
                return begins + work_ms;
            work_ms -= ends - begins;
        }
        begins = ends;
    }
    return begins;
}

int64_t calendar_office(const struct calendar *c, int64_t ms)
{
    const int64_t hour_ms = 3600000, opens = 8, closes = 18;
    const int32_t days_max = 60; /* no holidays last longer */
    int32_t today = calendar_day(c, ms);

    for (int32_t day = today; day < today + days_max; day++) {
        int64_t begins_ms = calendar_day_begins(c, day);

        if (calendar_is_working(c, day) && ms < begins_ms + closes * hour_ms)
            return ms < begins_ms + opens * hour_ms ? begins_ms + opens * hour_ms : ms;
    }
    return ms;
}
