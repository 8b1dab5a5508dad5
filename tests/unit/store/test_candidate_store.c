#include "store/candidate_store.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t now_ms = INT64_C(1795449035000);

/* Domain reference 5.6: what has not ended, and what was closed less than a year ago. */
static void test_open_merged_and_lately_closed_requests_are_compared_with(void **state)
{
    static const struct {
        enum state state;
        int64_t days; /* since it last changed */
        bool is;
    } cases[] = {
        {STATE_SUBMITTED,        0,    false}, /* not decided: it looks for others itself */
        {STATE_TRIAGE,           9999, true },
        {STATE_AWAITING_COUNTRY, 9999, true },
        {STATE_OFFERED,          9999, true },
        {STATE_CLAIMED,          9999, true },
        {STATE_PLANNED,          9999, true },
        {STATE_DELIVERING,       9999, true },
        {STATE_ANSWERED,         9999, true },
        {STATE_UNMATCHED,        9999, true },
        {STATE_CLOSED,           0,    true },
        {STATE_CLOSED,           365,  true },
        {STATE_CLOSED,           366,  false},
        {STATE_WITHDRAWN,        0,    false},
        {STATE_MERGED,           9999, true }, /* for its survivor */
        {STATE_DECLINED,         0,    false},
        {STATE_REFERRED,         0,    false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct record r = {.state = cases[i].state,
                                 .updated_ms = now_ms - cases[i].days * CLOCK_DAY_MS};

        if (candidate_is(&r, now_ms) != cases[i].is)
            fail_msg("%s for %d days", state_words[r.state], (int)cases[i].days);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_merged_and_lately_closed_requests_are_compared_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
