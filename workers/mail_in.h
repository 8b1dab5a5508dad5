/* Role `mail-in`: answers by mail, from a Maildir. A mail whose answer was taken goes to its cur/,
 * any other one to its refused/ with a file NAME.reason beside it: nothing is thrown away. */
#ifndef WORKERS_MAIL_IN_H
#define WORKERS_MAIL_IN_H

#include "workers/crew.h"

struct mail_in;

/* ERR_CONFIG: the Maildir cannot be used, or no address for answers is set. */
enum err_code mail_in_new(struct crew *crew, struct mail_in **ret_mail_in, struct err *e) ERR_CHECK;
/* Once crew->stopping: done is called when no mail is in work any more. */
void mail_in_stop(struct mail_in *m, void (*done)(void *arg), void *arg);
void mail_in_free(struct mail_in *m); /* after the crew's store; NULL is fine */

#endif
