/* What became of one attempt to deliver a notice. */
#ifndef WORKERS_ATTEMPT_H
#define WORKERS_ATTEMPT_H

#include "store/notice_store.h"

struct attempt_result {
    enum notice_outcome outcome;
    long status;
    const char *why;    /* English, for the log; "" when it was sent */
    const char *answer; /* borrowed, "": none */
    int64_t wait_ms;    /* LATER: at least so long, 0: by the schedule; BACK: so long */
};
typedef void (*attempt_fn)(void *arg, const struct attempt_result *result);

#endif
