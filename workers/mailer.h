/* One notice by mail: record and history are read, the letter is written, a mail server takes it.
 */
#ifndef WORKERS_MAILER_H
#define WORKERS_MAILER_H

#include "store/notice_store.h"
#include "workers/attempt.h"
#include "workers/crew.h"
#include "workers/transfer.h"

struct mailer; /* what all mails of this process share: the password */

/* ERR_CONFIG: the password file or an address cannot be used. */
enum err_code mailer_new(struct crew *crew, struct transfers *transfers, struct mailer **ret_mailer,
                         struct err *e) ERR_CHECK;
void mailer_free(struct mailer *m); /* NULL is fine */

/* n is copied as far as it is needed. fn is called once, never before this returned. */
void mailer_send(struct mailer *m, const struct notice *n, attempt_fn fn, void *arg);

/* The address that answers to this notice go to, "" when none can be given. Returns out. */
enum { MAILER_REPLY_BYTES = 320 };
char *mailer_reply_to(const struct crew *crew, const struct notice *n,
                      char out[MAILER_REPLY_BYTES]);

#endif
