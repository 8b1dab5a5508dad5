#include "workers/incoming.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 8, PARTS_MAX = 64, HEADERS_MAX = 256 };

void incoming_init(void)
{
    g_mime_init();
}

/* --- headers ---------------------------------------------------------------------------------- */

/* NAME+TOKEN@HOST anywhere in text; our own address in any case. */
static bool token_find(const char *text, const char *reply_to, char out[REPLY_TOKEN_BYTES])
{
    size_t name_n = strcspn(reply_to, "@");
    const char *host = reply_to + name_n; /* with its @ */
    char notice[ID_BYTES];

    for (; *text; text++) {
        const char *token = text + name_n + 1;

        if (strncasecmp(text, reply_to, name_n) != 0 || text[name_n] != '+' ||
            strnlen(token, REPLY_TOKEN_CHARS) < REPLY_TOKEN_CHARS ||
            strncasecmp(token + REPLY_TOKEN_CHARS, host, strlen(host)) != 0 ||
            !reply_token_notice(token, notice))
            continue;
        memcpy(out, token, REPLY_TOKEN_CHARS);
        out[REPLY_TOKEN_CHARS] = '\0';
        return true;
    }
    return false;
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (!strcasecmp(name, *names))
            return true;
    return false;
}

static bool begins_with_one_of(const char *value, const char *const *words)
{
    for (; *words; words++)
        if (!strncasecmp(value, *words, strlen(*words)))
            return true;
    return false;
}

/* RFC 3834 section 2 and what older programs say. */
static bool says_automatic(const char *name, const char *value)
{
    static const char *const precedences[] = {"bulk", "junk", "auto_reply", "list", NULL};
    static const char *const marks[] = {"X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress",
                                        "List-Id", NULL};

    if (!strcasecmp(name, "Auto-Submitted"))
        return strncasecmp(value, "no", 2) != 0;
    if (!strcasecmp(name, "Precedence"))
        return begins_with_one_of(value, precedences);
    if (!strcasecmp(name, "Return-Path"))
        return strstr(value, "<>") != NULL;
    return is_one_of(name, marks);
}

static void headers_read(GMimeObject *message, const char *reply_to, struct incoming *m)
{
    static const char *const recipients[] = {"To",          "Cc", "Delivered-To", "X-Original-To",
                                             "Envelope-To", NULL};
    GMimeHeaderList *list = g_mime_object_get_header_list(message);
    int n = g_mime_header_list_get_count(list);

    for (int i = 0; i < n && i < HEADERS_MAX; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        const char *name = g_mime_header_get_name(header);
        const char *value = g_mime_header_get_raw_value(header);

        if (!name || !value)
            continue;
        value += strspn(value, " \t\r\n");
        m->automatic |= says_automatic(name, value);
        if (!*m->token && is_one_of(name, recipients))
            token_find(value, reply_to, m->token);
    }
}

static void id_keep(GMimeMessage *message, struct incoming *m)
{
    const char *id = g_mime_message_get_message_id(message);

    if (!id || strlen(id) >= sizeof m->id)
        return;
    for (const char *c = id; *c; c++)
        if (*c < '!' || *c > '~')
            return;
    memcpy(m->id, id, strlen(id) + 1);
}

/* --- the text --------------------------------------------------------------------------------- */

static bool is_attached(GMimeObject *part)
{
    const char *disposition = g_mime_object_get_disposition(part);

    return disposition && !strcasecmp(disposition, "attachment");
}

/* The first plain text that is no attachment; borrowed from object. */
static GMimeTextPart *text_find(GMimeObject *object, unsigned depth, unsigned *left)
{
    GMimeTextPart *found = NULL;

    if (!object || depth > DEPTH_MAX || *left == 0)
        return NULL;
    --*left;
    if (GMIME_IS_MULTIPART(object)) {
        int n = g_mime_multipart_get_count((GMimeMultipart *)object);

        for (int i = 0; i < n && i < PARTS_MAX && !found; i++)
            found =
                text_find(g_mime_multipart_get_part((GMimeMultipart *)object, i), depth + 1, left);
        return found;
    }
    if (GMIME_IS_TEXT_PART(object) && !is_attached(object) &&
        g_mime_content_type_is_type(g_mime_object_get_content_type(object), "text", "plain"))
        return (GMimeTextPart *)object;
    return NULL;
}

/* Line ends become LF; other control characters go. NULL when it is not UTF-8 in the end. */
static char *text_clean(const char *text)
{
    struct buf out = {0};
    size_t n = strlen(text);

    if (n > INCOMING_TEXT_MAX)
        n = utf8_cut(text, n, INCOMING_TEXT_MAX);
    if (!utf8_is_valid(text, n))
        return NULL;
    for (size_t i = 0; i < n;) {
        size_t bytes = utf8_cut(text + i, n - i, 4);
        const char *c = text + i;

        while (bytes > 1 && utf8_length(c, bytes) > 1)
            bytes = utf8_cut(c, n - i, bytes - 1);
        if (!utf8_has_control(c, bytes) || *c == '\n' || *c == '\t')
            buf_add(&out, c, bytes);
        i += bytes;
    }
    return buf_take(&out);
}

bool incoming_read(const char *bytes, size_t n, const char *reply_to, struct incoming *ret_incoming)
{
    struct incoming m = {.text = NULL};
    unsigned left = PARTS_MAX;
    GMimeStream *stream;
    GMimeParser *parser;
    GMimeMessage *message;
    GMimeTextPart *part;

    if (n > INCOMING_BYTES_MAX)
        return false;
    stream = g_mime_stream_mem_new_with_buffer(bytes, n);
    parser = g_mime_parser_new_with_stream(stream);
    message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    if (!message)
        return false;
    headers_read((GMimeObject *)message, reply_to, &m);
    id_keep(message, &m);
    part = text_find(g_mime_message_get_mime_part(message), 0, &left);
    if (part) {
        char *text = g_mime_text_part_get_text(part);

        m.text = text ? text_clean(text) : NULL;
        g_free(text);
    }
    g_object_unref(message);
    *ret_incoming = m;
    return true;
}

void incoming_clear(struct incoming *m)
{
    free(m->text);
    *m = (struct incoming){.text = NULL};
}
