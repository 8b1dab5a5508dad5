/* Any bytes as a request head. What must hold:
 *   - the verdict on all bytes is the one reached byte by byte, and never taken back;
 *   - what is accepted keeps the promises of head.h: slices inside the input, values in range;
 *   - an accepted head, written out again, is accepted and means the same. */
#include "daemon/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_MAX 64 /* up to here each prefix is scanned anew too, which is quadratic */

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

/* Of exact size, so that the sanitizer sees a step beyond it. */
static char *exact(const void *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);

    must(copy);
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

static void check_refusal(const struct head_refusal *r)
{
    static const int statuses[] = {400, 411, 413, 414, 417, 431, 501, 505};
    bool is_known = false;

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        is_known |= statuses[i] == r->status;
    must(is_known && r->reason && r->reason[0]);
}

static bool same_verdict(const struct head_scan *a, const struct head_scan *b)
{
    return a->verdict == b->verdict && a->bytes == b->bytes && a->method == b->method &&
           a->refusal.status == b->refusal.status && a->refusal.reason == b->refusal.reason;
}

/* One prefix, chosen by the input, in memory of its own. */
static void check_no_step_beyond(const char *bytes, size_t n)
{
    struct head_scan scan = {0};
    size_t cut = n ? (unsigned char)bytes[n / 2] * n / 256 : 0;
    char *prefix = exact(bytes, cut);

    head_scan(&scan, prefix, cut);
    free(prefix);
}

static void check_prefixes(const char *bytes, size_t n, const struct head_scan *whole)
{
    struct head_scan step = {0};

    for (size_t i = 0; i <= n; i++) {
        enum head_verdict before = step.verdict;

        head_scan(&step, bytes, i);
        must(before == HEAD_INCOMPLETE || step.verdict == before);
        must(i < HEAD_BYTES_MAX || step.verdict != HEAD_INCOMPLETE);
        must(step.at <= i);
        if (i <= FRESH_MAX) {
            struct head_scan fresh = {0};

            head_scan(&fresh, bytes, i);
            must(same_verdict(&fresh, &step));
        }
        if (step.verdict != HEAD_INCOMPLETE)
            must(same_verdict(&step, whole));
    }
    must(same_verdict(&step, whole));
}

static void check_slice(const struct head_slice *s, const char *bytes, size_t n)
{
    must(s->text >= bytes && s->text <= bytes + n);
    must(s->bytes <= (size_t)(bytes + n - s->text));
    for (size_t i = 0; i < s->bytes; i++)
        must((unsigned char)s->text[i] >= 0x20 ? s->text[i] != 0x7f : s->text[i] == '\t');
}

