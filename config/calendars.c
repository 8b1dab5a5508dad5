#include "config/calendars.h"

#include "base/clock.h"
#include "config/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    CALENDARS_MAX = 512,
    HOLIDAYS_MAX = 400, /* of one actor, all years together */
    OFFSETS_MAX = 128,
    YEARS = 10,
    STEP_S = 14 * 86400 /* no zone changes its clocks twice in so short a time */
};
static const char zone_folder[] = "/usr/share/zoneinfo/";
static const char *const weekday_words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const unsigned weekend = 1u << 0 | 1u << 6;

struct reading {
    struct calendar_book *book;
    const struct mandate *mandate;
    size_t n;
};

/* --- zones, as the C library knows them ------------------------------------------------------- */

static int64_t local_offset_s(time_t at)
{
    struct tm t;

    localtime_r(&at, &t);
    return t.tm_gmtoff;
}

/* The first second of the new offset, somewhere in (from, to]. */
static time_t change_between(time_t from, time_t to)
{
    int64_t before = local_offset_s(from);

    while (to - from > 1) {
        time_t middle = from + (to - from) / 2;

        if (local_offset_s(middle) == before)
            from = middle;
        else
            to = middle;
    }
    return to;
}

static size_t offsets_read(struct calendar_offset *ret)
{
    struct tm start = {.tm_year = clock_year(clock_now_ms()) - 1901, .tm_mday = 1};
    time_t from = timegm(&start);
    time_t end = from + (time_t)YEARS * 366 * 86400;
    size_t n = 0;

    ret[n++] = (struct calendar_offset){INT64_MIN, local_offset_s(from) * 1000};
    for (time_t at = from; at < end && n < OFFSETS_MAX; at += STEP_S) {
        time_t change;

        if (local_offset_s(at) == local_offset_s(at + STEP_S))
            continue;
        change = change_between(at, at + STEP_S);
        ret[n++] = (struct calendar_offset){(int64_t)change * 1000, local_offset_s(change) * 1000};
    }
    return n;
}

static struct calendar_zone *zone_read(const char *name)
{
    struct calendar_offset offsets[OFFSETS_MAX];
    struct calendar_offset *kept;
    struct calendar_zone *zone = mem_new(1, sizeof *zone);

    setenv("TZ", name, 1);
    tzset();
    zone->offsets_n = offsets_read(offsets);
    kept = mem_new(zone->offsets_n, sizeof *kept);
    memcpy(kept, offsets, zone->offsets_n * sizeof *kept);
    zone->offsets = kept;
    snprintf(zone->name, sizeof zone->name, "%s", name);
    return zone;
}

static void zone_setting_restore(char *was)
{
    if (was)
        setenv("TZ", was, 1);
    else
        unsetenv("TZ");
    tzset();
    free(was);
}

