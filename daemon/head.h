/* The strict HTTP/1.1 request head (RFC 9112; reliability.md 6.3 is the table of what is refused).
 *
 * Two steps, both pure and without allocation. head_scan looks at bytes as they come in and says
 * where the head ends, or that it cannot become a good one; head_parse takes the complete head
 * apart in one pass. Everything in struct head points into the caller's bytes. Whether a message
 * comes in one piece or byte by byte, the verdict is the same. */
#ifndef DAEMON_HEAD_H
#define DAEMON_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_BYTES_MAX 8192    /* with the last empty line; above: 431 */
#define HEAD_LINE_MAX 4096     /* one header line without CRLF; above: 431 */
#define HEAD_TARGET_MAX 2048   /* above: 414 */
#define HEAD_FIELDS_MAX 64     /* above: 431 */
#define HEAD_BODY_MAX 10485760 /* no route takes more; above: 413 */

enum head_method {
    METHOD_NONE, /* no request line was understood */
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
};

/* Bytes inside the head, not NUL-terminated; text is never NULL in a parsed head. */
struct head_slice {
    const char *text;
    size_t bytes;
};

struct head_field {
    struct head_slice name;  /* as sent; compare without case */
    struct head_slice value; /* without the white space around it; may be empty */
};

struct head {
    enum head_method method;
    int minor;               /* 0 or 1: HTTP/1.minor */
    struct head_slice path;  /* starts with '/', still percent-encoded */
    struct head_slice query; /* after the '?', empty when there is none; still encoded */
    struct head_field fields[HEAD_FIELDS_MAX];
    size_t fields_n;
    int64_t content_length; /* -1: none sent */
    bool keep_alive;        /* false: close after the answer */
    bool expect_continue;   /* the client waits for 100 before it sends the body */
};

/* Why a head is not taken. reason is constant English and holds nothing of the input. */
struct head_refusal {
    int status; /* 400 411 413 414 417 431 501 505 */
    const char *reason;
};

enum head_verdict {
    HEAD_INCOMPLETE, /* nothing wrong so far */
    HEAD_COMPLETE,   /* scan.bytes is the length of the head; more may follow it */
    HEAD_REFUSED,    /* scan.refusal says why; more bytes change nothing */
};

/* What was seen so far of one head. Starts as {0}. */
struct head_scan {
    size_t at;               /* bytes looked at */
    size_t line_at;          /* where the line under way starts */
    bool in_fields;          /* the request line is behind us */
    enum head_method method; /* from the request line on, also if the head is refused later */
    size_t bytes;            /* HEAD_COMPLETE: with the last empty line and one leading CRLF */
    struct head_refusal refusal;
    enum head_verdict verdict;
};

/* bytes: all n bytes of the head received so far, from its first one; with each call at least as
 * many as with the last one. Looks at no byte twice and at none behind the head. At HEAD_BYTES_MAX
 * bytes it is never HEAD_INCOMPLETE. */
enum head_verdict head_scan(struct head_scan *scan, const char *bytes, size_t n);

/* bytes: n bytes for which head_scan says HEAD_COMPLETE with scan.bytes == n; anything else is
 * refused. True: *ret_head is filled, borrowed from bytes. False: *ret_refusal is. */
bool head_parse(const char *bytes, size_t n, struct head *ret_head,
                struct head_refusal *ret_refusal);

/* "GET" .. "OPTIONS"; "-" for METHOD_NONE. */
const char *head_method_name(enum head_method method);
/* The first field of that name (any case), borrowed; NULL if there is none. */
const struct head_slice *head_find(const struct head *head, const char *name);
/* How many fields of that name (any case) there are. */
size_t head_count(const struct head *head, const char *name);
/* Compares without case. */
bool head_slice_is(const struct head_slice *s, const char *text);

/* The decoded path as a C string: no NUL, no control bytes, no ".." segment, and no '/' that was
 * not one before. It may be invalid UTF-8. False, out untouched, when it does not fit. */
bool head_path_decode(const struct head *head, char *out, size_t out_bytes);

enum head_member {
    HEAD_MEMBER_ABSENT,
    HEAD_MEMBER_FOUND,
    HEAD_MEMBER_TOO_LONG, /* out is too small; untouched */
    HEAD_MEMBER_TWICE,    /* the name occurs more than once; out untouched */
};

/* The decoded value ('+' is a space, as forms send it) of the query member `name` as a C string
 * without control bytes; "limit" and "limit=" give "". It may be invalid UTF-8. */
enum head_member head_query(const struct head *head, const char *name, char *out, size_t out_bytes);
/* Walks the members: *at starts at 0; false at the end. Both slices are still encoded. Names are
 * not empty; members without a name are passed over. */
bool head_query_next(const struct head *head, size_t *at, struct head_slice *ret_name,
                     struct head_slice *ret_value);

#endif
