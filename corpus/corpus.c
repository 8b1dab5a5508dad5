#include "corpus/corpus.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/hash.h"
#include "protocol/word.h"
#include "routing/draft.h"
#include "routing/lexicon.h"
#include "store/candidate_store.h"
#include "store/request_store.h"

#include <event2/event.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* corpus_enter -> (waits for its turn) -> place_update -> place_paged -> place_mend -> .. ->
 * entered ^                             |
 *                                              +-----------------------------+  until nothing is
 * new
 *
 * place_mend reads the texts of those whose vector is missing or was made by other data: it is
 * computed anew and kept. */
enum {
    COLD_MAX = 4,
    MEND_AT_ONCE = 16,
    LOADERS_N = 4,
    AGAIN_MS = 500,
    SWEEP_AT_ONCE = 200,
    MARK_BYTES = 8
};
/* Of a country, without its vectors: counted so that many small ones are bounded too. */
enum { PLACE_BYTES = 8192 };

struct visitor {
    TAILQ_ENTRY(visitor) entry;
    corpus_entered_fn fn;
    void *arg;
};
TAILQ_HEAD(visitors, visitor);

/* A request of the page at hand whose vector must be computed. */
struct mend {
    char id[ID_BYTES];
    int64_t position;
};

struct corpus_place {
    UT_hash_handle hh;
    TAILQ_ENTRY(corpus_place) used; /* longest unused first */
    struct corpus *corpus;          /* borrowed */
    char country[4];
    struct similar_index *index; /* borrowed from corpus, owned when bytes_max is set */
    size_t bytes;                /* of what it took in */
    bool known;                  /* was read */
    bool cold;                   /* is read for the first time, one of COLD_MAX */
    bool behind;                 /* one was decided that is not taken in .. */
    char heard[ID_BYTES];        /* .. this one; "": several */
    int64_t seen_n;              /* decided requests taken in, in order */
    int64_t epoch, page_end;     /* of the page at hand */
    struct mend *mends;          /* owned */
    size_t mends_n, mended_n;
    struct visitors waiting;
    struct visitor *inside; /* owned; NULL: nobody */
};
TAILQ_HEAD(places, corpus_place);

/* Takes in every LOADERS_N-th country, one after the other. */
struct loader {
    struct corpus *corpus; /* borrowed */
    size_t at;             /* country */
    struct event *again;   /* owned: after a failure */
};

struct corpus {
    struct corpus_options options;
    unsigned char mark[MARK_BYTES]; /* of the data that vectors are made by */
    struct similar_index *index;    /* owned: all countries; NULL when bytes_max is set */
    struct corpus_place *places;    /* by country */
    struct places by_use;
    size_t bytes;
    unsigned cold_n;

    struct loader loaders[LOADERS_N];
    size_t loading_n;
    int64_t load_began_ms, load_ms;

    struct event *sweep; /* owned; NULL: never */
    unsigned sweep_partition;
    int64_t sweep_first, swept_ms, sweeping_ms;

    unsigned calls_n; /* of the store, in flight */
    bool ended;       /* freed when the last of them has come back */
};

static void place_update(struct corpus_place *p);
static void place_mend(struct corpus_place *p);

static void arm(struct event *timer, int64_t ms)
{
    struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

    evtimer_add(timer, &tv);
}

/* Each reply of the store begins with this; false: nobody waits for it any more. */
static bool came_back(struct corpus *c)
{
    bool ended = c->ended;

    if (--c->calls_n == 0 && ended)
        free(c);
    return !ended;
}

/* --- vectors ---------------------------------------------------------------------------------- */

/* A vector is mark | what similar_pack writes. Reference data and lexicon say what is in it, so one
 * made by others is computed anew. */
static void mark_make(const struct engine *g, unsigned char mark[MARK_BYTES])
{
    const char *ruleset = engine_config(g)->ruleset;
    const struct lexicon *lexicon = engine_lexicon(g);
    uint64_t words = lexicon ? lexicon_mark(lexicon) : 0;
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *)ruleset, strlen(ruleset));
    for (unsigned i = 0; i < 8; i++)
        crypto_generichash_update(&state, &(unsigned char){(unsigned char)(words >> (8 * i))}, 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(mark, hash, MARK_BYTES);
}

