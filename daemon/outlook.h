/* What a country may expect of a request that waits: its place in the queue, and how long others
 * waited (protocol/waits.h), read from the store once a minute. */
#ifndef DAEMON_OUTLOOK_H
#define DAEMON_OUTLOOK_H

#include "daemon/app.h"
#include "protocol/waits.h"

struct outlook;

struct outlook *outlook_new(struct app *app) __attribute__((returns_nonnull));
void outlook_free(struct outlook *o); /* after the store; NULL is fine */

/* Asks for the member `expected` of r's resource; language: index, for its text. doc is given to
 * fn, NULL when nobody else's act is awaited; fn is never called before this returned. */
typedef void (*outlook_fn)(void *arg, json_t *doc);
void outlook_ask(struct outlook *o, const struct record *r, int language, outlook_fn fn, void *arg);
/* Whether there is anything to ask. */
bool outlook_is_for(const struct record *r, const struct principal *who);

#endif
