/* A mail that came in, taken apart: by GMime for its structure and character sets, here for what we
 * ask of it. Pure; bytes from outside, bounded before they are looked at. */
#ifndef WORKERS_INCOMING_H
#define WORKERS_INCOMING_H

#include "protocol/reply_token.h"

#include <stdbool.h>
#include <stddef.h>

enum { INCOMING_BYTES_MAX = 1 << 20, INCOMING_TEXT_MAX = 1 << 16, INCOMING_ID_BYTES = 256 };

struct incoming {
    char token[REPLY_TOKEN_BYTES]; /* "" when it was sent to none of our addresses */
    char id[INCOMING_ID_BYTES];    /* Message-ID, "" when there is none that can be kept */
    bool automatic;                /* a machine's answer: absence, bounce, list (RFC 3834) */
    char *text;                    /* owned; UTF-8 without control characters but LF and tab,
                                      NULL: no plain text in it */
};

/* Once for the process, before the first incoming_read. */
void incoming_init(void);
/* False: it is no mail, or larger than INCOMING_BYTES_MAX. reply_to: our address NAME@HOST; answers
 * come to NAME+TOKEN@HOST. */
bool incoming_read(const char *bytes, size_t n, const char *reply_to,
                   struct incoming *ret_incoming);
void incoming_clear(struct incoming *m);

#endif
