/* The session cookie (rule A-3): __Host-liaison=<43 characters base64url of 32 random bytes>. The
 * store keeps a keyed hash of it; the CSRF token (rule A-4) is another keyed hash. */
#ifndef PROTOCOL_COOKIE_H
#define PROTOCOL_COOKIE_H

#include "protocol/keyring.h"

#include <stdbool.h>
#include <stddef.h>

#define COOKIE_NAME "__Host-liaison"

enum {
    COOKIE_BYTES = 43 + 1,
    COOKIE_HASH_BYTES = 2 * 32 + 1, /* hex of a keyed BLAKE2b-256 */
    COOKIE_HEADER_BYTES = 160
};

/* A new cookie's value. */
void cookie_new(char out[COOKIE_BYTES]);

enum cookie_found { COOKIE_ABSENT, COOKIE_FOUND, COOKIE_BAD };
/* Looks for ours in one Cookie header (RFC 6265 section 4.2.1); others are passed over. COOKIE_BAD:
 * it has not the form, or is there twice. out is filled only when found. */
enum cookie_found cookie_read(const char *header, size_t n, char out[COOKIE_BYTES]);

/* Under which name the store knows it: "liaison-session-v1" 00 value, with the active key. */
void cookie_hash(const struct keyring *ring, const char *value, char out[COOKIE_HASH_BYTES]);
void cookie_hash_with(const struct keyring *ring, uint32_t kid, const char *value,
                      char out[COOKIE_HASH_BYTES]);
/* What X-CSRF-Token is: a hash with the CSRF key. */
void cookie_csrf(const struct keyring *ring, const char *value, char out[COOKIE_HASH_BYTES]);
/* Whether n bytes are it, under any key of the ring: a page outlives a change of keys. */
bool cookie_csrf_fits(const struct keyring *ring, const char *value, const char *given, size_t n);

/* The Set-Cookie value; value NULL takes the cookie back. It lasts as long as the browser. */
void cookie_header(const char *value, char out[COOKIE_HEADER_BYTES]);

#endif
