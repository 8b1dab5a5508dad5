#include "store/index.h"

#include "protocol/transition.h"
#include "tests/unit/protocol/sample.h"

static const struct transition_input silent = {.reason = 0, .as = -1, .epoch = -1};

/* What index_write says, as "key=score" a line, without the tag. */
static const char *changes(const struct record *before, const struct record *after)
{
    static char text[4096];
    struct args keys = {0};
    struct args scores = {0};
    const char *k[64], *s[64];
    size_t kn[64], sn[64];
    size_t n = index_write(&keys, &scores, 7, before, after);
    size_t at = 0;

    assert_true(keys.n == n && scores.n == n && n < 64);
    args_vector(&keys, k, kn);
    args_vector(&scores, s, sn);
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (kn[i] < 10 || memcmp(k[i], "lia:{p07}:", 10) != 0)
            fail_msg("key %.*s", (int)kn[i], k[i]);
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s=%.*s", i ? " " : "",
                               (int)kn[i] - 10, k[i] + 10, (int)sn[i], s[i]);
    }
    args_clear(&scores);
    args_clear(&keys);
    return text;
}

/* Members of changes() without their scores: + put in, - taken out. */
static const char *moves(const struct record *before, const struct record *after)
{
    static char text[4096];
    char copy[4096];
    char *rest = NULL;

    snprintf(copy, sizeof copy, "%s", changes(before, after));
    text[0] = '\0';
    for (char *c = strtok_r(copy, " ", &rest); c; c = strtok_r(NULL, " ", &rest)) {
        char *score = strchr(c, '=');

        *score++ = '\0';
        strcat(text, *text ? " " : "");
        strcat(text, strcmp(score, "-") == 0 ? "-" : "+");
        strcat(text, c);
    }
    return text;
}

static struct record offered(void)
{
    struct record r = sample_submitted();
    struct routed to = {
        .lead = "ramsar", .support = {"cms"}, .support_n = 1, .informed = {"whc"}, .informed_n = 1};
    const struct lifecycle_row *row;

    transition_offer(&r, &to);
    assert_int_equal(
        transition_apply(&r, ACTION_OFFER, &router, &silent, SAMPLE_NOW_MS + 1, &row, NULL),
        ERR_OK);
    return r;
}

static struct record after(const struct record *r, enum action a, const struct principal *who,
                           const struct transition_input *in)
{
    const struct lifecycle_row *row;
    struct record next = *r;
    struct err e = {0};

    if (transition_apply(&next, a, who, in, r->updated_ms + 1, &row, &e) != ERR_OK)
        fail_msg("%s: %s", action_words[a], e.detail);
    return next;
}

static void test_a_new_request_is_in_all_its_country_and_its_state(void **state)
{
    struct record r = sample_submitted();

    (void)state;
    assert_string_equal(changes(NULL, &r), "by:all=1772445600000 by:country:KEN=1772445600000 "
                                           "by:state:submitted=1772445600000");
    r.disclosure = DISCLOSURE_OPEN; /* nobody has routed it yet */
    assert_string_equal(moves(NULL, &r), "+by:all +by:country:KEN +by:state:submitted");
}

static void test_an_unchanged_record_changes_nothing(void **state)
{
    struct record r = offered();

    (void)state;
    assert_string_equal(changes(&r, &r), "");
}

static void test_an_offer_puts_it_into_lists_and_inboxes(void **state)
{
    struct record before = sample_submitted();
    struct record r = offered();
    char expected[600];

    (void)state;
    assert_string_equal(
        moves(&before, &r),
        "+by:all +by:country:KEN +by:state:offered +by:sec:ramsar +by:sec:cms "
        "+by:sec:whc +deadlines +inbox:offer:ramsar +inbox:offer:cms -by:state:submitted");
    snprintf(expected, sizeof expected, "inbox:offer:ramsar=%lld",
             (long long)index_inbox_score(URGENCY_ROUTINE, r.due_ms));
    assert_non_null(strstr(changes(&before, &r), expected));
    r.disclosure = DISCLOSURE_OPEN;
    assert_non_null(strstr(moves(&before, &r), "+by:open"));
    r.restricted = true;
    assert_null(strstr(moves(&before, &r), "by:open"));
}

