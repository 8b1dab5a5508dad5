/* What a program may do in the store when it signs in as its own user, config/store-users.acl (made
 * by script/store-users). The same text is in the program: at each connect it asks the store about
 * every right, so that a missing one shows at once and not in the middle of some work. */
#ifndef STORE_RIGHTS_H
#define STORE_RIGHTS_H

#include "store/args.h"

#include <stdbool.h>

/* The users: one a program. */
#define RIGHTS_DAEMON "daemon"
#define RIGHTS_WORKER "worker"   /* roles route and clock */
#define RIGHTS_DELIVER "deliver" /* roles deliver and mail-in */
#define RIGHTS_AUDITOR "auditor" /* role audit */
#define RIGHTS_ADMIN "admin"     /* the command line on the server */

extern const char rights_text[]; /* that file, NUL-terminated */
extern const size_t rights_bytes;

struct rights_scan {
    const char *user; /* borrowed */
    const char *at;   /* NULL at first */
};

/* The next question, ACL DRYRUN: ret_args (empty, the caller clears) is one command; the store
 * answers OK when the user has that right. False: no more, or there is no such user. */
bool rights_next(struct rights_scan *scan, struct args *ret_args);

#endif
