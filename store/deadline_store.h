/* The index of deadlines: each request whose clock demands something later on stands in it by the
 * time of that, put there by the same step that set the clock (index.h). */
#ifndef STORE_DEADLINE_STORE_H
#define STORE_DEADLINE_STORE_H

#include "base/id.h"
#include "protocol/lifecycle.h"
#include "store/store.h"

enum { DEADLINES_MAX = 64 };

/* The store's own wall clock. */
typedef void (*store_time_fn)(void *arg, int64_t now_ms, const struct err *e);
void deadline_store_time(struct store *s, store_time_fn fn, void *arg);

struct deadline {
    char id[ID_BYTES];
    int64_t wake_ms;
};
/* What is due in a partition at now_ms, the earliest first, at most DEADLINES_MAX. */
typedef void (*deadlines_fn)(void *arg, const struct deadline *list, size_t n, const struct err *e);
void deadline_store_due(struct store *s, unsigned partition, int64_t now_ms, deadlines_fn fn,
                        void *arg);

/* Puts an entry that stands at the wrong time (the calendars changed, say) at another; to_ms 0
 * takes it out. Nothing happens when it has moved meanwhile. Not answered: if it is lost, the entry
 * is only looked at again. */
void deadline_store_shift(struct store *s, const struct deadline *from, int64_t to_ms);

/* --- whether the index says what the records say ---------------------------------------------- */

/* The lists of ids that are compared with the index: the index itself, which has what should not be
 * there, and the requests of each state, which have what is missing. */
enum { DEADLINE_LISTS_N = STATES_N + 1 };
/* At most DEADLINES_MAX of a partition's list, from a rank on; wake_ms 0: not in the index. */
void deadline_store_list(struct store *s, unsigned partition, unsigned list, int64_t from_rank,
                         deadlines_fn fn, void *arg);
/* Puts a request at to_ms (0: takes it out), unless it or its entry has moved since it was read:
 * version 0 says that there was no such request. */
typedef void (*mended_deadline_fn)(void *arg, bool changed, const struct err *e);
void deadline_store_mend(struct store *s, const struct deadline *from, int64_t version,
                         int64_t to_ms, mended_deadline_fn fn, void *arg);

#endif