static void test_typical_steps_move_what_waits(void **state)
{
    struct transition_input support = silent;
    struct transition_input resolved = silent;
    struct record r = offered();
    struct record next;

    (void)state;
    support.as = OFFER_SUPPORT;
    resolved.outcome = OUTCOME_RESOLVED;

    next = after(&r, ACTION_CLAIM, &ramsar, &silent);
    assert_string_equal(
        moves(&r, &next),
        "+by:all +by:country:KEN +by:state:claimed +by:sec:ramsar +by:sec:cms "
        "+by:sec:whc +deadlines +inbox:claim:ramsar +inbox:offer:cms -by:state:offered "
        "-inbox:offer:ramsar");
    r = next;
    next = after(&r, ACTION_CLAIM, &cms, &support);
    assert_string_equal(moves(&r, &next),
                        "+by:all +by:country:KEN +by:state:claimed +by:sec:ramsar +by:sec:cms "
                        "+by:sec:whc +inbox:claim:cms -inbox:offer:cms");
    r = next;
    next = after(&r, ACTION_PLAN, &ramsar, &silent); /* now the country must move */
    assert_string_equal(moves(&r, &next),
                        "+by:all +by:country:KEN +by:state:planned +by:sec:ramsar +by:sec:cms "
                        "+by:sec:whc +deadlines -by:state:claimed -inbox:claim:ramsar");
    r = next;
    next = after(&r, ACTION_AGREE, &kenya, &silent);
    assert_non_null(strstr(moves(&r, &next), "+inbox:claim:ramsar"));
    r = next;
    next = after(&r, ACTION_ANSWER, &ramsar, &silent);
    assert_string_equal(
        moves(&r, &next),
        "+by:all +by:country:KEN +by:state:answered +by:sec:ramsar +by:sec:cms "
        "+by:sec:whc +deadlines -by:state:delivering -inbox:claim:ramsar -inbox:claim:cms");
    r = next;
    next = after(&r, ACTION_CONFIRM, &kenya, &resolved);
    assert_string_equal(moves(&r, &next),
                        "+by:all +by:country:KEN +by:state:closed +by:sec:ramsar +by:sec:cms "
                        "+by:sec:whc -by:state:answered -deadlines");
}

static void test_declines_pass_the_offer_and_end_at_the_desk(void **state)
{
    struct record r = offered();
    struct record next = after(&r, ACTION_DECLINE, &ramsar, &silent);

    (void)state;
    assert_non_null(strstr(moves(&r, &next), "-inbox:offer:ramsar"));
    assert_null(strstr(moves(&r, &next), "by:state:submitted"));
    r = next;
    next = after(&r, ACTION_DECLINE, &cms, &silent);
    assert_string_equal(
        moves(&r, &next),
        "+by:all +by:country:KEN +by:state:unmatched +by:sec:ramsar +by:sec:cms "
        "+by:sec:whc +deadlines +inbox:coordinator -by:state:offered -inbox:offer:cms");
}

static void test_what_is_held_waits_at_the_desk_and_a_withdrawal_for_nobody(void **state)
{
    struct record r = sample_submitted();
    struct record held = after(&r, ACTION_HOLD, &router, &silent);
    struct record gone = after(&held, ACTION_WITHDRAW, &kenya, &silent);

    (void)state;
    assert_string_equal(moves(&r, &held), "+by:all +by:country:KEN +by:state:triage "
                                          "+deadlines +inbox:coordinator -by:state:submitted");
    assert_string_equal(moves(&held, &gone), "+by:all +by:country:KEN +by:state:withdrawn "
                                             "-by:state:triage -deadlines -inbox:coordinator");
}

