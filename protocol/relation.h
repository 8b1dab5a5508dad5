/* Links between requests of any countries, as each of the two keeps them in its sealed part:
 *
 *   links: [{id, reference, relation, by, at, stamp}]
 *
 * The two records live in different partitions and are written one after the other, so each entry
 * has a stamp, "<milliseconds> <operation id>": the greater stamp wins on both sides, in whatever
 * order the writes arrive. A link that was taken away stays as an entry with RELATION_NONE, so that
 * an older one does not come back. */
#ifndef PROTOCOL_RELATION_H
#define PROTOCOL_RELATION_H

#include "protocol/record.h"

enum { RELATIONS_MAX = 64, RELATION_STAMP_BYTES = 48 };

/* Borrowed from inner; NULL: never linked. */
const json_t *relation_find(const json_t *inner, const char *id);
enum relation relation_of(const json_t *entry); /* NULL: RELATION_NONE */

/* Whether one more can be entered, or one to that request is there. */
bool relation_has_room(const json_t *inner, const char *id);

/* Enters the link to the other request. operation: names this attempt. Its stamp is later than
 * that of what was there. relation_has_room has said yes. */
void relation_set(json_t *inner, const struct record *other, enum relation relation,
                  const struct principal *who, const char *operation, int64_t now_ms);

/* Enters at `to` what `from` has about the two, if `to` has nothing as late. False: nothing to do,
 * or no room. from_record: whose sealed part `from` is. */
bool relation_mirror(json_t *to, const char *to_id, const json_t *from,
                     const struct record *from_record);

#endif
