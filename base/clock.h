/* Time. Wall-clock milliseconds for what people and records see (`_ms`), monotonic milliseconds
 * for deadlines inside a process (`_mono_ms`). Tests move the wall clock with clock_set. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_TEXT_BYTES 25 /* "2026-03-03T14:05:09.123Z" and NUL */
#define CLOCK_DAY_MS INT64_C(86400000)

int64_t clock_now_ms(void);
int64_t clock_mono_ms(void);
/* From now on clock_now_ms() counts on from this instant. -1: the real time again. */
void clock_set(int64_t now_ms);

/* RFC 3339, UTC, milliseconds. Instants before 1970 or after 9999 are clamped. Returns out. */
char *clock_text(int64_t ms, char out[CLOCK_TEXT_BYTES]);
/* Reads "YYYY-MM-DDTHH:MM:SS[.frac]Z" or a bare "YYYY-MM-DD" (midnight UTC), exactly; false if
 * it is not a real date. ret_ms stays untouched then. */
bool clock_read(const char *text, int64_t *ret_ms);
int clock_year(int64_t ms);

#endif
