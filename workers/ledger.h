/* The role audit: the one process that puts the event streams into the audit log, in the order in
 * which it finds them, and signs checkpoints (reliability rules, section 9). */
#ifndef WORKERS_LEDGER_H
#define WORKERS_LEDGER_H

#include "workers/crew.h"

struct ledger;

/* Checks what is there and goes on from its end. ERR_CONFIG: no key, another process has the log,
 * or what is there does not fit its own checkpoints: nothing is signed on top of that. */
enum err_code ledger_new(struct crew *crew, struct ledger **ret_ledger, struct err *e) ERR_CHECK;
/* After the stores. NULL is fine. */
void ledger_free(struct ledger *l);

#endif
