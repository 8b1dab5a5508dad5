#include "protocol/relation.h"

#include "protocol/document.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The list, made when it is not there. Borrowed. */
static json_t *list_of(json_t *inner)
{
    json_t *list = json_object_get(inner, "links");

    if (!list) {
        list = json_array();
        json_object_set_new(inner, "links", list);
    }
    return list;
}

static size_t index_of(const json_t *list, const char *id)
{
    size_t i = 0;

    while (i < json_array_size(list) &&
           strcmp(document_text(json_array_get(list, i), "id"), id) != 0)
        i++;
    return i;
}

const json_t *relation_find(const json_t *inner, const char *id)
{
    const json_t *list = json_object_get(inner, "links");

    return json_array_get(list, index_of(list, id));
}

enum relation relation_of(const json_t *entry)
{
    int relation = word_index(relation_words, document_text(entry, "relation"));

    return relation < 0 ? RELATION_NONE : (enum relation)relation;
}

/* Negative when a is the earlier one. */
static int stamp_compare(const char *a, const char *b)
{
    long long at_a = strtoll(a, NULL, 10);
    long long at_b = strtoll(b, NULL, 10);

    if (at_a != at_b)
        return at_a < at_b ? -1 : 1;
    return strcmp(a, b);
}

/* The link that was taken away longest ago; the length of the list when there is none. */
static size_t oldest_gone(const json_t *list)
{
    size_t oldest = json_array_size(list);
    const json_t *entry;
    size_t i;

    json_array_foreach (list, i, entry)
        if (relation_of(entry) == RELATION_NONE &&
            (oldest == json_array_size(list) ||
             stamp_compare(document_text(entry, "stamp"),
                           document_text(json_array_get(list, oldest), "stamp")) < 0))
            oldest = i;
    return oldest;
}

bool relation_has_room(const json_t *inner, const char *id)
{
    const json_t *list = json_object_get(inner, "links");
    size_t n = json_array_size(list);

    return n < RELATIONS_MAX || index_of(list, id) < n || oldest_gone(list) < n;
}

/* entry is given; relation_has_room has said yes. */
static void enter(json_t *list, const char *id, json_t *entry)
{
    size_t i = index_of(list, id);

    if (i < json_array_size(list)) {
        json_array_set_new(list, i, entry);
        return;
    }
    if (json_array_size(list) >= RELATIONS_MAX)
        json_array_remove(list, oldest_gone(list));
    json_array_append_new(list, entry);
}

void relation_set(json_t *inner, const struct record *other, enum relation relation,
                  const struct principal *who, const char *operation, int64_t now_ms)
{
    json_t *list = list_of(inner);
    const json_t *was = json_array_get(list, index_of(list, other->id));
    int64_t at = strtoll(document_text(was, "stamp"), NULL, 10) + 1;
    char stamp[RELATION_STAMP_BYTES];
    char by[PRINCIPAL_TEXT_BYTES];

    if (at < now_ms)
        at = now_ms;
    snprintf(stamp, sizeof stamp, "%" PRId64 " %s", at, operation);
    enter(list, other->id,
          json_pack("{s:s, s:s, s:s, s:s, s:I, s:s}", "id", other->id, "reference",
                    other->reference, "relation", relation_words[relation], "by",
                    principal_text(who, by), "at", (json_int_t)now_ms, "stamp", stamp));
}

bool relation_mirror(json_t *to, const char *to_id, const json_t *from,
                     const struct record *from_record)
{
    const json_t *entry = relation_find(from, to_id);
    const json_t *mine = relation_find(to, from_record->id);
    json_t *copy;

    if (!entry || !relation_has_room(to, from_record->id) ||
        (mine && stamp_compare(document_text(mine, "stamp"), document_text(entry, "stamp")) >= 0))
        return false;
    copy = json_copy((json_t *)(uintptr_t)entry);
    json_object_set_new(copy, "id", json_string(from_record->id));
    json_object_set_new(copy, "reference", json_string(from_record->reference));
    enter(list_of(to), from_record->id, copy);
    return true;
}