size_t corpus_vector(const struct corpus *c, const struct reading *r,
                     unsigned char ret_vector[CORPUS_VECTOR_MAX])
{
    memcpy(ret_vector, c->mark, MARK_BYTES);
    return MARK_BYTES + similar_pack(c->options.engine, r, ret_vector + MARK_BYTES,
                                     CORPUS_VECTOR_MAX - MARK_BYTES);
}

/* False: it must be computed anew. */
static bool vector_take(struct corpus_place *p, const char *id, const unsigned char *vector,
                        size_t n)
{
    struct err e = {0};

    if (n < MARK_BYTES || memcmp(vector, p->corpus->mark, MARK_BYTES) != 0 ||
        similar_add_packed(p->index, p->country, id, vector + MARK_BYTES, n - MARK_BYTES, &e) !=
            ERR_OK)
        return false;
    p->bytes += n;
    p->corpus->bytes += n;
    return true;
}

/* Returns its bytes; 0 when the stored text is none to read. */
static size_t vector_of_text(const struct corpus *c, const struct stored *stored,
                             unsigned char ret_vector[CORPUS_VECTOR_MAX])
{
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct draft d;
    struct reading *r;
    struct err e = {0};
    size_t n;

    if (!*stored->record.id)
        return 0; /* the store has said why */
    if (draft_read(&engine_config(c->options.engine)->mandate, stored->body, themes, &d, &e) !=
        ERR_OK) {
        log_warning("text_unreadable", "request=%s why=\"%s\"", stored->record.id, e.detail);
        return 0;
    }
    r = reading_new(c->options.engine, &d);
    n = corpus_vector(c, r, ret_vector);
    reading_free(r);
    return n;
}

/* --- places ----------------------------------------------------------------------------------- */

static struct corpus_place *place_find(const struct corpus *c, const char *country)
{
    struct corpus_place *p;

    HASH_FIND_STR(c->places, country, p);
    return p;
}

static struct corpus_place *place_of(struct corpus *c, const char *country)
{
    struct corpus_place *p = place_find(c, country);

    if (p) {
        TAILQ_REMOVE(&c->by_use, p, used);
    } else {
        p = mem_new(1, sizeof *p);
        p->corpus = c;
        snprintf(p->country, sizeof p->country, "%s", country);
        p->index = c->index ? c->index : similar_new(c->options.engine);
        p->bytes = PLACE_BYTES;
        c->bytes += p->bytes;
        TAILQ_INIT(&p->waiting);
        HASH_ADD_STR(c->places, country, p);
    }
    TAILQ_INSERT_TAIL(&c->by_use, p, used);
    return p;
}

static void place_free(struct corpus_place *p)
{
    free(p->mends);
    free(p);
}

/* Out of the tables; its memory stays. */
static void place_take_out(struct corpus_place *p)
{
    struct corpus *c = p->corpus;

    if (p->index != c->index)
        similar_free(p->index);
    c->bytes -= p->bytes;
    TAILQ_REMOVE(&c->by_use, p, used);
    HASH_DEL(c->places, p);
}

static bool is_empty(const struct corpus_place *p)
{
    return !p->inside && TAILQ_EMPTY(&p->waiting);
}

/* Lets the next one in. With a bound on memory only a few countries may be on the way in. */
static void place_turn(struct corpus_place *p)
{
    struct corpus *c = p->corpus;

    if (p->inside || TAILQ_EMPTY(&p->waiting))
        return;
    if (c->options.bytes_max && !p->known && !p->cold) {
        if (c->cold_n == COLD_MAX)
            return;
        p->cold = true;
        c->cold_n++;
    }
    p->inside = TAILQ_FIRST(&p->waiting);
    TAILQ_REMOVE(&p->waiting, p->inside, entry);
    p->behind = false;
    place_update(p);
}

