#include "protocol/others.h"

#include "base/clock.h"
#include "protocol/document.h"
#include "protocol/relation.h"

#include <stdio.h>
#include <string.h>

struct reader {
    const struct principal *who;
    const struct other *list; /* borrowed */
    size_t n;
    enum record_view own; /* of the request that speaks of the others */
};

/* --- who they are ----------------------------------------------------------------------------- */

static size_t add_id(char ids[OTHERS_MAX][ID_BYTES], size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(ids[i], id))
            return n;
    if (n == OTHERS_MAX || !id_is(id, "req_"))
        return n;
    snprintf(ids[n], ID_BYTES, "%s", id);
    return n + 1;
}

size_t others_ids(const struct record *r, const json_t *inner, char ids[OTHERS_MAX][ID_BYTES])
{
    static const char *const members[] = {"duplicates", "related", "merged", "links", NULL};
    size_t n = 0;
    size_t i;
    const json_t *entry;

    for (size_t k = 0; members[k]; k++)
        json_array_foreach (json_object_get(inner, members[k]), i, entry)
            n = add_id(ids, n, document_text(entry, "id"));
    n = add_id(ids, n, r->merged_into);
    return add_id(ids, n, r->join);
}

/* NULL: not there, or hidden from this reader. */
static const struct other *visible(const struct reader *reader, const char *id)
{
    for (size_t i = 0; i < reader->n; i++)
        if (!strcmp(reader->list[i].record->id, id))
            return record_view_of(reader->list[i].record, reader->who) == RECORD_HIDDEN
                       ? NULL
                       : &reader->list[i];
    return NULL;
}

/* --- how each is shown ------------------------------------------------------------------------ */

static void set_time(json_t *out, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];

    json_object_set_new(out, name, json_string(clock_text(ms, text)));
}

/* Which one it is; with its title, and its description where wanted, as far as view goes. */
static json_t *brief(const struct other *o, enum record_view view, bool with_text)
{
    const struct record *r = o->record;
    json_t *out = json_pack("{s:s, s:s, s:s, s:s}", "id", r->id, "reference", r->reference,
                            "country", r->country, "state", state_words[r->state]);

    set_time(out, "submitted_at", r->submitted_ms);
    if (view < RECORD_TITLE)
        return out;
    json_object_set(out, "title", json_object_get(o->body, "title"));
    json_object_set_new(out, "language", json_string(language_words[r->language]));
    json_object_set_new(out, "dir", json_string(r->language == LANGUAGE_AR ? "rtl" : "ltr"));
    if (view == RECORD_FULL && with_text)
        json_object_set(out, "description", json_object_get(o->body, "description"));
    return out;
}

static json_t *brief_or_null(const struct reader *reader, const char *id)
{
    const struct other *o = visible(reader, id);

    return o ? brief(o, record_view_of(o->record, reader->who), false) : json_null();
}

/* How alike two requests are tells what is in both. least: the view of the other one without which
 * a pair is not listed at all. */
static json_t *pairs_view(const struct reader *reader, const json_t *pairs, enum record_view least)
{
    json_t *out = json_array();
    const json_t *pair;
    size_t i;

    json_array_foreach (pairs, i, pair) {
        const struct other *o = visible(reader, document_text(pair, "id"));
        enum record_view view;
        json_t *one;

        if (!o || reader->own != RECORD_FULL)
            continue;
        view = record_view_of(o->record, reader->who);
        if (view < least)
            continue;
        one = json_copy((json_t *)(uintptr_t)pair);
        if (view != RECORD_FULL) {
            json_object_del(one, "probability");
            json_object_del(one, "shared");
            json_object_del(one, "differs");
        }
        json_object_update_new(one, brief(o, view, false));
        json_array_append_new(out, one);
    }
    return out;
}

/* What was merged into a request is part of it: who reads this one reads that one. The survivor
 * has the narrowest disclosure of all, so nobody reads what its country kept from them. */
static json_t *merged_view(const struct reader *reader, const json_t *merged)
{
    json_t *out = json_array();
    const json_t *entry;
    size_t i;

    json_array_foreach (merged, i, entry)
        for (size_t k = 0; k < reader->n; k++) {
            const struct other *o = &reader->list[k];
            json_t *one;

            if (strcmp(o->record->id, document_text(entry, "id")) != 0)
                continue;
            one = brief(o, reader->own, true);
            json_object_set(one, "by", json_object_get(entry, "by"));
            set_time(one, "at", json_integer_value(json_object_get(entry, "at")));
            set_time(one, "undo_until", o->record->undo_ms);
            json_array_append_new(out, one);
        }
    return out;
}

static json_t *links_view(const struct reader *reader, const json_t *links)
{
    json_t *out = json_array();
    const json_t *entry;
    size_t i;

    json_array_foreach (links, i, entry) {
        const struct other *o = visible(reader, document_text(entry, "id"));
        enum record_view view;
        json_t *one;

        if (!o || relation_of(entry) == RELATION_NONE)
            continue;
        view = record_view_of(o->record, reader->who);
        one = brief(o, view, false);
        if (view >= RECORD_TITLE && reader->own >= RECORD_TITLE) /* it tells what they are about */
            json_object_set(one, "relation", json_object_get(entry, "relation"));
        json_object_set(one, "by", json_object_get(entry, "by"));
        set_time(one, "at", json_integer_value(json_object_get(entry, "at")));
        json_array_append_new(out, one);
    }
    return out;
}

json_t *others_view(const struct record *r, const json_t *inner, const struct principal *who,
                    const struct other *list, size_t n)
{
    const struct reader reader = {who, list, n, record_view_of(r, who)};
    json_t *out =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "duplicates",
                  pairs_view(&reader, json_object_get(inner, "duplicates"), RECORD_HEADER),
                  "related", pairs_view(&reader, json_object_get(inner, "related"), RECORD_FULL),
                  "merged", merged_view(&reader, json_object_get(inner, "merged")), "links",
                  links_view(&reader, json_object_get(inner, "links")), "merged_into",
                  brief_or_null(&reader, r->merged_into), "join", brief_or_null(&reader, r->join));

    if (!out)
        bug("others_view");
    return out;
}

/* --- histories -------------------------------------------------------------------------------- */

size_t others_of_lines(const json_t *lines, char ids[OTHERS_MAX][ID_BYTES])
{
    const json_t *line;
    size_t n = 0;
    size_t i;

    json_array_foreach (lines, i, line)
        n = add_id(ids, n, document_text(json_object_get(line, "other"), "id"));
    return n;
}

static bool is_merged(const json_t *inner, const char *id)
{
    const json_t *entry;
    size_t i;

    json_array_foreach (json_object_get(inner, "merged"), i, entry)
        if (!strcmp(document_text(entry, "id"), id))
            return true;
    return false;
}

void others_narrow(json_t *lines, const json_t *inner, const struct principal *who,
                   const struct other *list, size_t n)
{
    const struct reader reader = {who, list, n, RECORD_HIDDEN};

    for (size_t i = 0; i < json_array_size(lines);) {
        json_t *line = json_array_get(lines, i);
        const json_t *other = json_object_get(line, "other");
        const char *id = document_text(other, "id");
        const struct other *seen = visible(&reader, id);

        if (seen && record_view_of(seen->record, who) < RECORD_TITLE)
            json_object_del(line, "relation");
        if (!other || seen || is_merged(inner, id)) {
            i++;
        } else if (!strcmp(document_text(line, "action"), action_words[ACTION_LINK])) {
            json_array_remove(lines, i); /* there is nothing else in it */
        } else {
            json_object_del(line, "other");
            i++;
        }
    }
}
