/* A backup in the order that makes it consistent:
 *
 *   1. the audit log, checkpoints before leaves: every signed head has its leaves in the copy
 *   2. the store's append-only files: they have every event that the log had, and every request
 *      that was accepted before the copy began, since Redis answers after they are on disk
 *   3. attachments: a request in the store names files that were there before it
 *   4. a note that the copy is whole, last
 *
 * The store's last file grows meanwhile; the copy ends somewhere in it, perhaps within a step. That
 * is what a power cut leaves, and script/redis cuts it back to the last whole step. When
 * Redis began a new set of files while they were copied, they are copied once more. */
#include "cli/backup_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/server_settings.h"
#include "config/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 6, TRIES_MAX = 5, PIECE_BYTES = 1 << 18, MANIFEST_MAX = 1 << 16 };
static const char aof[] = "redis/appendonlydir";
static const char manifest_name[] = "appendonly.aof.manifest";

struct backup {
    const char *from, *to; /* borrowed: state folder, new folder */
    int64_t bytes, files_n;
};

static enum err_code fault(struct err *e, const char *what, const char *path)
{
    return err_set(e, ERR_IO, "%s %s: %s", what, path, strerror(errno));
}

/* Makes the folder and those above it below to. */
static enum err_code folder_make(const char *path, struct err *e)
{
    BUF_AUTO struct buf part = {0};

    buf_add_text(&part, path);
    for (char *at = part.text + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        if (mkdir(part.text, 0700) != 0 && errno != EEXIST)
            return fault(e, "cannot make", part.text);
        *at = '/';
    }
    return mkdir(path, 0700) != 0 && errno != EEXIST ? fault(e, "cannot make", path) : ERR_OK;
}

static enum err_code text_write(const char *path, const struct buf *text, struct err *e)
{
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum err_code rc = ERR_OK;

    if (out < 0)
        return fault(e, "cannot make", path);
    if (write(out, text->text, text->bytes) != (ssize_t)text->bytes || fsync(out) != 0)
        rc = fault(e, "cannot write", path);
    close(out);
    return rc;
}

/* Copies what the file has now: what is added meanwhile is not in the copy. */
static enum err_code bytes_copy(struct backup *b, int in, int out, const char *path, struct err *e)
{
    struct stat file;
    char *piece;
    int64_t left;
    enum err_code rc = ERR_OK;

    if (fstat(in, &file) != 0)
        return fault(e, "cannot read", path);
    piece = mem_new(PIECE_BYTES, 1);
    for (left = file.st_size; rc == ERR_OK && left > 0;) {
        ssize_t n = read(in, piece, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);

        if (n <= 0) {
            rc = n < 0 && errno == EINTR ? ERR_OK : fault(e, "cannot read all of", path);
            continue;
        }
        for (ssize_t done = 0; rc == ERR_OK && done < n;) {
            ssize_t wrote = write(out, piece + done, (size_t)(n - done));

            if (wrote < 0 && errno != EINTR)
                rc = fault(e, "cannot write the copy of", path);
            done += wrote > 0 ? wrote : 0;
        }
        left -= n;
        b->bytes += n;
    }
    free(piece);
    if (rc == ERR_OK && fsync(out) != 0)
        rc = fault(e, "cannot write the copy of", path);
    return rc;
}

/* name: below the state folder. One that is gone meanwhile is left out; gone says so. */
static enum err_code file_copy(struct backup *b, const char *name, bool *ret_gone, struct err *e)
{
    BUF_AUTO struct buf from = {0};
    BUF_AUTO struct buf to = {0};
    enum err_code rc;
    int in, out;