/* Was read, or could not be: it makes room for another country on its way in. */
static void place_warm(struct corpus_place *p)
{
    struct corpus *c = p->corpus;
    struct corpus_place *other;

    if (!p->cold)
        return;
    p->cold = false;
    c->cold_n--;
    TAILQ_FOREACH(other, &c->by_use, used)
    place_turn(other);
}

static void mends_clear(struct corpus_place *p)
{
    free(p->mends);
    p->mends = NULL;
    p->mends_n = p->mended_n = 0;
}

static void place_failed(struct corpus_place *p, const struct err *e)
{
    struct visitor v = *p->inside;

    mends_clear(p);
    free(p->inside);
    p->inside = NULL;
    v.fn(v.arg, NULL, e);
    place_warm(p);
    place_turn(p);
}

/* --- bringing a country up to its epoch ------------------------------------------------------- */

static void place_paged(void *arg, const struct candidates *page, const struct err *e)
{
    struct corpus_place *p = arg;

    if (!came_back(p->corpus)) {
        place_free(p);
        return;
    }
    if (e->code != ERR_OK) {
        place_failed(p, e);
        return;
    }
    if (page->epoch < p->seen_n) { /* an older state of the store came back: from the start */
        log_error("epoch_fell", "country=%s from=%lld to=%lld", p->country, (long long)p->seen_n,
                  (long long)page->epoch);
        p->seen_n = 0;
        place_update(p);
        return;
    }
    p->known = true;
    p->epoch = page->epoch;
    p->page_end = page->first + (int64_t)page->n;
    for (size_t i = 0; i < page->n; i++) {
        const struct candidate *one = &page->list[i];
        struct mend *mend;

        if (!*one->id || vector_take(p, one->id, one->vector, one->vector_n))
            continue;
        if (!p->mends)
            p->mends = mem_new(page->n, sizeof *p->mends);
        mend = &p->mends[p->mends_n++];
        memcpy(mend->id, one->id, ID_BYTES);
        mend->position = page->first + (int64_t)i;
    }
    place_mend(p);
}

static void place_update(struct corpus_place *p)
{
    struct corpus *c = p->corpus;
    int64_t first = p->known ? p->seen_n : -(int64_t)c->options.country_max;

    c->calls_n++;
    candidate_store_read(c->options.store, p->country, first, CANDIDATE_PAGE_MAX, clock_now_ms(),
                         place_paged, p);
}

static void place_mended(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct corpus_place *p = arg;
    struct corpus *c = p->corpus;

    if (!came_back(c)) {
        place_free(p);
        return;
    }
    if (e->code != ERR_OK) {
        place_failed(p, e);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct mend *mend = &p->mends[p->mended_n++];
        unsigned char vector[CORPUS_VECTOR_MAX];
        size_t vector_n = vector_of_text(c, &list[i], vector);

        if (!vector_n) /* counted all the same, or the epoch would never agree */
            continue;
        vector_take(p, mend->id, vector, vector_n);
        candidate_store_keep(c->options.store, p->country, mend->position, mend->id, vector,
                             vector_n);
    }
    place_mend(p);
}

static void place_mend(struct corpus_place *p)
{
    char ids[MEND_AT_ONCE][ID_BYTES];
    size_t n = 0;

    while (n < MEND_AT_ONCE && p->mended_n + n < p->mends_n) {
        memcpy(ids[n], p->mends[p->mended_n + n].id, ID_BYTES);
        n++;
    }
    if (n) {
        p->corpus->calls_n++;
        request_store_read_many(p->corpus->options.store, (const char(*)[ID_BYTES])ids, n,
                                place_mended, p);
        return;
    }
    mends_clear(p);
    p->seen_n = p->page_end;
    if (p->seen_n < p->epoch) {
        place_update(p);
        return;
    }
    place_warm(p);
    p->inside->fn(p->inside->arg, p, &(struct err){0});
}

/* --- visitors --------------------------------------------------------------------------------- */

void corpus_enter(struct corpus *c, const char *country, corpus_entered_fn fn, void *arg)
{
    struct corpus_place *p = place_of(c, country);
    struct visitor *v = mem_new(1, sizeof *v);

    v->fn = fn;
    v->arg = arg;
    TAILQ_INSERT_TAIL(&p->waiting, v, entry);
    place_turn(p);
}

