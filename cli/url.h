/* Paths and queries of the API. */
#ifndef CLI_URL_H
#define CLI_URL_H

#include "base/buf.h"

/* Adds text percent-encoded (RFC 3986 section 2.1), but for unreserved characters and for ":" and
 * ",", which mean nothing in a segment and part the values of a filter. */
void url_add(struct buf *url, const char *text);
/* Adds ?name=value or &name=value; value NULL adds nothing. */
void url_add_query(struct buf *url, const char *name, const char *value);

#endif
