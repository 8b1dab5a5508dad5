/* Strong entity tags of single resources (RFC 9110 section 8.8.3): "r<version>", and
 * "r<version>-<language>" where the reasons are told in another language than the request's. */
#ifndef PROTOCOL_ETAG_H
#define PROTOCOL_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#define ETAG_BYTES 32

/* language: its code, "" for the request's own. */
char *etag_write(int64_t version, const char *language, char out[ETAG_BYTES]);
/* If-Match: strong comparison, "*" matches; `"r7-gzip"` counts as "r7"; W/ tags never match. What
 * is asked is whether the request has changed, so the tag of any language will do. */
bool etag_matches(const char *if_match, int64_t version);
/* If-None-Match: weak comparison (RFC 9110 13.1.2), of that language alone. */
bool etag_none_matches(const char *if_none_match, int64_t version, const char *language);

#endif