/* A name without `..` or other signs of a path of its own: TZ could name any file. */
static bool is_zone_name(const char *name)
{
    static const char signs[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    return *name && *name != '/' && strspn(name, signs) == strlen(name) &&
           strlen(name) < CALENDAR_NAME_BYTES;
}

static enum err_code zone_find(struct calendar_book *book, const char *name,
                               const struct calendar_zone **ret_zone, struct err *e)
{
    char path[sizeof zone_folder + CALENDAR_NAME_BYTES];

    for (size_t i = 0; i < book->zones_n; i++)
        if (!strcmp(book->zones[i]->name, name)) {
            *ret_zone = book->zones[i];
            return ERR_OK;
        }
    if (!is_zone_name(name))
        return err_set(e, ERR_CONFIG, "\"%.40s\" is no name of a time zone", name);
    snprintf(path, sizeof path, "%s%s", zone_folder, name);
    if (book->has_zones && access(path, R_OK) != 0)
        return err_set(e, ERR_CONFIG, "the tz database has no zone %s", name);
    book->zones[book->zones_n++] = zone_read(book->has_zones ? name : "UTC0");
    snprintf(book->zones[book->zones_n - 1]->name, CALENDAR_NAME_BYTES, "%s", name);
    *ret_zone = book->zones[book->zones_n - 1];
    return ERR_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct calendar *calendar_of(const struct reading *r, const char *of)
{
    for (size_t i = 0; i < r->n; i++)
        if (!strcmp(r->book->list[i].of, of))
            return &r->book->list[i];
    return NULL;
}

static enum err_code calendar_add(struct reading *r, const char *of, const char *zone,
                                  unsigned rest, struct err *e)
{
    struct calendar *c = &r->book->list[r->n];
    enum err_code rc;

    if (r->n == CALENDARS_MAX)
        return err_set(e, ERR_CONFIG, "more than %d calendars", CALENDARS_MAX);
    if (calendar_of(r, of))
        return err_set(e, ERR_CONFIG, "\"%s\" twice", of);
    rc = zone_find(r->book, zone, &c->zone, e);
    if (rc != ERR_OK)
        return rc;
    snprintf(c->of, sizeof c->of, "%s", of);
    c->rest = rest;
    r->n++;
    return ERR_OK;
}

static enum err_code rest_read(const struct csv *row, unsigned *ret_rest, struct err *e)
{
    const char *cell = csv_cell(row, "rest");
    unsigned rest = 0;
    const char *part;
    size_t bytes;

    if (!cell)
        return csv_fault(row, e, "no column rest");
    while (csv_part(&cell, &part, &bytes)) {
        int day = 0;

        while (weekday_words[day] && (strlen(weekday_words[day]) != bytes ||
                                      memcmp(weekday_words[day], part, bytes) != 0))
            day++;
        if (!weekday_words[day])
            return csv_fault(row, e, "rest: \"%.*s\" is no weekday", (int)bytes, part);
        rest |= 1u << day;
    }
    if (rest == 127)
        return csv_fault(row, e, "rest: nobody would ever work");
    *ret_rest = rest;
    return ERR_OK;
}

static enum err_code calendar_row(void *arg, const struct csv *row, struct err *e)
{
    struct reading *r = arg;
    char of[sizeof r->book->list[0].of], zone[CALENDAR_NAME_BYTES];
    struct err why = {0};
    unsigned rest = 0;
    enum err_code rc;

    if ((rc = csv_copy(row, "of", of, sizeof of, e)) ||
        (rc = csv_copy(row, "zone", zone, sizeof zone, e)) || (rc = rest_read(row, &rest, e)))
        return rc;
    if (calendar_add(r, of, zone, rest, &why) != ERR_OK)
        return csv_fault(row, e, "%s", why.detail);
    return ERR_OK;
}

static bool day_read(int year, const char *part, size_t bytes, int32_t *ret_day)
{
    char text[16];
    int64_t ms;

    if (bytes != 5)
        return false;
    snprintf(text, sizeof text, "%04d-%.5s", year, part);
    if (!clock_read(text, &ms))
        return false;
    *ret_day = (int32_t)(ms / CLOCK_DAY_MS);
    return true;
}

static int compare_days(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a;
    int32_t y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* Appends the days to what the actor has; they are sorted when all rows are read. */
static enum err_code holidays_row(void *arg, const struct csv *row, struct err *e)
{
    struct reading *r = arg;
    const char *cell = csv_cell(row, "days");
    struct calendar *c;
    int32_t days[HOLIDAYS_MAX];
    char of[sizeof c->of];
    int32_t *kept;
    const char *part;
    size_t bytes, n;
    int year;
    enum err_code rc;

    if ((rc = csv_copy(row, "of", of, sizeof of, e)) ||
        (rc = csv_number(row, "year", 1970, 9999, &year, e)))
        return rc;
    c = calendar_of(r, of);
    if (!c) /* of a secretariat that is not enabled here, say */
        return ERR_OK;
    n = c->holidays_n;
    if (n)
        memcpy(days, c->holidays, n * sizeof *days);
    while (csv_part(&cell, &part, &bytes)) {
        if (n == HOLIDAYS_MAX)
            return csv_fault(row, e, "more than %d holidays of %s", HOLIDAYS_MAX, of);
        if (!day_read(year, part, bytes, &days[n++]))
            return csv_fault(row, e, "\"%.*s\" is no day of %d as MM-DD", (int)bytes, part, year);
    }
    qsort(days, n, sizeof *days, compare_days);
    kept = mem_new(n + 1, sizeof *kept);
    memcpy(kept, days, n * sizeof *days);
    free((void *)(uintptr_t)c->holidays);
    c->holidays = kept;
    c->holidays_n = n;
    return ERR_OK;
}

static int compare_calendars(const void *a, const void *b)
{
    return strcmp(((const struct calendar *)a)->of, ((const struct calendar *)b)->of);
}

static enum err_code book_read(const char *dir, struct reading *r, struct err *e)
{
    const struct mandate *m = r->mandate;
    enum err_code rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < m->secretariats_n; i++)
        rc = calendar_add(r, m->secretariats[i].code, m->secretariats[i].zone, weekend, e);
    if (rc == ERR_OK)
        rc = csv_read_in(dir, "calendars.csv", calendar_row, r, e);
    if (rc == ERR_OK)
        rc = csv_read_in(dir, "holidays.csv", holidays_row, r, e);
    return rc;
}

enum err_code calendars_load(const char *dir, const struct mandate *m, struct calendar_book *book,
                             struct err *e)
{
    struct calendar_book fresh = {.has_zones = access(zone_folder, R_OK) == 0};
    struct reading r = {.book = &fresh, .mandate = m};
    const char *zone = getenv("TZ");
    char *was = zone ? mem_text(zone) : NULL;
    enum err_code rc;

    fresh.list = mem_new(CALENDARS_MAX + 1, sizeof *fresh.list);
    fresh.zones = mem_new(CALENDARS_MAX + 1, sizeof *fresh.zones);
    fresh.all.list = fresh.list;
    rc = book_read(dir, &r, e);
    fresh.all.n = r.n;
    zone_setting_restore(was);
    if (rc != ERR_OK) {
        calendars_clear(&fresh);
        return rc;
    }
    qsort(fresh.list, r.n, sizeof *fresh.list, compare_calendars);
    *book = fresh;
    return ERR_OK;
}

void calendars_clear(struct calendar_book *book)
{
    for (size_t i = 0; i < book->all.n; i++)
        free((void *)(uintptr_t)book->list[i].holidays);
    for (size_t i = 0; i < book->zones_n; i++) {
        free((void *)(uintptr_t)book->zones[i]->offsets);
        free(book->zones[i]);
    }
    free(book->list);
    free(book->zones);
    *book = (struct calendar_book){.zones_n = 0};
}
