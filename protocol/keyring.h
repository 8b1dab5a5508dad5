/* Master keys and what is derived from them (format rule F-2).
 *
 * Key file, mode 0600, one key a line: `<kid> active|decrypt-only <64 hex digits>`; exactly one is
 * active. Derived by crypto_kdf (BLAKE2b) with the contexts of keyring_key. */
#ifndef PROTOCOL_KEYRING_H
#define PROTOCOL_KEYRING_H

#include "base/err.h"

#include <stdint.h>

enum { KEY_BYTES = 32 };

enum key_use {
    KEY_FIELD,
    KEY_FINGERPRINT,
    KEY_TOKEN,
    KEY_CSRF,
    KEY_CURSOR,
    KEY_REPLY,
    KEY_FILE,
    KEY_USES_N
};

struct keyring; /* opaque; secrets in guarded memory */

/* ERR_CONFIG: file absent, readable by others, or a line is wrong. */
enum err_code keyring_load(const char *path, struct keyring **ret_ring, struct err *e) ERR_CHECK;
/* Writes a new file with one active key; ERR_IO when it exists or cannot be made. */
enum err_code keyring_create(const char *path, struct err *e) ERR_CHECK;
void keyring_free(struct keyring *ring);

uint32_t keyring_active(const struct keyring *ring);
/* The derived key, KEY_BYTES long, borrowed; NULL when there is no such kid. */
const uint8_t *keyring_key(const struct keyring *ring, uint32_t kid, enum key_use use);

#endif
