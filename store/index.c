#include "store/index.h"

#include "store/keys.h"

#include <stdio.h>
#include <string.h>

/* all, country, state, open, deadline, the inboxes of the desk and of who is consulted, all
 * readers, the inboxes of the offers */
enum { ENTRIES_MAX = 7 + RECORD_READERS_MAX + RECORD_OFFERS_MAX };

struct entry {
    const char *name; /* "by", "inbox", "deadlines" */
    char rest[28];    /* "sec:ramsar", "": none */
    int64_t score;
};

struct entries {
    struct entry list[ENTRIES_MAX];
    size_t n;
};

int64_t index_inbox_score(enum urgency urgency, int64_t due_ms)
{
    return (int64_t)urgency * INT64_C(10000000000000) + due_ms;
}

static void add(struct entries *all, const char *name, const char *kind, const char *of,
                int64_t score)
{
    struct entry *e = &all->list[all->n++];

    e->name = name;
    snprintf(e->rest, sizeof e->rest, "%s%s", kind, of);
    e->score = score;
}

/* What waits for a secretariat: offers it may claim or accept (and a decline to agree to), and
 * claims: what it leads and must move, or has promised to contribute to. NULL: nothing. */
static const char *waits_as(const struct record *r, const struct offer *o)
{
    bool at_work =
        r->state == STATE_CLAIMED || r->state == STATE_PLANNED || r->state == STATE_DELIVERING;

    if (o->state == OFFER_PENDING && (r->state == STATE_OFFERED || at_work))
        return "offer:";
    if (o->state != OFFER_ACCEPTED || !at_work)
        return NULL;
    return o->role == OFFER_SUPPORT || lifecycle_ball(r->state) == BALL_SECRETARIAT ? "claim:"
                                                                                    : NULL;
}

static void add_inboxes(struct entries *all, const struct record *r)
{
    for (size_t i = 0; i < r->offers_n; i++) {
        const struct offer *o = &r->offers[i];
        const char *kind = waits_as(r, o);
        bool is_awaited = o->role == OFFER_SUPPORT && o->state == OFFER_ACCEPTED && o->due_ms;
        int64_t due_ms = is_awaited || !r->due_ms ? o->due_ms : r->due_ms;

        if (kind)
            add(all, "inbox", kind, o->secretariat, index_inbox_score(r->urgency, due_ms));
    }
    if (r->state == STATE_TRIAGE && r->proposal == PROPOSAL_DECLINE)
        add(all, "inbox", "offer:", r->closest, index_inbox_score(r->urgency, r->due_ms));
    if (lifecycle_ball(r->state) == BALL_COORDINATOR)
        add(all, "inbox", "coordinator", "", index_inbox_score(r->urgency, r->due_ms));
}

static void entries_of(const struct record *r, struct entries *all)
{
    const char *readers[RECORD_READERS_MAX];
    size_t n = record_readers(r, readers);

    all->n = 0;
    add(all, "by", "all", "", r->updated_ms);
    add(all, "by", "country:", r->country, r->updated_ms);
    add(all, "by", "state:", state_words[r->state], r->updated_ms);
    if (r->disclosure == DISCLOSURE_OPEN && r->state != STATE_SUBMITTED && !r->restricted)
        add(all, "by", "open", "", r->updated_ms);
    for (size_t i = 0; i < n; i++)
        add(all, "by", "sec:", readers[i], r->updated_ms);
    if (r->wake_ms)
        add(all, "deadlines", "", "", r->wake_ms);
    add_inboxes(all, r);
}

static void add_key(struct args *keys, unsigned partition, const struct entry *e)
{
    keys_add(keys, partition, e->name, *e->rest ? e->rest : NULL);
}

static const struct entry *find(const struct entries *all, const struct entry *like)
{
    for (size_t i = 0; i < all->n; i++)
        if (!strcmp(all->list[i].name, like->name) && !strcmp(all->list[i].rest, like->rest))
            return &all->list[i];
    return NULL;
}

size_t index_write(struct args *keys, struct args *scores, unsigned partition,
                   const struct record *before, const struct record *after)
{
    struct entries old = {.n = 0};
    struct entries now;
    size_t n = 0;

    if (before)
        entries_of(before, &old);
    entries_of(after, &now);
    for (size_t i = 0; i < now.n; i++) {
        const struct entry *was = find(&old, &now.list[i]);

        if (was && was->score == now.list[i].score)
            continue;
        add_key(keys, partition, &now.list[i]);
        args_add_int(scores, now.list[i].score);
        n++;
    }
    for (size_t i = 0; i < old.n; i++) {
        if (find(&now, &old.list[i]))
            continue;
        add_key(keys, partition, &old.list[i]);
        args_add(scores, "-");
        n++;
    }
    return n;
}