size_t corpus_find(const struct corpus_place *p, const struct reading *r,
                   struct similar_hit hits[SIMILAR_HITS_MAX])
{
    return similar_find(p->index, p->country, r, hits);
}

size_t corpus_check(const struct corpus_place *p, const struct reading *r,
                    struct similar_hit hits[SIMILAR_CHECK_MAX], size_t *ret_own_n)
{
    return similar_check(p->index, p->country, r, hits, ret_own_n);
}

int64_t corpus_epoch(const struct corpus_place *p)
{
    return p->seen_n;
}

void corpus_add(struct corpus_place *p, const char *id, const unsigned char *vector, size_t n)
{
    if (n && !vector_take(p, id, vector, n))
        bug("a vector of our own is not taken");
    p->seen_n++;
    if (!strcmp(p->heard, id))
        p->behind = false;
}

static void place_caught_up(void *arg, struct corpus_place *place, const struct err *e)
{
    (void)arg, (void)e; /* who enters next tries again */
    if (place)
        corpus_leave(place);
}

static void place_catch_up(struct corpus_place *p)
{
    if (p->behind && is_empty(p))
        corpus_enter(p->corpus, p->country, place_caught_up, NULL);
}

/* All but the last one used, which alone may be above the bound. */
static void places_drop_unused(struct corpus *c)
{
    struct corpus_place *p = TAILQ_FIRST(&c->by_use);
    struct corpus_place *next;

    for (; c->bytes > c->options.bytes_max && (next = TAILQ_NEXT(p, used)); p = next)
        if (is_empty(p)) {
            place_take_out(p);
            place_free(p);
        }
}

void corpus_leave(struct corpus_place *p)
{
    struct corpus *c = p->corpus;

    free(p->inside);
    p->inside = NULL;
    place_turn(p);
    place_catch_up(p);
    if (c->options.bytes_max)
        places_drop_unused(c);
}

/* --- loading all ------------------------------------------------------------------------------ */

static void loader_next(struct loader *l);

static void loader_entered(void *arg, struct corpus_place *place, const struct err *e)
{
    struct loader *l = arg;

    if (!place) {
        if (l->corpus->ended)
            return;
        log_debug("load_waits", "why=\"%s\"", e->detail);
        arm(l->again, AGAIN_MS);
        return;
    }
    corpus_leave(place);
    l->at += LOADERS_N;
    loader_next(l);
}

static void loader_next(struct loader *l)
{
    struct corpus *c = l->corpus;
    const struct world *world = &engine_config(c->options.engine)->world;
    struct corpus_figures f;

    if (l->at < world->countries_n) {
        corpus_enter(c, world->countries[l->at].iso3, loader_entered, l);
        return;
    }
    if (--c->loading_n > 0)
        return;
    c->load_ms = clock_mono_ms() - c->load_began_ms;
    corpus_figures(c, &f);
    log_info("corpus_loaded", "requests=%zu countries=%zu took_ms=%lld", f.requests_n,
             f.countries_n, (long long)f.load_ms);
}

static void loader_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    loader_next(arg);
}

void corpus_load(struct corpus *c)
{
    c->load_began_ms = clock_mono_ms();
    c->loading_n = LOADERS_N;
    for (size_t i = 0; i < LOADERS_N; i++) {
        struct loader *l = &c->loaders[i];

        l->corpus = c;
        l->at = i;
        l->again = evtimer_new(c->options.base, loader_again, l);
        if (!l->again)
            bug("out of memory");
        loader_next(l);
    }
}

void corpus_figures(const struct corpus *c, struct corpus_figures *ret_figures)
{
    struct corpus_figures f = {.bytes = c->bytes, .load_ms = c->load_ms};
    const struct corpus_place *p;

    if (c->index)
        f.requests_n = similar_count(c->index);
    TAILQ_FOREACH(p, &c->by_use, used)
    {
        f.countries_n += p->seen_n > 0;
        if (!c->index)
            f.requests_n += similar_count(p->index);
    }
    *ret_figures = f;
}

