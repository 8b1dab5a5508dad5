/* When each actor works: countries and the coordinator by calendars.csv, secretariats by the zone
 * of their seat (secretariats.csv) from Monday to Friday, all without the days of holidays.csv.
 * What a zone's clocks show is asked of the C library, which reads the system's tz database. */
#ifndef CONFIG_CALENDARS_H
#define CONFIG_CALENDARS_H

#include "base/calendar.h"
#include "config/mandate.h"

struct calendar_book {
    struct calendars all;
    struct calendar *list;        /* owned, as all that follows; sorted by `of` */
    struct calendar_zone **zones; /* each once */
    size_t zones_n;
    bool has_zones; /* false: this machine has no tz database, so all count in UTC */
};

/* ERR_CONFIG: "file:line: what"; book is filled only on success. Offsets are known from the year
 * before this one on, for ten years; the last one holds on. Sets TZ for the time of the call, so no
 * other thread may read the local time meanwhile. */
enum err_code calendars_load(const char *dir, const struct mandate *m, struct calendar_book *book,
                             struct err *e) ERR_CHECK;
void calendars_clear(struct calendar_book *book);

#endif
