#include "daemon/event_hub.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/hash.h"
#include "daemon/auth.h"
#include "daemon/told.h"
#include "protocol/event_name.h"

#include <event2/event.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum {
    RING_N = 256,        /* newest events kept; written at once they stay below stream_bytes */
    COMPLETE_MAX = 128,  /* records asked for at a time */
    PENDING_MAX = 16384, /* events waiting for their records; beyond that all are told to reset */
    REPLAYS_MAX = 16,    /* at a time */
    REPLAY_PER_PARTITION = 8,
    REPLAY_TOTAL_MAX = 50000, /* entries read for one client; further behind: reset */
    AHEAD_MAX_MS = 5000,      /* another daemon is further: wait that long for the store */
    TICK_MS = 1000,
    HEARTBEAT_MS = 15000,
    RECHECK_MS = 10000, /* is the token still good? */
    RECHECKS_MAX = 200, /* in one tick */
    UNSENT_MAX =
        16384, /* a client that is further behind must read before it is told of the past */
    RETRY_MS = 5000
};

enum client_state { CLIENT_WAITING, CLIENT_REPLAYING, CLIENT_LIVE };

struct client {
    TAILQ_ENTRY(client) entry; /* waiting: in turn; live: of its channel; replaying: none */
    TAILQ_ENTRY(client) quiet; /* live: the longest silent first */
    struct event_hub *hub;     /* borrowed */
    struct task *task;         /* held */
    struct channel *channel;
    struct event_position *at;   /* owned; NULL: from now on, or live */
    struct event_position bound; /* replaying: all up to here is in what is being read */
    unsigned long long topics;
    enum client_state state;
    bool is_lost;     /* due a reset */
    bool is_checked;  /* its position was found to be kept */
    bool is_checking; /* its token is being looked at: it stays allocated .. */
    bool is_busy;     /* .. or a read for it is under way */
    bool is_gone;     /* it only waits for these */
    unsigned replayed_n;
    int64_t since_mono_ms; /* waiting since */
    int64_t wrote_mono_ms, checked_mono_ms;
};
TAILQ_HEAD(clients, client);

/* All clients of one reader. */
struct channel {
    UT_hash_handle hh;
    char name[PRINCIPAL_TEXT_BYTES];
    struct principal who;
    struct clients live;
    unsigned clients_n; /* of any state */
};

/* An event of the ring, ready to be written. */
struct ready {
    struct told told;
    char wide[EVENT_POSITION_TEXT_BYTES];   /* the position behind it, of all partitions .. */
    char narrow[EVENT_POSITION_TEXT_BYTES]; /* .. or of its own alone, for its country */
    char *body;                             /* owned: the event without its id */
};

struct event_hub {
    struct app *app; /* borrowed */
    struct event *tick;
    struct channel *channels;
    struct clients waiting, quiet;
    unsigned clients_n, replays_n;
    bool is_placed, is_ended;
    struct event_position now;  /* behind the last one told */
    struct event_position base; /* before the oldest one in the ring */
    struct ready ring[RING_N];
    size_t ring_first, ring_n;
    struct told *pending; /* owned: heard, not told yet */
    size_t pending_n, pending_room;
    struct told *completing; /* owned: their records are being read .. */
    size_t completing_n;
    bool is_completing;
    bool is_failed; /* .. or could not be, and will be again */
    struct event_hub_stats stats;
};

static void hub_tick(evutil_socket_t fd, short what, void *arg);
static void hub_complete(struct event_hub *hub);
static void hub_completed(void *arg, const struct err *e);
static void client_go(struct client *c);
static void client_kept(void *arg, bool is_kept, const struct err *e);
static void client_replay(struct client *c);
static void client_replayed(void *arg, const struct told *list, size_t n,
                            const struct told_seen *seen, const struct err *e);
static void client_drained(struct http_exchange *x, void *arg);
static void client_left(struct http_exchange *x, void *arg);

struct event_hub *event_hub_new(struct app *app)
{
    struct event_hub *hub = mem_new(1, sizeof *hub);

    hub->app = app;
    TAILQ_INIT(&hub->waiting);
    TAILQ_INIT(&hub->quiet);
    hub->tick = event_new(app->base, -1, EV_PERSIST, hub_tick, hub);
    if (!hub->tick)
        bug("out of memory");
    evtimer_add(hub->tick, &(struct timeval){.tv_sec = TICK_MS / 1000});
    return hub;
}

