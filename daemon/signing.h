/* What the routes of signing keys take, for the decoder and for the API description. */
#ifndef DAEMON_SIGNING_H
#define DAEMON_SIGNING_H

#include "protocol/field.h"

extern const struct field signing_fields[];         /* POST /v1/keys */
extern const struct field signing_require_fields[]; /* POST /v1/keys:require */

#endif
