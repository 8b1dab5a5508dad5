/* Identifiers: prefix + UUIDv7 (RFC 9562 section 5.7) as 32 hex digits, so they sort by time.
 *
 *   req_ 0199f3c2a1b4 7 c3d 9f2 45ab6c7d8e1 3
 *        ms since 1970  v random            |
 *                                           +- partition, 0..f: where the record lives
 *
 * The last digit replaces four random bits; for everyone but the store the id is opaque. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#define ID_PREFIX_BYTES 4
#define ID_BYTES (ID_PREFIX_BYTES + 32 + 1)
#define ID_PARTITIONS 16

/* prefix: four characters such as "req_"; partition 0..15. Ids of one process never repeat and
 * rise also within a millisecond. Returns out. */
char *id_new(const char *prefix, unsigned partition, int64_t now_ms, char out[ID_BYTES]);
/* True when text is prefix + 32 lower-case hex digits of a UUIDv7 and nothing else. */
bool id_is(const char *text, const char *prefix);
/* text must satisfy id_is. */
unsigned id_partition(const char *text);
int64_t id_time_ms(const char *text);

#endif