static struct ready *ring_at(struct event_hub *hub, size_t i)
{
    return &hub->ring[(hub->ring_first + i) % RING_N];
}

/* The present as if it had just begun: nothing older is kept here. */
static void ring_clear(struct event_hub *hub)
{
    for (size_t i = 0; i < hub->ring_n; i++)
        free(ring_at(hub, i)->body);
    hub->ring_n = 0;
    hub->base = hub->now;
}

void event_hub_free(struct event_hub *hub)
{
    if (!hub)
        return;
    event_free(hub->tick);
    ring_clear(hub);
    free(hub->pending);
    free(hub->completing);
    free(hub);
}

/* --- clients coming and going ----------------------------------------------------------------- */

static struct channel *channel_join(struct event_hub *hub, const struct principal *who)
{
    char name[PRINCIPAL_TEXT_BYTES];
    struct channel *channel;

    principal_text(who, name);
    HASH_FIND_STR(hub->channels, name, channel);
    if (!channel) {
        channel = mem_new(1, sizeof *channel);
        snprintf(channel->name, sizeof channel->name, "%s", name);
        channel->who = *who;
        TAILQ_INIT(&channel->live);
        HASH_ADD_STR(hub->channels, name, channel);
    }
    channel->clients_n++;
    return channel;
}

static void channel_leave(struct event_hub *hub, struct channel *channel)
{
    if (--channel->clients_n > 0)
        return;
    HASH_DEL(hub->channels, channel);
    free(channel);
}

static unsigned client_mask(const struct client *c)
{
    return told_mask(&c->channel->who);
}

/* Where it stands: in no list. */
static void client_unlist(struct client *c)
{
    switch (c->state) {
    case CLIENT_WAITING:
        TAILQ_REMOVE(&c->hub->waiting, c, entry);
        break;
    case CLIENT_REPLAYING:
        c->hub->replays_n--;
        break;
    case CLIENT_LIVE:
        TAILQ_REMOVE(&c->channel->live, c, entry);
        TAILQ_REMOVE(&c->hub->quiet, c, quiet);
        break;
    }
}

static void client_wait(struct client *c)
{
    c->state = CLIENT_WAITING;
    TAILQ_INSERT_TAIL(&c->hub->waiting, c, entry);
}

/* What still calls back finds it gone, and then frees it. */
static void client_release(struct client *c)
{
    if (!c->is_gone || c->is_busy || c->is_checking)
        return;
    task_stream_end(c->task);
    free(c->at);
    free(c);
}

static void client_end(struct client *c)
{
    struct event_hub *hub = c->hub;

    http_on_closed(c->task->http, NULL, NULL);
    http_on_drained(c->task->http, NULL, NULL);
    client_unlist(c);
    channel_leave(hub, c->channel);
    hub->clients_n--;
    c->is_gone = true;
    client_release(c);
    if (hub->clients_n == 0 && !hub->is_completing && hub->pending_n == 0)
        ring_clear(hub);
}

static void client_left(struct http_exchange *x, void *arg)
{
    (void)x;
    client_end(arg);
}

/* False: the client has gone, or reads too slowly and was cut off. */
static bool client_write(struct client *c, const char *text, size_t n)
{
    c->wrote_mono_ms = clock_mono_ms();
    if (http_stream_write(c->task->http, text, n))
        return true;
    c->hub->stats.slow_n++;
    client_end(c);
    return false;
}

void event_hub_join(struct event_hub *hub, struct task *t, const struct event_wish *wish)
{
    BUF_AUTO struct buf first = {0};
    struct client *c;

    if (hub->is_ended || hub->clients_n >= (unsigned)hub->app->settings.event_streams) {
        task_problem(t, &(struct err){ERR_UNAVAILABLE, "too many event streams"});
        return;
    }
    c = mem_new(1, sizeof *c);
    c->hub = hub;
    c->task = t;
    c->topics = wish->topics;
    c->is_lost = wish->is_lost;
    c->channel = channel_join(hub, &t->who);
    if (wish->position) {
        c->at = mem_new(1, sizeof *c->at);
        *c->at = *wish->position;
    }
    c->since_mono_ms = c->checked_mono_ms = clock_mono_ms();
    hub->clients_n++;
    client_wait(c);
    http_add_header(t->http, "X-Accel-Buffering", "no");
    task_stream_begin(t, "text/event-stream");
    http_on_closed(t->http, client_left, c);
    http_set_arg(t->http, c);
    buf_printf(&first, "retry: %d\n\n", RETRY_MS);
    if (client_write(c, first.text, first.bytes))
        client_go(c);
}

