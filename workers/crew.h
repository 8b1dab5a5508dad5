/* What the roles of one worker process share. */
#ifndef WORKERS_CREW_H
#define WORKERS_CREW_H

#include "config/contact.h"
#include "config/load.h"
#include "config/setting.h"
#include "routing/engine.h"
#include "store/control_store.h"
#include "store/follow.h"
#include "store/queue_store.h"

struct crew {
    struct event_base *base;
    struct settings settings;
    struct config *config; /* owned; replaced whole by a reload: no operation keeps a pointer into
                              it over a wait */
    struct contacts contacts;          /* owned; likewise */
    struct engine *engine;             /* owned, borrows config; NULL without the role route */
    struct keyring *ring;              /* owned */
    struct store *store;               /* owned: commands */
    struct store *reader;              /* owned: blocking reads of work, nothing else */
    struct follow *follow;             /* owned: the event streams */
    struct control_watch *controls;    /* owned: what operators have switched */
    char slot[48];                     /* consumer name, stable over restarts: "host:1" */
    char roles[HEARTBEAT_ROLES_BYTES]; /* "route,clock" */
    int64_t started_ms;
    int64_t done_n; /* decisions made, demands of clocks met */
    bool stopping;  /* no new work */
    bool hushed;    /* the store is going: it is not called any more */
};

/* Whether it is to begin nothing new: an operator wants so. */
static inline bool crew_is_quiet(const struct crew *crew)
{
    const struct controls *c = control_watch_now(crew->controls);

    return !c || controls_is_quiet(c, crew->slot, crew->started_ms);
}

/* Whether work may be taken from that queue. */
static inline bool crew_may_take(const struct crew *crew, enum queue queue)
{
    const struct controls *c = control_watch_now(crew->controls);

    return c && !c->paused_ms[queue] && !crew_is_quiet(crew);
}

/* Whether mail can be sent. */
static inline bool crew_mails(const struct crew *crew)
{
    return *crew->settings.smtp_url && *crew->settings.mail_from;
}

#endif
