/* Order of refusals: what stands first in the bytes wins, as far as the scan can see it (line
 * ends, control bytes, lengths, the request line); then the fields' form; then their meaning. The
 * scan alone decides early, and head_parse asks it first: so no way of cutting a message into
 * packets changes the answer. */
#include "daemon/head.h"

#include <string.h>
#include <strings.h>

#define REQUEST_LINE_MAX (HEAD_TARGET_MAX + 17) /* "OPTIONS " and " HTTP/1.1" around it */

static bool request_line_read(const char *line, size_t bytes, struct head *head,
                              struct head_refusal *r);
static bool target_read(struct head_slice target, struct head *head, struct head_refusal *r);
static bool target_is_clean(const struct head_slice *part, bool is_path);
static bool field_read(const char *line, size_t bytes, struct head *head, struct head_refusal *r);
static bool host_check(const struct head *head, struct head_refusal *r);
static bool length_read(struct head *head, struct head_refusal *r);
static bool encoding_check(const struct head *head, struct head_refusal *r);
static bool body_check(const struct head *head, struct head_refusal *r);
static bool expect_read(struct head *head, struct head_refusal *r);
static void connection_read(struct head *head);

static const struct {
    const char *name;
    enum head_method method;
} methods[] = {
    {"GET",     METHOD_GET    },
    {"HEAD",    METHOD_HEAD   },
    {"POST",    METHOD_POST   },
    {"PUT",     METHOD_PUT    },
    {"PATCH",   METHOD_PATCH  },
    {"DELETE",  METHOD_DELETE },
    {"OPTIONS", METHOD_OPTIONS},
};

#define METHODS_N (sizeof methods / sizeof methods[0])

static bool refuse(struct head_refusal *r, int status, const char *reason)
{
    *r = (struct head_refusal){status, reason};
    return false;
}

/* Not isalnum and friends: these depend on the locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110 section 5.6.2 */
static bool is_token(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (!is_alnum(text[i]) && (!text[i] || !strchr("!#$%&'*+-.^_`|~", text[i])))
            return false;
    return bytes > 0;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* --- where the head ends ------------------------------------------------------------------ */

static enum head_verdict scan_refuse(struct head_scan *scan, int status, const char *reason)
{
    refuse(&scan->refusal, status, reason);
    return scan->verdict = HEAD_REFUSED;
}

static enum head_verdict scan_byte(struct head_scan *scan, unsigned char c)
{
    size_t limit = scan->in_fields ? HEAD_LINE_MAX : REQUEST_LINE_MAX;

    if (c == '\n')
        return scan_refuse(scan, 400, "line feed without carriage return");
    if (is_control(c) && (c != '\t' || !scan->in_fields))
        return scan_refuse(scan, 400, "control character");
    if (c > 0x7e && !scan->in_fields)
        return scan_refuse(scan, 400, "byte outside ASCII in the request line");
    if (scan->at - scan->line_at == limit)
        return scan->in_fields ? scan_refuse(scan, 431, "header line too long")
                               : scan_refuse(scan, 414, "request line too long");
    scan->at++;
    return HEAD_INCOMPLETE;
}

/* scan->at is on the CR of a CRLF. */
static enum head_verdict scan_line(struct head_scan *scan, const char *bytes)
{
    size_t line_bytes = scan->at - scan->line_at;
    struct head request; /* only its method is wanted; not initialised for speed */

    if (line_bytes == 0 && scan->in_fields) {
        scan->bytes = scan->at + 2;
        return scan->verdict = HEAD_COMPLETE;
    }
    if (line_bytes == 0 && scan->line_at > 0)
        return scan_refuse(scan, 400, "empty lines before the request");
    if (line_bytes > 0 && !scan->in_fields) {
        if (!request_line_read(bytes + scan->line_at, line_bytes, &request, &scan->refusal))
            return scan->verdict = HEAD_REFUSED;
        scan->method = request.method;
        scan->in_fields = true;
    }
    scan->at += 2;
    scan->line_at = scan->at;
    return HEAD_INCOMPLETE;
}

enum head_verdict head_scan(struct head_scan *scan, const char *bytes, size_t n)
{
    size_t end = n < HEAD_BYTES_MAX ? n : HEAD_BYTES_MAX;

    while (scan->verdict == HEAD_INCOMPLETE && scan->at < end) {
        if (bytes[scan->at] != '\r')
            scan_byte(scan, (unsigned char)bytes[scan->at]);
        else if (scan->at + 1 == end)
            break; /* the next byte tells */
        else if (bytes[scan->at + 1] != '\n')
            scan_refuse(scan, 400, "carriage return without line feed");
        else
            scan_line(scan, bytes);
    }
    if (scan->verdict == HEAD_INCOMPLETE && end == HEAD_BYTES_MAX)
        scan_refuse(scan, 431, "head too long");
    return scan->verdict;
}

/* --- taking it apart ---------------------------------------------------------------------- */

bool head_parse(const char *bytes, size_t n, struct head *ret_head,
                struct head_refusal *ret_refusal)
{
    struct head_scan scan = {0};
    struct head head; /* fields[] beyond fields_n stay as they are */
    const char *at = bytes;
    const char *end; /* the last, empty line */
    const char *cr;

    if (head_scan(&scan, bytes, n) == HEAD_REFUSED) {
        *ret_refusal = scan.refusal;
        return false;
    }
    if (scan.verdict != HEAD_COMPLETE || scan.bytes != n)
        return refuse(ret_refusal, 400, "not one complete head");

    end = bytes + n - 2;
    head.fields_n = 0;
    if (*at == '\r')
        at += 2;
    cr = memchr(at, '\r', (size_t)(end - at));
    if (!request_line_read(at, (size_t)(cr - at), &head, ret_refusal))
        return false;
    for (at = cr + 2; at < end; at = cr + 2) {
        cr = memchr(at, '\r', (size_t)(end - at));
        if (!field_read(at, (size_t)(cr - at), &head, ret_refusal))
            return false;
    }
    if (!host_check(&head, ret_refusal) || !length_read(&head, ret_refusal) ||
        !encoding_check(&head, ret_refusal) || !body_check(&head, ret_refusal) ||
        !expect_read(&head, ret_refusal))
        return false;
    connection_read(&head);
    *ret_head = head;
    return true;
}

/* "HTTP/1.0" or "HTTP/1.1"; a well-formed later version is another matter than nonsense. */
static bool version_read(const char *text, size_t bytes, int *ret_minor, struct head_refusal *r)
{
    if (bytes != 8 || memcmp(text, "HTTP/", 5) != 0 || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7]) || text[5] == '0')
        return refuse(r, 400, "malformed request line");
    if (text[5] != '1' || text[7] > '1')
        return refuse(r, 505, "HTTP version not supported");
    *ret_minor = text[7] - '0';
    return true;
}

