#include "protocol/merge.h"

#include "base/clock.h"
#include "protocol/document.h"
#include "protocol/norm.h"
#include "tests/unit/protocol/parse.h"
#include "tests/unit/protocol/sample.h"

enum { ALL_N = MERGE_MAX + 3 };

/* Requests of one country, the n-th received n minutes after the first; all offered. */
struct one {
    struct record record;
    json_t *body, *inner; /* owned */
};

static struct one one_new(unsigned n, enum urgency urgency, const char *body)
{
    struct one o = {.record = sample_submitted(), .body = parse(body), .inner = json_object()};

    snprintf(o.record.id, sizeof o.record.id, "req_0199f3c2a1b47c3d9f245ab6c7d8%03x3", n);
    snprintf(o.record.reference, sizeof o.record.reference, "LN-2026-KEN-%04u", n + 1);
    o.record.submitted_ms += n * 60000;
    o.record.urgency = urgency;
    o.record.state = STATE_OFFERED;
    o.record.version = 2;
    o.record.due_ms = o.record.wake_ms =
        norm_due(NORM_FIRST_WINDOW, urgency, calendars_find(NULL, ""), o.record.since_ms);
    memcpy(o.record.lead, "ramsar", 7);
    sample_offer(&o.record, "ramsar", OFFER_LEAD, OFFER_PENDING);
    return o;
}

static void one_clear(struct one *o)
{
    json_decref(o->body);
    json_decref(o->inner);
}

static struct merge_part part(struct one *o)
{
    return (struct merge_part){.record = &o->record, .body = o->body, .inner = o->inner};
}

static struct one *find(struct one *all, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(all[i].record.id, id))
            return &all[i];
    fail_msg("%s is none of them", id);
    return NULL;
}

/* As the daemon does it, with all that follow. */
static enum err_code merge_with(struct one *all, size_t n, enum action a,
                                const struct principal *who, struct one *survivor,
                                struct one *moved, struct merge *m)
{
    char ids[MERGE_MAX][ID_BYTES];
    struct err e = {0};

    memset(m, 0, sizeof *m);
    m->action = a;
    m->who = who;
    m->text = "why";
    m->undo_ms = SAMPLE_NOW_MS + 14 * CLOCK_DAY_MS;
    m->survivor = part(survivor);
    m->moved = part(moved);
    m->followers_n = a == ACTION_UNMERGE ? merge_returners(survivor->inner, moved->record.id, ids)
                                         : merge_followers(moved->inner, ids);
    for (size_t i = 0; i < m->followers_n; i++)
        m->followers[i] = part(find(all, n, ids[i]));
    return merge_apply(m, SAMPLE_NOW_MS, &e);
}

static void do_merge(struct one *all, size_t n, size_t survivor, size_t moved)
{
    struct merge *m = malloc(sizeof *m);

    if (merge_with(all, n, ACTION_MERGE, &desk, &all[survivor], &all[moved], m) != ERR_OK)
        fail_msg("%zu into %zu", moved, survivor);
    merge_clear(m);
    free(m);
}

static void undo(struct one *all, size_t n, size_t moved)
{
    struct one *survivor = find(all, n, all[moved].record.merged_into);
    struct merge *m = malloc(sizeof *m);

    if (merge_with(all, n, ACTION_UNMERGE, &desk, survivor, &all[moved], m) != ERR_OK)
        fail_msg("undo of %zu", moved);
    merge_clear(m);
    free(m);
}

