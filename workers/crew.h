/* What the roles of one worker process share. */
#ifndef WORKERS_CREW_H
#define WORKERS_CREW_H

#include "config/load.h"
#include "config/setting.h"
#include "routing/engine.h"
#include "store/follow.h"
#include "store/queue_store.h"

struct crew {
    struct event_base *base;
    struct settings settings;
    struct config *config; /* owned */
    struct engine *engine; /* owned, borrows config */
    struct keyring *ring;  /* owned */
    struct store *store;   /* owned: commands */
    struct store *reader;  /* owned: blocking reads, nothing else */
    struct follow *follow; /* owned: the event streams */
    char slot[48];         /* consumer name, stable over restarts: "host:1" */
    int64_t started_ms;
    int64_t done_n; /* decisions made */
    bool stopping;  /* no new work */
};

#endif
