/* Content codings (RFC 9110 section 8.4): what a reader accepts, and gzip of an answer made just
 * now. What is fixed was compressed by the build (daemon/pages.h). */
#ifndef DAEMON_CODING_H
#define DAEMON_CODING_H

#include "base/buf.h"

#include <stdbool.h>

/* Whether an Accept-Encoding value (RFC 9110 section 12.5.3) of n bytes names that coding and does
 * not refuse it with ";q=0". */
bool coding_is_accepted(const char *value, size_t n, const char *coding);

/* The bytes packed by gzip into ret_packed, which is empty. False: as they are they cost less, or
 * packing them would hold up everybody else. */
bool coding_gzip(const void *bytes, size_t n, struct buf *ret_packed);

#endif
