/* A JSON document from outside: bounded, valid I-JSON (RFC 7493) before anyone looks inside. */
#ifndef PROTOCOL_DOCUMENT_H
#define PROTOCOL_DOCUMENT_H

#include "base/err.h"
#include "protocol/fault.h"

#include <jansson.h>
#include <stddef.h>

enum { DOCUMENT_DEPTH_MAX = 16, DOCUMENT_MEMBERS_MAX = 1024 };

/* Parses bytes into one JSON object. ERR_MALFORMED, with the fault at "#" saying why: empty_body,
 * invalid_utf8, too_deep, too_many_items, duplicate_member, control_character, not_json,
 * not_an_object. e->detail has line and column where known. The caller owns *ret_doc. */
enum err_code document_parse(const void *bytes, size_t n, json_t **ret_doc, struct faults *faults,
                             struct err *e) ERR_CHECK;

/* The text of a member of our own documents; "" when it is not there or no text. Borrowed. */
const char *document_text(const json_t *object, const char *member);

#endif
