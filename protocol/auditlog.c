#include "protocol/auditlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES_BYTES_MAX = 1 << 30 };

/* "" and 0 when there is no such file; the caller frees *ret_text. */
static enum err_code text_read(const char *folder, const char *name, char **ret_text, size_t *ret_n,
                               struct err *e)
{
    BUF_AUTO struct buf path = {0};
    struct buf text = {0};
    char piece[65536];
    size_t n;
    FILE *f;

    buf_printf(&path, "%s/%s", folder, name);
    f = fopen(buf_text(&path), "re");
    if (!f && errno != ENOENT)
        return err_set(e, ERR_IO, "cannot open %s: %s", buf_text(&path), strerror(errno));
    while (f && text.bytes < NOTES_BYTES_MAX && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add(&text, piece, n);
    if (f)
        fclose(f);
    *ret_n = text.bytes;
    *ret_text = buf_take(&text);
    return ERR_OK;
}

struct walk {
    const struct note_key *key;
    const char *notes; /* what is left of them */
    size_t notes_n;
    struct checkpoint next;
    bool has_next;
    struct auditlog_report report;
};

/* False: what comes next is no note of this key, or smaller than the one before. */
static bool walk_next(struct walk *w, struct err *e)
{
    size_t n;

    w->has_next = false;
    if (w->notes_n == 0)
        return true;
    n = note_read(w->notes, w->notes_n, w->key, &w->next);
    if (n == 0 || w->next.size < w->report.last.size) {
        err_set(e, ERR_INTERNAL, "checkpoint %zu is not signed by this key, or altered",
                w->report.checkpoints_n + 1);
        return false;
    }
    w->has_next = true;
    w->notes += n;
    w->notes_n -= n;
    return true;
}

/* All checkpoints of the present size. */
static bool walk_compare(struct walk *w, struct err *e)
{
    uint8_t root[TREE_HASH_BYTES];

    while (w->has_next && w->next.size == w->report.tree.size) {
        tree_root(&w->report.tree, root);
        if (memcmp(root, w->next.root, sizeof root) != 0) {
            err_set(e, ERR_INTERNAL, "leaves %llu to %llu are not those of checkpoint %zu",
                    (unsigned long long)w->report.last.size, (unsigned long long)w->next.size,
                    w->report.checkpoints_n + 1);
            return false;
        }
        w->report.last = w->next;
        w->report.checkpoints_n++;
        if (!walk_next(w, e))
            return false;
    }
    return true;
}

static enum err_code leaves_walk(FILE *f, struct walk *w, auditlog_leaf_fn fn, void *arg,
                                 struct err *e)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool good = walk_compare(w, e);

    while (good && f && (n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
        good = !fn || fn(arg, w->report.tree.size, line, (size_t)n - 1, e);
        tree_add(&w->report.tree, line, (size_t)n - 1);
        w->report.good_bytes += n;
        good = good && walk_compare(w, e);
    }
    free(line);
    if (good && w->has_next) {
        err_set(e, ERR_INTERNAL, "there are %llu leaves, but checkpoint %zu has %llu",
                (unsigned long long)w->report.tree.size, w->report.checkpoints_n + 1,
                (unsigned long long)w->next.size);
        good = false;
    }
    return good ? ERR_OK : e->code;
}

enum err_code auditlog_check(const char *folder, const struct note_key *key, auditlog_leaf_fn fn,
                             void *arg, struct auditlog_report *ret_report, struct err *e)
{
    BUF_AUTO struct buf path = {0};
    struct walk w = {.key = key};
    char *notes = NULL;
    FILE *f = NULL;
    struct err fault = {0};
    enum err_code rc = text_read(folder, "checkpoints", &notes, &w.notes_n, &fault);

    buf_printf(&path, "%s/leaves", folder);
    if (rc == ERR_OK) {
        f = fopen(buf_text(&path), "re");
        if (!f && errno != ENOENT)
            rc = err_set(&fault, ERR_IO, "cannot open %s: %s", buf_text(&path), strerror(errno));
    }
    if (rc == ERR_OK) {
        w.notes = notes;
        rc = walk_next(&w, &fault) ? leaves_walk(f, &w, fn, arg, &fault) : fault.code;
    }
    if (f)
        fclose(f);
    free(notes);
    if (rc != ERR_OK)
        return err_set(e, rc, "%s", fault.detail);
    *ret_report = w.report;
    return ERR_OK;
}