/* Applying the differences of any steps gives what a new record would be given. */
static void test_differences_add_up_to_the_whole(void **state)
{
    struct record steps[6];
    struct record empty_after;

    (void)state;
    steps[0] = sample_submitted();
    steps[1] = offered();
    steps[2] = after(&steps[1], ACTION_CLAIM, &ramsar, &silent);
    steps[3] = after(&steps[2], ACTION_RELEASE, &ramsar, &silent);
    steps[4] = after(&steps[3], ACTION_DECLINE, &cms, &silent);
    steps[5] = after(&steps[4], ACTION_WITHDRAW, &kenya, &silent);
    for (size_t a = 0; a < 6; a++)
        for (size_t b = 0; b < 6; b++) {
            char whole[4096];
            char *rest = NULL;

            /* Each member of b is in the differences with its score, unless a had the same. */
            snprintf(whole, sizeof whole, "%s", changes(NULL, &steps[b]));
            for (char *c = strtok_r(whole, " ", &rest); c; c = strtok_r(NULL, " ", &rest))
                if (!strstr(changes(&steps[a], &steps[b]), c) &&
                    !strstr(changes(NULL, &steps[a]), c))
                    fail_msg("%zu to %zu: %s is missing", a, b, c);
            /* Each member of a that b has no more is taken out. */
            snprintf(whole, sizeof whole, "%s", changes(NULL, &steps[a]));
            for (char *c = strtok_r(whole, " ", &rest); c; c = strtok_r(NULL, " ", &rest)) {
                char gone[200];

                *strchr(c, '=') = '\0';
                snprintf(gone, sizeof gone, "%s=", c);
                if (strstr(changes(NULL, &steps[b]), gone))
                    continue;
                snprintf(gone, sizeof gone, "%s=-", c);
                if (!strstr(changes(&steps[a], &steps[b]), gone))
                    fail_msg("%zu to %zu: %s stays", a, b, c);
            }
        }
    empty_after = steps[5];
    assert_string_equal(changes(&steps[5], &empty_after), "");
}

static void test_an_inbox_is_sorted_by_urgency_then_by_what_is_due(void **state)
{
    int64_t before = INT64_MIN;

    (void)state;
    for (unsigned u = URGENCY_EMERGENCY; u <= URGENCY_PLANNED; u++)
        for (int64_t due_ms = 0; due_ms < INT64_C(10000000000000);
             due_ms += INT64_C(999999999999)) {
            int64_t score = index_inbox_score(u, due_ms);

            if (score <= before)
                fail_msg("%s, due %lld", urgency_words[u], (long long)due_ms);
            before = score;
        }
    assert_true(before < INT64_C(1) << 53); /* Redis keeps scores as doubles */
}

static void test_the_fullest_record_fits(void **state)
{
    struct record r = sample_submitted();

    (void)state;
    r.state = STATE_OFFERED;
    r.disclosure = DISCLOSURE_OPEN;
    for (size_t i = 0; i < RECORD_OFFERS_MAX; i++) {
        char code[PRINCIPAL_OF_BYTES];

        snprintf(code, sizeof code, "offered%04zu", i);
        sample_offer(&r, code, OFFER_SUPPORT, OFFER_PENDING);
        snprintf(r.informed[i], sizeof r.informed[i], "informd%04zu", i);
    }
    r.informed_n = RECORD_OFFERS_MAX;
    assert_non_null(strstr(changes(NULL, &r), "inbox:offer:offered0015="));
    assert_non_null(strstr(changes(NULL, &r), "by:sec:informd0015="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_request_is_in_all_its_country_and_its_state),
        cmocka_unit_test(test_an_unchanged_record_changes_nothing),
        cmocka_unit_test(test_an_offer_puts_it_into_lists_and_inboxes),
        cmocka_unit_test(test_typical_steps_move_what_waits),
        cmocka_unit_test(test_declines_pass_the_offer_and_end_at_the_desk),
        cmocka_unit_test(test_what_is_held_waits_at_the_desk_and_a_withdrawal_for_nobody),
        cmocka_unit_test(test_differences_add_up_to_the_whole),
        cmocka_unit_test(test_an_inbox_is_sorted_by_urgency_then_by_what_is_due),
        cmocka_unit_test(test_the_fullest_record_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
