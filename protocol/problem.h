/* Problem details (RFC 9457): the one table from error code to status and type. */
#ifndef PROTOCOL_PROBLEM_H
#define PROTOCOL_PROBLEM_H

#include "base/err.h"
#include "protocol/fault.h"

#include <jansson.h>

/* HTTP status of a code; 500 for what should never reach a client. */
int problem_status(enum err_code code);
/* "wrong-state": the last part of the type URI and of the keys problem.<type>, detail.<type>. */
const char *problem_type(enum err_code code);
/* The code whose status this is, for answers that the HTTP parser gives; ERR_INTERNAL if none. */
enum err_code problem_of_status(int status);

#define PROBLEM_TYPE_BASE "https://liaison.example/problems/"

enum { PROBLEM_URI_BYTES = 96 };
/* The whole type URI: below PROBLEM_TYPE_BASE, or the registered one where IANA has it. Returns
 * out. */
const char *problem_uri(enum err_code code, char out[PROBLEM_URI_BYTES]);

#endif
