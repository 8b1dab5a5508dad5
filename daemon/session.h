/* What POST /v1/session takes, for the decoder and for the API description. */
#ifndef DAEMON_SESSION_H
#define DAEMON_SESSION_H

#include "protocol/field.h"

extern const struct field session_fields[];

#endif
