#include "protocol/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct key {
    uint32_t kid;
    uint8_t master[KEY_BYTES]; /* to write the file again */
    uint8_t derived[KEY_USES_N][KEY_BYTES];
};

struct keyring {
    struct key keys[KEYS_MAX];
    size_t keys_n;
    uint32_t active;
};

/* Subkey ids are the positions + 1, as F-2 counts them. */
static const char contexts[KEY_USES_N][crypto_kdf_CONTEXTBYTES + 1] = {
    [KEY_FIELD] = "LSNfield", [KEY_FINGERPRINT] = "LSNfinge", [KEY_TOKEN] = "LSNtoken",
    [KEY_CSRF] = "LSNcsrf_",  [KEY_CURSOR] = "LSNcurs_",      [KEY_REPLY] = "LSNreply",
    [KEY_FILE] = "LSNfile_"};

static bool key_add(struct keyring *ring, char *line, uint8_t master[KEY_BYTES])
{
    char *rest;
    unsigned long kid = strtoul(line, &rest, 10);
    char *state = strtok(rest, " \t\n");
    char *hex = strtok(NULL, " \t\n");
    struct key *key = &ring->keys[ring->keys_n];
    size_t n;

    if (ring->keys_n == KEYS_MAX || kid == 0 || kid > UINT32_MAX || !state || !hex ||
        strtok(NULL, " \t\n") || keyring_key(ring, (uint32_t)kid, KEY_FIELD) ||
        sodium_hex2bin(master, KEY_BYTES, hex, strlen(hex), NULL, &n, NULL) || n != KEY_BYTES)
        return false;
    if (!strcmp(state, "active") && !ring->active)
        ring->active = (uint32_t)kid;
    else if (strcmp(state, "decrypt-only") != 0)
        return false;
    key->kid = (uint32_t)kid;
    memcpy(key->master, master, KEY_BYTES);
    for (unsigned i = 0; i < KEY_USES_N; i++)
        crypto_kdf_derive_from_key(key->derived[i], KEY_BYTES, i + 1, contexts[i], master);
    ring->keys_n++;
    return true;
}

static bool key_read_line(struct keyring *ring, char *line)
{
    uint8_t master[KEY_BYTES];
    bool good = key_add(ring, line, master);

    sodium_memzero(master, sizeof master);
    return good;
}

enum err_code keyring_load(const char *path, struct keyring **ret_ring, struct err *e)
{
    enum err_code rc = ERR_OK;
    struct keyring *ring = NULL;
    struct stat st;
    char line[160];
    FILE *f = fopen(path, "re");

    if (!f || fstat(fileno(f), &st)) {
        rc = err_set(e, ERR_CONFIG, "cannot open key file %s: %s", path, strerror(errno));
        goto out;
    }
    if (st.st_mode & 077) {
        rc = err_set(e, ERR_CONFIG, "key file %s can be read by others: chmod 600 it", path);
        goto out;
    }
    ring = sodium_malloc(sizeof *ring);
    if (!ring)
        bug("no guarded memory");
    memset(ring, 0, sizeof *ring);
    for (unsigned n = 1; fgets(line, sizeof line, f); n++)
        if (*line != '\n' && *line != '#' && !key_read_line(ring, line)) {
            rc = err_set(e, ERR_CONFIG, "%s:%u: not `<kid> active|decrypt-only <64 hex>`", path, n);
            goto out;
        }
    if (!ring->active) {
        rc = err_set(e, ERR_CONFIG, "key file %s has no active key", path);
        goto out;
    }
    sodium_mprotect_readonly(ring);
    *ret_ring = ring;
    ring = NULL;
out:
    sodium_memzero(line, sizeof line);
    keyring_free(ring);
    if (f)
        fclose(f);
    return rc;
}

enum err_code keyring_create(const char *path, struct err *e)
{
    uint8_t master[KEY_BYTES];
    char hex[2 * KEY_BYTES + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool good;

    if (!f)
        return err_set(e, ERR_IO, "cannot create key file %s: %s", path, strerror(errno));
    crypto_kdf_keygen(master);
    sodium_bin2hex(hex, sizeof hex, master, sizeof master);
    good = fprintf(f, "1 active %s\n", hex) > 0 && fflush(f) == 0 && fsync(fd) == 0;
    sodium_memzero(master, sizeof master);
    sodium_memzero(hex, sizeof hex);
    if (fclose(f) != 0 || !good)
        return err_set(e, ERR_IO, "cannot write key file %s", path);
    return ERR_OK;
}

/* --- changing the file ------------------------------------------------------------------------ */

static bool keyring_print(const struct keyring *ring, FILE *f)
{
    char hex[2 * KEY_BYTES + 1];
    bool good = true;

    for (size_t i = 0; i < ring->keys_n; i++) {
        const struct key *key = &ring->keys[i];

        sodium_bin2hex(hex, sizeof hex, key->master, KEY_BYTES);
        good &= fprintf(f, "%lu %s %s\n", (unsigned long)key->kid,
                        key->kid == ring->active ? "active" : "decrypt-only", hex) > 0;
    }
    sodium_memzero(hex, sizeof hex);
    return good;
}

/* Beside the old one and synced before it takes its name: a crash leaves the one or the other. */
static enum err_code keyring_write(const struct keyring *ring, const char *path, struct err *e)
{
    char beside[300];
    char folder[300];
    FILE *f = NULL;
    bool good = false;
    int fd;

    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return err_set(e, ERR_IO, "the name of the key file is too long");
    snprintf(folder, sizeof folder, "%s", path);
    unlink(beside); /* of a change that broke off */
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    f = fd < 0 ? NULL : fdopen(fd, "w");
    if (f) {
        good = keyring_print(ring, f) && fflush(f) == 0 && fsync(fd) == 0;
        good &= fclose(f) == 0;
    }
    if (!good || rename(beside, path)) {
        err_set(e, ERR_IO, "cannot write key file %s: %s", path, strerror(errno));
        unlink(beside);
        return ERR_IO;
    }
    fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        good = fsync(fd) == 0;
        close(fd);
    }
    return good ? ERR_OK : err_set(e, ERR_IO, "cannot write key file %s", path);
}

