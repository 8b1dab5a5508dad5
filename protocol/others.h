/* The other requests that a request speaks of, and how much of each a reader may see. One that they
 * may not see is neither listed nor counted, nor named in a history. */
#ifndef PROTOCOL_OTHERS_H
#define PROTOCOL_OTHERS_H

#include "protocol/record.h"

enum { OTHERS_MAX = 160 };

struct other {
    const struct record *record; /* borrowed; its id is "" when it could not be read */
    const json_t *body;          /* borrowed */
};

/* Their ids, each once; those of `duplicates` and `related` first. inner: the sealed part. */
size_t others_ids(const struct record *r, const json_t *inner, char ids[OTHERS_MAX][ID_BYTES]);

/* The resource's members about them, as this reader gets them: duplicates, related, merged, links
 * (always there), merged_into, join (null when there is none). list: what others_ids named.
 * New reference. */
json_t *others_view(const struct record *r, const json_t *inner, const struct principal *who,
                    const struct other *list, size_t n) __attribute__((returns_nonnull));

/* The same for the lines of a history, each of which names at most one (`other`): takes out what
 * the reader may not see, a link as a whole. inner: of the request whose history it is. */
size_t others_of_lines(const json_t *lines, char ids[OTHERS_MAX][ID_BYTES]);
void others_narrow(json_t *lines, const json_t *inner, const struct principal *who,
                   const struct other *list, size_t n);

#endif
