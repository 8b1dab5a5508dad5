#include "protocol/absence.h"

#include "base/clock.h"
#include "tests/unit/protocol/sample.h"

#define DAY CLOCK_DAY_MS

static void away(struct absences *a, const char *officer, const char *deputy, int from, int until)
{
    struct absence *one = &a->list[a->n++];

    *one = (struct absence){.of = "cms", .from_ms = from * DAY, .until_ms = until * DAY};
    snprintf(one->officer, sizeof one->officer, "%s", officer);
    snprintf(one->deputy, sizeof one->deputy, "%s", deputy);
}

static void assert_acts(const struct absences *a, const char *officer, int64_t now_ms,
                        const char *who)
{
    char acting[OFFICER_BYTES];

    assert_string_equal(absence_acting(a, "cms", officer, now_ms, acting), who);
}

static void test_a_claim_passes_to_the_deputy_and_comes_back(void **state)
{
    struct absences a = {.n = 0};

    (void)state;
    away(&a, "anna", "bob", 2, 4);
    assert_acts(&a, "anna", 2 * DAY - 1, "anna");
    assert_acts(&a, "anna", 2 * DAY, "bob");
    assert_acts(&a, "anna", 4 * DAY - 1, "bob");
    assert_acts(&a, "anna", 4 * DAY, "anna");
    assert_acts(&a, "bob", 3 * DAY, "bob");
    assert_acts(&a, "", 3 * DAY, "");
    snprintf(a.list[0].of, sizeof a.list[0].of, "cbd"); /* another secretariat's anna */
    assert_acts(&a, "anna", 3 * DAY, "anna");
}

static void test_chains_are_followed_to_the_pool_if_need_be(void **state)
{
    struct absences a = {.n = 0};

    (void)state;
    away(&a, "anna", "bob", 0, 9);
    away(&a, "bob", "carla", 3, 6);
    away(&a, "carla", "", 5, 9);
    assert_acts(&a, "anna", 2 * DAY, "bob");
    assert_acts(&a, "anna", 4 * DAY, "carla");
    assert_acts(&a, "anna", 5 * DAY, "");
    assert_acts(&a, "anna", 7 * DAY, "bob");
}

static void test_a_circle_is_refused_where_it_would_last(void **state)
{
    static const struct {
        const char *officer, *deputy;
        int from, until;
        bool is_circular;
    } cases[] = {
        {"anna",  "anna", 0, 1,  true },
        {"carla", "anna", 0, 9,  true }, /* anna -> bob -> carla on days 3 to 5 */
        {"carla", "anna", 0, 3,  false}, /* before bob is away */
        {"carla", "anna", 5, 9,  false},
        {"carla", "anna", 4, 20, true },
        {"carla", "bob",  4, 5,  true },
        {"carla", "dan",  0, 9,  false},
        {"carla", "",     0, 9,  false},
        {"dan",   "anna", 0, 9,  false},
    };
    struct absences a = {.n = 0};

    (void)state;
    away(&a, "anna", "bob", 0, 9);
    away(&a, "bob", "carla", 3, 5);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct absences wish = {.n = 0};

        away(&wish, cases[i].officer, cases[i].deputy, cases[i].from, cases[i].until);
        if (absence_is_circular(&a, &wish.list[0]) != cases[i].is_circular)
            fail_msg("row %zu", i);
    }
}

static void test_a_circle_that_came_about_nevertheless_is_the_pool_s(void **state)
{
    struct absences a = {.n = 0};

    (void)state;
    away(&a, "anna", "bob", 0, 9);
    away(&a, "bob", "anna", 0, 9);
    assert_acts(&a, "anna", DAY, "");
    assert_acts(&a, "bob", DAY, "");
}

/* Whoever is away, whatever the chains: who acts is there, or it is the pool; and as long as no
 * circle was let in, each comes to an end by itself. */
static void test_who_acts_is_never_away(void **state)
{
    static const char *const names[] = {"anna", "bob", "carla", "dan", "eve", ""};
    unsigned seed = 7;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct absences a = {.n = 0};

        for (unsigned i = 0; i < 5; i++) {
            struct absences wish = {.n = 0};
            int from = rand_r(&seed) % 8;

            away(&wish, names[i], names[rand_r(&seed) % 6], from, from + 1 + rand_r(&seed) % 8);
            if (!absence_is_circular(&a, &wish.list[0]))
                a.list[a.n++] = wish.list[0];
        }
        for (unsigned day = 0; day < 16; day++)
            for (unsigned i = 0; i < 5; i++) {
                char acting[OFFICER_BYTES];
                bool pool_reached = false;

                absence_acting(&a, "cms", names[i], day * DAY, acting);
                for (size_t k = 0; k < a.n; k++) {
                    bool is_away = a.list[k].from_ms <= day * DAY && day * DAY < a.list[k].until_ms;

                    pool_reached |= is_away && !*a.list[k].deputy;
                    if (is_away && !strcmp(a.list[k].officer, acting))
                        fail_msg("round %u: %s acts and is away", round, acting);
                }
                if (!*acting && !pool_reached)
                    fail_msg("round %u: a circle", round);
            }
    }
}

static void test_what_is_kept_is_read_the_same(void **state)
{
    static const char *const bad[] = {"",      "1",      "1 2",     "x 2 anna", "2 1 anna",
                                      "1 2 A", "1 2 -a", "1 2 a b", "1 1 "};
    struct absences a = {.n = 0};
    char text[80];
    struct absence read = {.from_ms = 0};

    (void)state;
    away(&a, "anna", "bob.b-2_x", 2, 4);
    away(&a, "bob", "", 2, 4);
    for (size_t i = 0; i < 2; i++) {
        absence_write(&a.list[i], text, sizeof text);
        assert_true(absence_read(text, &read));
        assert_string_equal(read.deputy, a.list[i].deputy);
        assert_int_equal(read.from_ms, 2 * DAY);
        assert_int_equal(read.until_ms, 4 * DAY);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (absence_read(bad[i], &read))
            fail_msg("\"%s\"", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_claim_passes_to_the_deputy_and_comes_back),
        cmocka_unit_test(test_chains_are_followed_to_the_pool_if_need_be),
        cmocka_unit_test(test_a_circle_is_refused_where_it_would_last),
        cmocka_unit_test(test_a_circle_that_came_about_nevertheless_is_the_pool_s),
        cmocka_unit_test(test_who_acts_is_never_away),
        cmocka_unit_test(test_what_is_kept_is_read_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