static struct key *key_find(struct keyring *ring, uint32_t kid)
{
    for (size_t i = 0; i < ring->keys_n; i++)
        if (ring->keys[i].kid == kid)
            return &ring->keys[i];
    return NULL;
}

/* The ring of the file, to be changed. */
static enum err_code keyring_open(const char *path, struct keyring **ret_ring, struct err *e)
{
    enum err_code rc = keyring_load(path, ret_ring, e);

    if (rc == ERR_OK)
        sodium_mprotect_readwrite(*ret_ring);
    return rc;
}

enum err_code keyring_add(const char *path, uint32_t *ret_kid, struct err *e)
{
    struct keyring *ring = NULL;
    uint32_t kid = 0;
    enum err_code rc = keyring_open(path, &ring, e);

    if (rc != ERR_OK)
        return rc;
    for (size_t i = 0; i < ring->keys_n; i++)
        if (ring->keys[i].kid > kid)
            kid = ring->keys[i].kid;
    if (ring->keys_n == KEYS_MAX || kid == UINT32_MAX) {
        rc = err_set(e, ERR_CONFIG, "key file %s is full: remove a key first", path);
    } else {
        ring->keys[ring->keys_n].kid = kid + 1;
        crypto_kdf_keygen(ring->keys[ring->keys_n++].master);
        rc = keyring_write(ring, path, e);
    }
    if (rc == ERR_OK)
        *ret_kid = kid + 1;
    keyring_free(ring);
    return rc;
}

enum err_code keyring_activate(const char *path, uint32_t kid, struct err *e)
{
    struct keyring *ring = NULL;
    enum err_code rc = keyring_open(path, &ring, e);

    if (rc != ERR_OK)
        return rc;
    if (!key_find(ring, kid)) {
        rc = err_set(e, ERR_CONFIG, "key file %s has no key %u", path, (unsigned)kid);
    } else {
        ring->active = kid;
        rc = keyring_write(ring, path, e);
    }
    keyring_free(ring);
    return rc;
}

enum err_code keyring_remove(const char *path, uint32_t kid, struct err *e)
{
    struct keyring *ring = NULL;
    struct key *key;
    enum err_code rc = keyring_open(path, &ring, e);

    if (rc != ERR_OK)
        return rc;
    key = key_find(ring, kid);
    if (!key || kid == ring->active) {
        rc = err_set(e, ERR_CONFIG, "key file %s has no key %u that is not active", path,
                     (unsigned)kid);
    } else {
        *key = ring->keys[--ring->keys_n];
        rc = keyring_write(ring, path, e);
    }
    keyring_free(ring);
    return rc;
}

void keyring_free(struct keyring *ring)
{
    sodium_free(ring); /* wipes; NULL is fine */
}

uint32_t keyring_active(const struct keyring *ring)
{
    return ring->active;
}

uint32_t keyring_kid(const struct keyring *ring, size_t i)
{
    uint32_t below = UINT32_MAX;
    uint32_t kid = ring->active;

    for (; i > 0 && kid; i--) { /* the next lower one that is not active */
        kid = 0;
        for (size_t k = 0; k < ring->keys_n; k++)
            if (ring->keys[k].kid != ring->active && ring->keys[k].kid > kid &&
                ring->keys[k].kid < below)
                kid = ring->keys[k].kid;
        below = kid;
    }
    return kid;
}

uint32_t keyring_oldest(const struct keyring *ring)
{
    uint32_t kid = ring->active;

    for (size_t i = 0; i < ring->keys_n; i++)
        if (ring->keys[i].kid < kid)
            kid = ring->keys[i].kid;
    return kid;
}

const uint8_t *keyring_key(const struct keyring *ring, uint32_t kid, enum key_use use)
{
    for (size_t i = 0; i < ring->keys_n; i++)
        if (ring->keys[i].kid == kid)
            return ring->keys[i].derived[use];
    return NULL;
}
