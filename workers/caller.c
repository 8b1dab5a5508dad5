/* caller_send -> call_read -> call_answered -> call_noted */
#include "workers/caller.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/endpoint.h"
#include "protocol/sign.h"
#include "store/hook_store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of an answer we keep the beginning and read no more than this. One webhook gets few calls at a
 * time, so that a slow one does not hold up the others. A wish to wait is followed up to a day. */
enum { ANSWER_KEPT = 1024, ANSWER_MAX = 65536, CALLS_OF_ONE = 2, WAIT_MAX_S = 86400 };

struct caller {
    struct crew *crew;           /* borrowed */
    struct transfers *transfers; /* borrowed */
    struct call *calls;          /* under way, a list; owned by themselves */
};

struct call {
    struct call *next;
    struct caller *caller;
    struct notice notice;       /* without what it borrows */
    char *payload;              /* owned */
    struct hook hook;           /* owned, once read */
    struct curl_slist *headers; /* owned */
    char answer[ANSWER_KEPT + 1];
    size_t answer_n; /* received, kept or not */
    bool refused;    /* all that was reached for is never called */
    struct attempt_result result;
    attempt_fn fn;
    void *arg;
};

struct caller *caller_new(struct crew *crew, struct transfers *transfers)
{
    struct caller *c = mem_new(1, sizeof *c);

    c->crew = crew;
    c->transfers = transfers;
    return c;
}

void caller_free(struct caller *c)
{
    free(c);
}

static void call_done(struct call *op)
{
    struct call **at = &op->caller->calls;

    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
    op->fn(op->arg, &op->result);
    curl_slist_free_all(op->headers);
    hook_clear(&op->hook);
    free(op->payload);
    free(op);
}

static void call_end(struct call *op, enum notice_outcome outcome, const char *why, int64_t wait_ms)
{
    op->result.outcome = outcome;
    op->result.why = why;
    op->result.wait_ms = wait_ms;
    call_done(op);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void call_noted(void *arg, int64_t changed, int64_t unused, const struct err *e)
{
    struct call *op = arg;
    char who[PRINCIPAL_TEXT_BYTES];

    (void)unused, (void)e; /* a lost count only delays a pause */
    if (changed)
        log_warning("webhook_stopped", "webhook=%s of=%s why=\"%s\"", op->hook.id,
                    principal_text(&op->hook.who, who), op->result.why);
    call_done(op);
}

/* The status decides; an answer that was cut off because of its length has one, too. */
static enum hook_result call_judge(struct call *op, CURL *easy, CURLcode code)
{
    struct attempt_result *r = &op->result;
    curl_off_t wait_s = 0;
    bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && op->answer_n > ANSWER_MAX);

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &r->status);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait_s);
    r->answer = op->answer;
    if (!answered) {
        r->outcome = NOTICE_LATER;
        r->why = op->refused ? "refused_address" : "no_answer";
        r->status = 0;
        return HOOK_FAIL;
    }
    if (r->status >= 200 && r->status < 300) {
        r->outcome = NOTICE_SENT;
        return HOOK_OK;
    }
    if (r->status == 410) {
        r->outcome = NOTICE_DROPPED;
        r->why = "gone";
        return HOOK_GONE;
    }
    r->outcome = NOTICE_LATER;
    r->why = r->status >= 300 && r->status < 400 ? "redirect" : "refused";
    if (r->status == 429 || r->status == 502 || r->status == 503 || r->status == 504)
        r->wait_ms = 1000 * (wait_s < WAIT_MAX_S ? (int64_t)wait_s : WAIT_MAX_S);
    return HOOK_FAIL;
}

static void call_answered(void *arg, CURL *easy, CURLcode code)
{
    struct call *op = arg;
    struct crew *crew = op->caller->crew;
    enum hook_result result = call_judge(op, easy, code);
    int64_t until_ms = op->result.wait_ms ? clock_now_ms() + op->result.wait_ms : 0;

    if (crew->hushed)
        call_done(op);
    else
        hook_store_result(crew->store, op->hook.id, result, until_ms,
                          crew->settings.webhook_failures, op->result.why, call_noted, op);
}

static size_t call_take(char *bytes, size_t size, size_t n, void *arg)
{
    struct call *op = arg;
    size_t all = size * n;

    if (op->answer_n < ANSWER_KEPT) {
        size_t room = ANSWER_KEPT - op->answer_n;

        memcpy(op->answer + op->answer_n, bytes, all < room ? all : room);
    }
    op->answer_n += all;
    return op->answer_n > ANSWER_MAX ? 0 : all;
}

/* --- the call --------------------------------------------------------------------------------- */

/* The last word on where a call goes: libcurl asks for a socket for the very address that it then
 * connects to, so no second look-up can lead elsewhere. */
static curl_socket_t call_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *op = arg;

    (void)purpose;
    if (endpoint_refuses(&address->addr, op->caller->crew->settings.webhook_loopback)) {
        op->refused = true;
        return CURL_SOCKET_BAD;
    }
    op->refused = false;
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                  address->protocol);
}

