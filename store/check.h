/* What is looked at on each new connection before it counts as ready (rules ): the role,
 * the settings that the promises rest on, the function library, the rights of the user that this
 * program signs in as, one write through to disk, and whether our keys are those of the store:
 * lia:{sys}:keycheck has a sealed word for each key that was ever the active one, until `liaison
 * keys remove` takes it out. A key that is missing, or another one under the same number, is unfit:
 * nothing is written that would not be found or read again. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "protocol/keyring.h"
#include "store/link.h"

struct check;

/* ring is borrowed; NULL: keys are not looked at. user (rights.h) and password are borrowed;
 * password NULL: nobody signs in. */
struct check *check_new(bool settings, const struct keyring *ring, const char *user,
                        const char *password, void (*unfit)(void *arg, const char *why), void *arg)
    __attribute__((returns_nonnull));
void check_free(struct check *c);
/* Ends in link_ready, or in link_drop with the reason logged. */
void check_begin(struct check *c, struct link *l);

#endif
