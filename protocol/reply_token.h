/* What makes an answer by mail believable: a token in the address that it goes to.
 *
 *   52 characters of base32, lower case, since mail programs change the case of addresses
 *   = the notice's number, 16 bytes | the first 16 bytes of a keyed BLAKE2b-256 over notice,
 *     request, version of the event, person and end of validity
 *
 * The bond itself is kept in the store, with the notice; the token names it and proves that whoever
 * has it got that notice. */
#ifndef PROTOCOL_REPLY_TOKEN_H
#define PROTOCOL_REPLY_TOKEN_H

#include "base/id.h"
#include "protocol/keyring.h"

#include <stdbool.h>
#include <stddef.h>

enum { REPLY_TOKEN_CHARS = 52, REPLY_TOKEN_BYTES = REPLY_TOKEN_CHARS + 1 };

struct reply_bond {
    const char *notice;  /* id_is "ntc_" */
    const char *request; /* id */
    int64_t version;     /* of the request after the event */
    const char *person;  /* address as the notice went to */
    int64_t until_ms;
    uint32_t kid; /* key that it was made with */
};

/* False when the ring has no such key. */
bool reply_token_write(const struct keyring *ring, const struct reply_bond *bond,
                       char out[REPLY_TOKEN_BYTES]);
/* The notice that a text of REPLY_TOKEN_CHARS names; false when it has not the form of a token. */
bool reply_token_notice(const char *text, char ret_notice[ID_BYTES]);
/* Whether text (REPLY_TOKEN_CHARS, any case) is the token of bond and bond holds at now_ms. */
bool reply_token_check(const struct keyring *ring, const struct reply_bond *bond, const char *text,
                       int64_t now_ms);

#endif
