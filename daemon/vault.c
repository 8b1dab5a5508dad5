#include "daemon/vault.h"

#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    FORM = 1,
    KID_BYTES = 4,
    HEADER_BYTES = 1 + KID_BYTES + (int)crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    MORE_BYTES = (int)crypto_secretstream_xchacha20poly1305_ABYTES,
    PATH_BYTES = 512,
    ID_TEXT = VAULT_ID_BYTES - 1,
    WALK_PATH_BYTES = 3 + 1 + 4 + 1 + VAULT_ID_BYTES,
    TMP_AGE_MS = 3600000
};

static const char *const types[] = {"application/pdf", "image/png",  "image/jpeg", "image/gif",
                                    "image/webp",      "image/tiff", "text/plain", "text/csv"};

struct vault {
    char dir[PATH_BYTES / 2];
    const struct keyring *ring; /* borrowed */
    magic_t magic;              /* owned */
};

struct vault_upload {
    struct vault *vault; /* borrowed */
    char country[4];
    char path[PATH_BYTES]; /* in tmp */
    int fd;
    crypto_secretstream_xchacha20poly1305_state stream;
    crypto_generichash_state hash;
    uint8_t chunk[VAULT_CHUNK_BYTES]; /* not written yet */
    size_t chunk_n;
    int64_t bytes;
    char type[VAULT_TYPE_BYTES]; /* "" before the first chunk */
    char id[VAULT_ID_BYTES];     /* "" before it is sealed */
};

struct vault_reader {
    char country[4];
    char id[VAULT_ID_BYTES];
    int fd;
    crypto_secretstream_xchacha20poly1305_state stream;
    char type[VAULT_TYPE_BYTES];
    int64_t bytes, left; /* of the content */
};

static enum err_code disk_fault(struct err *e, const char *what)
{
    return err_set(e, ERR_UNAVAILABLE, "attachments: %s: %s", what, strerror(errno));
}

/* --- folders ---------------------------------------------------------------------------------- */

static bool folder_make(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool folder_is(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* dir/country/which, or dir/which when there is no country; with name when it is not NULL. */
static const char *path_of(const struct vault *v, const char *country, const char *which,
                           const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s%s%s%s%s%s%s", v->dir, country ? "/" : "", country ? country : "",
             which ? "/" : "", which ? which : "", name ? "/" : "", name ? name : "");
    return out;
}

static bool folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return done;
}

static bool country_make(const struct vault *v, const char *country)
{
    char path[PATH_BYTES];

    if (folder_is(path_of(v, country, "kept", NULL, path))) /* made last */
        return true;
    return folder_make(path_of(v, country, NULL, NULL, path)) &&
           folder_make(path_of(v, country, "new", NULL, path)) &&
           folder_sync(path_of(v, country, NULL, NULL, path)) && folder_sync(v->dir) &&
           folder_make(path_of(v, country, "kept", NULL, path)) &&
           folder_sync(path_of(v, country, NULL, NULL, path));
}

enum err_code vault_new(const char *state, const struct keyring *ring, struct vault **ret_vault,
                        struct err *e)
{
    struct vault *v = mem_new(1, sizeof *v);
    char path[PATH_BYTES];

    v->ring = ring;
    snprintf(v->dir, sizeof v->dir, "%.200s/attachments", state);
    if (!folder_make(v->dir) || !folder_make(path_of(v, NULL, "tmp", NULL, path))) {
        err_set(e, ERR_IO, "cannot make %s: %s", v->dir, strerror(errno));
        free(v);
        return ERR_IO;
    }
    v->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR);
    if (!v->magic || magic_load(v->magic, NULL) != 0) {
        err_set(e, ERR_CONFIG, "no table of file types: %s",
                v->magic ? magic_error(v->magic) : "out of memory");
        vault_free(v);
        return ERR_CONFIG;
    }
    *ret_vault = v;
    return ERR_OK;
}

void vault_free(struct vault *v)
{
    if (!v)
        return;
    if (v->magic)
        magic_close(v->magic);
    free(v);
}

static unsigned folder_count(const char *path)
{
    DIR *dir = opendir(path);
    unsigned n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n > 2 ? n - 2 : 0; /* itself and its parent */
}

/* --- coming in ----------------------------------------------------------------------------------
 */

