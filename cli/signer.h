/* The key that requests are signed with (--sign FILE; rule A-7). */
#ifndef CLI_SIGNER_H
#define CLI_SIGNER_H

#include "base/buf.h"
#include "base/err.h"
#include "protocol/signing_key.h"

struct signer_text {
    uint8_t *seed; /* owned, guarded memory; NULL: requests are not signed */
    char id[SIGNING_ID_BYTES];
};

/* ERR_CONFIG: the file is absent, others may read it, or it is no Ed25519 key in PEM. */
enum err_code signer_text_read(const char *path, struct signer_text *ret_signer,
                               struct err *e) ERR_CHECK;
void signer_text_clear(struct signer_text *s);

/* What is about to be sent. Headers that it does not have are NULL. */
struct signer_message {
    const char *method;
    const char *url;
    const char *content_type;
    const char *idempotency_key; /* as it stands in the header */
    const char *body;
    size_t body_n;
};
/* The values of three headers; digest stays empty where there is no body. ERR_CONFIG: no URL. */
enum err_code signer_sign(const struct signer_text *s, const struct signer_message *m,
                          struct buf *input, struct buf *sig, struct buf *digest,
                          struct err *e) ERR_CHECK;

#endif