    buf_printf(&from, "%s/%s", b->from, name);
    buf_printf(&to, "%s/%s", b->to, name);
    in = open(buf_text(&from), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *ret_gone = in < 0 && errno == ENOENT;
    if (in < 0)
        return *ret_gone ? ERR_OK : fault(e, "cannot read", buf_text(&from));
    out = open(buf_text(&to), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    rc = out < 0 ? fault(e, "cannot make", buf_text(&to))
                 : bytes_copy(b, in, out, buf_text(&from), e);
    close(in);
    if (out >= 0)
        close(out);
    b->files_n++;
    return rc;
}

/* A folder with all that is in it; nothing when there is none. */
static enum err_code tree_copy(struct backup *b, const char *name, unsigned depth, struct err *e)
{
    BUF_AUTO struct buf from = {0};
    BUF_AUTO struct buf to = {0};
    enum err_code rc = ERR_OK;
    const struct dirent *entry;
    DIR *dir;

    buf_printf(&from, "%s/%s", b->from, name);
    buf_printf(&to, "%s/%s", b->to, name);
    dir = opendir(buf_text(&from));
    if (!dir)
        return errno == ENOENT ? ERR_OK : fault(e, "cannot read", buf_text(&from));
    rc = folder_make(buf_text(&to), e);
    while (rc == ERR_OK && (entry = readdir(dir))) {
        BUF_AUTO struct buf below = {0};
        BUF_AUTO struct buf path = {0};
        struct stat file;
        bool gone;

        if (*entry->d_name == '.')
            continue;
        buf_printf(&below, "%s/%s", name, entry->d_name);
        buf_printf(&path, "%s/%s", b->from, buf_text(&below));
        if (lstat(buf_text(&path), &file) != 0)
            continue; /* gone meanwhile */
        if (S_ISDIR(file.st_mode) && depth < DEPTH_MAX)
            rc = tree_copy(b, buf_text(&below), depth + 1, e);
        else if (S_ISREG(file.st_mode))
            rc = file_copy(b, buf_text(&below), &gone, e);
    }
    closedir(dir);
    return rc;
}

/* --- the store -------------------------------------------------------------------------------- */

static enum err_code manifest_read(const struct backup *b, struct buf *ret_text, struct err *e)
{
    BUF_AUTO struct buf path = {0};

    buf_printf(&path, "%s/%s/%s", b->from, aof, manifest_name);
    return file_read(buf_text(&path), MANIFEST_MAX, ret_text, e);
}

/* "file appendonly.aof.1.incr.aof seq 1 type i" a line. */
static enum err_code listed_copy(struct backup *b, const char *manifest, bool *ret_gone,
                                 struct err *e)
{
    enum err_code rc = ERR_OK;

    *ret_gone = false;
    for (const char *at = manifest; at && *at && rc == ERR_OK && !*ret_gone;) {
        char file[128];

        if (sscanf(at, "file %127s", file) == 1 && *file != '.' && !strchr(file, '/')) {
            BUF_AUTO struct buf name = {0};

            buf_printf(&name, "%s/%s", aof, file);
            rc = file_copy(b, buf_text(&name), ret_gone, e);
        }
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return rc;
}

static enum err_code store_copy(struct backup *b, struct err *e)
{
    BUF_AUTO struct buf folder = {0};
    enum err_code rc;

    buf_printf(&folder, "%s/%s", b->to, aof);
    rc = folder_make(buf_text(&folder), e);
    for (unsigned tries = 0; rc == ERR_OK && tries < TRIES_MAX; tries++) {
        BUF_AUTO struct buf before = {0};
        BUF_AUTO struct buf after = {0};
        BUF_AUTO struct buf path = {0};
        bool gone;

        rc = manifest_read(b, &before, e);
        gone = false;
        if (rc == ERR_OK)
            rc = listed_copy(b, buf_text(&before), &gone, e);
        if (rc == ERR_OK)
            rc = manifest_read(b, &after, e);
        if (rc != ERR_OK || gone || strcmp(buf_text(&before), buf_text(&after)) != 0)
            continue; /* Redis has begun new files meanwhile */
        buf_printf(&path, "%s/%s", buf_text(&folder), manifest_name);
        rc = text_write(buf_text(&path), &before, e);
        if (rc == ERR_OK)
            rc = file_copy(b, "redis-made", &gone, e);
        return rc;
    }
    return rc != ERR_OK ? rc : err_set(e, ERR_UNAVAILABLE, "the store keeps beginning new files");
}

/* --- all of it -------------------------------------------------------------------------------- */

static enum err_code audit_copy(struct backup *b, struct err *e)
{
    BUF_AUTO struct buf folder = {0};
    bool gone;
    enum err_code rc;

    buf_printf(&folder, "%s/audit", b->to);
    rc = folder_make(buf_text(&folder), e);
    if (rc == ERR_OK)
        rc = file_copy(b, "audit/checkpoints", &gone, e);
    return rc == ERR_OK ? file_copy(b, "audit/leaves", &gone, e) : rc;
}

static enum err_code note_write(const struct backup *b, int64_t began_ms, struct err *e)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf text = {0};
    char at[CLOCK_TEXT_BYTES];

    buf_printf(&path, "%s/backup.json", b->to);
    buf_printf(&text,
               "{\"began_at\":\"%s\",\"bytes\":%" PRId64 ",\"files\":%" PRId64
               ",\"version\":\"%s\"}\n",
               clock_text(began_ms, at), b->bytes, b->files_n, LIAISON_VERSION);
    return text_write(buf_text(&path), &text, e);
}

static enum err_code backup_make(struct backup *b, const struct settings *s, struct err *e)
{
    int64_t began_ms = clock_now_ms();
    enum err_code rc;

    if (strncmp(s->store, "unix:", 5) != 0)
        return err_set(e, ERR_CONFIG,
                       "the store is on another machine: copy its append-only files "
                       "there");
    if (mkdir(b->to, 0700) != 0)
        return fault(e, "cannot make", b->to);
    if ((rc = audit_copy(b, e)) != ERR_OK || (rc = store_copy(b, e)) != ERR_OK ||
        (rc = tree_copy(b, "attachments", 0, e)) != ERR_OK)
        return rc;
    return note_write(b, began_ms, e);
}

enum exit_code backup_run(const struct line *line)
{
    struct backup b = {.to = line->operands[0]};
    struct settings s;
    struct err e = {0};

    if (server_settings_load(line, &s, &e) != ERR_OK)
        return report_err(line, "backup", &e);
    b.from = s.state;
    if (backup_make(&b, &s, &e) != ERR_OK)
        return report_err(line, "backup", &e);
    report_remark(line, "%" PRId64 " files, %" PRId64 " bytes; the keys are not among them",
                  b.files_n, b.bytes);
    return EXIT_DONE;
}