void event_hub_end(struct event_hub *hub)
{
    struct client *c;

    if (!hub || hub->is_ended)
        return;
    hub->is_ended = true;
    evtimer_del(hub->tick);
    for (struct channel *channel = hub->channels, *next; channel; channel = next) {
        next = channel->hh.next;
        channel->clients_n++; /* held, so that the walk may go on */
        while ((c = TAILQ_FIRST(&channel->live))) {
            BUF_AUTO struct buf last = {0};

            /* All come back, but not all at once. */
            buf_printf(&last, "retry: %u\n\n", 500 + randombytes_uniform(4500));
            if (client_write(c, last.text, last.bytes))
                client_end(c);
        }
        channel_leave(hub, channel);
    }
    while ((c = TAILQ_FIRST(&hub->waiting)))
        client_end(c);
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *position_text(const struct client *c, const struct event_position *p,
                                 char out[EVENT_POSITION_TEXT_BYTES])
{
    return event_position_write(c->hub->app->ring, p, client_mask(c), out);
}

static void body_write(const struct told *t, struct buf *out)
{
    json_t *doc = told_json(t);
    char *text = json_dumps(doc, JSON_COMPACT);

    if (!text)
        bug("cannot write JSON");
    buf_printf(out, "event: %s\ndata: %s\n\n", event_name(t->action), text);
    free(text);
    json_decref(doc);
}

/* id: the position behind it. */
static bool client_tell(struct client *c, const char *id, const char *body)
{
    char line[EVENT_POSITION_TEXT_BYTES + 8];
    int n = snprintf(line, sizeof line, "id: %s\n", id);

    if (!client_write(c, line, (size_t)n) || !client_write(c, body, strlen(body)))
        return false;
    c->hub->stats.told_n++;
    return true;
}

static bool client_wants(const struct client *c, const struct told *t)
{
    return (c->topics & 1ULL << t->action) && told_may_hear(t, &c->channel->who);
}

static const char *ready_id(const struct client *c, const struct ready *r)
{
    return c->channel->who.role == ROLE_COUNTRY ? r->narrow : r->wide;
}

/* From here on it hears of everything. */
static void client_live(struct client *c)
{
    char id[EVENT_POSITION_TEXT_BYTES];
    BUF_AUTO struct buf place = {0};

    free(c->at);
    c->at = NULL;
    client_unlist(c);
    c->state = CLIENT_LIVE;
    TAILQ_INSERT_TAIL(&c->channel->live, c, entry);
    TAILQ_INSERT_TAIL(&c->hub->quiet, c, quiet);
    /* An id without data: the client knows where it stands before anything happens. */
    buf_printf(&place, "id: %s\n\n", position_text(c, &c->hub->now, id));
    client_write(c, place.text, place.bytes);
}

static void client_reset(struct client *c)
{
    static const char body[] = "event: reset\ndata: {\"type\":\"reset\"}\n\n";
    char id[EVENT_POSITION_TEXT_BYTES];

    c->is_lost = false;
    c->hub->stats.reset_n++;
    if (client_tell(c, position_text(c, &c->hub->now, id), body) && c->state != CLIENT_LIVE)
        client_live(c);
}

/* --- going live ------------------------------------------------------------------------------- */

/* Any partition of mask where a is behind b. */
static bool is_behind(const struct event_position *a, const struct event_position *b, unsigned mask)
{
    for (unsigned p = 0; p < ID_PARTITIONS; p++)
        if ((mask & 1u << p) && event_id_compare(a->ids[p], b->ids[p]) < 0)
            return true;
    return false;
}

static bool client_catch_up(struct client *c)
{
    struct event_hub *hub = c->hub;

    for (size_t i = 0; i < hub->ring_n; i++) {
        const struct ready *r = ring_at(hub, i);
        const char *own = c->at->ids[id_partition(r->told.record.id)];

        if (event_id_compare(r->told.entry, own) > 0 && client_wants(c, &r->told) &&
            !client_tell(c, ready_id(c, r), r->body))
            return false;
    }
    return true;
}

/* A waiting client: live at once if all that it missed is in the ring, else read from the store. */
static void client_go(struct client *c)
{
    struct event_hub *hub = c->hub;
    unsigned mask = client_mask(c);

    if (!hub->is_placed || http_stream_unsent(c->task->http) > UNSENT_MAX)
        return;
    if (c->is_lost) {
        client_reset(c);
    } else if (!c->at) {
        client_live(c);
    } else if (is_behind(&hub->now, c->at, mask)) {
        if (clock_mono_ms() - c->since_mono_ms > AHEAD_MAX_MS)
            client_reset(c);
    } else if (!is_behind(c->at, &hub->base, mask)) {
        if (client_catch_up(c))
            client_live(c);
    } else if (c->replayed_n > REPLAY_TOTAL_MAX) {
        client_reset(c);
    } else if (hub->replays_n < REPLAYS_MAX) {
        client_unlist(c);
        c->state = CLIENT_REPLAYING;
        hub->replays_n++;
        client_replay(c);
    }
}

static void hub_go(struct event_hub *hub)
{
    struct client *c, *next;

    /* Going, one leaves the list, and perhaps the world; not so the next one. */
    for (c = TAILQ_FIRST(&hub->waiting); c && hub->replays_n < REPLAYS_MAX; c = next) {
        next = TAILQ_NEXT(c, entry);
        client_go(c);
    }
}

/* --- replaying: client_replay -> (client_kept) -> client_replayed -> client_drained -> client_go
 */

static void client_replay(struct client *c)
{
    struct event_hub *hub = c->hub;

    c->is_busy = true;
    c->bound = hub->now;
    if (!c->is_checked)
        event_store_kept(hub->app->store, c->at, client_mask(c), client_kept, c);
    else
        told_since(hub->app->store, c->at, client_mask(c), REPLAY_PER_PARTITION,
                   c->channel->who.role == ROLE_COUNTRY ? c->channel->who.of : NULL,
                   client_replayed, c);
}

/* Back in the queue: the next one may have its turn. */
static void client_rest(struct client *c)
{
    client_unlist(c);
    client_wait(c);
}

static void client_kept(void *arg, bool is_kept, const struct err *e)
{
    struct client *c = arg;

    c->is_busy = false;
    if (c->is_gone) {
        client_release(c);
        return;
    }
    if (c->hub->is_ended) {
        client_end(c);
        return;
    }
    if (e->code != ERR_OK) { /* the next tick tries again */
        client_rest(c);
        return;
    }
    c->is_checked = true;
    if (is_kept)
        client_replay(c);
    else
        client_reset(c);
}

/* What was read beyond the present comes again when it is told to all; of a partition that was
 * read to its end nothing is missing up to where the present was when reading began. */
static void client_advance(struct client *c, const struct told_seen *seen)
{
    const struct event_position *now = &c->hub->now;

    for (unsigned p = 0; p < ID_PARTITIONS; p++) {
        const char *to = seen->to.ids[p];

        if (!(seen->partial & 1u << p) && event_id_compare(to, c->bound.ids[p]) < 0)
            to = c->bound.ids[p];
        if (event_id_compare(to, now->ids[p]) > 0)
            to = now->ids[p];
        memmove(c->at->ids[p], to, EVENT_ID_BYTES);
    }
}

static void client_replayed(void *arg, const struct told *list, size_t n,
                            const struct told_seen *seen, const struct err *e)
{
    struct client *c = arg;
    struct event_hub *hub = c->hub;
    struct event_position at;

    c->is_busy = false;
    if (c->is_gone) {
        client_release(c);
        return;
    }
    if (hub->is_ended) {
        client_end(c);
        return;
    }
    if (e->code != ERR_OK) {
        client_rest(c);
        return;
    }
    at = *c->at;
    for (size_t i = 0; i < n; i++) {
        const struct told *t = &list[i];
        unsigned p = *t->record.id ? id_partition(t->record.id) : 0;
        BUF_AUTO struct buf body = {0};
        char id[EVENT_POSITION_TEXT_BYTES];

        if (!*t->record.id || event_id_compare(t->entry, hub->now.ids[p]) > 0)
            continue;
        memcpy(at.ids[p], t->entry, EVENT_ID_BYTES);
        if (!client_wants(c, t))
            continue;
        body_write(t, &body);
        if (!client_tell(c, position_text(c, &at, id), body.text))
            return;
    }
    client_advance(c, seen);
    c->replayed_n += (unsigned)seen->n;
    client_rest(c);
    c->since_mono_ms = clock_mono_ms();
    if (http_stream_unsent(c->task->http) > 0)
        http_on_drained(c->task->http, client_drained, c);
    else
        client_go(c);
    hub_go(hub);
}

static void client_drained(struct http_exchange *x, void *arg)
{
    struct client *c = arg;

    (void)x;
    if (c->state == CLIENT_WAITING)
        client_go(c);
}

/* --- the present ------------------------------------------------------------------------------ */

void event_hub_place(struct event_hub *hub, const struct event_position *p)
{
    hub->now = hub->base = *p;
    hub->is_placed = true;
    hub_go(hub);
}

bool event_hub_position(const struct event_hub *hub, struct event_position *ret_position)
{
    *ret_position = hub->now;
    return hub->is_placed;
}

/* Too much came at once to be told: everybody begins anew. */
static void hub_overflow(struct event_hub *hub, const struct told *last)
{
    log_warning("events_overflow", "pending=%zu", hub->pending_n);
    for (size_t i = 0; i < hub->pending_n; i++)
        memcpy(hub->now.ids[id_partition(hub->pending[i].record.id)], hub->pending[i].entry,
               EVENT_ID_BYTES);
    memcpy(hub->now.ids[id_partition(last->record.id)], last->entry, EVENT_ID_BYTES);
    hub->pending_n = hub->completing_n = 0;
    ring_clear(hub);
    for (struct channel *channel = hub->channels, *next; channel; channel = next) {
        struct client *c, *after;

        next = channel->hh.next;
        channel->clients_n++;
        for (c = TAILQ_FIRST(&channel->live); c; c = after) {
            after = TAILQ_NEXT(c, entry);
            client_reset(c);
        }
        channel_leave(hub, channel);
    }
}

void event_hub_hear(struct event_hub *hub, const struct event *event)
{
    struct told told;

    if (hub->is_ended || !told_read(event, &told))
        return;
    if (hub->clients_n == 0 && hub->pending_n == 0 && !hub->is_completing) { /* nobody listens */
        memcpy(hub->now.ids[id_partition(told.record.id)], told.entry, EVENT_ID_BYTES);
        if (hub->ring_n)
            ring_clear(hub);
        else
            hub->base = hub->now;
        return;
    }
    if (hub->pending_n == PENDING_MAX) {
        hub_overflow(hub, &told);
        return;
    }
    if (hub->pending_n == hub->pending_room) {
        hub->pending_room = hub->pending_room ? 2 * hub->pending_room : 64;
        hub->pending = mem_grow(hub->pending, hub->pending_room, sizeof *hub->pending);
    }
    hub->pending[hub->pending_n++] = told;
    if (!hub->is_completing)
        hub_complete(hub);
}

/* hub_complete -> hub_completed -> hub_tell, in order, as long as something is pending. */
static void hub_complete(struct event_hub *hub)
{
    size_t n = hub->pending_n < COMPLETE_MAX ? hub->pending_n : COMPLETE_MAX;

    if (n == 0 || hub->is_ended)
        return;
    if (!hub->completing)
        hub->completing = mem_new(COMPLETE_MAX, sizeof *hub->completing);
    memcpy(hub->completing, hub->pending, n * sizeof *hub->pending);
    memmove(hub->pending, hub->pending + n, (hub->pending_n - n) * sizeof *hub->pending);
    hub->pending_n -= n;
    hub->completing_n = n;
    hub->is_completing = true;
    told_complete(hub->app->store, hub->completing, n, hub_completed, hub);
}

static struct ready *ring_push(struct event_hub *hub, const struct told *t)
{
    struct event_position *now = &hub->now;
    struct ready *r;
    BUF_AUTO struct buf body = {0};
    unsigned p = id_partition(t->record.id);

    if (hub->ring_n == RING_N) {
        r = ring_at(hub, 0);
        memcpy(hub->base.ids[id_partition(r->told.record.id)], r->told.entry, EVENT_ID_BYTES);
        free(r->body);
        hub->ring_first = (hub->ring_first + 1) % RING_N;
        hub->ring_n--;
    }
    memcpy(now->ids[p], t->entry, EVENT_ID_BYTES);
    r = ring_at(hub, hub->ring_n++);
    r->told = *t;
    event_position_write(hub->app->ring, now, EVENT_PARTITIONS_ALL, r->wide);
    event_position_write(hub->app->ring, now, 1u << p, r->narrow);
    body_write(t, &body);
    r->body = buf_take(&body);
    return r;
}

static void hub_tell(struct event_hub *hub, const struct ready *r)
{
    for (struct channel *channel = hub->channels, *next; channel; channel = next) {
        struct client *c, *after;

        next = channel->hh.next;
        if (!told_may_hear(&r->told, &channel->who))
            continue;
        channel->clients_n++; /* it may lose its last client meanwhile */
        for (c = TAILQ_FIRST(&channel->live); c; c = after) {
            after = TAILQ_NEXT(c, entry);
            if (!(c->topics & 1ULL << r->told.action) || !client_tell(c, ready_id(c, r), r->body))
                continue;
            TAILQ_REMOVE(&hub->quiet, c, quiet);
            TAILQ_INSERT_TAIL(&hub->quiet, c, quiet);
        }
        channel_leave(hub, channel);
    }
}

static void hub_completed(void *arg, const struct err *e)
{
    struct event_hub *hub = arg;

    hub->is_failed = e->code != ERR_OK; /* hub_tick tries again */
    if (hub->is_failed)
        return;
    for (size_t i = 0; i < hub->completing_n; i++)
        if (*hub->completing[i].record.id)
            hub_tell(hub, ring_push(hub, &hub->completing[i]));
    hub->is_completing = false;
    hub_complete(hub);
}

/* --- once a second ---------------------------------------------------------------------------- */

static void hub_beat(struct event_hub *hub, int64_t now_mono_ms)
{
    char wide[EVENT_POSITION_TEXT_BYTES];
    struct client *c;
    bool has_wide = false;

    while ((c = TAILQ_FIRST(&hub->quiet)) && now_mono_ms - c->wrote_mono_ms >= HEARTBEAT_MS) {
        char line[EVENT_POSITION_TEXT_BYTES + 16];
        char narrow[EVENT_POSITION_TEXT_BYTES];
        const char *id = wide;
        int n;

        TAILQ_REMOVE(&hub->quiet, c, quiet);
        TAILQ_INSERT_TAIL(&hub->quiet, c, quiet);
        if (c->channel->who.role == ROLE_COUNTRY) {
            id = position_text(c, &hub->now, narrow);
        } else if (!has_wide) {
            position_text(c, &hub->now, wide);
            has_wide = true;
        }
        /* With the place, so that a reader of few events has not much to go through again. */
        n = snprintf(line, sizeof line, "id: %s\n: hb\n\n", id);
        client_write(c, line, (size_t)n);
    }
}

/* A token may be revoked or run out while its stream is open. */
static void client_rechecked(struct task *t, const struct err *e)
{
    struct client *c = http_arg(t->http);

    c->is_checking = false;
    c->checked_mono_ms = clock_mono_ms();
    if (c->is_gone)
        client_release(c);
    else if (e->code != ERR_OK && e->code != ERR_UNAVAILABLE)
        client_end(c);
}

static void hub_recheck(struct event_hub *hub, int64_t now_mono_ms)
{
    struct client *c, *next;
    unsigned n = 0;

    for (c = TAILQ_FIRST(&hub->quiet); c && n < RECHECKS_MAX; c = next) {
        next = TAILQ_NEXT(c, quiet);
        if (c->is_checking || now_mono_ms - c->checked_mono_ms < RECHECK_MS)
            continue;
        n++;
        c->is_checking = true;
        auth_check(hub->app->auth, c->task, client_rechecked);
    }
}

static void hub_tick(evutil_socket_t fd, short what, void *arg)
{
    struct event_hub *hub = arg;
    int64_t now_mono_ms = clock_mono_ms();

    (void)fd, (void)what;
    if (hub->is_failed) {
        hub->is_failed = false;
        if (hub->completing_n > 0)
            told_complete(hub->app->store, hub->completing, hub->completing_n, hub_completed, hub);
        else
            hub_completed(hub, &(struct err){0});
    }
    hub_beat(hub, now_mono_ms);
    hub_recheck(hub, now_mono_ms);
    hub_go(hub);
}

void event_hub_stats(const struct event_hub *hub, struct event_hub_stats *ret_stats)
{
    *ret_stats = hub->stats;
    ret_stats->clients_n = hub->clients_n;
}
