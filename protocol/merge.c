#include "protocol/merge.h"

#include "protocol/document.h"
#include "protocol/view.h"

#include <stdio.h>
#include <string.h>

/* What merging weighs: each request by itself, then all together. */
struct weight {
    enum urgency urgency;
    enum disclosure disclosure;
    bool restricted;
};

static const char *const union_members[] = {"themes", "items", NULL};

/* --- what stands in the sealed part ----------------------------------------------------------- */

static json_t *weight_write(struct weight w)
{
    return json_pack("{s:i, s:i, s:b}", "urgency", (int)w.urgency, "disclosure", (int)w.disclosure,
                     "restricted", (int)w.restricted);
}

/* Only what weight_write has written comes here: the part is sealed. */
static struct weight weight_read(const json_t *object)
{
    json_int_t urgency = json_integer_value(json_object_get(object, "urgency"));
    json_int_t disclosure = json_integer_value(json_object_get(object, "disclosure"));

    if (urgency < 0 || urgency > URGENCY_PLANNED || disclosure < 0 ||
        disclosure > DISCLOSURE_RESTRICTED)
        bug("a merged request without weight");
    return (struct weight){(enum urgency)urgency, (enum disclosure)disclosure,
                           json_is_true(json_object_get(object, "restricted"))};
}

/* What a request has by itself, apart from those merged into it. */
static struct weight own_weight(const struct merge_part *p)
{
    const json_t *own = json_object_get(p->inner, "own");
    const struct record *r = &p->before;

    return own ? weight_read(own) : (struct weight){r->urgency, r->disclosure, r->restricted};
}

/* The most urgent, the most confidential. */
static struct weight fold(struct weight all, const json_t *entries)
{
    const json_t *entry;
    size_t i;

    json_array_foreach (entries, i, entry) {
        struct weight w = weight_read(entry);

        if (w.urgency < all.urgency)
            all.urgency = w.urgency;
        if (w.disclosure > all.disclosure)
            all.disclosure = w.disclosure;
        all.restricted |= w.restricted;
    }
    return all;
}

/* Where moved stands in the entry's way; its length when it is not in it. */
static size_t via_index(const json_t *entry, const char *moved)
{
    const json_t *via = json_object_get(entry, "via");
    size_t i = 0;

    while (i < json_array_size(via) &&
           strcmp(json_string_value(json_array_get(via, i)), moved) != 0)
        i++;
    return i;
}

static bool came_along(const json_t *entry, const char *moved)
{
    return via_index(entry, moved) < json_array_size(json_object_get(entry, "via"));
}

static size_t ids_of(const json_t *inner, const char *via, char ids[MERGE_MAX][ID_BYTES])
{
    const json_t *entry;
    size_t n = 0;
    size_t i;

    json_array_foreach (json_object_get(inner, "merged"), i, entry)
        if (n < MERGE_MAX && (!via || came_along(entry, via)))
            snprintf(ids[n++], ID_BYTES, "%s", document_text(entry, "id"));
    return n;
}

size_t merge_followers(const json_t *inner, char ids[MERGE_MAX][ID_BYTES])
{
    return ids_of(inner, NULL, ids);
}

size_t merge_returners(const json_t *inner, const char *moved, char ids[MERGE_MAX][ID_BYTES])
{
    return ids_of(inner, moved, ids);
}

/* --- lists together --------------------------------------------------------------------------- */

static void add_once(json_t *list, json_t *value)
{
    const json_t *known;
    size_t i;

    json_array_foreach (list, i, known)
        if (json_equal(known, value))
            return;
    json_array_append(list, value);
}

static void add_all(json_t *list, const json_t *more)
{
    json_t *value;
    size_t i;

    json_array_foreach (more, i, value)
        add_once(list, value);
}

static void add_merged(json_t *list, const json_t *inner, const char *member)
{
    const json_t *entry;
    size_t i;

    json_array_foreach (json_object_get(inner, "merged"), i, entry)
        add_all(list, json_object_get(entry, member));
}