static bool write_all(int fd, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;

    while (n > 0) {
        ssize_t done = write(fd, at, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

/* A file in tmp, with its header. */
static enum err_code upload_new(struct vault *v, const char *country,
                                struct vault_upload **ret_upload, struct err *e)
{
    uint32_t kid = keyring_active(v->ring);
    uint8_t header[HEADER_BYTES] = {FORM, (uint8_t)(kid >> 24), (uint8_t)(kid >> 16),
                                    (uint8_t)(kid >> 8), (uint8_t)kid};
    struct vault_upload *u = mem_new(1, sizeof *u);
    char name[33];
    uint8_t random[16];

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(name, sizeof name, random, sizeof random);
    u->vault = v;
    snprintf(u->country, sizeof u->country, "%s", country);
    path_of(v, NULL, "tmp", name, u->path);
    u->fd = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    crypto_secretstream_xchacha20poly1305_init_push(&u->stream, header + 1 + KID_BYTES,
                                                    keyring_key(v->ring, kid, KEY_FILE));
    crypto_generichash_init(&u->hash, keyring_key(v->ring, kid, KEY_FINGERPRINT), KEY_BYTES, 16);
    crypto_generichash_update(&u->hash, (const uint8_t *)u->country, sizeof u->country);
    if (u->fd < 0 || !write_all(u->fd, header, sizeof header)) {
        disk_fault(e, "new file");
        vault_drop(u);
        return ERR_UNAVAILABLE;
    }
    *ret_upload = u;
    return ERR_OK;
}

enum err_code vault_begin(struct vault *v, const char *country, struct vault_upload **ret_upload,
                          struct err *e)
{
    char path[PATH_BYTES];

    if (!country_make(v, country))
        return disk_fault(e, "folder");
    if (folder_count(path_of(v, country, "new", NULL, path)) >= VAULT_NEW_MAX)
        return err_set(e, ERR_QUOTA, "%s: too many attachments without a request", country);
    return upload_new(v, country, ret_upload, e);
}

static enum err_code push(struct vault_upload *u, const void *bytes, size_t n, bool is_last,
                          struct err *e)
{
    uint8_t sealed[VAULT_CHUNK_BYTES + MORE_BYTES];
    unsigned long long sealed_n;

    crypto_secretstream_xchacha20poly1305_push(
        &u->stream, sealed, &sealed_n, bytes, n, (const uint8_t *)u->country, sizeof u->country,
        is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    return write_all(u->fd, sealed, (size_t)sealed_n) ? ERR_OK : disk_fault(e, "write");
}

/* What it is, by its first bytes; nothing else that the sender says counts. */
static enum err_code sniff(struct vault_upload *u, struct err *e)
{
    const char *type = magic_buffer(u->vault->magic, u->chunk, u->chunk_n);

    for (size_t i = 0; type && i < sizeof types / sizeof types[0]; i++)
        if (!strcmp(type, types[i])) {
            snprintf(u->type, sizeof u->type, "%s", type);
            return push(u, u->type, sizeof u->type, false, e);
        }
    return err_set(e, ERR_MEDIA_TYPE, "attachment is %.60s", type ? type : "unknown");
}

static enum err_code chunk_push(struct vault_upload *u, struct err *e)
{
    enum err_code rc = *u->type ? ERR_OK : sniff(u, e);

    if (rc == ERR_OK)
        rc = push(u, u->chunk, u->chunk_n, false, e);
    u->chunk_n = 0;
    return rc;
}

enum err_code vault_write(struct vault_upload *u, const void *bytes, size_t n, struct err *e)
{
    const uint8_t *at = bytes;
    enum err_code rc = ERR_OK;

    u->bytes += (int64_t)n;
    if (u->bytes > VAULT_FILE_MAX)
        return err_set(e, ERR_TOO_LARGE, "attachment");
    crypto_generichash_update(&u->hash, at, n);
    while (n > 0 && rc == ERR_OK) {
        size_t room = VAULT_CHUNK_BYTES - u->chunk_n;
        size_t part = n < room ? n : room;

        memcpy(u->chunk + u->chunk_n, at, part);
        u->chunk_n += part;
        at += part;
        n -= part;
        if (u->chunk_n == VAULT_CHUNK_BYTES)
            rc = chunk_push(u, e);
    }
    return rc;
}

enum err_code vault_seal(struct vault_upload *u, char ret_id[VAULT_ID_BYTES],
                         char ret_type[VAULT_TYPE_BYTES], struct err *e)
{
    uint8_t print[16];
    char hex[33];
    enum err_code rc = ERR_OK;

    if (u->chunk_n > 0 || !*u->type)
        rc = chunk_push(u, e);
    crypto_generichash_final(&u->hash, print, sizeof print);
    sodium_bin2hex(hex, sizeof hex, print, sizeof print);
    snprintf(u->id, sizeof u->id, "att_%s", hex);
    if (rc == ERR_OK)
        rc = push(u, u->id, ID_TEXT, true, e);
    memcpy(ret_id, u->id, VAULT_ID_BYTES);
    memcpy(ret_type, u->type, VAULT_TYPE_BYTES);
    return rc;
}

/* Under its name, unless it is there already. */
enum err_code vault_settle(const struct vault_upload *u, struct err *e)
{
    const struct vault *v = u->vault;
    char path[PATH_BYTES];

    if (fsync(u->fd) != 0)
        return disk_fault(e, "sync");
    if (access(path_of(v, u->country, "kept", u->id, path), F_OK) == 0)
        return ERR_OK; /* the temporary one is dropped */
    if (rename(u->path, path_of(v, u->country, "new", u->id, path)) != 0 ||
        !folder_sync(path_of(v, u->country, "new", NULL, path)))
        return disk_fault(e, "rename");
    return ERR_OK;
}

void vault_drop(struct vault_upload *u)
{
    if (!u)
        return;
    if (u->fd >= 0)
        close(u->fd);
    unlink(u->path); /* gone already when it was settled */
    sodium_memzero(u, sizeof *u);
    free(u);
}

/* --- kept --------------------------------------------------------------------------------------
 */

bool vault_is_id(const char *text)
{
    return !strncmp(text, "att_", 4) && strlen(text) == ID_TEXT &&
           strspn(text + 4, "0123456789abcdef") == 32;
}

/* Of the content, from the size of the file; -1: it cannot be one. */
static int64_t content_bytes(int64_t file_bytes)
{
    int64_t sealed =
        file_bytes - HEADER_BYTES - (VAULT_TYPE_BYTES + MORE_BYTES) - (ID_TEXT + MORE_BYTES);
    int64_t chunks_n =
        (sealed + VAULT_CHUNK_BYTES + MORE_BYTES - 1) / (VAULT_CHUNK_BYTES + MORE_BYTES);

    return sealed < 0 ? -1 : sealed - chunks_n * MORE_BYTES;
}

enum err_code vault_keep(struct vault *v, const char *country, const char *id, int64_t *ret_bytes,
                         struct err *e)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    char folder[PATH_BYTES];
    struct stat st;

    if (!vault_is_id(id))
        return err_set(e, ERR_NOT_FOUND, "no such attachment");
    path_of(v, country, "new", id, from);
    path_of(v, country, "kept", id, to);
    if (link(from, to) != 0 && errno != EEXIST && errno != ENOENT)
        return disk_fault(e, "link");
    if (stat(to, &st) != 0)
        return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "no such attachment")
                               : disk_fault(e, "stat");
    if (!folder_sync(path_of(v, country, "kept", NULL, folder)))
        return disk_fault(e, "sync");
    unlink(from);
    *ret_bytes = content_bytes(st.st_size);
    return ERR_OK;
}

/* --- going out ----------------------------------------------------------------------------------
 */

static bool read_all(int fd, void *out, size_t n)
{
    uint8_t *at = out;

    while (n > 0) {
        ssize_t done = read(fd, at, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

/* A chunk of n bytes; false: it does not open, or is the last one where it should not be, or not
 * where it should. */
static bool pull(struct vault_reader *r, void *out, size_t n, bool is_last)
{
    uint8_t sealed[VAULT_CHUNK_BYTES + MORE_BYTES];
    unsigned long long plain_n;
    uint8_t tag;

    return read_all(r->fd, sealed, n + MORE_BYTES) &&
           crypto_secretstream_xchacha20poly1305_pull(&r->stream, out, &plain_n, &tag, sealed,
                                                      n + MORE_BYTES, (const uint8_t *)r->country,
                                                      sizeof r->country) == 0 &&
           (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) == is_last;
}

static bool reader_begin(const struct vault *v, struct vault_reader *r)
{
    uint8_t header[HEADER_BYTES];
    const uint8_t *key;
    struct stat st;

    if (fstat(r->fd, &st) != 0 || !read_all(r->fd, header, sizeof header) || header[0] != FORM)
        return false;
    key = keyring_key(v->ring,
                      (uint32_t)header[1] << 24 | (uint32_t)header[2] << 16 |
                          (uint32_t)header[3] << 8 | header[4],
                      KEY_FILE);
    r->bytes = r->left = content_bytes(st.st_size);
    return key && r->bytes >= 0 &&
           crypto_secretstream_xchacha20poly1305_init_pull(&r->stream, header + 1 + KID_BYTES,
                                                           key) == 0 &&
           pull(r, r->type, sizeof r->type, false) && !r->type[VAULT_TYPE_BYTES - 1];
}

enum err_code vault_open(struct vault *v, const char *country, const char *id,
                         struct vault_reader **ret_reader, struct err *e)
{
    struct vault_reader *r;
    char path[PATH_BYTES];
    int fd;

    if (!vault_is_id(id))
        return err_set(e, ERR_NOT_FOUND, "no such attachment");
    fd = open(path_of(v, country, "kept", id, path), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "no such attachment")
                               : disk_fault(e, "open");
    r = mem_new(1, sizeof *r);
    r->fd = fd;
    snprintf(r->country, sizeof r->country, "%s", country);
    snprintf(r->id, sizeof r->id, "%s", id);
    if (!reader_begin(v, r)) {
        vault_close(r);
        return err_set(e, ERR_INTERNAL, "attachment %s does not open", id);
    }
    *ret_reader = r;
    return ERR_OK;
}

const char *vault_type(const struct vault_reader *r)
{
    return r->type;
}

int64_t vault_bytes(const struct vault_reader *r)
{
    return r->bytes;
}

enum err_code vault_read(struct vault_reader *r, void *out, size_t *ret_n, struct err *e)
{
    size_t n = r->left < VAULT_CHUNK_BYTES ? (size_t)r->left : VAULT_CHUNK_BYTES;
    char id[VAULT_ID_BYTES] = "";
    uint8_t more;
    bool is_good;

    if (n > 0) {
        is_good = pull(r, out, n, false);
    } else {
        is_good = pull(r, id, ID_TEXT, true) && !strcmp(id, r->id) && read(r->fd, &more, 1) == 0;
    }
    if (!is_good)
        return err_set(e, ERR_INTERNAL, "attachment %s is damaged", r->id);
    r->left -= (int64_t)n;
    *ret_n = n;
    return ERR_OK;
}

void vault_close(struct vault_reader *r)
{
    if (!r)
        return;
    close(r->fd);
    sodium_memzero(r, sizeof *r);
    free(r);
}

/* --- another key -------------------------------------------------------------------------------
 */

/* Paths of all files, "KEN/kept/att_..", gathered when a walk begins. */
struct vault_walk {
    char (*paths)[WALK_PATH_BYTES]; /* owned */
    size_t n, at;
};

static void walk_add(struct vault_walk *w, const struct vault *v, const char *country,
                     const char *which)
{
    char path[PATH_BYTES];
    DIR *dir = opendir(path_of(v, country, which, NULL, path));
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (!vault_is_id(entry->d_name))
            continue;
        w->paths = mem_grow(w->paths, w->n + 1, sizeof *w->paths);
        snprintf(w->paths[w->n++], sizeof *w->paths, "%.3s/%.4s/%.*s", country, which, ID_TEXT,
                 entry->d_name);
    }
    if (dir)
        closedir(dir);
}

static struct vault_walk *walk_new(const struct vault *v)
{
    struct vault_walk *w = mem_new(1, sizeof *w);
    DIR *dir = opendir(v->dir);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (strlen(entry->d_name) != 3 || strspn(entry->d_name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
            continue;
        walk_add(w, v, entry->d_name, "new");
        walk_add(w, v, entry->d_name, "kept");
    }
    if (dir)
        closedir(dir);
    return w;
}

void vault_reseal_clear(struct vault_reseal *state)
{
    if (state->walk) {
        free(state->walk->paths);
        free(state->walk);
    }
    *state = (struct vault_reseal){0};
}

/* 0: it is none of ours. */
static uint32_t file_kid(const char *path)
{
    uint8_t header[HEADER_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint32_t kid = 0;

    if (fd < 0)
        return 0;
    if (read_all(fd, header, sizeof header) && header[0] == FORM)
        kid = (uint32_t)header[1] << 24 | (uint32_t)header[2] << 16 | (uint32_t)header[3] << 8 |
              header[4];
    close(fd);
    return kid;
}

/* All of r into u, as it stands: type, content, id. */
static bool copy(struct vault_reader *r, struct vault_upload *u)
{
    char chunk[VAULT_CHUNK_BYTES];
    struct err e = {0};
    size_t n = 1;

    snprintf(u->type, sizeof u->type, "%s", r->type);
    if (push(u, u->type, sizeof u->type, false, &e) != ERR_OK)
        return false;
    while (n > 0) {
        if (vault_read(r, chunk, &n, &e) != ERR_OK ||
            (n > 0 && push(u, chunk, n, false, &e) != ERR_OK))
            return false;
    }
    return push(u, r->id, ID_TEXT, true, &e) == ERR_OK;
}

/* It keeps its age, by which it may be swept. */
static bool take_place(const struct vault_upload *u, int old_fd, const char *path)
{
    struct stat st;

    return fstat(old_fd, &st) == 0 &&
           futimens(u->fd, (const struct timespec[]){st.st_atim, st.st_mtim}) == 0 &&
           fsync(u->fd) == 0 && access(path, F_OK) == 0 && rename(u->path, path) == 0;
}

static bool file_reseal(struct vault *v, const char *where, const char *path)
{
    struct vault_reader *r = mem_new(1, sizeof *r);
    struct vault_upload *u = NULL;
    struct err e = {0};
    bool done = false;

    snprintf(r->country, sizeof r->country, "%.3s", where);
    snprintf(r->id, sizeof r->id, "%s", strrchr(where, '/') + 1);
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd >= 0 && reader_begin(v, r) && upload_new(v, r->country, &u, &e) == ERR_OK)
        done = copy(r, u) && take_place(u, r->fd, path);
    vault_drop(u);
    vault_close(r);
    return done;
}

bool vault_reseal(struct vault *v, struct vault_reseal *state)
{
    if (!state->walk)
        state->walk = walk_new(v);
    while (state->walk->at < state->walk->n) {
        const char *where = state->walk->paths[state->walk->at++];
        char path[PATH_BYTES];
        uint32_t kid;

        snprintf(path, sizeof path, "%s/%s", v->dir, where);
        kid = file_kid(path);
        if (!kid) /* it was swept, or kept, meanwhile: the next walk finds it */
            continue;
        state->files_n++;
        if (kid == keyring_active(v->ring))
            continue;
        if (file_reseal(v, where, path)) {
            state->resealed_n++;
        } else {
            log_error("reseal_unreadable", "attachment=%s", where);
            state->unreadable_n++;
            state->left_n++;
        }
        return true; /* enough for one call */
    }
    return false;
}

/* --- sweeping -----------------------------------------------------------------------------------
 */

static unsigned folder_sweep(const char *path, int64_t older_ms)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    unsigned n = 0;

    while (dir && (entry = readdir(dir))) {
        struct stat st;
        char file[PATH_BYTES + 64];
        int64_t came_ms;

        snprintf(file, sizeof file, "%s/%.60s", path, entry->d_name);
        if (lstat(file, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        came_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
        if (clock_now_ms() - came_ms >= older_ms && unlink(file) == 0)
            n++;
    }
    if (dir)
        closedir(dir);
    return n;
}

unsigned vault_sweep(struct vault *v, int64_t older_ms)
{
    char path[PATH_BYTES];
    unsigned n = folder_sweep(path_of(v, NULL, "tmp", NULL, path), TMP_AGE_MS);
    DIR *dir = opendir(v->dir);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char country[4];

        if (strlen(entry->d_name) != 3 || strspn(entry->d_name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
            continue;
        memcpy(country, entry->d_name, sizeof country);
        n += folder_sweep(path_of(v, country, "new", NULL, path), older_ms);
    }
    if (dir)
        closedir(dir);
    if (n)
        log_info("attachments_swept", "files=%u", n);
    return n;
}