static void test_the_survivor_has_the_most_of_both_and_each_its_own_text(void **state)
{
    struct one all[2] = {
        one_new(0, URGENCY_ROUTINE, "{'title':'one','themes':['a'],'contact_name':'Amina'}"),
        one_new(1, URGENCY_EMERGENCY,
                "{'title':'two','themes':['b','a'],'items':[{'text':'x'}],"
                "'deputy_contact':{'name':'Brian'}}")};
    struct merge *m = malloc(sizeof *m);
    struct record *r = &all[0].record;
    json_t *list;
    char *text;

    (void)state;
    all[1].record.disclosure = DISCLOSURE_RESTRICTED;
    all[1].record.restricted = true;
    assert_int_equal(merge_with(all, 2, ACTION_MERGE, &desk, &all[0], &all[1], m), ERR_OK);
    assert_int_equal(r->state, STATE_OFFERED);
    assert_int_equal(r->version, 3);
    assert_int_equal(r->urgency, URGENCY_EMERGENCY);
    assert_int_equal(r->disclosure, DISCLOSURE_RESTRICTED);
    assert_true(r->restricted);
    assert_int_equal(r->due_ms, r->since_ms + 4 * 3600 * 1000); /* from when the state began */
    assert_int_equal(r->offers[0].due_ms, r->due_ms);
    assert_string_equal(all[1].record.merged_into, r->id);
    assert_int_equal(all[1].record.state, STATE_MERGED);
    assert_int_equal(all[1].record.offers[0].state, OFFER_WITHDRAWN);
    assert_int_equal(all[1].record.due_ms, 0);
    list = merge_union(all[0].body, all[0].inner, "themes");
    text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(text, "[\"a\",\"b\"]");
    free(text);
    json_decref(list);
    list = merge_contacts(all[0].body, all[0].inner);
    text = json_dumps(list, JSON_COMPACT);
    assert_string_equal(text, "[{\"name\":\"Amina\"},{\"name\":\"Brian\"}]");
    free(text);
    json_decref(list);
    assert_string_equal(document_text(all[0].body, "title"), "one");
    assert_string_equal(document_text(all[1].body, "title"), "two");
    assert_string_equal(document_text(json_object_get(m->moved.line, "other"), "id"), r->id);
    assert_string_equal(document_text(json_object_get(m->survivor.line, "other"), "id"),
                        all[1].record.id);
    assert_string_equal(document_text(m->moved.line, "text"), "why");
    merge_clear(m);
    free(m);
    one_clear(&all[0]);
    one_clear(&all[1]);
}

static void test_undoing_leaves_no_trace(void **state)
{
    struct one all[3] = {one_new(0, URGENCY_PLANNED, "{'themes':['a']}"),
                         one_new(1, URGENCY_PRIORITY, "{'themes':['b']}"),
                         one_new(2, URGENCY_EMERGENCY, "{'themes':['b','c']}")};
    struct record before, after;
    json_t *themes;

    (void)state;
    memcpy(&before, &all[0].record, sizeof before); /* compared whole */
    do_merge(all, 3, 0, 1);
    do_merge(all, 3, 0, 2);
    undo(all, 3, 1);
    themes = merge_union(all[0].body, all[0].inner, "themes");
    assert_int_equal(json_array_size(themes), 3); /* b came with both: one of them is still here */
    json_decref(themes);
    assert_int_equal(all[0].record.urgency, URGENCY_EMERGENCY);
    undo(all, 3, 2);
    assert_int_equal(json_object_size(all[0].inner), 0);
    memcpy(&after, &all[0].record, sizeof after);
    after.version = before.version;
    assert_memory_equal(&after, &before, sizeof before);
    assert_int_equal(all[1].record.state, STATE_OFFERED);
    assert_int_equal(all[1].record.offers[0].state, OFFER_PENDING);
    assert_string_equal(all[1].record.merged_into, "");
    for (size_t i = 0; i < 3; i++)
        one_clear(&all[i]);
}

static void check_chains(const struct one *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct record *r = &all[i].record;
        const json_t *merged = json_object_get(all[i].inner, "merged");
        const json_t *entry;
        size_t k;

        if ((r->state == STATE_MERGED) != (*r->merged_into != '\0') ||
            (r->state == STATE_MERGED && json_array_size(merged)))
            fail_msg("%zu: %s, into \"%s\", %zu merged", i, state_words[r->state], r->merged_into,
                     json_array_size(merged));
        json_array_foreach (merged, k, entry) {
            const struct one *o = find((struct one *)(uintptr_t)all, n, document_text(entry, "id"));

            for (size_t v = 0; v < json_array_size(json_object_get(entry, "via")); v++)
                if (!strcmp(json_string_value(json_array_get(json_object_get(entry, "via"), v)),
                            r->id))
                    fail_msg("%zu: came through where it is", i);
            if (strcmp(o->record.merged_into, r->id) != 0)
                fail_msg("%zu lists one that is merged into %s", i, o->record.merged_into);
        }
        if (r->state == STATE_MERGED) {
            const struct one *o = find((struct one *)(uintptr_t)all, n, r->merged_into);
            size_t listed = 0;

            if (o->record.state == STATE_MERGED)
                fail_msg("%zu is merged into a merged one", i);
            json_array_foreach (json_object_get(o->inner, "merged"), k, entry)
                listed += !strcmp(document_text(entry, "id"), r->id);
            if (listed != 1)
                fail_msg("%zu is listed %zu times", i, listed);
        }
    }
}

/* Merges and undoes at random; at the end everything is undone, in whatever order, and each is as
 * it was. */
