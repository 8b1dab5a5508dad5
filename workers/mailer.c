/* mailer_send -> mail_read -> mail_line_read -> mail_sent */
#include "workers/mailer.h"

#include "base/clock.h"
#include "base/log.h"
#include "config/file.h"
#include "protocol/mail.h"
#include "protocol/reply_token.h"
#include "store/request_store.h"
#include "workers/letter.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mailer {
    struct crew *crew;           /* borrowed */
    struct transfers *transfers; /* borrowed */
    char *password;              /* owned, guarded; NULL: none */
};

struct mail_op {
    struct mailer *mailer;
    struct notice notice;
    json_t *person;       /* owned; notice borrows it */
    struct stored stored; /* owned */
    char *text;           /* owned: the message */
    size_t text_n, sent_n;
    struct curl_slist *to; /* owned */
    attempt_fn fn;
    void *arg;
};

static const struct attempt_result later = {.outcome = NOTICE_LATER, .why = "", .answer = ""};

static enum err_code password_read(struct mailer *m, struct err *e)
{
    const char *path = m->crew->settings.smtp_password;

    return *path ? file_secret_read(path, &m->password, e) : ERR_OK;
}

enum err_code mailer_new(struct crew *crew, struct transfers *transfers, struct mailer **ret_mailer,
                         struct err *e)
{
    const struct settings *s = &crew->settings;
    struct mailer *m;
    enum err_code rc;

    if (*s->mail_from && !mail_is_address(s->mail_from))
        return err_set(e, ERR_CONFIG, "mail_from is no mail address");
    if (*s->mail_reply_to && (!mail_is_address(s->mail_reply_to) ||
                              strcspn(s->mail_reply_to, "@") + 1 + REPLY_TOKEN_CHARS > 64))
        return err_set(e, ERR_CONFIG,
                       "mail_reply_to must be NAME@HOST with at most 11 characters before the @");
    m = mem_new(1, sizeof *m);
    m->crew = crew;
    m->transfers = transfers;
    rc = password_read(m, e);
    if (rc == ERR_OK)
        *ret_mailer = m;
    else
        mailer_free(m);
    return rc;
}

void mailer_free(struct mailer *m)
{
    if (!m)
        return;
    sodium_free(m->password);
    free(m);
}

char *mailer_reply_to(const struct crew *crew, const struct notice *n, char out[MAILER_REPLY_BYTES])
{
    const char *address = crew->settings.mail_reply_to;
    const char *email = json_string_value(json_object_get(n->person, "email"));
    char token[REPLY_TOKEN_BYTES];
    const struct reply_bond bond = {.notice = n->id,
                                    .request = n->event.request,
                                    .version = n->event.version,
                                    .person = email ? email : "",
                                    .until_ms = n->until_ms,
                                    .kid = n->kid};

    *out = '\0';
    if (*address && n->reply != NOTICE_REPLY_NONE && reply_token_write(crew->ring, &bond, token))
        snprintf(out, MAILER_REPLY_BYTES, "%.*s+%s@%s", (int)strcspn(address, "@"), address, token,
                 mail_domain(address));
    return out;
}

static void mail_done(struct mail_op *op, const struct attempt_result *result)
{
    op->fn(op->arg, result);
    json_decref(op->person);
    stored_clear(&op->stored);
    curl_slist_free_all(op->to);
    free(op->text);
    free(op);
}

static void mail_failed(struct mail_op *op, enum notice_outcome outcome, const char *why)
{
    struct attempt_result result = later;

    result.outcome = outcome;
    result.why = why;
    mail_done(op, &result);
}

/* 550 to 554: this mail will not be taken, however often it is offered (RFC 5321 4.2.3). Any other
 * refusal may be the server's own trouble, or ours with it. */
static void mail_sent(void *arg, CURL *easy, CURLcode code)
{
    struct mail_op *op = arg;
    struct attempt_result result = {.outcome = NOTICE_SENT, .why = "", .answer = ""};

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &result.status);
    if (code != CURLE_OK) {
        result.why = curl_easy_strerror(code);
        result.outcome = result.status >= 550 && result.status <= 554 ? NOTICE_DEAD : NOTICE_LATER;
    }
    mail_done(op, &result);
}

static size_t mail_give(char *out, size_t size, size_t n, void *arg)
{
    struct mail_op *op = arg;
    size_t left = op->text_n - op->sent_n;
    size_t bytes = size * n < left ? size * n : left;

    memcpy(out, op->text + op->sent_n, bytes);
    op->sent_n += bytes;
    return bytes;
}