static json_t *contacts_of(const json_t *body)
{
    static const char *const members[][2] = {
        {"contact_name",     "name"    },
        {"contact_email",    "email"   },
        {"contact_phone",    "phone"   },
        {"contact_language", "language"},
    };
    json_t *list = json_array();
    json_t *one = json_object();
    json_t *deputy = json_object_get(body, "deputy_contact");

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *value = json_object_get(body, members[i][0]);

        if (value)
            json_object_set(one, members[i][1], value);
    }
    if (json_object_size(one))
        json_array_append(list, one);
    if (json_object_size(deputy))
        add_once(list, deputy);
    json_decref(one);
    return list;
}

json_t *merge_union(const json_t *body, const json_t *inner, const char *member)
{
    json_t *list = json_array();

    add_all(list, json_object_get(body, member));
    add_merged(list, inner, member);
    if (json_array_size(list))
        return list;
    json_decref(list);
    return NULL;
}

json_t *merge_contacts(const json_t *body, const json_t *inner)
{
    json_t *list;

    if (!json_array_size(json_object_get(inner, "merged")))
        return NULL;
    list = contacts_of(body);
    add_merged(list, inner, "contacts");
    return list;
}

/* --- merging ---------------------------------------------------------------------------------- */

static json_t *entry_of(const struct merge *m, int64_t now_ms)
{
    const struct merge_part *p = &m->moved;
    char by[PRINCIPAL_TEXT_BYTES];
    json_t *entry = weight_write(own_weight(p));

    json_object_set_new(entry, "id", json_string(p->before.id));
    json_object_set_new(entry, "reference", json_string(p->before.reference));
    json_object_set_new(entry, "at", json_integer(now_ms));
    json_object_set_new(entry, "by", json_string(principal_text(m->who, by)));
    json_object_set_new(entry, "via", json_array());
    json_object_set_new(entry, "contacts", contacts_of(p->body));
    for (size_t i = 0; union_members[i]; i++) {
        json_t *list = json_object_get(p->body, union_members[i]);

        if (list)
            json_object_set(entry, union_members[i], list);
    }
    return entry;
}

/* The survivor's list with the moved one and all that follow it. New reference. */
static json_t *list_joined(const struct merge *m, int64_t now_ms)
{
    const json_t *kept = json_object_get(m->survivor.inner, "merged");
    json_t *list = kept ? json_copy((json_t *)(uintptr_t)kept) : json_array();
    const json_t *entry;
    size_t i;

    json_array_append_new(list, entry_of(m, now_ms));
    json_array_foreach (json_object_get(m->moved.inner, "merged"), i, entry) {
        json_t *copy = json_deep_copy(entry);

        json_array_append_new(json_object_get(copy, "via"), json_string(m->moved.before.id));
        json_array_append_new(list, copy);
    }
    return list;
}

/* Parts the survivor's list: what stays, and what goes back with the moved one. New references. */
static void list_parted(const struct merge *m, json_t **ret_stays, json_t **ret_goes)
{
    const char *moved = m->moved.before.id;
    const json_t *entry;
    size_t i;

    *ret_stays = json_array();
    *ret_goes = json_array();
    json_array_foreach (json_object_get(m->survivor.inner, "merged"), i, entry) {
        json_t *copy;
        json_t *via;

        if (!came_along(entry, moved)) {
            if (strcmp(document_text(entry, "id"), moved) != 0)
                json_array_append(*ret_stays, (json_t *)(uintptr_t)entry);
            continue;
        }
        copy = json_deep_copy(entry);
        via = json_object_get(copy, "via");
        for (size_t k = via_index(entry, moved); k < json_array_size(via);)
            json_array_remove(via, json_array_size(via) - 1);
        json_array_append_new(*ret_goes, copy);
    }
}

/* list is given; an empty one leaves no trace. */
static void keep_list(struct merge_part *p, json_t *list, struct weight own)
{
    if (json_array_size(list)) {
        json_object_set_new(p->inner, "merged", list);
        json_object_set_new(p->inner, "own", weight_write(own));
        return;
    }
    json_decref(list);
    json_object_del(p->inner, "merged");
    json_object_del(p->inner, "own");
}

