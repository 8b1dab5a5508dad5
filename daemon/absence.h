/* Who of a secretariat is away (protocol/absence.h), as this daemon knows it: looked at once a
 * second with what operators have switched. */
#ifndef DAEMON_ABSENCE_H
#define DAEMON_ABSENCE_H

#include "daemon/app.h"
#include "protocol/field.h"
#include "protocol/record.h"

#include <jansson.h>

/* Body of POST /v1/absences; ends with a row without name. */
extern const struct field absence_fields[];

/* Who answers for the claim now; "": nobody in particular. Returns out. */
char *absence_acting_of(const struct app *app, const struct record *r, int64_t now_ms,
                        char out[OFFICER_BYTES]);
/* Says it in the claim of a resource, where its reader is told of officers. */
void absence_add(const struct app *app, const struct record *r, json_t *doc);

#endif