static void mail_transfer(struct mail_op *op, const char *to)
{
    const struct mailer *m = op->mailer;
    const struct settings *s = &m->crew->settings;
    char from[sizeof s->mail_from + 2];
    CURL *easy = curl_easy_init();

    if (!easy)
        bug("out of memory");
    snprintf(from, sizeof from, "<%s>", s->mail_from);
    op->to = curl_slist_append(NULL, to);
    curl_easy_setopt(easy, CURLOPT_URL, s->smtp_url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(s->smtp_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (*s->smtp_user) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, s->smtp_user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, m->password ? m->password : "");
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, op->to);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, mail_give);
    curl_easy_setopt(easy, CURLOPT_READDATA, op);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(s->deliver_lease_ms / 2));
    transfers_add(op->mailer->transfers, easy, mail_sent, op);
}

static void mail_write_all(struct mail_op *op, const json_t *line)
{
    const struct crew *crew = op->mailer->crew;
    const struct record *r = &op->stored.record;
    const char *email = json_string_value(json_object_get(op->person, "email"));
    const char *name = json_string_value(json_object_get(op->person, "name"));
    const char *domain = mail_domain(crew->settings.mail_from);
    char reply_to[MAILER_REPLY_BYTES], message_id[320], thread[320];
    struct letter letter = {.config = crew->config,
                            .notice = &op->notice,
                            .record = r,
                            .body = op->stored.body,
                            .line = line,
                            .until_ms = op->notice.until_ms,
                            .current = r->version == op->notice.event.version};
    struct mail mail = {.from = crew->settings.mail_from,
                        .from_name = "Liaison",
                        .to = email ? email : "",
                        .to_name = name ? name : "",
                        .reply_to = mailer_reply_to(crew, &op->notice, reply_to),
                        .language = language_codes[letter_language(&op->notice)],
                        .message_id = message_id,
                        .thread = thread,
                        .date_ms = op->notice.made_ms};
    char *subject, *text;

    letter.takes_reply = *mail.reply_to != '\0';
    mail.subject = subject = letter_subject(&letter);
    mail.text = text = letter_text(&letter);
    snprintf(message_id, sizeof message_id, "%s@%s", op->notice.id, domain);
    snprintf(thread, sizeof thread, "%s@%s", r->id, domain);
    op->text = mail_write(&mail, &op->text_n);
    free(subject);
    free(text);
    mail_transfer(op, mail.to);
}

static void mail_line_read(void *arg, json_t *lines, const struct err *e)
{
    struct mail_op *op = arg;
    const json_t *line = json_array_get(lines, 0);

    if (e->code != ERR_OK)
        mail_failed(op, NOTICE_LATER, e->detail);
    else if (json_integer_value(json_object_get(line, "version")) == op->notice.event.version)
        mail_write_all(op, line);
    else
        mail_write_all(op, NULL);
}

/* Who may no longer see the request is not told of it any more. */
static void mail_read(void *arg, struct stored *stored, const struct err *e)
{
    struct mail_op *op = arg;
    struct principal who;

    if (!stored) {
        mail_failed(op, e->code == ERR_UNAVAILABLE ? NOTICE_LATER : NOTICE_DEAD, e->detail);
        return;
    }
    op->stored = *stored;
    *stored = (struct stored){0};
    if (!json_is_string(json_object_get(op->person, "email")) ||
        !letter_reader(&op->notice, &who)) {
        mail_failed(op, NOTICE_DEAD, "nobody to write to");
        return;
    }
    if (record_view_of(&op->stored.record, &who) == RECORD_HIDDEN) {
        mail_failed(op, NOTICE_DROPPED, "the reader may not see the request");
        return;
    }
    request_store_history(op->mailer->crew->store, op->stored.record.country, op->stored.record.id,
                          op->notice.event.version - 1, 1, mail_line_read, op);
}

void mailer_send(struct mailer *m, const struct notice *n, attempt_fn fn, void *arg)
{
    struct mail_op *op = mem_new(1, sizeof *op);

    op->mailer = m;
    op->notice = *n;
    op->notice.person = op->person = json_incref((json_t *)(uintptr_t)n->person);
    op->notice.state = op->notice.payload = op->notice.answer = ""; /* not kept */
    op->fn = fn;
    op->arg = arg;
    request_store_read(m->crew->store, n->event.request, NULL, mail_read, op);
}
