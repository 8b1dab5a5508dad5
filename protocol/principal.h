/* Who acts: a role and, for countries and secretariats, whose. */
#ifndef PROTOCOL_PRINCIPAL_H
#define PROTOCOL_PRINCIPAL_H

#include <stdbool.h>

enum role { ROLE_COUNTRY, ROLE_SECRETARIAT, ROLE_COORDINATOR, ROLE_OPERATOR, ROLE_SYSTEM, ROLES_N };
extern const char *const role_words[]; /* ends with NULL */

#define PRINCIPAL_OF_BYTES 12
#define PRINCIPAL_TEXT_BYTES 32

struct principal {
    enum role role;
    char of[PRINCIPAL_OF_BYTES]; /* "KEN", "ramsar"; "" for the other roles */
};

/* "country:KEN", "secretariat:ramsar", "coordinator". Returns out. */
char *principal_text(const struct principal *p, char out[PRINCIPAL_TEXT_BYTES]);
/* The reverse; false when text is none of these. */
bool principal_read(const char *text, struct principal *ret_p);
/* Role and owner must fit: an owner where the role has one, none elsewhere. */
bool principal_make(const char *role, const char *of, struct principal *ret_p);

#endif
