#include "daemon/told.h"

#include "base/clock.h"
#include "protocol/event_name.h"
#include "protocol/partition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum state state_of(const char *word)
{
    int i = word_index(state_words, word);

    return i < 0 ? STATES_N : (enum state)i;
}

bool told_read(const struct event *event, struct told *ret_told)
{
    int action = word_index(action_words, event->action);

    if (action < 0 || strlen(event->country) != 3)
        return false;
    *ret_told = (struct told){.action = (enum action)action,
                              .from = state_of(event->from),
                              .to = state_of(event->to),
                              .degree = event->degree,
                              .version = event->version,
                              .at_ms = event->at_ms};
    snprintf(ret_told->entry, sizeof ret_told->entry, "%s", event->entry);
    snprintf(ret_told->actor, sizeof ret_told->actor, "%s", event->actor);
    snprintf(ret_told->whom, sizeof ret_told->whom, "%s", event->whom);
    snprintf(ret_told->record.id, sizeof ret_told->record.id, "%s", event->id);
    memcpy(ret_told->record.country, event->country, 4);
    return true;
}

/* --- records ---------------------------------------------------------------------------------- */

struct completion {
    struct told *list; /* borrowed */
    told_fn fn;
    void *arg;
};

static void completion_read(void *arg, struct stored *list, size_t n, const struct err *e)
{
    struct completion op = *(struct completion *)arg;

    free(arg);
    for (size_t i = 0; i < n && e->code == ERR_OK; i++)
        op.list[i].record = list[i].record;
    op.fn(op.arg, e);
}

void told_complete(struct store *s, struct told *list, size_t n, told_fn fn, void *arg)
{
    struct completion *op = mem_new(1, sizeof *op);
    char(*ids)[ID_BYTES] = mem_new(n, sizeof *ids);

    *op = (struct completion){list, fn, arg};
    for (size_t i = 0; i < n; i++)
        memcpy(ids[i], list[i].record.id, ID_BYTES);
    request_store_read_records(s, (const char(*)[ID_BYTES])ids, n, completion_read, op);
    free(ids);
}

/* --- since: told_since -> since_read -> since_completed --------------------------------------- */

struct since {
    struct store *store; /* borrowed */
    unsigned mask, per_partition;
    char country[4]; /* "": any */
    told_list_fn fn;
    void *arg;
    struct told *list; /* owned */
    size_t n;
    struct told_seen seen;
};

static void since_read(void *arg, const struct event *list, size_t n, const struct err *e);
static void since_completed(void *arg, const struct err *e);

void told_since(struct store *s, const struct event_position *p, unsigned mask,
                unsigned per_partition, const char *country, told_list_fn fn, void *arg)
{
    struct since *op = mem_new(1, sizeof *op);

    op->store = s;
    op->mask = mask;
    op->per_partition = per_partition;
    op->seen.to = *p;
    if (country)
        snprintf(op->country, sizeof op->country, "%s", country);
    op->fn = fn;
    op->arg = arg;
    event_store_since(s, p, mask, per_partition, since_read, op);
}

static void since_end(struct since *op, const struct err *e)
{
    op->fn(op->arg, op->list, e->code == ERR_OK ? op->n : 0, &op->seen, e);
    free(op->list);
    free(op);
}

static int compare_told(const void *a, const void *b)
{
    const struct told *x = a;
    const struct told *y = b;
    int order = event_id_compare(x->entry, y->entry);

    return order ? order : (int)id_partition(x->record.id) - (int)id_partition(y->record.id);
}

static void since_read(void *arg, const struct event *list, size_t n, const struct err *e)
{
    struct since *op = arg;
    unsigned counts[ID_PARTITIONS] = {0};

    op->list = mem_new(n + 1, sizeof *op->list);
    op->seen.n = n;
    for (size_t i = 0; i < n; i++) {
        unsigned p = id_partition(list[i].id);

        memcpy(op->seen.to.ids[p], list[i].entry, EVENT_ID_BYTES);
        if (++counts[p] == op->per_partition)
            op->seen.partial |= 1u << p;
        if (!*op->country || !strcmp(op->country, list[i].country))
            op->n += told_read(&list[i], &op->list[op->n]);
    }
    if (op->n == 0) {
        since_end(op, e);
        return;
    }
    qsort(op->list, op->n, sizeof *op->list, compare_told);
    told_complete(op->store, op->list, op->n, since_completed, op);
}

static void since_completed(void *arg, const struct err *e)
{
    since_end(arg, e);
}

/* --- telling ---------------------------------------------------------------------------------- */

bool told_may_hear(const struct told *t, const struct principal *who)
{
    if (!*t->record.id || (t->to == STATE_SUBMITTED && who->role == ROLE_SECRETARIAT))
        return false;
    return record_view_of(&t->record, who) != RECORD_HIDDEN;
}

static json_t *state_json(enum state s)
{
    return s == STATES_N ? json_null() : json_string(state_words[s]);
}

json_t *told_json(const struct told *t)
{
    char at[CLOCK_TEXT_BYTES];
    json_t *doc = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:s, s:s}", "type", event_name(t->action), "id",
        t->record.id, "reference", t->record.reference, "country", t->record.country, "from",
        state_json(t->from), "to", state_json(t->to), "version", (json_int_t)t->version, "at",
        clock_text(t->at_ms, at), "actor", t->actor);

    if (!doc)
        bug("told_json");
    if (t->degree)
        json_object_set_new(doc, "degree", json_integer(t->degree));
    if (*t->whom)
        json_object_set_new(doc, "whom", json_string(t->whom));
    return doc;
}

unsigned told_mask(const struct principal *who)
{
    return who->role == ROLE_COUNTRY ? 1u << partition_of(who->of) : EVENT_PARTITIONS_ALL;
}

bool told_topics(const char *text, unsigned long long *ret_actions)
{
    char names[256];
    unsigned long long actions = 0;

    snprintf(names, sizeof names, "%s", text);
    for (char *rest = names, *name; (name = strsep(&rest, ","));) {
        unsigned long long some = *name ? event_name_actions(name) : 0;

        if (*name && !some)
            return false;
        actions |= some;
    }
    *ret_actions = actions ? actions : ~0ULL;
    return true;
}
