#include "cli/pending.h"

#include "base/buf.h"
#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The server forgets keys after 7 days; an older one would not find its write any more. */
static const int64_t keep_ms = 7 * CLOCK_DAY_MS;

static void hash_part(crypto_generichash_state *state, const void *bytes, size_t n)
{
    uint64_t length = n;

    crypto_generichash_update(state, (const uint8_t *)&length, sizeof length);
    crypto_generichash_update(state, bytes, n);
}

static void write_name(const struct pending_write *w, char out[2 * 16 + 1])
{
    const char *const texts[] = {w->server, w->method, w->path, w->token_id};
    crypto_generichash_state state;
    uint8_t hash[16];

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        hash_part(&state, texts[i], strlen(texts[i]));
    hash_part(&state, w->body_n ? w->body : "", w->body_n);
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(out, 2 * 16 + 1, hash, sizeof hash);
}

/* Every folder above the last part of path, mode 0700. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        bool made;

        *slash = '\0';
        made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static char *pending_path(const char *name)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    struct buf path = {0};

    if (state && *state == '/')
        buf_printf(&path, "%s/liaison/pending/%s", state, name);
    else if (home && *home == '/')
        buf_printf(&path, "%s/.local/state/liaison/pending/%s", home, name);
    else
        return NULL;
    return buf_take(&path);
}

static bool is_key(const char *text)
{
    return strlen(text) == PENDING_KEY_BYTES - 1 &&
           strspn(text, "0123456789abcdef") == PENDING_KEY_BYTES - 1;
}

/* Files of writes that nobody came back to. */
static void sweep(const char *path)
{
    BUF_AUTO struct buf folder = {0};
    struct dirent *entry;
    DIR *all;

    buf_add(&folder, path, (size_t)(strrchr(path, '/') - path));
    all = opendir(buf_text(&folder));
    while (all && (entry = readdir(all))) {
        struct stat st;

        if (!fstatat(dirfd(all), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
            clock_now_ms() - (int64_t)st.st_mtime * 1000 >= keep_ms)
            unlinkat(dirfd(all), entry->d_name, 0);
    }
    if (all)
        closedir(all);
}

/* The key that an earlier run left behind. */
static bool read_key(const char *path, char key[PENDING_KEY_BYTES])
{
    FILE *f = fopen(path, "re");
    char line[64] = "";
    struct stat st;
    bool found = false;

    if (!f)
        return false;
    if (!fstat(fileno(f), &st) && fgets(line, sizeof line, f)) {
        line[strcspn(line, " \n")] = '\0';
        found = is_key(line) && clock_now_ms() - (int64_t)st.st_mtime * 1000 < keep_ms;
    }
    fclose(f);
    if (found)
        memcpy(key, line, PENDING_KEY_BYTES);
    return found;
}

/* On the disk, with its name, before anything is sent. */
static bool write_key(const char *path, const char *key, const struct pending_write *w)
{
    BUF_AUTO struct buf fresh = {0};
    BUF_AUTO struct buf folder = {0};
    FILE *f;
    int fd;
    bool good;

    buf_printf(&fresh, "%s.%ld", path, (long)getpid());
    buf_add(&folder, path, (size_t)(strrchr(path, '/') - path));
    fd = open(buf_text(&fresh), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return false;
    good = fprintf(f, "%s %s %s\n", key, w->method, w->path) > 0 && !fflush(f) && !fsync(fd);
    good = !fclose(f) && good && !rename(buf_text(&fresh), path);
    if (!good) {
        unlink(buf_text(&fresh));
        return false;
    }
    fd = open(buf_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    return true;
}

enum err_code pending_begin(const struct pending_write *write, struct pending *ret_pending,
                            struct err *e)
{
    struct pending p = {0};
    char name[2 * 16 + 1];
    uint8_t random[16];
    enum err_code rc = ERR_OK;

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(p.key, sizeof p.key, random, sizeof random);
    write_name(write, name);
    p.path = pending_path(name);
    if (p.path)
        sweep(p.path);
    if (!p.path) {
        rc = err_set(e, ERR_IO, "neither XDG_STATE_HOME nor HOME is a folder");
    } else if (read_key(p.path, p.key)) {
        p.resumed = true;
    } else if (!make_folders(p.path) || !write_key(p.path, p.key, write)) {
        rc = err_set(e, ERR_IO, "cannot write %.150s: %s", p.path, strerror(errno));
        free(p.path);
        p.path = NULL;
    }
    *ret_pending = p;
    return rc;
}

void pending_end(struct pending *p, bool is_final)
{
    if (p->path && is_final)
        unlink(p->path);
    free(p->path);
    *p = (struct pending){0};
}
