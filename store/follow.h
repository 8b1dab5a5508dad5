/* The event streams as they go on: from their end at the start of this process, each event once,
 * over a connection of its own, since it blocks. When the store was away, reading goes on where it
 * stopped. */
#ifndef STORE_FOLLOW_H
#define STORE_FOLLOW_H

#include "store/event_store.h"

struct follow;

struct follow_calls {
    /* From now on no event is missed; once. */
    void (*placed)(void *arg);
    void (*came)(void *arg, const struct event *event);
    void *arg;
};

/* options: as for the process's store; ERR_CONFIG as store_new. Never calls back before it
 * returned. */
enum err_code follow_new(struct event_base *base, const struct store_options *options,
                         const struct follow_calls *calls, struct follow **ret_follow,
                         struct err *e) ERR_CHECK;
void follow_free(struct follow *f); /* NULL is fine */

/* Where reading stands; when `placed` is called, from where on events come. Borrowed. */
const struct event_position *follow_position(const struct follow *f);

#endif