static enum err_code part_apply(struct merge *m, struct merge_part *p,
                                const struct merging *merging, const struct record *other,
                                int64_t now_ms, struct err *e)
{
    struct transition_input in = transition_silent;
    const struct lifecycle_row *row;
    enum err_code rc;

    in.text = m->text;
    in.calendars = m->calendars;
    in.merging = merging;
    in.counterpart = other;
    p->before = *p->record;
    rc = transition_apply(p->record, m->action, m->who, &in, now_ms, &row, e);
    if (rc != ERR_OK) {
        m->refused = p;
        return rc;
    }
    p->line = view_history(&p->before, p->record, m->action, m->who, &in, now_ms);
    return ERR_OK;
}

static enum err_code parts_apply(struct merge *m, struct weight survivor, struct weight moved,
                                 int64_t now_ms, struct err *e)
{
    const struct record *to = m->action == ACTION_UNMERGE ? m->moved.record : m->survivor.record;
    const struct merging receives = {.side = SIDE_RECEIVES,
                                     .urgency = survivor.urgency,
                                     .disclosure = survivor.disclosure,
                                     .restricted = survivor.restricted};
    const struct merging yields = {.side = SIDE_YIELDS,
                                   .into = m->survivor.record->id,
                                   .undo_ms = m->undo_ms,
                                   .urgency = moved.urgency,
                                   .disclosure = moved.disclosure,
                                   .restricted = moved.restricted};
    const struct merging follows = {.side = SIDE_FOLLOWS, .into = to->id};
    enum err_code rc;

    rc = part_apply(m, &m->moved, &yields, m->survivor.record, now_ms, e);
    if (rc == ERR_OK)
        rc = part_apply(m, &m->survivor, &receives, m->moved.record, now_ms, e);
    for (size_t i = 0; rc == ERR_OK && i < m->followers_n; i++)
        rc = part_apply(m, &m->followers[i], &follows, to, now_ms, e);
    return rc;
}

static void parts_undo(struct merge *m)
{
    struct merge_part *all[2] = {&m->moved, &m->survivor};

    for (size_t i = 0; i < 2 + m->followers_n; i++) {
        struct merge_part *p = i < 2 ? all[i] : &m->followers[i - 2];

        if (p->line)
            *p->record = p->before;
    }
}

enum err_code merge_apply(struct merge *m, int64_t now_ms, struct err *e)
{
    bool undoes = m->action == ACTION_UNMERGE;
    struct weight survivor, moved;
    json_t *stays, *goes;
    enum err_code rc;

    if (strcmp(m->survivor.record->country, m->moved.record->country) != 0)
        bug("a merge over a border");
    m->refused = NULL;
    m->survivor.before = *m->survivor.record;
    m->moved.before = *m->moved.record;
    survivor = own_weight(&m->survivor);
    moved = own_weight(&m->moved);
    if (undoes) {
        list_parted(m, &stays, &goes);
    } else {
        stays = list_joined(m, now_ms);
        goes = json_array();
    }
    rc = json_array_size(stays) <= MERGE_MAX
             ? parts_apply(m, fold(survivor, stays), fold(moved, goes), now_ms, e)
             : err_set(e, ERR_TOO_LARGE, "more than %d merged into one", MERGE_MAX);
    if (rc != ERR_OK) {
        parts_undo(m);
        json_decref(stays);
        json_decref(goes);
        return rc;
    }
    keep_list(&m->survivor, stays, survivor);
    if (undoes) {
        keep_list(&m->moved, goes, moved);
    } else {
        json_decref(goes);
        json_object_del(m->moved.inner, "merged"); /* its `own` waits for its return */
    }
    return ERR_OK;
}

void merge_clear(struct merge *m)
{
    json_decref(m->survivor.line);
    json_decref(m->moved.line);
    m->survivor.line = m->moved.line = NULL;
    for (size_t i = 0; i < m->followers_n; i++) {
        json_decref(m->followers[i].line);
        m->followers[i].line = NULL;
    }
}