static void test_any_order_of_merging_and_undoing_comes_back_to_the_start(void **state)
{
    enum { N = 6, STEPS = 4000 };
    struct one all[N];
    struct record start[N];
    unsigned seed = 1;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        all[i] = one_new(i, (enum urgency)(i * 7 % 4), "{'themes':['t']}");
        all[i].record.disclosure = (enum disclosure)(i * 5 % 3);
        all[i].record.restricted = i == 3;
        memcpy(&start[i], &all[i].record, sizeof start[i]);
    }
    for (unsigned k = 0; k < STEPS; k++) {
        size_t a = (size_t)rand_r(&seed) % N;
        size_t b = (size_t)rand_r(&seed) % N;

        if (k > STEPS - 100 || rand_r(&seed) % 2) {
            if (all[a].record.state == STATE_MERGED)
                undo(all, N, a);
        } else if (a < b && all[a].record.state == STATE_OFFERED &&
                   all[b].record.state == STATE_OFFERED) {
            do_merge(all, N, a, b);
        }
        check_chains(all, N);
    }
    for (size_t i = 0; i < N; i++) {
        struct record r;

        memcpy(&r, &all[i].record, sizeof r);
        r.version = start[i].version;
        if (memcmp(&r, &start[i], sizeof r) != 0 || json_object_size(all[i].inner))
            fail_msg("%zu: %s, urgency %d, disclosure %d", i, state_words[r.state], (int)r.urgency,
                     (int)r.disclosure);
        one_clear(&all[i]);
    }
}

static void test_a_refusal_changes_nothing_and_says_who_is_in_the_way(void **state)
{
    struct one all[2] = {one_new(0, URGENCY_ROUTINE, "{}"), one_new(1, URGENCY_PRIORITY, "{}")};
    struct record before[2];
    struct merge *m = malloc(sizeof *m);

    (void)state;
    all[0].record.state = STATE_WITHDRAWN;
    memcpy(&before[0], &all[0].record, sizeof before[0]);
    memcpy(&before[1], &all[1].record, sizeof before[1]);
    assert_int_equal(merge_with(all, 2, ACTION_MERGE, &desk, &all[0], &all[1], m), ERR_STATE);
    assert_ptr_equal(m->refused, &m->survivor);
    merge_clear(m);
    all[0].record.state = STATE_OFFERED;
    assert_int_equal(merge_with(all, 2, ACTION_MERGE, &kenya, &all[0], &all[1], m), ERR_STATE);
    assert_ptr_equal(m->refused, &m->moved);
    merge_clear(m);
    assert_int_equal(merge_with(all, 2, ACTION_JOIN, &kenya, &all[0], &all[1], m), ERR_STATE);
    merge_clear(m);
    assert_memory_equal(&all[1].record, &before[1], sizeof before[1]);
    assert_int_equal(json_object_size(all[0].inner) + json_object_size(all[1].inner), 0);
    free(m);
    one_clear(&all[0]);
    one_clear(&all[1]);
}

static void test_one_takes_in_a_bounded_number(void **state)
{
    struct one *all = calloc(ALL_N, sizeof *all);
    struct merge *m = malloc(sizeof *m);

    (void)state;
    for (unsigned i = 0; i < ALL_N; i++)
        all[i] = one_new(i, URGENCY_ROUTINE, "{}");
    for (size_t i = 1; i <= MERGE_MAX; i++)
        do_merge(all, ALL_N, 0, i);
    assert_int_equal(merge_with(all, ALL_N, ACTION_MERGE, &desk, &all[0], &all[MERGE_MAX + 1], m),
                     ERR_TOO_LARGE);
    assert_int_equal(all[MERGE_MAX + 1].record.state, STATE_OFFERED);
    merge_clear(m);
    undo(all, ALL_N, 1);
    do_merge(all, ALL_N, 0, MERGE_MAX + 1);
    free(m);
    for (size_t i = 0; i < ALL_N; i++)
        one_clear(&all[i]);
    free(all);
}

static void test_without_a_merge_there_is_no_union(void **state)
{
    json_t *body = parse("{'items':[],'contact_name':'Amina'}");
    json_t *inner = json_object();

    (void)state;
    assert_null(merge_union(body, inner, "items"));
    assert_null(merge_union(body, NULL, "themes"));
    assert_null(merge_contacts(body, inner));
    json_decref(body);
    json_decref(inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_survivor_has_the_most_of_both_and_each_its_own_text),
        cmocka_unit_test(test_undoing_leaves_no_trace),
        cmocka_unit_test(test_any_order_of_merging_and_undoing_comes_back_to_the_start),
        cmocka_unit_test(test_a_refusal_changes_nothing_and_says_who_is_in_the_way),
        cmocka_unit_test(test_one_takes_in_a_bounded_number),
        cmocka_unit_test(test_without_a_merge_there_is_no_union),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
