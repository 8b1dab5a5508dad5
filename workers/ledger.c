/* One round: ledger_tick -> (ledger_read for each stream) -> ledger_write -> ledger_sign -> wait.
 *
 * Leaves first, then checkpoints, each on disk before the next. Where a stream was left off stands
 * in the leaves themselves, so after a crash nothing is entered twice and nothing left out. */
#include "workers/ledger.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/file.h"
#include "protocol/auditlog.h"
#include "store/audit_store.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUND_MS = 500, READ_MAX = 500, FILE_MODE = 0640 };

struct ledger {
    struct crew *crew;   /* borrowed */
    struct note_key key; /* secret */
    char *folder;        /* owned */
    int leaves;          /* locked */
    int64_t leaves_bytes;
    struct tree tree;
    struct checkpoint last;
    int64_t signed_mono_ms;
    char after[AUDIT_STREAMS_N][AUDIT_ENTRY_BYTES];
    bool is_resumed;                                /* what was signed before the start is noted */
    char noted[AUDIT_STREAMS_N][AUDIT_ENTRY_BYTES]; /* the same, as the store was told */
    char next[AUDIT_STREAMS_N][AUDIT_ENTRY_BYTES];  /* the same after this round */
    unsigned stream;                                /* being read */
    struct buf lines;                               /* of this round, each with its end */
    struct event *turn;                             /* owned */
};

static void ledger_tick(evutil_socket_t fd, short what, void *arg);
static void ledger_read(void *arg, const struct audit_line *lines, size_t n, const struct err *e);
static void ledger_write(struct ledger *l);
static void ledger_note(struct ledger *l);
static void ledger_sign(struct ledger *l);

static void wait_for(struct ledger *l, int64_t ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};

    evtimer_add(l->turn, &tv);
}

static void ledger_tick(evutil_socket_t fd, short what, void *arg)
{
    struct ledger *l = arg;

    (void)fd, (void)what;
    if (l->crew->stopping)
        return;
    l->stream = 0;
    memcpy(l->next, l->after, sizeof l->next);
    audit_store_read(l->crew->store, 0, l->after[0], READ_MAX, ledger_read, l);
}

static void ledger_read(void *arg, const struct audit_line *lines, size_t n, const struct err *e)
{
    struct ledger *l = arg;

    if (e->code != ERR_OK) { /* what was read before stays for the next round */
        buf_clear(&l->lines);
        wait_for(l, ROUND_MS);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        buf_add_text(&l->lines, lines[i].text);
        buf_add(&l->lines, "\n", 1);
        snprintf(l->next[l->stream], sizeof l->next[0], "%s", lines[i].entry);
    }
    if (++l->stream < AUDIT_STREAMS_N && !l->crew->stopping)
        audit_store_read(l->crew->store, l->stream, l->after[l->stream], READ_MAX, ledger_read, l);
    else
        ledger_write(l);
}

static bool write_all(int fd, const char *bytes, size_t n, int64_t at)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, bytes, n, at);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        bytes += done;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

static void ledger_write(struct ledger *l)
{
    bool any = l->lines.bytes > 0;
    const char *line = l->lines.text;

    if (any && (!write_all(l->leaves, l->lines.text, l->lines.bytes, l->leaves_bytes) ||
                fdatasync(l->leaves))) {
        log_error("audit_not_written", "why=\"%s\"", strerror(errno));
        if (ftruncate(l->leaves, l->leaves_bytes))
            log_error("audit_not_cut", "why=\"%s\"", strerror(errno));
        buf_clear(&l->lines);
        wait_for(l, 10 * ROUND_MS);
        return;
    }
    for (const char *end; line && (end = strchr(line, '\n')); line = end + 1)
        tree_add(&l->tree, line, (size_t)(end - line));
    l->leaves_bytes += (int64_t)l->lines.bytes;
    memcpy(l->after, l->next, sizeof l->after);
    buf_clear(&l->lines);
    if (!l->is_resumed && l->tree.size == l->last.size)
        ledger_note(l);
    l->is_resumed = true;
    if (l->tree.size > l->last.size &&
        clock_mono_ms() - l->signed_mono_ms >= l->crew->settings.checkpoint_s * 1000)
        ledger_sign(l);
    wait_for(l, any ? 0 : ROUND_MS);
}

static bool file_write(const char *folder, const char *name, int flags, const struct buf *text)
{
    char *path = file_path(folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, FILE_MODE);
    bool good = fd >= 0 && write(fd, text->text, text->bytes) == (ssize_t)text->bytes && !fsync(fd);

    if (fd >= 0 && close(fd))
        good = false;
    free(path);
    return good;
}

/* What is behind a checkpoint may leave the streams (retention.h). */
static void ledger_note(struct ledger *l)
{
    for (unsigned i = 0; i < AUDIT_STREAMS_N; i++) {
        if (!strcmp(l->after[i], l->noted[i]) || !strcmp(l->after[i], "0-0"))
            continue;
        memcpy(l->noted[i], l->after[i], sizeof l->noted[0]);
        audit_store_note(l->crew->store, i, l->after[i]);
    }
}

