/* Master keys and what is derived from them (format rule F-2).
 *
 * Key file, mode 0600, one key a line: `<kid> active|decrypt-only <64 hex digits>`; exactly one is
 * active. Derived by crypto_kdf (BLAKE2b) with the contexts of keyring_key. */
#ifndef PROTOCOL_KEYRING_H
#define PROTOCOL_KEYRING_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { KEY_BYTES = 32, KEYS_MAX = 8 };

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
/* Changes the file at once or not at all (a new one takes its place): adds a new key as
 * decrypt-only, makes one the active and the others decrypt-only, or removes one that is not
 * active. *ret_kid: of the one added; given to the others. ERR_CONFIG: the file, or no such key;
 * ERR_IO. */
enum err_code keyring_add(const char *path, uint32_t *ret_kid, struct err *e) ERR_CHECK;
enum err_code keyring_activate(const char *path, uint32_t kid, struct err *e) ERR_CHECK;
enum err_code keyring_remove(const char *path, uint32_t kid, struct err *e) ERR_CHECK;
void keyring_free(struct keyring *ring);

uint32_t keyring_active(const struct keyring *ring);
/* The i-th key's kid: the active one first, then the others from the newest (highest) to the
 * oldest; 0: there are no more. What is named by a keyed hash is looked for under all of them. */
uint32_t keyring_kid(const struct keyring *ring, size_t i);
/* The lowest kid: names made with it stay the same from the day a key is added to the day the old
 * one is removed. */
uint32_t keyring_oldest(const struct keyring *ring);
/* The derived key, KEY_BYTES long, borrowed; NULL when there is no such kid. */
const uint8_t *keyring_key(const struct keyring *ring, uint32_t kid, enum key_use use);

#endif
