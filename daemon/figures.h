/* A queue in numbers that all queues have, drawn from a look at the store. */
#ifndef DAEMON_FIGURES_H
#define DAEMON_FIGURES_H

#include "store/control_store.h"
#include "store/queue_store.h"

/* Counts below zero are not known. */
struct figures {
    enum queue queue;
    int64_t waiting, pending, delayed, dead;
    int64_t oldest_ms; /* since when the oldest waits; 0: none does */
    int64_t retries, mended;
};

/* queue: QUEUE_ROUTE or QUEUE_DELIVER. */
struct figures figures_of(const struct health *h, enum queue queue);
/* All that is there, and what of it could be done now; -1: not known. */
int64_t figures_depth(const struct figures *f);
int64_t figures_work(const struct figures *f);
/* 0 when none waits. */
double figures_age_s(int64_t since_ms, int64_t now_ms);

#endif