static void header_add(struct call *op, const char *name, const char *value)
{
    struct buf line BUF_AUTO = {0};

    buf_printf(&line, "%s: %s", name, value);
    op->headers = curl_slist_append(op->headers, buf_text(&line));
}

/* Both kinds, with the present secrets and, for a day after they were changed, the ones before. */
static void signatures_add(const json_t *secrets, const struct sign_content *c, struct buf *out)
{
    const char *secret = json_string_value(json_object_get(secrets, "secret"));
    const char *seed_text = json_string_value(json_object_get(secrets, "seed"));
    uint8_t seed[SIGN_SEED_BYTES];
    char v1[SIGN_V1_BYTES], v1a[SIGN_V1A_BYTES];
    size_t n;

    if (secret && sign_v1(secret, c, v1))
        buf_printf(out, "%s%s", out->bytes ? " " : "", v1);
    if (seed_text &&
        !sodium_base642bin(seed, sizeof seed, seed_text, strlen(seed_text), NULL, &n, NULL,
                           sodium_base64_VARIANT_ORIGINAL) &&
        n == sizeof seed) {
        sign_v1a(seed, c, v1a);
        buf_printf(out, "%s%s", out->bytes ? " " : "", v1a);
    }
    sodium_memzero(seed, sizeof seed);
}

static void headers_make(struct call *op)
{
    struct buf signatures BUF_AUTO = {0};
    const json_t *previous = json_object_get(op->hook.doc, "previous");
    int64_t now_ms = clock_now_ms();
    struct sign_content content = {.id = op->notice.id,
                                   .timestamp_s = now_ms / 1000,
                                   .body = op->payload,
                                   .body_n = strlen(op->payload)};
    char number[24];

    signatures_add(op->hook.doc, &content, &signatures);
    if (json_integer_value(json_object_get(previous, "until")) > now_ms)
        signatures_add(previous, &content, &signatures);
    snprintf(number, sizeof number, "%lld", (long long)content.timestamp_s);
    header_add(op, "Content-Type", "application/json");
    header_add(op, "webhook-id", op->notice.id);
    header_add(op, "webhook-timestamp", number);
    header_add(op, "webhook-signature", buf_text(&signatures));
    header_add(op, "Expect", ""); /* no 100-continue */
}

static void call_post(struct call *op)
{
    const struct settings *s = &op->caller->crew->settings;
    const char *url = json_string_value(json_object_get(op->hook.doc, "url"));
    int64_t most_ms = s->deliver_lease_ms / 2; /* or another worker would make the same call */
    CURL *easy = curl_easy_init();

    if (!easy)
        bug("out of memory");
    headers_make(op);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none from the environment: it would go around */
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, call_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, op);
    if (*s->webhook_ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, s->webhook_ca);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, op->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "Liaison/" LIAISON_VERSION);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, op->payload);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(op->payload));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, call_take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, op);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* each call is checked anew */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     (long)(s->webhook_timeout_ms < most_ms ? s->webhook_timeout_ms : most_ms));
    transfers_add(op->caller->transfers, easy, call_answered, op);
}

static unsigned calls_of(const struct caller *c, const char *hook)
{
    unsigned n = 0;

    for (const struct call *op = c->calls; op; op = op->next)
        n += op->hook.doc && !strcmp(op->hook.id, hook);
    return n;
}

static void call_read(void *arg, struct hook *list, size_t n, const struct err *e)
{
    const int64_t busy_ms = 500, paused_ms = 3600000;
    struct call *op = arg;
    int64_t now_ms = clock_now_ms();

    if (e->code != ERR_OK) {
        call_end(op, NOTICE_LATER, "store", 0);
    } else if (!n || list[0].state == HOOK_DISABLED) {
        call_end(op, NOTICE_DROPPED, "no such webhook, or it is disabled", 0);
    } else if (list[0].state == HOOK_PAUSED) { /* resuming makes it due at once */
        call_end(op, NOTICE_BACK, "paused", paused_ms);
    } else if (list[0].until_ms > now_ms) {
        call_end(op, NOTICE_BACK, "asked to wait", list[0].until_ms - now_ms);
    } else if (calls_of(op->caller, list[0].id) >= CALLS_OF_ONE) {
        call_end(op, NOTICE_BACK, "busy", busy_ms);
    } else {
        op->hook = list[0];
        list[0].doc = NULL;
        call_post(op);
    }
}

void caller_send(struct caller *c, const struct notice *n, attempt_fn fn, void *arg)
{
    struct call *op = mem_new(1, sizeof *op);

    op->caller = c;
    op->next = c->calls;
    c->calls = op;
    op->notice = *n;
    op->notice.person = NULL;
    op->notice.state = op->notice.payload = op->notice.answer = "";
    op->payload = mem_text(n->payload);
    op->result = (struct attempt_result){.why = "", .answer = ""};
    op->fn = fn;
    op->arg = arg;
    hook_store_read(c->crew->store, n->whom, call_read, op);
}
