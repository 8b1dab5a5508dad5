/* From an event to its notices: who is told, each person once. */
#ifndef WORKERS_ANNOUNCE_H
#define WORKERS_ANNOUNCE_H

#include "store/notice_store.h"
#include "store/request_store.h"
#include "workers/crew.h"
#include "workers/hooks.h"

/* Of one event. A country has at most HOOKS_PER_OWNER webhooks, a secretariat too. */
enum { ANNOUNCE_PEOPLE_MAX = 64, ANNOUNCE_HOOKS_MAX = 200 };

/* One who is told. Texts are borrowed from the record, its document or the contacts. */
struct told {
    struct principal who;
    const char *email, *name;
    int language;
    const struct notice_row *row;
};

/* Pure. The people of one event, in the order of the rows; no address twice. Returns how many. */
size_t announce_people(const struct notices *rows, const struct contacts *contacts,
                       const struct absences *absent, int64_t now_ms, const struct happening *event,
                       const struct stored *stored, struct told list[ANNOUNCE_PEOPLE_MAX]);

/* When a person is to be told, not before now_ms: urgent things and most events at once, what is
 * only to move somebody on in their office hours (domain reference 5.9). */
int64_t announce_due(const struct told *t, const struct record *r, const struct calendars *all,
                     int64_t now_ms);

/* Writes the notices of the event and acknowledges it. fn is called once, when that is done or left
 * for later; never before this returned. */
void announce_begin(struct crew *crew, const struct hooks *hooks, const struct happening *event,
                    void (*fn)(void *arg), void *arg);

#endif
