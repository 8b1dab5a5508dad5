#include "protocol/mail.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* RFC 5321 4.5.3.1: of a local part; of a domain. RFC 2047: 75 characters an encoded word, so 45
 * bytes of text, the first one beside the header's name (76 a line, its section 2). RFC 2045 6.8:
 * 76 characters a line, so 57 bytes. */
enum { LOCAL_MAX = 64, ADDRESS_MAX = 254, WORD_BYTES = 45, FIRST_BYTES = 30, LINE_BYTES = 57 };

static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static bool is_one_of(char c, const char *more)
{
    return c && (strchr(alnum, c) || strchr(more, c));
}

bool mail_is_address(const char *text)
{
    const char *at = strrchr(text, '@');
    size_t local = at ? (size_t)(at - text) : 0;

    if (!at || strlen(text) > ADDRESS_MAX || local < 1 || local > LOCAL_MAX || *text == '.' ||
        at[-1] == '.' || !is_one_of(at[1], "") || !is_one_of(text[strlen(text) - 1], ""))
        return false;
    for (size_t i = 0; i < local; i++)
        if (!is_one_of(text[i], "!#$%&'*+-/=?^_`{|}~.") || (text[i] == '.' && text[i + 1] == '.'))
            return false;
    for (const char *c = at + 1; *c; c++)
        if (!is_one_of(*c, ".-") || (*c == '.' && c[1] == '.'))
            return false;
    return true;
}

const char *mail_domain(const char *text)
{
    return strrchr(text, '@') + 1;
}

static void add_base64(struct buf *out, const char *bytes, size_t n)
{
    char line[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    sodium_bin2base64(line, sizeof line, (const unsigned char *)bytes, n,
                      sodium_base64_VARIANT_ORIGINAL);
    buf_add_text(out, line);
}

/* As it stands when it is short plain ASCII, else in encoded words. */
static void add_words(struct buf *out, const char *text, const char *also_plain)
{
    size_t n = strlen(text);
    bool plain = n <= WORD_BYTES;

    for (size_t i = 0; i < n; i++)
        plain &= is_one_of(text[i], also_plain);
    if (plain) {
        buf_add_text(out, text);
        return;
    }
    for (size_t at = 0; at < n;) {
        size_t bytes = utf8_cut(text + at, n - at, at ? WORD_BYTES : FIRST_BYTES);

        if (bytes == 0) /* not UTF-8: never happens with our words, and must not loop */
            bytes = n - at < FIRST_BYTES ? n - at : FIRST_BYTES;
        buf_add_text(out, at ? "\r\n =?UTF-8?B?" : "=?UTF-8?B?");
        add_base64(out, text + at, bytes);
        buf_add_text(out, "?=");
        at += bytes;
    }
}

static void add_person(struct buf *out, const char *header, const char *name, const char *address)
{
    buf_printf(out, "%s: ", header);
    if (*name) {
        add_words(out, name, " ");
        buf_add_text(out, "\r\n ");
    }
    buf_printf(out, "<%s>\r\n", address);
}

/* RFC 5322 3.3, in UTC, whatever the locale. */
static void add_date(struct buf *out, int64_t ms)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
               months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_body(struct buf *out, const char *text)
{
    struct buf lines BUF_AUTO = {0};

    for (const char *c = text; *c; c++)
        buf_add(&lines, *c == '\n' ? "\r\n" : c, *c == '\n' ? 2 : 1);
    for (size_t at = 0; at < lines.bytes; at += LINE_BYTES) {
        add_base64(out, lines.text + at,
                   lines.bytes - at < LINE_BYTES ? lines.bytes - at : LINE_BYTES);
        buf_add_text(out, "\r\n");
    }
}

char *mail_write(const struct mail *m, size_t *ret_n)
{
    struct buf out = {0};

    add_person(&out, "From", m->from_name, m->from);
    add_person(&out, "To", m->to_name, m->to);
    if (*m->reply_to)
        add_person(&out, "Reply-To", m->from_name, m->reply_to);
    buf_add_text(&out, "Subject: ");
    add_words(&out, m->subject, " .,:;!?()[]-/");
    buf_add_text(&out, "\r\n");
    add_date(&out, m->date_ms);
    buf_printf(&out,
               "Message-ID: <%s>\r\nIn-Reply-To: <%s>\r\nReferences: <%s>\r\n"
               "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: base64\r\nContent-Language: %s\r\n\r\n",
               m->message_id, m->thread, m->thread, m->language);
    add_body(&out, m->text);
    *ret_n = out.bytes;
    return buf_take(&out);
}
