/* When an actor works: days of its own zone, without its weekly days of rest and its holidays. A
 * working day counts whole, from local midnight to local midnight, in minutes as they pass: 23 or
 * 25 hours where the clocks are changed (domain reference 6.3). So an amount of work is a number of
 * milliseconds, and n working days are n times 24 hours of it.
 *
 * Pure: zones and days come from config/calendars.c, the offsets of a zone from ICU. */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALENDAR_NAME_BYTES = 40 };

/* From from_ms on local time is UTC + offset_ms. */
struct calendar_offset {
    int64_t from_ms;
    int64_t offset_ms;
};

struct calendar_zone {
    char name[CALENDAR_NAME_BYTES];        /* of the tz database, "Africa/Nairobi" */
    const struct calendar_offset *offsets; /* by time, the first from INT64_MIN */
    size_t offsets_n;
};

struct calendar {
    char of[12];                      /* "KEN", "ramsar", "coordinator" */
    unsigned rest;                    /* bit a weekday without work, 0 is Sunday; never all seven */
    const struct calendar_zone *zone; /* borrowed */
    const int32_t *holidays;          /* local days since 1970-01-01, ascending; borrowed */
    size_t holidays_n;
};

struct calendars {
    const struct calendar *list; /* sorted by `of` */
    size_t n;
};

/* The calendar of an actor; UTC, Monday to Friday, without holidays, when all is NULL or does not
 * know it. */
const struct calendar *calendars_find(const struct calendars *all, const char *of)
    __attribute__((returns_nonnull));

/* The local day of an instant, since 1970-01-01, and when a day begins. */
int32_t calendar_day(const struct calendar *c, int64_t ms);
int64_t calendar_day_begins(const struct calendar *c, int32_t day);
bool calendar_is_working(const struct calendar *c, int32_t day);

/* Milliseconds of work between two instants; 0 when to is not after from. At most ten years are
 * looked at. */
int64_t calendar_worked(const struct calendar *c, int64_t from_ms, int64_t to_ms);
/* The earliest instant by which that much has been worked since from_ms; from_ms itself when
 * work_ms is not positive. */
int64_t calendar_after(const struct calendar *c, int64_t from_ms, int64_t work_ms);
/* The earliest instant, not before ms, in the office hours of a working day: from 8 to 18 local. */
int64_t calendar_office(const struct calendar *c, int64_t ms);

#endif
