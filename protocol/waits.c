#include "protocol/waits.h"

#include <math.h>

static const double shortest_ms = 60000;

const char *const wait_words[] = {"claim", "answer", NULL};

int waits_bucket(int64_t ms)
{
    int bucket = 0;

    while (bucket < WAIT_BUCKETS - 1 && ms > waits_bound(bucket))
        bucket++;
    return bucket;
}

int64_t waits_bound(int bucket)
{
    return (int64_t)llround(shortest_ms * exp2(bucket / 4.0));
}

bool waits_ended(const struct record *before, const struct record *after, enum wait_step *ret_step,
                 int64_t *ret_ms)
{
    if (after->state == STATE_CLAIMED && before->state == STATE_OFFERED && after->epoch == 1) {
        *ret_step = WAIT_CLAIM;
        *ret_ms = after->claimed_ms - after->submitted_ms;
        return true;
    }
    if (after->state == STATE_ANSWERED && before->state != STATE_ANSWERED && !after->reopened_n) {
        *ret_step = WAIT_ANSWER;
        *ret_ms = after->since_ms - after->claimed_ms;
        return true;
    }
    return false;
}

bool waits_running(const struct record *r, enum wait_step *ret_step, int64_t *ret_since_ms)
{
    if (lifecycle_is_terminal(r->state) || lifecycle_ball(r->state) == BALL_COUNTRY)
        return false;
    *ret_step = r->claimed_ms ? WAIT_ANSWER : WAIT_CLAIM;
    *ret_since_ms = r->claimed_ms ? r->claimed_ms : r->submitted_ms;
    return true;
}

/* The length that this share of those from bucket `first` on have not exceeded. */
static int64_t length_of(const int64_t counts[WAIT_BUCKETS], int first, int64_t n, int percent)
{
    int64_t so_far = 0;
    int b = first;

    for (; b < WAIT_BUCKETS - 1; b++) {
        so_far += counts[b];
        if (so_far * 100 >= n * percent)
            break;
    }
    return waits_bound(b);
}

bool waits_range(const struct waits *w, enum wait_step step, enum urgency urgency,
                 int64_t waited_ms, int64_t *ret_measured, int64_t *ret_p50_ms, int64_t *ret_p90_ms)
{
    const int64_t *counts = w->counts[step][urgency];
    int first = waits_bucket(waited_ms);
    int64_t n = 0;

    for (int b = first; b < WAIT_BUCKETS; b++)
        n += counts[b];
    *ret_measured = n;
    if (n < WAIT_MEASURED_MIN)
        return false;
    *ret_p50_ms = length_of(counts, first, n, 50);
    *ret_p90_ms = length_of(counts, first, n, 90);
    return true;
}