static enum head_method method_find(const char *text, size_t bytes)
{
    for (size_t i = 0; i < METHODS_N; i++)
        if (strlen(methods[i].name) == bytes && !memcmp(methods[i].name, text, bytes))
            return methods[i].method;
    return METHOD_NONE;
}

/* Sets method, minor, path, query. */
static bool request_line_read(const char *line, size_t bytes, struct head *head,
                              struct head_refusal *r)
{
    const char *end = line + bytes;
    const char *method_end = memchr(line, ' ', bytes);
    const char *target_end =
        method_end ? memchr(method_end + 1, ' ', (size_t)(end - method_end - 1)) : NULL;

    if (!target_end || !is_token(line, (size_t)(method_end - line)))
        return refuse(r, 400, "malformed request line");
    if (!version_read(target_end + 1, (size_t)(end - target_end - 1), &head->minor, r))
        return false;
    head->method = method_find(line, (size_t)(method_end - line));
    if (head->method == METHOD_NONE)
        return refuse(r, 501, "method not implemented");
    return target_read((struct head_slice){method_end + 1, (size_t)(target_end - method_end - 1)},
                       head, r);
}

static bool target_read(struct head_slice target, struct head *head, struct head_refusal *r)
{
    const char *end = target.text + target.bytes;
    const char *mark = memchr(target.text, '?', target.bytes);

    if (target.bytes > HEAD_TARGET_MAX)
        return refuse(r, 414, "request target too long");
    if (target.bytes == 0 || target.text[0] != '/')
        return refuse(r, 400, "request target does not start with a slash");
    head->path = (struct head_slice){target.text, (size_t)((mark ? mark : end) - target.text)};
    head->query = (struct head_slice){end, 0};
    if (mark)
        head->query = (struct head_slice){mark + 1, (size_t)(end - mark - 1)};
    if (!target_is_clean(&head->path, true) || !target_is_clean(&head->query, false))
        return refuse(r, 400, "forbidden character or segment in the request target");
    return true;
}

