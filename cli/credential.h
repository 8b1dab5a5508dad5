/* The token that a command is sent with: from a file or stdin, never from argv or environment. */
#ifndef CLI_CREDENTIAL_H
#define CLI_CREDENTIAL_H

#include "base/err.h"
#include "protocol/token.h"

struct credential_text {
    char *text;              /* owned, guarded memory; "" when no token is known */
    char id[TOKEN_ID_BYTES]; /* "" when the text is no token of ours */
};

/* path: a file with a token, or a credentials.json of which `as` names the member; "-" is stdin;
 * NULL: no token. ERR_CONFIG: the file is absent, others may read it, or it has no such member. */
enum err_code credential_text_read(const char *path, const char *as,
                                   struct credential_text *ret_credential, struct err *e) ERR_CHECK;
void credential_text_clear(struct credential_text *c);

#endif
