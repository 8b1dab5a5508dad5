#include "workers/shelf.h"

#include "base/log.h"
#include "config/hash.h"
#include "routing/draft.h"
#include "store/request_store.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* shelf_enter -> (waits for its turn) -> place_update -> place_ids -> place_read -> .. -> entered
 */
enum { READ_AT_ONCE = 100 };

struct visitor {
    TAILQ_ENTRY(visitor) entry;
    shelf_entered_fn fn;
    void *arg;
};
TAILQ_HEAD(visitors, visitor);

struct known {
    UT_hash_handle hh;
    char id[ID_BYTES];
    char reference[RECORD_REFERENCE_BYTES];
};

struct shelf_place {
    UT_hash_handle hh;
    struct shelf *shelf; /* borrowed */
    char country[4];
    int64_t seen_n;      /* decided ids taken in, in order */
    struct known *known; /* owned, by id */
    struct visitors waiting;
    struct visitor *inside; /* owned; NULL: nobody */
};

struct shelf {
    struct crew *crew;           /* borrowed */
    struct similar_index *index; /* owned */
    struct shelf_place *places;
};

static void place_update(struct shelf_place *p);

struct shelf *shelf_new(struct crew *crew)
{
    struct shelf *s = mem_new(1, sizeof *s);

    s->crew = crew;
    s->index = similar_new(crew->engine);
    return s;
}

static void place_free(struct shelf_place *p)
{
    struct known *k, *next;
    struct visitor *v;

    HASH_ITER (hh, p->known, k, next) {
        HASH_DEL(p->known, k);
        free(k);
    }
    while ((v = TAILQ_FIRST(&p->waiting))) {
        TAILQ_REMOVE(&p->waiting, v, entry);
        free(v);
    }
    free(p->inside);
    free(p);
}

void shelf_free(struct shelf *s)
{
    struct shelf_place *p, *next;

    if (!s)
        return;
    HASH_ITER (hh, s->places, p, next) {
        HASH_DEL(s->places, p);
        place_free(p);
    }
    similar_free(s->index);
    free(s);
}

static struct shelf_place *place_of(struct shelf *s, const char *country)
{
    struct shelf_place *p;

    HASH_FIND_STR(s->places, country, p);
    if (p)
        return p;
    p = mem_new(1, sizeof *p);
    p->shelf = s;
    snprintf(p->country, sizeof p->country, "%s", country);
    TAILQ_INIT(&p->waiting);
    HASH_ADD_STR(s->places, country, p);
    return p;
}

/* Lets the next one in. */
static void place_turn(struct shelf_place *p)
{
    if (p->inside || !(p->inside = TAILQ_FIRST(&p->waiting)))
        return;
    TAILQ_REMOVE(&p->waiting, p->inside, entry);
    place_update(p);
}

static void place_entered(struct shelf_place *p)
{
    p->inside->fn(p->inside->arg, p, &(struct err){0});
}

static void place_failed(struct shelf_place *p, const struct err *e)
{
    struct visitor v = *p->inside;

    free(p->inside);
    p->inside = NULL;
    v.fn(v.arg, NULL, e);
    place_turn(p);
}

static void take_in(struct shelf_place *p, const struct stored *stored)
{
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct draft d;
    struct reading *r;
    struct err e = {0};

    if (draft_read(&p->shelf->crew->config->mandate, stored->body, themes, &d, &e) != ERR_OK) {
        log_warning("shelf_unreadable", "request=%s why=\"%s\"", stored->record.id, e.detail);
        p->seen_n++; /* counted, or the epoch would never agree */
        return;
    }
    r = reading_new(p->shelf->crew->engine, &d);
    shelf_add(p, stored->record.id, stored->record.reference, r);
    reading_free(r);
}

static void place_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct shelf_place *p = arg;

    if (e->code != ERR_OK) {
        place_failed(p, e);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (*list[i].record.id)
            take_in(p, &list[i]);
        else
            p->seen_n++;
    }
    place_update(p); /* until nothing new is left */
}

static void place_ids(void *arg, const char (*ids)[ID_BYTES], size_t n, int64_t epoch,
                      const struct err *e)
{
    struct shelf_place *p = arg;

    if (e->code != ERR_OK)
        place_failed(p, e);
    else if (n == 0 || epoch < p->seen_n)
        place_entered(p);
    else
        request_store_read_many(p->shelf->crew->store, ids, n, place_read, p);
}

static void place_update(struct shelf_place *p)
{
    request_store_decided(p->shelf->crew->store, p->country, p->seen_n, READ_AT_ONCE, place_ids, p);
}

void shelf_enter(struct shelf *s, const char *country, shelf_entered_fn fn, void *arg)
{
    struct shelf_place *p = place_of(s, country);
    struct visitor *v = mem_new(1, sizeof *v);

    v->fn = fn;
    v->arg = arg;
    TAILQ_INSERT_TAIL(&p->waiting, v, entry);
    place_turn(p);
}

size_t shelf_find(const struct shelf_place *p, const struct reading *r,
                  struct similar_hit hits[SIMILAR_HITS_MAX])
{
    return similar_find(p->shelf->index, p->country, r, hits);
}

int64_t shelf_epoch(const struct shelf_place *p)
{
    return p->seen_n;
}

const char *shelf_reference(const struct shelf_place *p, const char *id)
{
    struct known *k;

    HASH_FIND_STR(p->known, id, k);
    return k ? k->reference : "";
}

void shelf_add(struct shelf_place *p, const char *id, const char *reference,
               const struct reading *r)
{
    struct known *k = mem_new(1, sizeof *k);

    snprintf(k->id, sizeof k->id, "%s", id);
    snprintf(k->reference, sizeof k->reference, "%s", reference);
    HASH_ADD_STR(p->known, id, k);
    similar_add(p->shelf->index, p->country, id, r);
    p->seen_n++;
}

void shelf_leave(struct shelf_place *p)
{
    free(p->inside);
    p->inside = NULL;
    place_turn(p);
}
