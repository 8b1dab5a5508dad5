#include "protocol/relation.h"

#include "tests/unit/protocol/sample.h"

static struct record named(unsigned n)
{
    struct record r = sample_submitted();

    snprintf(r.id, sizeof r.id, "req_0199f3c2a1b47c3d9f245ab6c7d8%03x3", n);
    snprintf(r.reference, sizeof r.reference, "LN-2026-KEN-%04u", n);
    return r;
}

static enum relation known(const json_t *inner, const struct record *other)
{
    return relation_of(relation_find(inner, other->id));
}

static void test_both_sides_say_the_same(void **state)
{
    struct record a = named(1), b = named(2);
    json_t *in_a = json_object();
    json_t *in_b = json_object();

    (void)state;
    relation_set(in_a, &b, RELATION_SAME_SITE, &desk, "op1", SAMPLE_NOW_MS);
    assert_int_equal(known(in_a, &b), RELATION_SAME_SITE);
    assert_true(relation_mirror(in_b, b.id, in_a, &a));
    assert_int_equal(known(in_b, &a), RELATION_SAME_SITE);
    assert_false(relation_mirror(in_b, b.id, in_a, &a)); /* once is enough */
    assert_false(relation_mirror(in_a, a.id, in_b, &b));
    relation_set(in_b, &a, RELATION_NONE, &desk, "op2", SAMPLE_NOW_MS);
    assert_true(relation_mirror(in_a, a.id, in_b, &b));
    assert_int_equal(known(in_a, &b), RELATION_NONE);
    assert_int_equal(json_array_size(json_object_get(in_a, "links")), 1);
    json_decref(in_a);
    json_decref(in_b);
}

/* Two people set it at the same moment, one at each end; the second halves come in either order,
 * and one of them comes twice. */
static void test_the_later_word_wins_in_whatever_order_it_arrives(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        struct record a = named(1), b = named(2);
        json_t *in_a = json_object();
        json_t *in_b = json_object();
        enum relation later = order % 2 ? RELATION_SAME_EVENT : RELATION_RELATED;

        relation_set(in_a, &b, RELATION_RELATED, &desk, order % 2 ? "op1" : "op3", SAMPLE_NOW_MS);
        relation_set(in_b, &a, RELATION_SAME_EVENT, &desk, "op2", SAMPLE_NOW_MS);
        if (order < 2) {
            relation_mirror(in_b, b.id, in_a, &a);
            relation_mirror(in_a, a.id, in_b, &b);
        } else {
            relation_mirror(in_a, a.id, in_b, &b);
            relation_mirror(in_b, b.id, in_a, &a);
        }
        relation_mirror(in_b, b.id, in_a, &a);
        if (known(in_a, &b) != later || known(in_b, &a) != later)
            fail_msg("order %d: %d and %d", order, (int)known(in_a, &b), (int)known(in_b, &a));
        json_decref(in_a);
        json_decref(in_b);
    }
}

static void test_a_new_word_is_later_than_any_clock_s_old_one(void **state)
{
    struct record a = named(1), b = named(2);
    json_t *in_a = json_object();
    json_t *in_b = json_object();

    (void)state;
    relation_set(in_a, &b, RELATION_RELATED, &desk, "op1", SAMPLE_NOW_MS + 100000);
    relation_mirror(in_b, b.id, in_a, &a);
    relation_set(in_a, &b, RELATION_NONE, &desk, "op0", SAMPLE_NOW_MS); /* a daemon that is late */
    assert_true(relation_mirror(in_b, b.id, in_a, &a));
    assert_int_equal(known(in_b, &a), RELATION_NONE);
    json_decref(in_a);
    json_decref(in_b);
}

static void test_room_is_bounded_and_made_by_what_was_taken_away(void **state)
{
    struct record me = named(0xfff), last = named(RELATIONS_MAX + 1);
    json_t *inner = json_object();
    json_t *from = json_object();

    (void)state;
    for (unsigned i = 0; i < RELATIONS_MAX; i++) {
        struct record r = named(i);

        assert_true(relation_has_room(inner, r.id));
        relation_set(inner, &r, RELATION_RELATED, &desk, "op", SAMPLE_NOW_MS + i);
    }
    assert_false(relation_has_room(inner, last.id));
    relation_set(from, &me, RELATION_RELATED, &desk, "op", SAMPLE_NOW_MS);
    assert_false(relation_mirror(inner, me.id, from, &last)); /* nor from the other side */
    for (unsigned i = 5; i < 8; i++) {
        struct record r = named(i);

        assert_true(relation_has_room(inner, r.id));
        relation_set(inner, &r, RELATION_NONE, &desk, "op", SAMPLE_NOW_MS + 1000 - i);
    }
    assert_true(relation_has_room(inner, last.id));
    relation_set(inner, &last, RELATION_SAME_SITE, &desk, "op", SAMPLE_NOW_MS + 5000);
    assert_int_equal(json_array_size(json_object_get(inner, "links")), RELATIONS_MAX);
    assert_int_equal(known(inner, &last), RELATION_SAME_SITE);
    me = named(7); /* taken away first */
    assert_null(relation_find(inner, me.id));
    me = named(5);
    assert_non_null(relation_find(inner, me.id));
    json_decref(inner);
    json_decref(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_sides_say_the_same),
        cmocka_unit_test(test_the_later_word_wins_in_whatever_order_it_arrives),
        cmocka_unit_test(test_a_new_word_is_later_than_any_clock_s_old_one),
        cmocka_unit_test(test_room_is_bounded_and_made_by_what_was_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
