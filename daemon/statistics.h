/* GET /v1/statistics: the counts are taken at most once a minute, for all who ask. */
#ifndef DAEMON_STATISTICS_H
#define DAEMON_STATISTICS_H

struct statistics;

struct statistics *statistics_new(void) __attribute__((returns_nonnull));
void statistics_free(struct statistics *s); /* NULL is fine */

#endif
