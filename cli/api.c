#include "cli/api.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/credential.h"
#include "cli/line.h"
#include "cli/pending.h"
#include "cli/report.h"
#include "cli/signer.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ATTEMPTS_MAX = 5,
    PAUSE_FIRST_MS = 250,
    PAUSE_MAX_MS = 5000,
    CONNECT_MS = 10000,
    ANSWER_BYTES_MAX = 64 << 20
};

struct api {
    const struct line *line; /* borrowed */
    CURL *curl;              /* owned; keeps the connection between requests */
    struct credential_text credential;
    struct signer_text signer;
    char *server;      /* owned: "http://127.0.0.1:8080" */
    const char *place; /* borrowed: as the caller named the server */
    char *language;    /* owned: Accept-Language header */
    int64_t timeout_ms;
    struct curl_slist *headers; /* owned, of the request under way */
};

void api_answer_clear(struct api_answer *a)
{
    free(a->text);
    json_decref(a->json);
    *a = (struct api_answer){0};
}

/* --- set-up ---------------------------------------------------------------------------------- */

/* From the locale: fr_FR.UTF-8 -> "fr-FR, en;q=0.5". Without one the server chooses: reasons come
 * in the request's language. */
static char *language_header(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = NULL;
    struct buf header = {0};
    size_t n;

    for (size_t i = 0; i < 3 && !(locale && *locale); i++)
        locale = getenv(names[i]);
    n = locale ? strspn(locale, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") : 0;
    buf_add_text(&header, "Accept-Language:"); /* and nothing: not sent (curl) */
    if (n >= 2 && n < 12 && strncmp(locale, "POSIX", 5) != 0)
        buf_printf(&header, " %.*s, en;q=0.5", (int)n, locale);
    for (char *c = header.text; *c; c++)
        if (*c == '_')
            *c = '-';
    return buf_take(&header);
}

static bool is_loopback(const char *server)
{
    const char *host = strstr(server, "://");

    host = host ? host + 3 : server;
    return !strncmp(host, "127.", 4) || !strncmp(host, "localhost", 9) ||
           !strncmp(host, "[::1]", 5);
}

static size_t keep_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct buf *out = arg;

    if (out->bytes + size * n > ANSWER_BYTES_MAX)
        return 0;
    buf_add(out, bytes, size * n);
    return size * n;
}

