/* A mail as plain text: one part, UTF-8 in base64, encoded words (RFC 2047) where a header has more
 * than plain ASCII. Nothing of it comes from outside unencoded, so no header can be forged. */
#ifndef PROTOCOL_MAIL_H
#define PROTOCOL_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mail {
    const char *from, *from_name; /* addresses satisfy mail_is_address; names UTF-8, "" for none */
    const char *to, *to_name;
    const char *reply_to;   /* "": none */
    const char *subject;    /* UTF-8 */
    const char *text;       /* UTF-8, lines end with LF */
    const char *language;   /* "fr" */
    const char *message_id; /* without brackets */
    const char *thread;     /* what all mails of one request refer to, without brackets */
    int64_t date_ms;
};

/* The whole message with CRLF; the caller frees. */
char *mail_write(const struct mail *m, size_t *ret_n) __attribute__((malloc, returns_nonnull));

/* "name@host.example": ASCII without quoting, at most 254 bytes. */
bool mail_is_address(const char *text);
/* What stands behind the @; text satisfies mail_is_address. Borrowed from it. */
const char *mail_domain(const char *text);

#endif
