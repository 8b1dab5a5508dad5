#include "protocol/item.h"

#include "protocol/record.h"

#include <stdio.h>
#include <string.h>

const char *const item_state_words[] = {"open", "offered", "taken", "done", "dropped", NULL};

#define PLANNED_KINDS                                                                              \
    (1u << KIND_TRAINING | 1u << KIND_MISSION | 1u << KIND_FUNDING | 1u << KIND_EQUIPMENT)

void item_begin(struct record *r, const json_t *body)
{
    const json_t *list = json_object_get(body, "items");
    const json_t *kinds = json_object_get(body, "assistance_kind");
    const json_t *one;
    size_t i;

    r->items_n = 0;
    r->kinds = 0;
    json_array_foreach (list, i, one) {
        struct item *item = &r->items[r->items_n];

        if (r->items_n == ITEMS_MAX)
            break;
        memset(item, 0, sizeof *item);
        item->kind = word_index(kind_words, json_string_value(json_object_get(one, "kind")));
        r->items_n++;
    }
    json_array_foreach (kinds, i, one) {
        int kind = word_index(kind_words, json_string_value(one));

        if (kind >= 0)
            r->kinds |= 1u << kind;
    }
}

static bool is_left(const struct item *item)
{
    return item->state != ITEM_DONE && item->state != ITEM_DROPPED;
}

static unsigned kinds_left(const struct record *r, bool *ret_known)
{
    unsigned left = 0;
    unsigned all = 0;

    for (size_t i = 0; i < r->items_n; i++) {
        unsigned bit = r->items[i].kind >= 0 ? 1u << r->items[i].kind : 0;

        all |= bit;
        left |= is_left(&r->items[i]) ? bit : 0;
    }
    *ret_known = all || r->kinds;
    return all ? left : r->kinds;
}

bool item_needs_plan(const struct record *r)
{
    bool known;

    return (kinds_left(r, &known) & PLANNED_KINDS) != 0;
}

bool item_is_kind_known(const struct record *r)
{
    bool known;

    kinds_left(r, &known);
    return known;
}

static struct item *item_of(struct record *r, const json_t *number)
{
    json_int_t n = json_integer_value(number);

    return n >= 1 && n <= (json_int_t)r->items_n ? &r->items[n - 1] : NULL;
}

/* A piece is the lead's unless a supporter has it. */
static bool is_of(const struct record *r, const struct item *item, const char *by)
{
    if (!strcmp(by, r->lead))
        return item->state != ITEM_TAKEN || !strcmp(item->holder, by) || !*item->holder;
    return item->state == ITEM_TAKEN && !strcmp(item->holder, by);
}

bool item_is_of(const struct record *r, int64_t number, const char *by)
{
    return number >= 1 && number <= (int64_t)r->items_n && is_left(&r->items[number - 1]) &&
           is_of(r, &r->items[number - 1], by);
}

static void hold(struct item *item, const char *holder)
{
    memset(item->holder, 0, sizeof item->holder);
    snprintf(item->holder, sizeof item->holder, "%s", holder);
}

void item_finish(struct record *r, const json_t *list, enum item_state as, const char *by)
{
    const json_t *number;
    size_t i;

    json_array_foreach (list, i, number) {
        struct item *item = item_of(r, number);

        if (!item || !is_left(item) || !is_of(r, item, by))
            continue;
        item->state = as;
        hold(item, by);
    }
}

void item_finish_rest(struct record *r, const char *by)
{
    for (size_t i = 0; i < r->items_n; i++)
        if (r->items[i].state == ITEM_TAKEN && !strcmp(r->items[i].holder, by))
            r->items[i].state = ITEM_DONE;
}

void item_give(struct record *r, const json_t *list, const char *to)
{
    const json_t *number;
    size_t i;

    json_array_foreach (list, i, number) {
        struct item *item = item_of(r, number);

        if (!item || !is_left(item))
            continue;
        item->state = ITEM_TAKEN;
        hold(item, to);
    }
}

void item_reopen(struct record *r, const json_t *list)
{
    for (size_t i = 0; i < r->items_n; i++) {
        bool named = !list;
        const json_t *number;
        size_t k;

        json_array_foreach (list, k, number)
            named |= json_integer_value(number) == (json_int_t)i + 1;
        if (named && r->items[i].state == ITEM_DONE)
            r->items[i].state = ITEM_TAKEN;
    }
}

static bool has_responder(const struct record *r, const struct item *item)
{
    const struct offer *o = record_offer_find(r, item->holder);

    return o && o->state == OFFER_ACCEPTED && (o->role == OFFER_SUPPORT || r->claimed_ms);
}

void item_settle(struct record *r)
{
    for (size_t i = 0; i < r->items_n; i++) {
        struct item *item = &r->items[i];

        if (!is_left(item) || (item->state == ITEM_TAKEN && has_responder(r, item)))
            continue;
        item->state = r->claimed_ms               ? ITEM_TAKEN
                      : r->state == STATE_OFFERED ? ITEM_OFFERED
                                                  : ITEM_OPEN;
        hold(item, r->claimed_ms ? r->lead : "");
    }
}

bool item_all_accounted(const struct record *r, const json_t *done, const json_t *dropped)
{
    for (size_t i = 0; i < r->items_n; i++) {
        const struct item *item = &r->items[i];
        bool is_named = false;
        const json_t *number;
        size_t k;

        json_array_foreach (done, k, number)
            is_named |= json_integer_value(number) == (json_int_t)i + 1;
        json_array_foreach (dropped, k, number)
            is_named |= json_integer_value(number) == (json_int_t)i + 1;
        if (is_left(item) && !is_named && !strcmp(item->holder, r->lead))
            return false;
    }
    return true;
}
