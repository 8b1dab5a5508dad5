/* What operators may switch, as documents: bodies of the calls, and how it stands. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "daemon/app.h"
#include "protocol/field.h"

#include <jansson.h>

/* Body of pause and resume; ends with a row without name. */
extern const struct field control_fields[];

/* True while requests are not taken in, since an operator wants so or the disk is full: says so in
 * words and when to come again. Whoever asks answers ERR_UNAVAILABLE. */
struct task;
bool control_is_closed(struct task *t);
/* Since when that queue is paused; 0: it is not. */
int64_t control_paused_ms(const struct app *app, unsigned queue);

#endif
