#include "cli/signing_command.h"

#include "cli/api.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/sheet.h"
#include "cli/signer.h"
#include "cli/store_session.h"
#include "cli/table.h"
#include "cli/url.h"
#include "cli/whole_file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "/v1/keys";

/* --- keygen ----------------------------------------------------------------------------------- */

static void key_show(const struct line *line, const char *id, const char *public_key)
{
    json_t *json;

    if (line_has(line, "json")) {
        json = json_pack("{s:s, s:s}", "id", id, "public_key", public_key);
        json_dumpf(json, stdout, JSON_COMPACT);
        fputc('\n', stdout);
        json_decref(json);
    } else {
        printf("%s %s\n", id, public_key);
    }
}

enum exit_code keygen_run(const struct line *line)
{
    const char *path = line->operands[0];
    uint8_t seed[SIGNING_SEED_BYTES], public_key[SIGNING_PUBLIC_BYTES];
    char pem[SIGNING_PEM_BYTES], id[SIGNING_ID_BYTES], text[SIGNING_PUBLIC_TEXT_BYTES];
    struct err e = {0};
    enum err_code rc;

    randombytes_buf(seed, sizeof seed);
    signing_key_public(seed, public_key);
    rc = whole_file_write(path, signing_key_pem(seed, pem), WHOLE_FILE_SECRET, false, &e);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(pem, sizeof pem);
    if (rc != ERR_OK)
        return report_err(line, NULL, &e);
    key_show(line, signing_key_id(public_key, id), signing_key_public_text(public_key, text));
    report_remark(line,
                  "wrote %s, which nobody but you may have; next: liaison signing register %s",
                  path, path);
    return EXIT_DONE;
}

/* --- over the API ----------------------------------------------------------------------------- */

/* body is given, NULL: none. write: what people see of the answer. */
static enum exit_code ask(const struct line *line, struct api *api, const char *method,
                          const char *path, json_t *body,
                          void (*write)(const struct line *line, const json_t *json))
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    struct api_request request = {
        .method = method, .path = path, .body = text, .body_n = text ? strlen(text) : 0};
    struct api_answer answer = {0};
    enum exit_code rc = api_ask(api, &request, "signing key", &answer);

    if (rc == EXIT_DONE && line_has(line, "json"))
        sheet_write_raw(stdout, answer.text, answer.bytes);
    else if (rc == EXIT_DONE)
        write(line, answer.json);
    api_answer_clear(&answer);
    free(text);
    json_decref(body);
    return rc;
}

static void sheet_show(const struct line *line, const json_t *json)
{
    struct screen screen;

    screen_init(&screen, stdout, line);
    sheet_write(json, &screen, 0);
}

/* For whom the key is to be registered: the server knows who we are. */
static enum exit_code who_read(struct api *api, struct principal *ret_who)
{
    struct api_answer answer = {0};
    enum exit_code rc = api_get(api, "/v1/session", "sign-in", &answer);

    if (rc == EXIT_DONE && !principal_read(sheet_text(answer.json, "who"), ret_who))
        rc = EXIT_FAILED;
    api_answer_clear(&answer);
    return rc;
}

enum exit_code signing_register_run(const struct line *line)
{
    const char *label = line_flag(line, "label");
    struct signer_text key = {0};
    uint8_t public_key[SIGNING_PUBLIC_BYTES];
    char text[SIGNING_PUBLIC_TEXT_BYTES], proof[SIGNING_PROOF_TEXT_BYTES];
    struct principal who;
    struct api *api = NULL;
    struct err e = {0};
    json_t *body;
    enum exit_code rc;

    if (signer_text_read(line->operands[0], &key, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    rc = api_open(line, &api);
    if (rc == EXIT_DONE)
        rc = who_read(api, &who);
    if (rc == EXIT_DONE) {
        signing_key_public(key.seed, public_key);
        body = json_pack("{s:s, s:s}", "public_key", signing_key_public_text(public_key, text),
                         "proof", signing_key_prove(key.seed, &who, proof));
        if (label)
            json_object_set_new(body, "label", json_string(label));
        rc = ask(line, api, "POST", root, body, sheet_show);
    }
    api_close(api);
    signer_text_clear(&key);
    return rc;
}

static void list_write(const struct line *line, const json_t *json)
{
    static const char *const headings[] = {"ID", "STATE", "REGISTERED", "EXPIRES", "LABEL", NULL};
    struct table *t = table_new(headings);
    struct screen screen;
    const json_t *key;
    size_t i;

    screen_init(&screen, stdout, line);
    json_array_foreach (json_object_get(json, "items"), i, key) {
        char registered[SCREEN_TIME_BYTES];
        char expires[SCREEN_TIME_BYTES];
        const char *cells[] = {
            sheet_text(key, "id"), sheet_text(key, "state"),
            screen_short_time(&screen, sheet_text(key, "registered_at"), registered),
            screen_short_time(&screen, sheet_text(key, "expires_at"), expires),
            sheet_text(key, "label")};

        table_add(t, cells);
    }
    table_write(t, &screen, 0);
    table_free(t);
    report_remark(line, json_is_true(json_object_get(json, "required"))
                            ? "requests must be signed; a token alone is refused"
                            : "requests may be signed, or sent with a token");
}

static enum exit_code ask_once(const struct line *line, const char *method, const char *path,
                               json_t *body, void (*write)(const struct line *, const json_t *))
{
    struct api *api = NULL;
    enum exit_code rc = api_open(line, &api);

    if (rc == EXIT_DONE)
        rc = ask(line, api, method, path, body, write);
    else
        json_decref(body);
    api_close(api);
    return rc;
}

enum exit_code signing_list_run(const struct line *line)
{
    return ask_once(line, "GET", root, NULL, list_write);
}

enum exit_code signing_revoke_run(const struct line *line)
{
    BUF_AUTO struct buf path = {0};

    buf_printf(&path, "%s/", root);
    url_add(&path, line->operands[0]);
    return ask_once(line, "DELETE", buf_text(&path), NULL, sheet_show);
}

enum exit_code signing_require_run(const struct line *line)
{
    const char *word = line->operands[0];
    bool required = !strcmp(word, "on");

    if (!required && strcmp(word, "off") != 0)
        return line_fault(line, "on or off");
    if (!line_flag(line, "sign"))
        return line_fault(line, "say so with a signed request: --sign FILE");
    return ask_once(line, "POST", "/v1/keys:require", json_pack("{s:b}", "required", (int)required),
                    sheet_show);
}

/* --- on the server ---------------------------------------------------------------------------- */

enum exit_code signing_release_run(const struct line *line)
{
    const char *role = line_flag(line, "role");
    struct store_session *s = NULL;
    struct principal who;
    char text[PRINCIPAL_TEXT_BYTES];
    struct err e = {0};
    enum exit_code rc = EXIT_DONE;

    if (!role || !principal_make(role, line_flag(line, "of"), &who) ||
        (who.role != ROLE_COUNTRY && who.role != ROLE_SECRETARIAT))
        return line_fault(line, "--role country --of CODE or --role secretariat --of CODE");
    if (store_session_open(line, &s, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    if (store_session_release(s, &who, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    else
        report_remark(line, "requests of %s need not be signed", principal_text(&who, text));
    store_session_close(s);
    return rc;
}
