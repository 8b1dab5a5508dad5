#include "protocol/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS_MAX = 8 };

struct key {
    uint32_t kid;
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

void keyring_free(struct keyring *ring)
{
    sodium_free(ring); /* wipes; NULL is fine */
}

uint32_t keyring_active(const struct keyring *ring)
{
    return ring->active;
}

const uint8_t *keyring_key(const struct keyring *ring, uint32_t kid, enum key_use use)
{
    for (size_t i = 0; i < ring->keys_n; i++)
        if (ring->keys[i].kid == kid)
            return ring->keys[i].derived[use];
    return NULL;
}
