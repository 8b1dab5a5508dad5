/* Whom to write to at a secretariat, at the coordinator's desk and, beside a request's own
 * contacts, in a country: a CSV file that the operator keeps (setting `contacts`), with the columns
 *
 *   who       secretariat:ramsar, country:KEN or coordinator; several rows may say the same
 *   email     address
 *   language  ar en es fr ru zh
 *   name      "" is fine
 *   officer   of a secretariat: whose address it is, as the officer's tokens say; a file need not
 *             have this column. What is about a claim goes to who answers for it, else to all. */
#ifndef CONFIG_CONTACT_H
#define CONFIG_CONTACT_H

#include "base/err.h"

#include <stddef.h>

struct contact {
    char who[32];
    char email[255];
    char name[484];
    char officer[32]; /* "": of all */
    int language;     /* index of language_codes */
};

struct contacts {
    struct contact *list; /* owned */
    size_t n;
};

/* path "": nobody. c is filled only on success. ERR_CONFIG: "file:line: what". */
enum err_code contacts_load(const char *path, struct contacts *c, struct err *e) ERR_CHECK;
void contacts_clear(struct contacts *c);

#endif
