/* Attachments as files, each encrypted and named by what is in it:
 *
 *   STATE/attachments/tmp/<random>        coming in
 *   STATE/attachments/KEN/new/<id>        whole, but no request refers to it yet
 *   STATE/attachments/KEN/kept/<id>       some request of that country does
 *
 * A file appears under its id by rename(2), after it was synced: there is no half one. The id is a
 * keyed hash of country and content, so the same file sent again is the same attachment, and nobody
 * can tell from an id what a file holds, or that two countries have the same.
 *
 *   01 | kid 4 | header 24 | chunk: media type, 64 bytes | chunks of 65,536 bytes | last chunk: id
 *
 * Chunks are those of libsodium's secretstream (XChaCha20-Poly1305), bound to the country; a cut,
 * changed or exchanged file does not open, or not to its end. All calls but vault_settle block for
 * the time of a disk access at most. */
#ifndef DAEMON_VAULT_H
#define DAEMON_VAULT_H

#include "base/err.h"
#include "protocol/keyring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VAULT_ID_BYTES = 4 + 32 + 1, /* "att_" and hex */
    VAULT_TYPE_BYTES = 64,
    VAULT_CHUNK_BYTES = 65536,
    VAULT_FILE_MAX = 10 << 20,    /* bytes of one (domain reference 4) */
    VAULT_REQUEST_MAX = 25 << 20, /* of all of one request */
    VAULT_NEW_MAX = 40            /* files of a country that no request refers to */
};

struct vault;
struct vault_upload;
struct vault_reader;

/* Makes the folders; ring is borrowed. ERR_IO: it cannot; ERR_CONFIG: types of files cannot be
 * told. */
enum err_code vault_new(const char *state, const struct keyring *ring, struct vault **ret_vault,
                        struct err *e) ERR_CHECK;
void vault_free(struct vault *v); /* NULL is fine */

/* ERR_QUOTA: too many that no request refers to; ERR_UNAVAILABLE: the disk. */
enum err_code vault_begin(struct vault *v, const char *country, struct vault_upload **ret_upload,
                          struct err *e) ERR_CHECK;
/* ERR_TOO_LARGE; ERR_MEDIA_TYPE: no PDF, image or text; ERR_UNAVAILABLE. */
enum err_code vault_write(struct vault_upload *u, const void *bytes, size_t n,
                          struct err *e) ERR_CHECK;
/* That was all of it. type: as sniffed. */
enum err_code vault_seal(struct vault_upload *u, char ret_id[VAULT_ID_BYTES],
                         char ret_type[VAULT_TYPE_BYTES], struct err *e) ERR_CHECK;
/* A sealed one: it is there now, on disk. Blocks until the disk has it, which may take long; any
 * thread may call it, for one upload at a time, as long as the vault lives. */
enum err_code vault_settle(const struct vault_upload *u, struct err *e) ERR_CHECK;
/* Frees it, and forgets it unless it is settled; given. NULL is fine. */
void vault_drop(struct vault_upload *u);

bool vault_is_id(const char *text);
/* A request refers to it from now on: it stays. ERR_NOT_FOUND: no such file of that country. */
enum err_code vault_keep(struct vault *v, const char *country, const char *id, int64_t *ret_bytes,
                         struct err *e) ERR_CHECK;

/* A file that a request refers to. ERR_NOT_FOUND, ERR_INTERNAL: it does not open. */
enum err_code vault_open(struct vault *v, const char *country, const char *id,
                         struct vault_reader **ret_reader, struct err *e) ERR_CHECK;
const char *vault_type(const struct vault_reader *r); /* borrowed */
int64_t vault_bytes(const struct vault_reader *r);
/* Up to VAULT_CHUNK_BYTES bytes into out; 0: that was all, and all of it is as it was stored. */
enum err_code vault_read(struct vault_reader *r, void *out, size_t *ret_n, struct err *e) ERR_CHECK;
void vault_close(struct vault_reader *r); /* NULL is fine */

/* What an old master key encrypted gets the active one, under the same id: one file at a call,
 * which takes the place of the old one when it is whole. Calls go through all files; *state starts
 * as {0} and is cleared after the last one. False: that was the last one, and the counts are of
 * all. */
struct vault_reseal {
    int64_t files_n, resealed_n, unreadable_n;
    int64_t left_n;          /* still under another key than the active one */
    struct vault_walk *walk; /* owned */
};
bool vault_reseal(struct vault *v, struct vault_reseal *state);
void vault_reseal_clear(struct vault_reseal *state);

/* Removes what no request refers to and came more than older_ms ago, and uploads that broke off an
 * hour ago. Returns how many. */
unsigned vault_sweep(struct vault *v, int64_t older_ms);

#endif
