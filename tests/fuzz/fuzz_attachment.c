/* Any bytes as an attachment, and any damage to the file that it became. What must hold:
 *   - it is taken as one of the types that are allowed, or refused; nothing else that it says
 * counts;
 *   - what was taken comes out the same, of the same type and size, and under the same id when sent
 *     in other pieces;
 *   - a file that was changed, cut or made longer does not open, or not to its end.
 *
 * Input: 8 bytes that say how (size of the pieces, where and how the file is damaged), the content.
 */
#include "daemon/vault.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum { HOW_BYTES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static struct vault *vault;
static char folder[] = "/dev/shm/liaison-fuzz-XXXXXX";

static void clean(void)
{
    char command[80];

    vault_free(vault);
    snprintf(command, sizeof command, "rm -r %s", folder);
    must(!system(command));
}

static void prepare(void)
{
    static const char keys[] =
        "1 active 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    struct keyring *ring = NULL;
    struct err e = {0};
    char path[80];
    FILE *file;

    must(sodium_init() >= 0 && mkdtemp(folder));
    snprintf(path, sizeof path, "%s/keys", folder);
    file = fopen(path, "w");
    must(file && fputs(keys, file) >= 0 && !fclose(file) && !chmod(path, 0600));
    must(keyring_load(path, &ring, &e) == ERR_OK);
    must(vault_new(folder, ring, &vault, &e) == ERR_OK);
    atexit(clean);
}

/* In pieces of `step`; false: refused. */
static bool put(const uint8_t *content, size_t n, size_t step, char id[VAULT_ID_BYTES],
                char type[VAULT_TYPE_BYTES])
{
    struct vault_upload *u = NULL;
    struct err e = {0};
    bool good;

    must(vault_begin(vault, "KEN", &u, &e) == ERR_OK);
    good = true;
    for (size_t at = 0; at < n && good; at += step)
        good = vault_write(u, content + at, n - at < step ? n - at : step, &e) == ERR_OK;
    good = good && vault_seal(u, id, type, &e) == ERR_OK;
    must(good || e.code == ERR_MEDIA_TYPE);
    must(!good || vault_settle(u, &e) == ERR_OK);
    vault_drop(u);
    return good;
}

/* Whether all of it comes out as it went in. */
static bool comes_out(const char *id, const char *type, const uint8_t *content, size_t n)
{
    uint8_t chunk[VAULT_CHUNK_BYTES];
    struct vault_reader *r = NULL;
    struct err e = {0};
    size_t at = 0, got = 0;
    bool good;

    if (vault_open(vault, "KEN", id, &r, &e) != ERR_OK)
        return false;
    good = !strcmp(vault_type(r), type);
    while ((good = good && vault_read(r, chunk, &got, &e) == ERR_OK) && got) {
        must(at + got <= n && !memcmp(chunk, content + at, got)); /* never anything else */
        at += got;
    }
    must(!good || (at == n && vault_bytes(r) == (int64_t)n));
    vault_close(r);
    return good;
}

/* Changes a byte, cuts, or adds one; false: it is as it was. */
static bool damage(const char *path, const uint8_t *how)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    off_t bytes = lseek(fd, 0, SEEK_END);
    off_t at = (off_t)((unsigned)how[2] << 16 | (unsigned)how[3] << 8 | how[4]) % bytes;
    uint8_t old = 0;
    bool is_other = true;

    must(fd >= 0 && pread(fd, &old, 1, at) == 1);
    if (how[5] % 4 == 0) {
        must(!ftruncate(fd, at));
    } else if (how[5] % 4 == 1) {
        must(pwrite(fd, &how[6], 1, bytes) == 1);
    } else {
        is_other = old != how[6];
        must(pwrite(fd, &how[6], 1, at) == 1);
    }
    close(fd);
    return is_other;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    char id[VAULT_ID_BYTES], again[VAULT_ID_BYTES], type[VAULT_TYPE_BYTES];
    char path[256];
    struct err e = {0};
    const uint8_t *content = input + HOW_BYTES;
    int64_t bytes = 0;
    size_t step;

    if (!vault)
        prepare();
    if (n < HOW_BYTES)
        return 0;
    n -= HOW_BYTES;
    step = 1 + ((size_t)input[0] << 8 | input[1]);
    if (!put(content, n, step, id, type))
        return 0;
    must(vault_is_id(id));
    must(!strncmp(type, "image/", 6) || !strncmp(type, "text/", 5) ||
         !strcmp(type, "application/pdf"));
    must(put(content, n, n + 1, again, type) && !strcmp(id, again));
    must(vault_keep(vault, "KEN", id, &bytes, &e) == ERR_OK && bytes == (int64_t)n);
    must(comes_out(id, type, content, n));
    snprintf(path, sizeof path, "%s/attachments/KEN/kept/%s", folder, id);
    must(!damage(path, input) || !comes_out(id, type, content, n));
    unlink(path);
    return 0;
}