/* --- what the event streams tell -------------------------------------------------------------- */

static bool is_candidate(const char *word)
{
    int state = word_index(state_words, word);

    return state >= 0 && candidate_state((enum state)state);
}

void corpus_hear(struct corpus *c, const struct event *event)
{
    struct corpus_place *p = place_find(c, event->country);

    if (!p || !p->known)
        return; /* it is read when somebody enters, as is what is new when nobody looks around */
    if (!is_candidate(event->to)) {
        similar_remove(p->index, event->id);
    } else if (c->index && !strcmp(event->from, state_words[STATE_SUBMITTED]) &&
               !similar_has(p->index, event->id)) {
        snprintf(p->heard, sizeof p->heard, "%s", p->behind ? "" : event->id);
        p->behind = true;
        place_catch_up(p);
    }
}

/* --- those closed too long ago ---------------------------------------------------------------- */

static void sweep_read(void *arg, const char (*ids)[ID_BYTES], size_t n, const struct err *e)
{
    struct corpus *c = arg;

    if (!came_back(c))
        return;
    if (e->code != ERR_OK) {
        arm(c->sweep, c->options.sweep_ms);
        return;
    }
    for (size_t i = 0; i < n; i++)
        similar_remove(c->index, ids[i]);
    c->sweep_first += (int64_t)n;
    if (n < SWEEP_AT_ONCE) {
        c->sweep_first = 0;
        c->sweep_partition++;
    }
    if (c->sweep_partition < ID_PARTITIONS) {
        arm(c->sweep, 0);
        return;
    }
    c->sweep_partition = 0;
    c->swept_ms = c->sweeping_ms;
    arm(c->sweep, c->options.sweep_ms);
}

static void corpus_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct corpus *c = arg;

    (void)fd, (void)what;
    if (c->sweep_partition == 0 && c->sweep_first == 0)
        c->sweeping_ms = clock_now_ms();
    c->calls_n++;
    candidate_store_lapsed(c->options.store, c->sweep_partition, c->swept_ms, c->sweeping_ms,
                           c->sweep_first, SWEEP_AT_ONCE, sweep_read, c);
}

/* --- life ------------------------------------------------------------------------------------- */

struct corpus *corpus_new(const struct corpus_options *options)
{
    struct corpus *c = mem_new(1, sizeof *c);

    c->options = *options;
    c->load_ms = -1;
    mark_make(options->engine, c->mark);
    TAILQ_INIT(&c->by_use);
    if (!options->bytes_max)
        c->index = similar_new(options->engine);
    if (c->index && options->sweep_ms) {
        c->swept_ms = clock_now_ms(); /* what lapsed before is not loaded */
        c->sweep = evtimer_new(options->base, corpus_sweep, c);
        if (!c->sweep)
            bug("out of memory");
        arm(c->sweep, options->sweep_ms);
    }
    return c;
}

/* Who waits is told; a place whose reply is still under way is freed when it comes. */
static void place_close(struct corpus_place *p)
{
    struct err e = {ERR_UNAVAILABLE, "the corpus is closed"};
    bool awaited = p->inside != NULL;
    struct visitor *v;

    place_take_out(p);
    while ((v = p->inside) || (v = TAILQ_FIRST(&p->waiting))) {
        if (v == p->inside)
            p->inside = NULL;
        else
            TAILQ_REMOVE(&p->waiting, v, entry);
        v->fn(v->arg, NULL, &e);
        free(v);
    }
    if (!awaited)
        place_free(p);
}

void corpus_free(struct corpus *c)
{
    struct corpus_place *p;

    if (!c)
        return;
    c->ended = true;
    while ((p = TAILQ_FIRST(&c->by_use)))
        place_close(p);
    for (size_t i = 0; i < LOADERS_N; i++)
        if (c->loaders[i].again)
            event_free(c->loaders[i].again);
    if (c->sweep)
        event_free(c->sweep);
    similar_free(c->index);
    if (c->calls_n == 0)
        free(c);
}