static void set_up(struct api *api)
{
    const char *place = api->place;

    api->curl = curl_easy_init();
    if (!api->curl)
        bug("no curl handle");
    if (!strncmp(place, "unix:", 5)) {
        curl_easy_setopt(api->curl, CURLOPT_UNIX_SOCKET_PATH, place + 5);
        api->server = mem_text("http://localhost");
    } else {
        api->server = mem_text(place);
        while (*api->server && api->server[strlen(api->server) - 1] == '/')
            api->server[strlen(api->server) - 1] = '\0';
    }
    if (is_loopback(api->server)) /* a proxy of the environment is for others */
        curl_easy_setopt(api->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(api->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(api->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(api->curl, CURLOPT_FOLLOWLOCATION, 0L); /* the token goes nowhere else */
    curl_easy_setopt(api->curl, CURLOPT_USERAGENT, "liaison/" LIAISON_VERSION);
    curl_easy_setopt(api->curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, keep_bytes);
    if (!api->signer.seed && *api->credential.text) {
        curl_easy_setopt(api->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(api->curl, CURLOPT_XOAUTH2_BEARER, api->credential.text);
    }
}

enum exit_code api_open(const struct line *line, struct api **ret_api)
{
    const char *place = line_flag(line, "server");
    struct api *api = mem_new(1, sizeof *api);
    struct err e = {0};
    int64_t timeout_s = 0;
    enum exit_code rc = line_number(line, "timeout", 1, 3600, 30, &timeout_s);

    api->line = line;
    api->timeout_ms = timeout_s * 1000;
    api->place = place ? place : "http://127.0.0.1:8080";
    if (rc == EXIT_DONE && line_flag(line, "sign") &&
        signer_text_read(line_flag(line, "sign"), &api->signer, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    if (rc == EXIT_DONE &&
        credential_text_read(api->signer.seed ? NULL : line_flag(line, "token-file"),
                             line_flag(line, "as"), &api->credential, &e) != ERR_OK)
        rc = report_err(line, NULL, &e);
    if (rc != EXIT_DONE) {
        api_close(api);
        return rc;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    set_up(api);
    if (line_flag(line, "ca"))
        curl_easy_setopt(api->curl, CURLOPT_CAINFO, line_flag(line, "ca"));
    api->language = language_header();
    *ret_api = api;
    return EXIT_DONE;
}

void api_close(struct api *api)
{
    if (!api)
        return;
    if (api->curl) {
        curl_easy_cleanup(api->curl);
        curl_global_cleanup();
    }
    credential_text_clear(&api->credential);
    signer_text_clear(&api->signer);
    free(api->server);
    free(api->language);
    free(api);
}

/* --- one attempt ------------------------------------------------------------------------------ */

static void add_header(struct api *api, const char *header)
{
    struct curl_slist *longer = curl_slist_append(api->headers, header);

    if (!longer)
        bug("out of memory");
    api->headers = longer;
}

static void add_header_value(struct api *api, const char *name, const char *value)
{
    BUF_AUTO struct buf header = {0};

    if (!value)
        return;
    buf_printf(&header, "%s: %s", name, value);
    add_header(api, buf_text(&header));
}

/* Made anew for each attempt: a signature holds only for some minutes, and its nonce once. */
static enum err_code add_signature(struct api *api, const struct signer_message *m, struct err *e)
{
    BUF_AUTO struct buf input = {0};
    BUF_AUTO struct buf sig = {0};
    BUF_AUTO struct buf digest = {0};
    enum err_code rc = ERR_OK;

    if (!api->signer.seed)
        return ERR_OK;
    rc = signer_sign(&api->signer, m, &input, &sig, &digest, e);
    if (rc != ERR_OK)
        return rc;
    add_header_value(api, "Signature-Input", buf_text(&input));
    add_header_value(api, "Signature", buf_text(&sig));
    if (digest.bytes)
        add_header_value(api, "Content-Digest", buf_text(&digest));
    return ERR_OK;
}

static void unset_request(struct api *api)
{
    curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(api->headers);
    api->headers = NULL;
}

static enum err_code set_request(struct api *api, const struct api_request *request,
                                 const char *url, const char *key, struct err *e)
{
    bool is_post = !strcmp(request->method, "POST");
    BUF_AUTO struct buf quoted = {0};
    struct signer_message m = {
        .method = request->method, .url = url, .body = request->body, .body_n = request->body_n};
    enum err_code rc;

    add_header(api, "Accept: application/json, application/problem+json");
    add_header(api, api->language);
    add_header_value(api, "Prefer", request->prefer);
    add_header_value(api, "If-Match", request->if_match);
    if (is_post) {
        buf_printf(&quoted, "\"%s\"", key);
        m.idempotency_key = buf_text(&quoted);
        add_header_value(api, "Idempotency-Key", m.idempotency_key);
        if (request->body)
            m.content_type = request->media ? request->media : "application/json";
        if (request->body)
            add_header_value(api, "Content-Type", m.content_type);
        else
            add_header(api, "Content-Type:"); /* curl would name a form */
        add_header(api, "Expect:");           /* bodies are small: no round trip before them */
        curl_easy_setopt(api->curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
        curl_easy_setopt(api->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_n);
    } else {
        curl_easy_setopt(api->curl, CURLOPT_HTTPGET, 1L);
    }
    rc = add_signature(api, &m, e);
    curl_easy_setopt(api->curl, CURLOPT_CUSTOMREQUEST,
                     !strcmp(request->method, "DELETE") ? request->method : NULL);
    curl_easy_setopt(api->curl, CURLOPT_URL, url);
    curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, api->headers);
    return rc;
}

static enum err_code fault_of(CURLcode code, const char *place, const char *detail, struct err *e)
{
    const char *why = *detail ? detail : curl_easy_strerror(code);

    switch ((int)code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return err_set(e, ERR_CONFIG, "\"%.150s\" is no http or https address", place);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(e, ERR_CONFIG, "%.100s: %.120s", place, why);
    default:
        return err_set(e, ERR_UNAVAILABLE, "no answer from %.100s: %.110s", place, why);
    }
}

static enum err_code attempt(struct api *api, int64_t left_ms, struct api_answer *ret_answer,
                             struct err *e)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct buf text = {0};
    CURLcode code;
    long status = 0;
    curl_off_t retry_after_s = 0;
    struct curl_header *header;

    curl_easy_setopt(api->curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, &text);
    curl_easy_setopt(api->curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(api->curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < CONNECT_MS ? left_ms : CONNECT_MS));
    code = curl_easy_perform(api->curl);
    curl_easy_setopt(api->curl, CURLOPT_ERRORBUFFER, NULL);
    if (code != CURLE_OK) {
        buf_clear(&text);
        return fault_of(code, api->place, detail, e);
    }
    curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(api->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
    *ret_answer = (struct api_answer){.status = (int)status, .bytes = text.bytes};
    ret_answer->retry_after_ms =
        curl_easy_header(api->curl, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK
            ? (int64_t)retry_after_s * 1000
            : -1;
    ret_answer->text = buf_take(&text);
    ret_answer->json =
        json_loadb(ret_answer->text, ret_answer->bytes, JSON_REJECT_DUPLICATES, NULL);
    return ERR_OK;
}

/* --- all attempts ----------------------------------------------------------------------------- */

static bool is_running(const struct api_answer *a)
{
    const char *type = json_string_value(json_object_get(a->json, "type"));

    return a->status == 409 && type && strstr(type, "idempotency-in-progress");
}

/* Worth another attempt: it has not been decided. */
static bool is_passing(const struct api_answer *a)
{
    return a->status == 429 || a->status == 503 || is_running(a);
}

/* The server has decided, or cannot be reached at all with this address; anything else may still
 * turn out to have acted. */
static bool is_final(enum err_code rc, const struct api_answer *a)
{
    if (rc != ERR_OK)
        return rc == ERR_CONFIG;
    return a->status < 500 && a->status != 408 && !is_passing(a);
}

/* Full jitter; a server that says when is obeyed, not all clients at the same moment. */
static int64_t pause_ms(unsigned attempt_n, int64_t retry_after_ms)
{
    uint32_t top = (uint32_t)PAUSE_FIRST_MS << attempt_n;

    if (retry_after_ms >= 0)
        return retry_after_ms + (int64_t)randombytes_uniform(PAUSE_FIRST_MS);
    return (int64_t)randombytes_uniform(top < PAUSE_MAX_MS ? top : PAUSE_MAX_MS);
}

static void sleep_ms(int64_t ms)
{
    struct timespec left = {ms / 1000, (ms % 1000) * 1000000};

    while (nanosleep(&left, &left))
        ;
}

/* key: of a write. */
static enum err_code attempts(struct api *api, const struct api_request *request, const char *url,
                              const char *key, struct api_answer *ret_answer, struct err *e)
{
    int64_t due_mono_ms = clock_mono_ms() + api->timeout_ms;
    struct api_answer answer = {0};
    enum err_code rc;

    for (unsigned n = 0;; n++) {
        int64_t left_ms = due_mono_ms - clock_mono_ms();
        int64_t wait_ms;

        rc = set_request(api, request, url, key, e);
        if (rc == ERR_OK)
            rc = attempt(api, left_ms > 0 ? left_ms : 1, &answer, e);
        unset_request(api);
        if (rc == ERR_OK ? !is_passing(&answer) : rc != ERR_UNAVAILABLE)
            break;
        wait_ms = pause_ms(n, rc == ERR_OK ? answer.retry_after_ms : -1);
        if (n + 1 == ATTEMPTS_MAX || clock_mono_ms() + wait_ms >= due_mono_ms)
            break;
        api_answer_clear(&answer);
        sleep_ms(wait_ms);
    }
    if (rc == ERR_OK)
        *ret_answer = answer;
    return rc;
}

enum err_code api_send(struct api *api, const struct api_request *request,
                       struct api_answer *ret_answer, struct err *e)
{
    bool is_write = strcmp(request->method, "GET") != 0;
    struct pending pending = {0};
    struct api_answer answer = {0};
    BUF_AUTO struct buf url = {0};
    enum err_code rc;

    if (is_write) {
        struct pending_write write = {.server = api->place,
                                      .method = request->method,
                                      .path = request->path,
                                      .token_id =
                                          api->signer.seed ? api->signer.id : api->credential.id,
                                      .body = request->body,
                                      .body_n = request->body_n};

        if (pending_begin(&write, &pending, e) != ERR_OK)
            report_remark(api->line, "%s; if this is interrupted, look before you repeat it",
                          e->detail);
        else if (pending.resumed)
            report_remark(api->line, "going on with an earlier attempt of the same command");
    }
    buf_printf(&url, "%s%s", api->server, request->path);
    rc = attempts(api, request, buf_text(&url), pending.key, &answer, e);
    pending_end(&pending, is_final(rc, &answer));
    if (rc == ERR_OK)
        *ret_answer = answer;
    return rc;
}

enum exit_code api_ask(struct api *api, const struct api_request *request, const char *subject,
                       struct api_answer *ret_answer)
{
    struct api_answer answer = {0};
    struct err e = {0};
    enum exit_code rc;

    if (api_send(api, request, &answer, &e) != ERR_OK)
        return report_err(api->line, subject, &e);
    rc = exit_code_of_status(answer.status);
    if (answer.status == 204)
        answer.json = json_object();
    if (rc == EXIT_DONE && !answer.json)
        rc = report_err(api->line, subject,
                        &(struct err){ERR_INTERNAL, "the answer is no JSON: is this Liaison?"});
    else if (rc != EXIT_DONE)
        report_problem(api->line, subject, &answer);
    if (rc == EXIT_DONE)
        *ret_answer = answer;
    else
        api_answer_clear(&answer);
    return rc;
}

enum exit_code api_get(struct api *api, const char *path, const char *subject,
                       struct api_answer *ret_answer)
{
    const struct api_request request = {.method = "GET", .path = path};

    return api_ask(api, &request, subject, ret_answer);
}

/* --- an answer taken as it comes ---------------------------------------------------------------
 */

struct taking {
    const struct api_stream *stream;
    CURL *curl;
    struct buf refusal; /* the text of an answer that is no success */
    bool is_enough;
};

static size_t take_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct taking *t = arg;
    long status = 0;

    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status >= 300)
        return keep_bytes(bytes, size, n, &t->refusal);
    t->is_enough = !t->stream->take(t->stream->arg, bytes, size * n);
    return t->is_enough ? 0 : size * n;
}

enum err_code api_take(struct api *api, const struct api_stream *stream,
                       struct api_answer *ret_answer, struct err *e)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct taking t = {.stream = stream, .curl = api->curl};
    BUF_AUTO struct buf url = {0};
    BUF_AUTO struct buf accept = {0};
    CURLcode code;
    long status = 0;

    buf_printf(&url, "%s%s", api->server, stream->path);
    buf_printf(&accept, "Accept: %s, application/problem+json", stream->accept);
    add_header(api, buf_text(&accept));
    add_header(api, api->language);
    add_header_value(api, "Last-Event-ID", stream->last_id);
    if (add_signature(api, &(struct signer_message){.method = "GET", .url = buf_text(&url)}, e) !=
        ERR_OK) {
        unset_request(api);
        return ERR_CONFIG;
    }
    curl_easy_setopt(api->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(api->curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, api->headers);
    curl_easy_setopt(api->curl, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, &t);
    curl_easy_setopt(api->curl, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(api->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(api->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(api->curl, CURLOPT_LOW_SPEED_TIME, (long)stream->silent_s);
    code = curl_easy_perform(api->curl);
    curl_easy_setopt(api->curl, CURLOPT_LOW_SPEED_TIME, 0L);
    curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, keep_bytes);
    curl_easy_setopt(api->curl, CURLOPT_ERRORBUFFER, NULL);
    unset_request(api);
    curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_answer = (struct api_answer){.status = (int)status, .retry_after_ms = -1};
    if (code != CURLE_OK && !t.is_enough) {
        buf_clear(&t.refusal);
        return fault_of(code, api->place, detail, e);
    }
    ret_answer->bytes = t.refusal.bytes;
    ret_answer->text = buf_take(&t.refusal);
    ret_answer->json =
        json_loadb(ret_answer->text, ret_answer->bytes, JSON_REJECT_DUPLICATES, NULL);
    return ERR_OK;
}