/* The new head extends the last one by construction: leaves are only added to the same tree. */
static void ledger_sign(struct ledger *l)
{
    struct checkpoint c = {.size = l->tree.size};
    BUF_AUTO struct buf note = {0};
    char *from = file_path(l->folder, "checkpoint.new");
    char *to = file_path(l->folder, "checkpoint");

    tree_root(&l->tree, c.root);
    note_write(&l->key, &c, &note);
    l->signed_mono_ms = clock_mono_ms();
    if (!file_write(l->folder, "checkpoints", O_APPEND, &note) ||
        !file_write(l->folder, "checkpoint.new", O_TRUNC, &note) || rename(from, to))
        log_error("checkpoint_not_written", "why=\"%s\"", strerror(errno));
    else {
        log_info("checkpoint", "size=%llu", (unsigned long long)c.size);
        ledger_note(l);
    }
    l->last = c;
    free(from);
    free(to);
}

/* --- start ----------------------------------------------------------------------------------- */

static enum err_code key_load(const char *path, struct note_key *ret_key, struct err *e)
{
    static const uint8_t none[sizeof ret_key->secret];
    BUF_AUTO struct buf text = {0};
    struct stat st;
    enum err_code rc = ERR_OK;

    if (stat(path, &st) || (st.st_mode & 077))
        return err_set(e, ERR_CONFIG,
                       "the audit key %s is absent or can be read by others; liaison keys audit "
                       "makes one",
                       path);
    rc = file_read(path, NOTE_KEY_BYTES, &text, e);
    if (rc != ERR_OK)
        return rc;
    text.text[strcspn(text.text, "\n")] = '\0';
    if (!note_key_read(text.text, ret_key) || !sodium_memcmp(ret_key->secret, none, sizeof none))
        rc = err_set(e, ERR_CONFIG, "%s has no key that signs", path);
    sodium_memzero(text.text, text.bytes);
    return rc;
}

/* The last entry of each stream that the log has. */
static bool position_take(void *arg, uint64_t index, const char *text, size_t n, struct err *e)
{
    struct ledger *l = arg;
    json_t *leaf = json_loadb(text, n, 0, NULL);
    const char *name = json_string_value(json_object_get(leaf, "stream"));
    const char *entry = json_string_value(json_object_get(leaf, "entry"));
    unsigned stream = name ? audit_stream_find(name) : AUDIT_STREAMS_N;
    bool good = entry && stream < AUDIT_STREAMS_N && strlen(entry) < sizeof l->after[0];

    if (good)
        snprintf(l->after[stream], sizeof l->after[0], "%s", entry);
    else
        err_set(e, ERR_INTERNAL, "leaf %llu is no event", (unsigned long long)index);
    json_decref(leaf);
    return good;
}

static enum err_code leaves_open(struct ledger *l, struct err *e)
{
    char *path = file_path(l->folder, "leaves");

    if (mkdir(l->folder, 0750) && errno != EEXIST)
        err_set(e, ERR_CONFIG, "cannot make %s: %s", l->folder, strerror(errno));
    else if ((l->leaves = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, FILE_MODE)) < 0)
        err_set(e, ERR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    else if (flock(l->leaves, LOCK_EX | LOCK_NB))
        err_set(e, ERR_CONFIG, "another process has the audit log %s", l->folder);
    free(path);
    return e->code;
}

static enum err_code ledger_resume(struct ledger *l, struct err *e)
{
    struct auditlog_report report;
    struct err fault = {0};

    if (auditlog_check(l->folder, &l->key, position_take, l, &report, &fault) != ERR_OK)
        return err_set(e, ERR_CONFIG, "the audit log %s is not as it was signed: %s", l->folder,
                       fault.detail);
    l->tree = report.tree;
    l->last = report.last;
    l->leaves_bytes = report.good_bytes;
    if (ftruncate(l->leaves, l->leaves_bytes))
        return err_set(e, ERR_CONFIG, "cannot cut %s/leaves: %s", l->folder, strerror(errno));
    log_info("audit", "leaves=%llu signed=%llu", (unsigned long long)l->tree.size,
             (unsigned long long)l->last.size);
    return ERR_OK;
}

enum err_code ledger_new(struct crew *crew, struct ledger **ret_ledger, struct err *e)
{
    struct ledger *l = mem_new(1, sizeof *l);

    l->crew = crew;
    l->leaves = -1;
    l->folder = file_path(crew->settings.state, "audit");
    l->signed_mono_ms = -crew->settings.checkpoint_s * 1000;
    for (unsigned i = 0; i < AUDIT_STREAMS_N; i++)
        snprintf(l->after[i], sizeof l->after[0], "0-0");
    l->turn = evtimer_new(crew->base, ledger_tick, l);
    if (!l->turn)
        bug("out of memory: timer");
    if (key_load(crew->settings.audit_key, &l->key, e) != ERR_OK || leaves_open(l, e) != ERR_OK ||
        ledger_resume(l, e) != ERR_OK) {
        ledger_free(l);
        return e->code;
    }
    wait_for(l, 0);
    *ret_ledger = l;
    return ERR_OK;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    event_free(l->turn);
    if (l->leaves >= 0)
        close(l->leaves);
    buf_clear(&l->lines);
    free(l->folder);
    sodium_memzero(l, sizeof *l);
    free(l);
}