/* The next byte of an encoded slice, with *at moved behind it; -1 for a bad escape. */
static int decoded_next(const struct head_slice *s, size_t *at)
{
    char c = s->text[(*at)++];
    int high;
    int low;

    if (c != '%')
        return (unsigned char)c;
    if (*at + 2 > s->bytes)
        return -1;
    high = hex_value(s->text[*at]);
    low = hex_value(s->text[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* An encoded slash, a backslash or ".." would let a path mean two things to two programs. In a
 * query they are ordinary text. */
static bool target_is_clean(const struct head_slice *part, bool is_path)
{
    size_t segment_bytes = 0;
    size_t segment_dots = 0;

    for (size_t at = 0; at < part->bytes;) {
        char raw = part->text[at];
        int c = decoded_next(part, &at);

        if (c < 0 || is_control((unsigned char)c) || raw == '#')
            return false;
        if (is_path && (c == '\\' || (c == '/' && raw == '%')))
            return false;
        if (is_path && c == '/') {
            if (segment_bytes == 2 && segment_dots == 2)
                return false;
            segment_bytes = segment_dots = 0;
            continue;
        }
        segment_bytes++;
        segment_dots += c == '.';
    }
    return !(is_path && segment_bytes == 2 && segment_dots == 2);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct head_slice slice_trim(const char *text, size_t bytes)
{
    while (bytes > 0 && is_blank(text[0]))
        text++, bytes--;
    while (bytes > 0 && is_blank(text[bytes - 1]))
        bytes--;
    return (struct head_slice){text, bytes};
}

static bool field_read(const char *line, size_t bytes, struct head *head, struct head_refusal *r)
{
    const char *colon = memchr(line, ':', bytes);
    size_t name_bytes = colon ? (size_t)(colon - line) : 0;

    if (is_blank(line[0]))
        return refuse(r, 400, "folded header line");
    if (!colon || !is_token(line, name_bytes))
        return refuse(r, 400, "malformed header line");
    if (head->fields_n == HEAD_FIELDS_MAX)
        return refuse(r, 431, "too many header lines");
    head->fields[head->fields_n++] = (struct head_field){
        .name = {line, name_bytes},
        .value = slice_trim(colon + 1, bytes - name_bytes - 1),
    };
    return true;
}

/* --- what the fields mean for the message ------------------------------------------------- */

static bool host_check(const struct head *head, struct head_refusal *r)
{
    const struct head_slice *host = head_find(head, "Host");

    if (!host)
        return head->minor == 0 || refuse(r, 400, "no Host");
    if (head_count(head, "Host") > 1)
        return refuse(r, 400, "more than one Host");
    for (size_t i = 0; i < host->bytes; i++)
        if (!is_alnum(host->text[i]) && (!host->text[i] || !strchr(".-:[]", host->text[i])))
            return refuse(r, 400, "malformed Host");
    return host->bytes > 0 || refuse(r, 400, "empty Host");
}

static bool length_read(struct head *head, struct head_refusal *r)
{
    const struct head_slice *length = head_find(head, "Content-Length");
    int64_t value = 0;

    head->content_length = -1;
    if (!length)
        return true;
    if (head_count(head, "Content-Length") > 1)
        return refuse(r, 400, "more than one Content-Length");
    if (length->bytes == 0 || length->bytes > 19 || (length->text[0] == '0' && length->bytes > 1))
        return refuse(r, 400, "malformed Content-Length");
    for (size_t i = 0; i < length->bytes; i++) {
        if (!is_digit(length->text[i]))
            return refuse(r, 400, "malformed Content-Length");
        if (value <= HEAD_BODY_MAX) /* enough to know that it is too large */
            value = value * 10 + (length->text[i] - '0');
    }
    /* White space, yet llhttp refuses it there (test_llhttp.py): nobody before us may read it
     * otherwise. A field's line ends with CR. */
    for (const char *c = length->text + length->bytes; *c != '\r'; c++)
        if (*c == '\t')
            return refuse(r, 400, "malformed Content-Length");
    head->content_length = value;
    return true;
}

/* We never read a chunked body: RFC 9112 section 6.1 allows 411. What could mean two bodies to two
 * programs is 400. */
static bool encoding_check(const struct head *head, struct head_refusal *r)
{
    const struct head_slice *encoding = head_find(head, "Transfer-Encoding");

    if (!encoding)
        return true;
    if (head_count(head, "Transfer-Encoding") > 1)
        return refuse(r, 400, "more than one Transfer-Encoding");
    if (head->content_length >= 0)
        return refuse(r, 400, "Transfer-Encoding and Content-Length");
    if (head->minor == 0)
        return refuse(r, 400, "Transfer-Encoding in HTTP/1.0");
    if (memchr(encoding->text, '\t', encoding->bytes))
        return refuse(r, 400, "control character in Transfer-Encoding");
    if (!head_slice_is(encoding, "chunked"))
        return refuse(r, 501, "Transfer-Encoding not implemented");
    return refuse(r, 411, "Content-Length needed");
}

static bool body_check(const struct head *head, struct head_refusal *r)
{
    bool wants_body = false;
    bool forbids_body = false;

    switch (head->method) {
    case METHOD_POST:
    case METHOD_PUT:
    case METHOD_PATCH:
        wants_body = true;
        break;
    case METHOD_GET:
    case METHOD_HEAD:
    case METHOD_DELETE:
        forbids_body = true;
        break;
    case METHOD_OPTIONS:
    case METHOD_NONE:
        break;
    }
    if (forbids_body && head->content_length > 0)
        return refuse(r, 400, "this method takes no body");
    if (wants_body && head->content_length < 0)
        return refuse(r, 411, "Content-Length needed");
    return head->content_length <= HEAD_BODY_MAX || refuse(r, 413, "body too large");
}

/* In HTTP/1.0 an expectation of 100 is to be ignored (RFC 9110 section 10.1.1). */
static bool expect_read(struct head *head, struct head_refusal *r)
{
    head->expect_continue = false;
    for (size_t i = 0; i < head->fields_n; i++) {
        if (!head_slice_is(&head->fields[i].name, "Expect"))
            continue;
        if (!head_slice_is(&head->fields[i].value, "100-continue"))
            return refuse(r, 417, "expectation not met");
        head->expect_continue = head->minor == 1;
    }
    return true;
}

/* A list of words in one or several fields; only "close" says anything to us. */
static void connection_read(struct head *head)
{
    head->keep_alive = head->minor == 1;
    for (size_t i = 0; i < head->fields_n; i++) {
        struct head_slice rest = head->fields[i].value;

        if (!head_slice_is(&head->fields[i].name, "Connection"))
            continue;
        while (rest.bytes > 0) {
            const char *comma = memchr(rest.text, ',', rest.bytes);
            size_t word_bytes = comma ? (size_t)(comma - rest.text) : rest.bytes;
            size_t used = comma ? word_bytes + 1 : word_bytes;
            struct head_slice word = slice_trim(rest.text, word_bytes);

            if (head_slice_is(&word, "close"))
                head->keep_alive = false;
            rest.text += used;
            rest.bytes -= used;
        }
    }
}

/* --- asking ------------------------------------------------------------------------------- */

const char *head_method_name(enum head_method method)
{
    for (size_t i = 0; i < METHODS_N; i++)
        if (methods[i].method == method)
            return methods[i].name;
    return "-";
}

bool head_slice_is(const struct head_slice *s, const char *text)
{
    return strlen(text) == s->bytes && !strncasecmp(s->text, text, s->bytes);
}

const struct head_slice *head_find(const struct head *head, const char *name)
{
    for (size_t i = 0; i < head->fields_n; i++)
        if (head_slice_is(&head->fields[i].name, name))
            return &head->fields[i].value;
    return NULL;
}

size_t head_count(const struct head *head, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < head->fields_n; i++)
        n += head_slice_is(&head->fields[i].name, name);
    return n;
}

/* False, out untouched, when the decoded bytes and a NUL do not fit. */
static bool slice_decode(const struct head_slice *s, bool plus_is_space, char *out,
                         size_t out_bytes)
{
    size_t n = 0;

    for (size_t at = 0; at < s->bytes; n++)
        decoded_next(s, &at);
    if (n >= out_bytes)
        return false;
    n = 0;
    for (size_t at = 0; at < s->bytes; n++) {
        bool is_plus = s->text[at] == '+';
        int c = decoded_next(s, &at);

        out[n] = plus_is_space && is_plus ? ' ' : (char)c;
    }
    out[n] = '\0';
    return true;
}

bool head_path_decode(const struct head *head, char *out, size_t out_bytes)
{
    return slice_decode(&head->path, false, out, out_bytes);
}

bool head_query_next(const struct head *head, size_t *at, struct head_slice *ret_name,
                     struct head_slice *ret_value)
{
    while (*at < head->query.bytes) {
        const char *text = head->query.text + *at;
        size_t left = head->query.bytes - *at;
        const char *amp = memchr(text, '&', left);
        size_t bytes = amp ? (size_t)(amp - text) : left;
        const char *equals = memchr(text, '=', bytes);
        size_t name_bytes = equals ? (size_t)(equals - text) : bytes;

        *at += amp ? bytes + 1 : bytes;
        if (name_bytes == 0)
            continue;
        *ret_name = (struct head_slice){text, name_bytes};
        *ret_value = (struct head_slice){text + bytes, 0};
        if (equals)
            *ret_value = (struct head_slice){equals + 1, bytes - name_bytes - 1};
        return true;
    }
    return false;
}

enum head_member head_query(const struct head *head, const char *name, char *out, size_t out_bytes)
{
    struct head_slice member = {0};
    struct head_slice value = {0};
    struct head_slice found = {0};
    char decoded[64]; /* longer names are none of ours */
    size_t at = 0;

    while (head_query_next(head, &at, &member, &value)) {
        if (!slice_decode(&member, true, decoded, sizeof decoded) || strcmp(decoded, name) != 0)
            continue;
        if (found.text)
            return HEAD_MEMBER_TWICE;
        found = value;
    }
    if (!found.text)
        return HEAD_MEMBER_ABSENT;
    return slice_decode(&found, true, out, out_bytes) ? HEAD_MEMBER_FOUND : HEAD_MEMBER_TOO_LONG;
}
