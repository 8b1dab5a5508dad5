/* Strong entity tags of single resources: "r<version>" (RFC 9110 section 8.8.3). */
#ifndef PROTOCOL_ETAG_H
#define PROTOCOL_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#define ETAG_BYTES 24

char *etag_write(int64_t version, char out[ETAG_BYTES]);
/* If-Match: strong comparison, "*" matches; `"r7-gzip"` counts as "r7"; W/ tags never match. */
bool etag_matches(const char *if_match, int64_t version);
/* If-None-Match: weak comparison (RFC 9110 13.1.2). */
bool etag_none_matches(const char *if_none_match, int64_t version);

#endif
