/* What the roles of one worker process share. */
#ifndef WORKERS_CREW_H
#define WORKERS_CREW_H

#include "config/contact.h"
#include "config/load.h"
#include "config/setting.h"
#include "routing/engine.h"
#include "store/follow.h"
#include "store/queue_store.h"

struct crew {
    struct event_base *base;
    struct settings settings;
    struct config *config; /* owned; replaced whole by a reload: no operation keeps a pointer into
                              it over a wait */
    struct contacts contacts; /* owned; likewise */
    struct engine *engine;    /* owned, borrows config; NULL without the role route */
    struct keyring *ring;     /* owned */
    struct store *store;      /* owned: commands */
    struct store *reader;     /* owned: blocking reads of work, nothing else */
    struct follow *follow;    /* owned: the event streams */
    char slot[48];            /* consumer name, stable over restarts: "host:1" */
    int64_t started_ms;
    int64_t done_n; /* decisions made, demands of clocks met */
    bool stopping;  /* no new work */
    bool hushed;    /* the store is going: it is not called any more */
};

/* Whether mail can be sent. */
static inline bool crew_mails(const struct crew *crew)
{
    return *crew->settings.smtp_url && *crew->settings.mail_from;
}

#endif
