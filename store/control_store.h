/* What operators have switched (store/lua/control.lua): intake and queues that are paused, workers
 * that begin nothing new, an index to be built anew; and who of a secretariat is away. Every
 * program that obeys it looks once a second, so a switch is obeyed within two. */
#ifndef STORE_CONTROL_STORE_H
#define STORE_CONTROL_STORE_H

#include "protocol/absence.h"
#include "protocol/principal.h"
#include "store/store.h"

#include <event2/event.h>

/* INTAKE is the way in: POST of requests. The others are what workers take work from. */
enum queue { QUEUE_INTAKE, QUEUE_ROUTE, QUEUE_DELIVER, QUEUES_N };
extern const char *const queue_words[]; /* ends with NULL */
enum { QUEUE_ALL = (1u << QUEUES_N) - 1 };

enum { CONTROL_SLOT_BYTES = 48, CONTROL_QUIET_MAX = 64 };

struct controls {
    int64_t paused_ms[QUEUES_N]; /* since when; 0: it is not */
    int64_t rebuild_ms;          /* when somebody last wanted the index anew; 0: never */
    size_t quiet_n;
    struct quiet {
        char slot[CONTROL_SLOT_BYTES];
        int64_t started_ms; /* of the process that is meant: one that starts again is not quiet */
    } quiet[CONTROL_QUIET_MAX];
    struct absences absent; /* who of which secretariat is away, when */
};
bool controls_is_quiet(const struct controls *c, const char *slot, int64_t started_ms);

/* changed: how many switches; -1: there is no such worker. c is borrowed. */
typedef void (*controls_fn)(void *arg, int64_t changed, const struct controls *c,
                            const struct err *e);
void control_store_read(struct store *s, controls_fn fn, void *arg);
/* What an operator does, for the audit log: action "queue.pause", object "route", by whom. */
struct operated {
    const char *action, *object;
    const struct principal *who;
};
/* Bits of enum queue: those to pause and those to resume. */
void control_store_switch(struct store *s, const struct operated *what, unsigned pause,
                          unsigned resume, int64_t now_ms, controls_fn fn, void *arg);
/* object is the worker's slot. */
void control_store_quiet(struct store *s, const struct operated *what, bool quiet, int64_t now_ms,
                         controls_fn fn, void *arg);
void control_store_rebuild(struct store *s, const struct operated *what, int64_t now_ms,
                           controls_fn fn, void *arg);
/* Somebody is away, instead of what was said of them before; until_ms 0: is not. Takes out what has
 * passed of the same secretariat. known: as it is now. */
void control_store_absence(struct store *s, const struct operated *what,
                           const struct absence *absence, const struct absences *known,
                           int64_t now_ms, controls_fn fn, void *arg);
/* Only the note. */
void control_store_note(struct store *s, const struct operated *what, int64_t now_ms,
                        void (*fn)(void *arg, const struct err *e), void *arg);

/* --- keeping up ------------------------------------------------------------------------------- */

struct control_watch;

/* changed may be NULL: called when something differs from the last look. Borrows base and s. */
struct control_watch *control_watch_new(struct event_base *base, struct store *s,
                                        void (*changed)(void *arg), void *arg)
    __attribute__((returns_nonnull));
/* After store_free. NULL is fine. */
void control_watch_free(struct control_watch *w);
/* NULL until the store has told once; borrowed, until control_watch_free. */
const struct controls *control_watch_now(const struct control_watch *w);
/* What an answer of the store said just now. */
void control_watch_set(struct control_watch *w, const struct controls *c);

#endif
