/* Counters of this process for /metrics. */
#ifndef DAEMON_METER_H
#define DAEMON_METER_H

#include "base/buf.h"

#include <stdint.h>

struct route;
struct meter;

struct meter *meter_new(void) __attribute__((returns_nonnull));
void meter_free(struct meter *m);
/* route NULL: refused before a route was found. */
void meter_count(struct meter *m, const struct route *route, int status, int64_t took_ms);
/* Appends liaison_http_* and process_* in Prometheus text form. */
void meter_write(const struct meter *m, struct buf *out);

#endif
