/* Requests of one country that are merged, and taken apart again: what becomes of each of them.
 *
 * Of two requests the one received first survives. It has from then on the highest urgency and
 * the narrowest disclosure of both, and the items, themes and contacts of both; their texts stay
 * apart. The other one is `merged`: its offers and its claim end, its own words stay as they were.
 *
 *   LN-1 <- LN-2 <- LN-3      is never kept: when LN-2 yields, LN-3 follows it, so that a merged
 *   LN-1 <- LN-2, LN-3        request always names a request that is not merged itself
 *
 * What a survivor took stands in its sealed part, so undoing takes away exactly this:
 *
 *   merged: [{id, reference, at, by, via, urgency, disclosure, restricted, themes, items,
 * contacts}] via: ids through which it came here, oldest first; [] when it yielded to this one
 *           urgency, disclosure, restricted: what that request had by itself
 *   own:    {urgency, disclosure, restricted}: what this one had by itself; only beside `merged` */
#ifndef PROTOCOL_MERGE_H
#define PROTOCOL_MERGE_H

#include "protocol/transition.h"

enum { MERGE_MAX = 32 }; /* requests merged into one */

/* One of the requests that change together. */
struct merge_part {
    struct record *record; /* borrowed; as it is afterwards */
    const json_t *body;    /* borrowed */
    json_t *inner;         /* borrowed; changed for all but followers */
    struct record before;
    json_t *line; /* owned: for its history */
};

struct merge {
    enum action action; /* ACTION_MERGE, ACTION_JOIN or ACTION_UNMERGE */
    const struct principal *who;
    const char *text;                  /* why; NULL: not said */
    const struct calendars *calendars; /* of all actors (transition.h) */
    int64_t undo_ms;                   /* until when it can be undone; not for ACTION_UNMERGE */
    struct merge_part survivor, moved;
    struct merge_part followers[MERGE_MAX]; /* those of merge_followers, in any order */
    size_t followers_n;
    const struct merge_part *refused; /* on failure: which one is in the way */
};

/* Ids of those that change along when `moved` yields to another one: all that are merged into it.
 * inner: its sealed part. */
size_t merge_followers(const json_t *inner, char ids[MERGE_MAX][ID_BYTES]);
/* .. and when it comes back: those that came along with it. inner: the survivor's. */
size_t merge_returners(const json_t *inner, const char *moved, char ids[MERGE_MAX][ID_BYTES]);

/* Changes all parts, or none on failure; merge_clear afterwards in both cases.
 *   ERR_STATE    the life cycle does not allow it for `refused`
 *   ERR_TOO_LARGE  the survivor would have more than MERGE_MAX */
enum err_code merge_apply(struct merge *m, int64_t now_ms, struct err *e) ERR_CHECK;
void merge_clear(struct merge *m);

/* A list of the request document ("items", "themes") with what merged ones brought, each once;
 * NULL when there is none. New reference. */
json_t *merge_union(const json_t *body, const json_t *inner, const char *member);
/* All contacts, its own first: [{name, email, phone, language}]; NULL unless others were merged
 * into it. New reference. */
json_t *merge_contacts(const json_t *body, const json_t *inner);

#endif
