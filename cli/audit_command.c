/* liaison audit verify: the audit log against its signed checkpoints, then every event of the store
 * against its leaf. Each stream of the store must have exactly the leaves of that stream, in order,
 * and then only newer entries. */
#include "cli/audit_command.h"

#include "base/buf.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/server_settings.h"
#include "cli/store_session.h"
#include "cli/whole_file.h"
#include "config/file.h"
#include "protocol/auditlog.h"
#include "store/audit_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 1000 };

enum exit_code keys_audit_run(const struct line *line)
{
    char text[NOTE_KEY_BYTES + 1];
    struct note_key key;
    struct err e = {0};
    enum err_code rc;

    if (!note_key_new(line->operands[0], &key))
        return line_fault(line, "the name has 1 to %d visible characters without +",
                          NOTE_NAME_BYTES - 1);
    note_key_text(&key, true, text);
    memcpy(text + strlen(text), "\n", 2);
    rc = whole_file_write(line->operands[1], text, WHOLE_FILE_SECRET, false, &e);
    note_key_text(&key, false, text);
    sodium_memzero(&key, sizeof key);
    if (rc != ERR_OK)
        return report_err(line, NULL, &e);
    report_remark(line, "wrote %s; who checks the log needs this line:", line->operands[1]);
    puts(text);
    return EXIT_DONE;
}

/* Leaves of each stream, as they come in the log. */
struct leaves {
    struct leaf {
        char *text;
        size_t n;
    } * list[AUDIT_STREAMS_N]; /* owned */
    size_t n[AUDIT_STREAMS_N];
};

static bool leaf_take(void *arg, uint64_t index, const char *text, size_t n, struct err *e)
{
    struct leaves *leaves = arg;
    json_t *leaf = json_loadb(text, n, 0, NULL);
    const char *name = json_string_value(json_object_get(leaf, "stream"));
    unsigned stream = name ? audit_stream_find(name) : AUDIT_STREAMS_N;

    json_decref(leaf);
    if (stream == AUDIT_STREAMS_N) {
        err_set(e, ERR_INTERNAL, "leaf %llu is no event", (unsigned long long)index);
        return false;
    }
    if ((leaves->n[stream] & (leaves->n[stream] - 1)) == 0)
        leaves->list[stream] =
            mem_grow(leaves->list[stream], leaves->n[stream] ? 2 * leaves->n[stream] : 1,
                     sizeof *leaves->list[stream]);
    leaves->list[stream][leaves->n[stream]++] = (struct leaf){mem_text_n(text, n), n};
    return true;
}

static void leaves_clear(struct leaves *leaves)
{
    for (unsigned i = 0; i < AUDIT_STREAMS_N; i++) {
        for (size_t k = 0; k < leaves->n[i]; k++)
            free(leaves->list[i][k].text);
        free(leaves->list[i]);
    }
}

/* How many entries the stream has behind the last leaf: not entered yet. */
static enum err_code stream_compare(struct store_session *s, unsigned stream,
                                    const struct leaves *leaves, uint64_t *ret_new_n, struct err *e)
{
    char name[AUDIT_NAME_BYTES];
    char after[AUDIT_ENTRY_BYTES] = "0-0";
    size_t at = 0;
    size_t got;

    audit_stream_name(stream, name);
    do {
        json_auto_t *lines = NULL;
        enum err_code rc = store_session_audit(s, stream, after, AT_ONCE, &lines, e);
        const char *text;

        if (rc != ERR_OK)
            return rc;
        got = json_array_size(lines) / 2;
        for (size_t i = 0; i < got; i++, at++) {
            snprintf(after, sizeof after, "%s", json_string_value(json_array_get(lines, 2 * i)));
            text = json_string_value(json_array_get(lines, 2 * i + 1));
            if (at < leaves->n[stream] && strcmp(text, leaves->list[stream][at].text) != 0)
                return err_set(e, ERR_INTERNAL,
                               "stream %s, entry %s: not what the log has (%.120s)", name, after,
                               leaves->list[stream][at].text);
        }
    } while (got == AT_ONCE);
    if (at < leaves->n[stream])
        return err_set(e, ERR_INTERNAL, "stream %s has %zu entries, the log %zu: the last are gone",
                       name, at, leaves->n[stream]);
    *ret_new_n += at - leaves->n[stream];
    return ERR_OK;
}

/* The key itself, or a file whose first line is it. */
static enum err_code key_read(const char *text, struct note_key *ret_key, struct err *e)
{
    BUF_AUTO struct buf file = {0};

    if (note_key_read(text, ret_key))
        return ERR_OK;
    if (file_read(text, 2 * NOTE_KEY_BYTES, &file, e) != ERR_OK)
        return ERR_CONFIG;
    file.text[strcspn(file.text, "\n")] = '\0';
    if (!note_key_read(file.text, ret_key))
        return err_set(e, ERR_CONFIG, "%s has no key of an audit log", text);
    return ERR_OK;
}

static enum exit_code verify(const struct line *line, struct leaves *leaves)
{
    const char *dir = line_flag(line, "dir");
    const char *key_text = line_flag(line, "key");
    struct store_session *s = NULL;
    struct auditlog_report report;
    struct note_key key;
    struct settings settings;
    uint64_t new_n = 0;
    struct err e = {0};
    enum err_code rc = server_settings_load(line, &settings, &e);
    char *folder = NULL;

    if (rc == ERR_OK)
        rc = key_read(key_text ? key_text : settings.audit_key, &key, &e);
    if (rc == ERR_OK) {
        folder = dir ? mem_text(dir) : file_path(settings.state, "audit");
        rc = auditlog_check(folder, &key, leaf_take, leaves, &report, &e);
        sodium_memzero(&key, sizeof key);
    }
    if (rc == ERR_OK && !line_has(line, "offline"))
        rc = store_session_open(line, &s, &e);
    for (unsigned i = 0; rc == ERR_OK && s && i < AUDIT_STREAMS_N; i++)
        rc = stream_compare(s, i, leaves, &new_n, &e);
    store_session_close(s);
    free(folder);
    if (rc != ERR_OK)
        return report_err(line, "audit log", &e);
    printf("good: %llu events, %llu of them under %zu signed checkpoints, %llu not entered yet\n",
           (unsigned long long)report.tree.size, (unsigned long long)report.last.size,
           report.checkpoints_n, (unsigned long long)new_n);
    return EXIT_DONE;
}

enum exit_code audit_verify_run(const struct line *line)
{
    struct leaves leaves = {0};
    enum exit_code code = verify(line, &leaves);

    leaves_clear(&leaves);
    return code;
}
