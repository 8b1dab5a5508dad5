/* The way from one master key to the next (docs/decisions/024-changing-the-master-key.md):
 *
 *   keys add -> restart all -> keys activate -> restart all -> (it is resealed) -> keys remove
 *
 * keys remove refuses while anything is left that only the old key opens or finds. */
#include "cli/keys_command.h"

#include "base/clock.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/server_settings.h"
#include "cli/sheet.h"
#include "cli/store_session.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As long as Idempotency-Keys are remembered (decision 003): those from before are found with the
 * old key. */
static const int64_t keep_ms = 7 * CLOCK_DAY_MS;

static enum exit_code kid_read(const struct line *line, uint32_t *ret_kid)
{
    char *end;
    unsigned long kid = strtoul(line->operands[0], &end, 10);

    if (*end || kid == 0 || kid > UINT32_MAX)
        return line_fault(line, "KID is a number; liaison keys status shows them");
    *ret_kid = (uint32_t)kid;
    return EXIT_DONE;
}

enum exit_code keys_add_run(const struct line *line)
{
    struct settings settings;
    struct err e = {0};
    uint32_t kid = 0;

    if (server_settings_load(line, &settings, &e) != ERR_OK ||
        keyring_add(settings.keys, &kid, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    printf("%u\n", (unsigned)kid);
    report_remark(line,
                  "key %u is in %s; copy the file to every machine and restart everything, then: "
                  "liaison keys activate %u",
                  (unsigned)kid, settings.keys, (unsigned)kid);
    return EXIT_DONE;
}

enum exit_code keys_activate_run(const struct line *line)
{
    struct settings settings;
    struct err e = {0};
    uint32_t kid = 0;
    enum exit_code rc = kid_read(line, &kid);

    if (rc != EXIT_DONE)
        return rc;
    if (server_settings_load(line, &settings, &e) != ERR_OK ||
        keyring_activate(settings.keys, kid, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    report_remark(
        line,
        "key %u is the active one; copy the file to every machine and restart everything; "
        "liaison keys status shows how far it is",
        (unsigned)kid);
    return EXIT_DONE;
}

/* --- how far it is ---------------------------------------------------------------------------- */

struct progress {
    json_t *values, *files; /* owned; NULL: nobody has said */
};

static void progress_clear(struct progress *p)
{
    json_decref(p->values);
    json_decref(p->files);
}

static int64_t number(const json_t *doc, const char *name)
{
    return json_integer_value(json_object_get(doc, name));
}

static int64_t of_kid(const json_t *doc, const char *name, uint32_t kid)
{
    char text[16];

    snprintf(text, sizeof text, "%u", (unsigned)kid);
    return number(json_object_get(doc, name), text);
}

/* Why kid may not be removed yet; NULL: it may. */
static const char *hindrance(const struct keyring *ring, const struct progress *p, uint32_t kid,
                             int64_t now_ms)
{
    uint32_t active = keyring_active(ring);

    if (kid == active)
        return "it is the active one";
    if (!p->values || number(p->values, "active") != active ||
        !json_is_true(json_object_get(p->values, "done")))
        return "not everything in the store was looked at; a worker with the role clock does it";
    if (of_kid(p->values, "left", kid))
        return "there are values that only it opens";
    if (!p->files || number(p->files, "active") != active || number(p->files, "left"))
        return "there are attachments that only it opens, or the daemon has not looked yet";
    if (of_kid(p->values, "tokens", kid))
        return "there are tokens that were not used since; rotate or revoke them";
    if (number(p->values, "since_ms") + keep_ms > now_ms)
        return "Idempotency-Keys of the last seven days are found with it";
    return NULL;
}

static enum err_code progress_read(struct store_session *s, struct progress *p, struct err *e)
{
    enum err_code rc = store_session_sealed(s, "values", &p->values, e);

    return rc == ERR_OK ? store_session_sealed(s, "files", &p->files, e) : rc;
}

static void status_write(const struct line *line, const struct keyring *ring,
                         const struct progress *p)
{
    static const char *const headings[] = {"KID",    "STATE",     "VALUES LEFT",
                                           "TOKENS", "REMOVABLE", NULL};
    struct table *t = table_new(headings);
    struct screen screen;
    uint32_t kid;

    screen_init(&screen, stdout, line);
    for (size_t i = 0; (kid = keyring_kid(ring, i)); i++) {
        const char *why = hindrance(ring, p, kid, clock_now_ms());
        char name[16], left[24], tokens[24];
        const char *cells[] = {name, i ? "decrypt-only" : "active", left, tokens,
                               why ? why : "yes"};

        snprintf(name, sizeof name, "%u", (unsigned)kid);
        snprintf(left, sizeof left, "%lld", (long long)of_kid(p->values, "left", kid));
        snprintf(tokens, sizeof tokens, "%lld", (long long)of_kid(p->values, "tokens", kid));
        table_add(t, cells);
    }
    table_write(t, &screen, 0);
    table_free(t);
    if (p->values)
        report_remark(line, "%lld values looked at%s, %lld given the active key, %lld unreadable",
                      (long long)number(p->values, "values"),
                      json_is_true(json_object_get(p->values, "done")) ? "" : " so far",
                      (long long)number(p->values, "resealed"),
                      (long long)number(p->values, "unreadable"));
}

enum exit_code keys_status_run(const struct line *line)
{
    struct store_session *s = NULL;
    struct progress p = {NULL, NULL};
    struct err e = {0};
    enum exit_code rc = EXIT_DONE;
    json_t *json;

    if (store_session_open(line, &s, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (progress_read(s, &p, &e) != ERR_OK) {
        rc = report_err(line, NULL, &e);
    } else if (line_has(line, "json")) {
        json = json_pack("{s:I, s:O?, s:O?}", "active",
                         (json_int_t)keyring_active(store_session_keyring(s)), "values", p.values,
                         "files", p.files);
        json_dumpf(json, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        json_decref(json);
    } else {
        status_write(line, store_session_keyring(s), &p);
    }
    progress_clear(&p);
    store_session_close(s);
    return rc;
}

enum exit_code keys_remove_run(const struct line *line)
{
    struct store_session *s = NULL;
    struct progress p = {NULL, NULL};
    const char *why = NULL;
    struct err e = {0};
    uint32_t kid = 0;
    enum exit_code rc = kid_read(line, &kid);

    if (rc != EXIT_DONE)
        return rc;
    if (store_session_open(line, &s, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (progress_read(s, &p, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    else
        why = hindrance(store_session_keyring(s), &p, kid, clock_now_ms());
    if (why && !line_has(line, "force")) {
        err_set(&e, ERR_STATE, "key %u stays: %s", (unsigned)kid, why);
        rc = report_err(line, NULL, &e);
    }
    if (rc == EXIT_DONE && kid == keyring_active(store_session_keyring(s)))
        rc = line_fault(line, "key %u is the active one", (unsigned)kid);
    if (rc == EXIT_DONE && store_session_forget(s, kid, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    if (rc == EXIT_DONE && keyring_remove(store_session_settings(s)->keys, kid, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    if (rc == EXIT_DONE)
        report_remark(
            line, "key %u is no longer in %s; backups from before need a copy of it, kept apart",
            (unsigned)kid, store_session_settings(s)->keys);
    progress_clear(&p);
    store_session_close(s);
    return rc;
}
