/* The event streams as the audit log has them: all fields of each entry, in one canonical line. */
#ifndef STORE_AUDIT_STORE_H
#define STORE_AUDIT_STORE_H

#include "base/id.h"
#include "store/store.h"

#include <jansson.h>

/* The partitions' streams, then the system's. */
enum { AUDIT_STREAMS_N = ID_PARTITIONS + 1, AUDIT_NAME_BYTES = 8, AUDIT_ENTRY_BYTES = 44 };

/* "p00" .. "p15", "sys". Returns out. */
char *audit_stream_name(unsigned stream, char out[AUDIT_NAME_BYTES]);
/* The reverse, AUDIT_STREAMS_N when there is none of that name. */
unsigned audit_stream_find(const char *name);

/* A line {"entry":"1700000000000-0","fields":{..},"stream":"p07"}, keys sorted, without blanks and
 * line end, is borrowed for the call, as is entry. */
struct audit_line {
    const char *entry, *text;
};
typedef void (*audit_fn)(void *arg, const struct audit_line *lines, size_t n, const struct err *e);
/* At most max entries behind `after` ("0-0": from the first on), oldest first. */
void audit_store_read(struct store *s, unsigned stream, const char *after, unsigned max,
                      audit_fn fn, void *arg);

/* Notes that all up to this entry stands in the log behind a signed checkpoint. Not answered: if it
 * is lost, the next one says more. */
void audit_store_note(struct store *s, unsigned stream, const char *entry);

/* Deletes what is older than before_ms, noted, and done with by every group of the stream, at most
 * max entries (store/lua/event.lua). */
typedef void (*retired_fn)(void *arg, int64_t n, bool has_more, const struct err *e);
void audit_store_retire(struct store *s, unsigned stream, int64_t before_ms, unsigned max,
                        retired_fn fn, void *arg);

#endif
