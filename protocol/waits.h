/* How long countries wait: measured when a wait ends, kept as counts by length, and read as a
 * range. What a country is told of its request is what others, as urgent as it, have waited: the
 * middle (p50) to the ninth of ten (p90) among those who waited at least as long as it has already.
 */
#ifndef PROTOCOL_WAITS_H
#define PROTOCOL_WAITS_H

#include "protocol/record.h"

enum wait_step {
    WAIT_CLAIM,  /* from its receipt until a secretariat took the lead */
    WAIT_ANSWER, /* from then until the answer */
    WAIT_STEPS_N
};
extern const char *const wait_words[]; /* ends with NULL */

/* Lengths from a minute to a year and a half, four to a doubling. */
enum { WAIT_BUCKETS = 80, WAIT_MEASURED_MIN = 20 /* fewer are no data to speak of */ };

struct waits {
    int64_t counts[WAIT_STEPS_N][URGENCY_PLANNED + 1][WAIT_BUCKETS];
};

int waits_bucket(int64_t ms);
/* The longest wait of a bucket. */
int64_t waits_bound(int bucket);

/* Which wait this step has ended, and how long it was. False: none. A request that was opened again
 * or given back is not measured twice. */
bool waits_ended(const struct record *before, const struct record *after, enum wait_step *ret_step,
                 int64_t *ret_ms);
/* What its country waits for now, and since when. False: for nobody. */
bool waits_running(const struct record *r, enum wait_step *ret_step, int64_t *ret_since_ms);

/* Of those measured that waited longer than waited_ms: how many, and the range of their waits.
 * False when fewer than WAIT_MEASURED_MIN: not enough data. */
bool waits_range(const struct waits *w, enum wait_step step, enum urgency urgency,
                 int64_t waited_ms, int64_t *ret_measured, int64_t *ret_p50_ms,
                 int64_t *ret_p90_ms);

#endif
