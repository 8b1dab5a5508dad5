#include "cli/token_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/sheet.h"
#include "cli/store_session.h"
#include "cli/table.h"
#include "cli/whole_file.h"
#include "config/file.h"
#include "config/load.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DAYS_MAX = 365, KEEP_DAYS = 30, CREDENTIALS_BYTES_MAX = 1 << 20 };

/* --- one token -------------------------------------------------------------------------------- */

/* A token and what is stored of it. Holds a secret: wipe it. */
struct issue {
    char text[TOKEN_TEXT_BYTES];
    char id[TOKEN_ID_BYTES];
    struct credential credential;
};

static void issue_init(struct issue *ret_issue, const struct keyring *ring,
                       const struct principal *who, unsigned scopes, const char *label,
                       int64_t days)
{
    struct issue issue = {
        .credential = {.who = *who, .scopes = scopes}
    };
    struct token token;

    token_new(&token, issue.text);
    memcpy(issue.id, token.id, sizeof issue.id);
    issue.credential.kid = keyring_active(ring);
    token_digest(ring, issue.credential.kid, &token, issue.credential.digest);
    issue.credential.issued_ms = clock_now_ms();
    issue.credential.expires_ms = issue.credential.issued_ms + days * CLOCK_DAY_MS;
    snprintf(issue.credential.label, sizeof issue.credential.label, "%s", label);
    *ret_issue = issue;
    sodium_memzero(&token, sizeof token);
    sodium_memzero(&issue, sizeof issue);
}

static json_t *issue_json(const struct issue *issue)
{
    char who[PRINCIPAL_TEXT_BYTES];
    char expires[CLOCK_TEXT_BYTES];

    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", issue->id, "token", issue->text, "who",
                     principal_text(&issue->credential.who, who), "label", issue->credential.label,
                     "expires_at", clock_text(issue->credential.expires_ms, expires));
}

/* Hands the token over, once: to --output, as JSON, or as a line on stdout. */
static enum exit_code issue_hand_over(const struct line *line, const struct issue *issue)
{
    const char *output = line_flag(line, "output");
    char who[PRINCIPAL_TEXT_BYTES];
    char expires[CLOCK_TEXT_BYTES];
    struct err e = {0};
    char text[TOKEN_TEXT_BYTES + 1];
    enum err_code rc = ERR_OK;

