/* The decided requests of each country as this worker knows them, for finding duplicates.
 *
 * One at a time enters a country: the shelf is brought up to the country's epoch, the decision is
 * made and written on that epoch, then the next one enters. Another worker's decision in between
 * makes the store refuse (STORE_EPOCH): enter again. */
#ifndef WORKERS_SHELF_H
#define WORKERS_SHELF_H

#include "routing/similar.h"
#include "workers/crew.h"

struct shelf;
struct shelf_place; /* one country, entered */

struct shelf *shelf_new(struct crew *crew) __attribute__((returns_nonnull));
void shelf_free(struct shelf *s);

/* place is NULL when e->code is set: then nothing was entered. */
typedef void (*shelf_entered_fn)(void *arg, struct shelf_place *place, const struct err *e);
void shelf_enter(struct shelf *s, const char *country, shelf_entered_fn fn, void *arg);
/* As similar_find, among the country's requests. */
size_t shelf_find(const struct shelf_place *p, const struct reading *r,
                  struct similar_hit hits[SIMILAR_HITS_MAX]);
/* How many decided requests the index has seen: what decide is conditional on. */
int64_t shelf_epoch(const struct shelf_place *p);
/* The reference of a request in the index; "" when unknown. Borrowed. */
const char *shelf_reference(const struct shelf_place *p, const char *id);
/* r was decided as the next one: it need not be read back. */
void shelf_add(struct shelf_place *p, const char *id, const char *reference,
               const struct reading *r);
void shelf_leave(struct shelf_place *p);

#endif
