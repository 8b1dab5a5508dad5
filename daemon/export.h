/* GET /v1/requests as a whole: lines (application/x-ndjson) or a table (text/csv). */
#ifndef DAEMON_EXPORT_H
#define DAEMON_EXPORT_H

#include <stdbool.h>

struct task;

/* Whether Accept asks for lines or a table rather than for a page. */
bool export_is_wanted(const struct task *t);
void export_begin(struct task *t);

#endif