    report_remark(line, "token %s of %s, valid until %.10s; it is shown only this once", issue->id,
                  principal_text(&issue->credential.who, who),
                  clock_text(issue->credential.expires_ms, expires));
    if (output) {
        snprintf(text, sizeof text, "%s\n", issue->text);
        rc = whole_file_write(output, text, WHOLE_FILE_SECRET, false, &e);
        sodium_memzero(text, sizeof text);
    } else if (line_has(line, "json")) {
        json_t *json = issue_json(issue);

        json_dumpf(json, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        json_decref(json);
    } else {
        puts(issue->text);
    }
    return rc == ERR_OK ? EXIT_DONE : report_err(line, NULL, &e);
}

/* --- issue ------------------------------------------------------------------------------------ */

/* A country or an enabled secretariat of the configuration. */
static bool is_known(const struct config *config, const struct principal *who)
{
    int i;

    if (who->role == ROLE_COUNTRY)
        return world_country(&config->world, who->of) != NULL;
    if (who->role != ROLE_SECRETARIAT)
        return who->role != ROLE_SYSTEM;
    i = mandate_secretariat(&config->mandate, who->of);
    return i >= 0 && config->mandate.secretariats[i].enabled;
}

static enum exit_code issue_check(const struct line *line, const struct settings *settings,
                                  const struct principal *who)
{
    struct config *config = NULL;
    struct err e = {0};
    bool known;

    if (config_load(settings->data, &config, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    known = is_known(config, who);
    config_free(config);
    return known ? EXIT_DONE
                 : line_fault(line, "there is no %s \"%s\"", role_words[who->role], who->of);
}

static enum err_code list_read(struct store_session *s, json_t *tokens, struct err *e);
static json_t *credential_json(const char *id, const struct credential *c);

/* As many may hold at a time as a change-over needs (rule A-1). A holder is who with its label. */
enum { LIVE_MAX = 2 };

static bool is_same(const json_t *a, const json_t *b, const char *name)
{
    const json_t *x = json_object_get(a, name);
    const json_t *y = json_object_get(b, name);

    return x == y || json_equal(x, y); /* NULL: neither has it */
}

/* EXIT_DONE: the holder may have one more. */
static enum exit_code live_check(const struct line *line, struct store_session *s,
                                 const struct credential *like)
{
    json_auto_t *tokens = json_array();
    json_auto_t *own = credential_json("", like);
    struct err e = {0};
    unsigned live_n = 0;
    const json_t *token;
    size_t i;

    if (list_read(s, tokens, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    json_array_foreach (tokens, i, token)
        live_n += is_same(token, own, "who") && is_same(token, own, "label") &&
                  is_same(token, own, "officer") && !strcmp(sheet_text(token, "state"), "valid");
    if (live_n < LIVE_MAX)
        return EXIT_DONE;
    err_set(&e, ERR_STATE, "%u tokens of this holder are valid already: revoke one first", live_n);
    return report_err(line, NULL, &e);
}

static enum exit_code issue_one(const struct line *line, struct store_session *s,
                                const struct credential *like, const char *action, int64_t days)
{
    struct issue issue;
    struct err e = {0};
    enum exit_code rc = live_check(line, s, like);

    if (rc != EXIT_DONE)
        return rc;
    issue_init(&issue, store_session_keyring(s), &like->who, like->scopes, like->label, days);
    memcpy(issue.credential.officer, like->officer, sizeof like->officer);
    if (store_session_put(s, (const char(*)[TOKEN_ID_BYTES])issue.id, &issue.credential, 1, action,
                          &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    else
        rc = issue_hand_over(line, &issue);
    sodium_memzero(&issue, sizeof issue);
    return rc;
}

/* What is asked for must not be there yet: the token is stored before it is written. */
static enum exit_code output_check(const struct line *line)
{
    const char *output = line_flag(line, "output");

    if (output && !access(output, F_OK))
        return line_fault(line, "%s exists already", output);
    return EXIT_DONE;
}

enum exit_code token_issue_run(const struct line *line)
{
    const char *role = line_flag(line, "role");
    const char *label = line_flag(line, "label");
    const char *scope = line_flag(line, "scope");
    const char *officer = line_flag(line, "officer");
    struct store_session *s = NULL;
    struct credential like = {.scopes = TOKEN_READ | TOKEN_WRITE};
    struct err e = {0};
    int64_t days = 0;
    enum exit_code rc = line_number(line, "days", 1, DAYS_MAX, DAYS_MAX, &days);

    if (rc != EXIT_DONE || (rc = output_check(line)) != EXIT_DONE)
        return rc;
    if (!role || !label || !*label)
        return line_fault(line, "--role and --label are needed");
    if (strlen(label) >= sizeof((struct credential *)0)->label)
        return line_fault(line, "--label is too long");
    if (scope && strcmp(scope, token_scope_words[0]) != 0)
        return line_fault(line, "--scope read, or nothing for a token that may do all");
    if (scope)
        like.scopes = TOKEN_READ;
    snprintf(like.label, sizeof like.label, "%s", label);
    if (officer &&
        (strcmp(role, role_words[ROLE_SECRETARIAT]) != 0 || !absence_is_officer(officer)))
        return line_fault(
            line, "--officer NAME goes with --role secretariat: small letters, digits, . - _");
    snprintf(like.officer, sizeof like.officer, "%s", officer ? officer : "");
    if (!principal_make(role, line_flag(line, "of"), &like.who) || like.who.role == ROLE_SYSTEM)
        return line_fault(line, "--role country --of CODE, --role secretariat --of CODE, --role "
                                "coordinator or --role operator");
    if (store_session_open(line, &s, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    rc = issue_check(line, store_session_settings(s), &like.who);
    if (rc == EXIT_DONE)
        rc = issue_one(line, s, &like, "issue", days);
    store_session_close(s);
    return rc;
}

/* --- list, revoke, rotate --------------------------------------------------------------------- */

static const char *credential_state(const struct credential *c, int64_t now_ms)
{
    return c->revoked ? "revoked" : c->expires_ms <= now_ms ? "expired" : "valid";
}

static json_t *credential_json(const char *id, const struct credential *c)
{
    char who[PRINCIPAL_TEXT_BYTES];
    char issued[CLOCK_TEXT_BYTES];
    char expires[CLOCK_TEXT_BYTES];

    return json_pack("{s:s, s:s, s:s*, s:s, s:s, s:s, s:s, s:b}", "id", id, "who",
                     principal_text(&c->who, who), "officer", *c->officer ? c->officer : NULL,
                     "label", c->label, "state", credential_state(c, clock_now_ms()), "issued_at",
                     clock_text(c->issued_ms, issued), "expires_at",
                     clock_text(c->expires_ms, expires), "read_only", !(c->scopes & TOKEN_WRITE));
}

static void list_write(const struct line *line, json_t *tokens)
{
    static const char *const headings[] = {"ID",      "WHO",   "STATE", "ISSUED",
                                           "EXPIRES", "LABEL", NULL};
    struct table *t = table_new(headings);
    struct screen screen;
    json_t *token;
    size_t i;

    screen_init(&screen, stdout, line);
    json_array_foreach (tokens, i, token) {
        char issued[SCREEN_TIME_BYTES];
        char expires[SCREEN_TIME_BYTES];
        const char *cells[] = {sheet_text(token, "id"),
                               sheet_text(token, "who"),
                               sheet_text(token, "state"),
                               screen_short_time(&screen, sheet_text(token, "issued_at"), issued),
                               screen_short_time(&screen, sheet_text(token, "expires_at"), expires),
                               sheet_text(token, "label")};

        table_add(t, cells);
    }
    table_write(t, &screen, 0);
    table_free(t);
}

static enum err_code list_read(struct store_session *s, json_t *tokens, struct err *e)
{
    json_auto_t *ids = NULL;
    json_t *id;
    size_t i;
    enum err_code rc = store_session_ids(s, &ids, e);

    json_array_foreach (ids, i, id) {
        struct credential c;

        rc = store_session_get(s, json_string_value(id), &c, e);
        if (rc == ERR_OK)
            json_array_append_new(tokens, credential_json(json_string_value(id), &c));
        else if (rc != ERR_NOT_FOUND)
            return rc;
        rc = ERR_OK; /* listed, but no longer there */
    }
    return rc;
}

enum exit_code token_list_run(const struct line *line)
{
    struct store_session *s = NULL;
    json_auto_t *tokens = json_array();
    struct err e = {0};

    if (store_session_open(line, &s, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (list_read(s, tokens, &e) != ERR_OK) {
        store_session_close(s);
        return report_err(line, NULL, &e);
    }
    store_session_close(s);
    if (line_has(line, "json")) {
        json_t *json = json_pack("{s:O}", "items", tokens);

        json_dumpf(json, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        json_decref(json);
    } else {
        list_write(line, tokens);
    }
    return EXIT_DONE;
}

/* Opens the store and reads the token that the operand names by its id. */
static enum exit_code open_token(const struct line *line, struct store_session **ret_session,
                                 struct credential *ret_credential)
{
    BUF_AUTO struct buf subject = {0};
    struct store_session *s = NULL;
    struct err e = {0};

    if (strlen(line->operands[0]) != TOKEN_ID_BYTES - 1)
        return line_fault(line, "an id has %d characters; liaison token list shows it",
                          TOKEN_ID_BYTES - 1);
    buf_printf(&subject, "token %s", line->operands[0]);
    if (store_session_open(line, &s, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (store_session_get(s, line->operands[0], ret_credential, &e) != ERR_OK) {
        store_session_close(s);
        return report_err(line, buf_text(&subject), &e);
    }
    *ret_session = s;
    return EXIT_DONE;
}

enum exit_code token_revoke_run(const struct line *line)
{
    struct store_session *s = NULL;
    struct credential c;
    char who[PRINCIPAL_TEXT_BYTES];
    struct err e = {0};
    enum exit_code rc = open_token(line, &s, &c);

    if (rc != EXIT_DONE)
        return rc;
    if (store_session_revoke(s, line->operands[0], &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    else
        report_remark(line, "token %s of %s is revoked", line->operands[0],
                      principal_text(&c.who, who));
    store_session_close(s);
    return rc;
}

/* The old token ends when its holder has had time to change over; the new one comes first. */
static enum exit_code rotate(const struct line *line, struct store_session *s, struct credential *c,
                             int64_t days, int64_t keep_hours)
{
    int64_t end_ms = clock_now_ms() + keep_hours * 3600 * 1000;
    char id[TOKEN_ID_BYTES];
    struct err e = {0};
    enum exit_code rc = issue_one(line, s, c, "issue", days);

    if (rc != EXIT_DONE)
        return rc;
    memcpy(id, line->operands[0], sizeof id);
    if (end_ms < c->expires_ms)
        c->expires_ms = end_ms;
    if (store_session_put(s, (const char(*)[TOKEN_ID_BYTES])id, c, 1, "rotate", &e) != ERR_OK)
        return report_err(line, NULL, &e);
    return EXIT_DONE;
}

enum exit_code token_rotate_run(const struct line *line)
{
    struct store_session *s = NULL;
    struct credential c;
    int64_t days = 0;
    int64_t keep_hours = 0;
    enum exit_code rc = line_number(line, "days", 1, DAYS_MAX, DAYS_MAX, &days);

    if (rc == EXIT_DONE)
        rc = line_number(line, "keep-hours", 0, 168, 24, &keep_hours);
    if (rc == EXIT_DONE)
        rc = output_check(line);
    if (rc == EXIT_DONE)
        rc = open_token(line, &s, &c);
    if (rc != EXIT_DONE)
        return rc;
    if (c.revoked)
        rc = line_fault(line, "token %s is revoked", line->operands[0]);
    else
        rc = rotate(line, s, &c, days, keep_hours);
    store_session_close(s);
    return rc;
}

/* --- issue-all -------------------------------------------------------------------------------- */

/* The first token of an existing file holds for KEEP_DAYS more; false also when it has none. */
static enum err_code is_still_good(struct store_session *s, const char *path, bool *ret_good,
                                   struct err *e)
{
    BUF_AUTO struct buf text = {0};
    json_auto_t *file = NULL;
    const char *first;
    uint8_t digest[TOKEN_DIGEST_BYTES];
    struct token token;
    struct credential c;
    enum err_code rc;

    *ret_good = false;
    if (access(path, F_OK))
        return ERR_OK;
    rc = file_read(path, CREDENTIALS_BYTES_MAX, &text, e);
    if (rc != ERR_OK)
        return rc;
    file = json_loadb(buf_text(&text), text.bytes, JSON_REJECT_DUPLICATES, NULL);
    first = json_string_value(json_object_iter_value(json_object_iter(file)));
    if (!first || !token_read(first, strlen(first), &token))
        return ERR_OK;
    rc = store_session_get(s, token.id, &c, e);
    if (rc == ERR_NOT_FOUND)
        return ERR_OK;
    if (rc != ERR_OK)
        return rc;
    *ret_good = token_digest(store_session_keyring(s), c.kid, &token, digest) && !c.revoked &&
                c.expires_ms > clock_now_ms() + KEEP_DAYS * CLOCK_DAY_MS &&
                !sodium_memcmp(digest, c.digest, sizeof digest);
    sodium_memzero(&token, sizeof token);
    return ERR_OK;
}

struct issues {
    char (*ids)[TOKEN_ID_BYTES];    /* owned */
    struct credential *credentials; /* owned */
    size_t n;
    json_t *file; /* owned: who -> token */
    const struct keyring *ring;
    int64_t days;
};

static void issues_add(struct issues *all, const char *role, const char *of)
{
    char who[PRINCIPAL_TEXT_BYTES];
    struct principal principal;
    struct issue issue;

    if (!principal_make(role, of, &principal))
        bug("no principal %s %s", role, of);
    issue_init(&issue, all->ring, &principal, TOKEN_READ | TOKEN_WRITE, "server", all->days);
    all->ids = mem_grow(all->ids, all->n + 1, sizeof *all->ids);
    all->credentials = mem_grow(all->credentials, all->n + 1, sizeof *all->credentials);
    memcpy(all->ids[all->n], issue.id, sizeof issue.id);
    all->credentials[all->n++] = issue.credential;
    json_object_set_new(all->file, principal_text(&principal, who), json_string(issue.text));
    sodium_memzero(&issue, sizeof issue);
}

static enum err_code issues_init(struct issues *all, const char *data, struct err *e)
{
    struct config *config = NULL;
    enum err_code rc = config_load(data, &config, e);

    if (rc != ERR_OK)
        return rc;
    all->file = json_object();
    for (size_t i = 0; i < config->world.countries_n; i++)
        issues_add(all, "country", config->world.countries[i].iso3);
    for (size_t i = 0; i < config->mandate.secretariats_n; i++)
        if (config->mandate.secretariats[i].enabled)
            issues_add(all, "secretariat", config->mandate.secretariats[i].code);
    issues_add(all, "coordinator", "");
    issues_add(all, "operator", "");
    config_free(config);
    return ERR_OK;
}

static void issues_clear(struct issues *all)
{
    free(all->ids);
    free(all->credentials);
    json_decref(all->file);
}

/* First into the store, then the file: a file that is there works. */
static enum err_code issue_all(struct store_session *s, const char *output, int64_t days,
                               struct err *e)
{
    struct issues all = {.ring = store_session_keyring(s), .days = days};
    char *text = NULL;
    enum err_code rc = issues_init(&all, store_session_settings(s)->data, e);

    if (rc == ERR_OK)
        rc = store_session_put(s, (const char(*)[TOKEN_ID_BYTES])all.ids, all.credentials, all.n,
                               "issue", e);
    if (rc == ERR_OK) {
        text = json_dumps(all.file, JSON_INDENT(1));
        rc = whole_file_write(output, text, WHOLE_FILE_SECRET, true, e);
        sodium_memzero(text, strlen(text));
        free(text);
    }
    issues_clear(&all);
    return rc;
}

enum exit_code token_issue_all_run(const struct line *line)
{
    const char *output = line_flag(line, "output");
    struct store_session *s = NULL;
    struct err e = {0};
    int64_t days = 0;
    bool good = false;
    enum err_code rc;
    enum exit_code code = line_number(line, "days", KEEP_DAYS + 1, DAYS_MAX, DAYS_MAX, &days);

    if (code != EXIT_DONE)
        return code;
    if (!output)
        return line_fault(line, "--output FILE is needed");
    rc = store_session_open(line, &s, &e);
    if (rc == ERR_OK)
        rc = is_still_good(s, output, &good, &e);
    if (rc == ERR_OK && !good)
        rc = issue_all(s, output, days, &e);
    store_session_close(s);
    if (rc != ERR_OK)
        return report_err(line, NULL, &e);
    report_remark(line, good ? "the tokens of %s are still valid" : "wrote %s", output);
    return EXIT_DONE;
}

/* --- keys ------------------------------------------------------------------------------------- */

enum exit_code keys_create_run(const struct line *line)
{
    struct err e = {0};

    if (keyring_create(line->operands[0], &e) != ERR_OK)
        return report_err(line, NULL, &e);
    report_remark(line, "wrote %s; without it nothing that is stored can be read: keep a copy",
                  line->operands[0]);
    return EXIT_DONE;
}