static void check_decoded(const char *text)
{
    for (; *text; text++)
        must((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_target(const struct head *head, const char *bytes, size_t n)
{
    char out[HEAD_TARGET_MAX + 1];
    char name[HEAD_TARGET_MAX + 1];
    char small[2] = "x";
    struct head_slice member;
    struct head_slice value;
    size_t at = 0;

    must(head->path.bytes + head->query.bytes <= HEAD_TARGET_MAX);
    must(head_path_decode(head, out, sizeof out) && out[0] == '/');
    check_decoded(out);
    must(!strstr(out, "/../") && !strchr(out, '\\'));
    must(strlen(out) < 3 || strcmp(out + strlen(out) - 3, "/..") != 0);
    must(head_path_decode(head, small, sizeof small) == (strlen(out) == 1));
    while (head_query_next(head, &at, &member, &value)) {
        check_slice(&member, bytes, n);
        check_slice(&value, bytes, n);
        must(member.bytes > 0 && at <= head->query.bytes);
        memcpy(name, member.text, member.bytes);
        name[member.bytes] = '\0';
        if (member.bytes < 64 && !strpbrk(name, "%+"))
            must(head_query(head, name, out, sizeof out) != HEAD_MEMBER_ABSENT);
        if (head_query(head, name, out, sizeof out) == HEAD_MEMBER_FOUND)
            check_decoded(out);
    }
}

static void check_head(const struct head *head, const char *bytes, size_t n)
{
    check_slice(&head->path, bytes, n);
    check_slice(&head->query, bytes, n);
    check_target(head, bytes, n);
    must(head->method != METHOD_NONE && strcmp(head_method_name(head->method), "-") != 0);
    must(head->minor == 0 || head->minor == 1);
    must(head->minor == 1 || (!head->keep_alive && !head->expect_continue));
    must(head->minor == 0 || head_count(head, "host") == 1);
    must(head->fields_n <= HEAD_FIELDS_MAX);
    must(head->content_length >= -1 && head->content_length <= HEAD_BODY_MAX);
    must((head->content_length >= 0) == (head_count(head, "content-length") == 1));
    must(!head_find(head, "transfer-encoding"));
    for (size_t i = 0; i < head->fields_n; i++) {
        check_slice(&head->fields[i].name, bytes, n);
        check_slice(&head->fields[i].value, bytes, n);
        must(head->fields[i].name.bytes > 0);
    }
}

static bool same_slice(const struct head_slice *a, const struct head_slice *b)
{
    return a->bytes == b->bytes && !memcmp(a->text, b->text, a->bytes);
}

static size_t write_slice(char *out, size_t at, const struct head_slice *s)
{
    memcpy(out + at, s->text, s->bytes);
    return at + s->bytes;
}

static size_t write_text(char *out, size_t at, const char *text)
{
    struct head_slice s = {text, strlen(text)};

    return write_slice(out, at, &s);
}

/* Never longer than what was read, but for the '?' of an empty query, which is left out. */
static size_t write_head(char *out, const struct head *head)
{
    size_t n = 0;

    n = write_text(out, n, head_method_name(head->method));
    n = write_text(out, n, " ");
    n = write_slice(out, n, &head->path);
    if (head->query.bytes > 0)
        n = write_text(out, n, "?");
    n = write_slice(out, n, &head->query);
    n = write_text(out, n, head->minor ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    for (size_t i = 0; i < head->fields_n; i++) {
        n = write_slice(out, n, &head->fields[i].name);
        n = write_text(out, n, ":");
        n = write_slice(out, n, &head->fields[i].value);
        n = write_text(out, n, "\r\n");
    }
    return write_text(out, n, "\r\n");
}

static void check_round_trip(const struct head *head)
{
    static char out[HEAD_BYTES_MAX];
    size_t n = write_head(out, head);
    struct head_refusal refusal;
    struct head again;

    must(head_parse(out, n, &again, &refusal));
    must(again.method == head->method && again.minor == head->minor);
    must(same_slice(&again.path, &head->path) && same_slice(&again.query, &head->query));
    must(again.content_length == head->content_length && again.keep_alive == head->keep_alive);
    must(again.expect_continue == head->expect_continue && again.fields_n == head->fields_n);
    for (size_t i = 0; i < head->fields_n; i++) {
        must(same_slice(&again.fields[i].name, &head->fields[i].name));
        must(same_slice(&again.fields[i].value, &head->fields[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct head_scan scan = {0};
    struct head_refusal refusal = {0};
    struct head head;
    char *bytes = exact(input, n);
    char *part = NULL;

    head_scan(&scan, bytes, n);
    check_prefixes(bytes, n, &scan);
    check_no_step_beyond(bytes, n);
    if (scan.verdict != HEAD_COMPLETE || scan.bytes != n)
        must(!head_parse(bytes, n, &head, &refusal));
    if (scan.verdict == HEAD_REFUSED)
        check_refusal(&scan.refusal);
    if (scan.verdict == HEAD_COMPLETE) {
        must(scan.bytes <= n && scan.bytes <= HEAD_BYTES_MAX);
        part = exact(bytes, scan.bytes);
        if (head_parse(part, scan.bytes, &head, &refusal)) {
            check_head(&head, part, scan.bytes);
            check_round_trip(&head);
        } else {
            check_refusal(&refusal);
        }
    }
    free(part);
    free(bytes);
    return 0;
}
