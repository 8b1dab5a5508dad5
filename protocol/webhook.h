/* What is said to make a webhook, and to replay its deliveries: the bodies of the API's calls. */
#ifndef PROTOCOL_WEBHOOK_H
#define PROTOCOL_WEBHOOK_H

#include "protocol/field.h"

struct webhook_wish {
    const char *url;
    const json_t *events; /* array of types, NULL or empty: all */
};
extern const struct field webhook_fields[]; /* ends with a row without name */
/* True when there is no fault; whether the URL may be called is not checked. Borrows from doc. */
bool webhook_wish_decode(const json_t *doc, struct webhook_wish *ret_wish, struct faults *faults);

extern const struct field webhook_replay_fields[]; /* ends with a row without name */

#endif
