/* Structured fields of HTTP (RFC 9651, which replaces RFC 8941): dictionaries, as Signature-Input,
 * Signature and Content-Digest are.
 *
 * One pass, no allocation: everything read points into the caller's bytes, and there is only room
 * for so many parts. Stricter than the RFC in one point: a key that occurs twice is refused (the
 * RFC lets the last one win), for whoever signs a message must not have it read in two ways. */
#ifndef PROTOCOL_STRUCTURED_H
#define PROTOCOL_STRUCTURED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STRUCTURED_BYTES_MAX = 2048, /* of a field; a longer one is refused */
    STRUCTURED_PARTS_MAX = 64,   /* members, items and parameters together */
    STRUCTURED_BINARY_MAX = 128  /* bytes of a byte sequence that is copied out */
};

enum structured_kind {
    STRUCTURED_INTEGER,
    STRUCTURED_DECIMAL,
    STRUCTURED_STRING,
    STRUCTURED_TOKEN,
    STRUCTURED_BINARY,
    STRUCTURED_BOOLEAN,
    STRUCTURED_DATE,
    STRUCTURED_DISPLAY, /* a string beyond ASCII */
    STRUCTURED_LIST     /* an inner list: its items are the parts behind it */
};

/* A member, an item of an inner list, or a parameter. */
struct structured_part {
    const char *key; /* of a member or parameter; NULL: an item of an inner list */
    size_t key_n;
    enum structured_kind kind;
    const char *text; /* as it stands, without quotation marks or colons; a list: its brackets with
                       * what is between them */
    size_t text_n;
    int64_t number;    /* INTEGER, DATE; DECIMAL: thousandths; BOOLEAN: 0 or 1 */
    unsigned items_n;  /* of a list */
    unsigned params_n; /* the parts behind it, or behind the items of a list and their parameters */
    unsigned next;     /* position of the part behind all that belongs to it */
    const char *whole; /* the value with its parameters, as it stands */
    size_t whole_n;
};

struct structured {
    struct structured_part parts[STRUCTURED_PARTS_MAX];
    unsigned parts_n;
};

/* A dictionary of n bytes. False, *ret_s undefined: it is none, or has more than there is room for.
 * An empty one has no parts. */
bool structured_read(const char *text, size_t n, struct structured *ret_s);
/* The member of that key; NULL: there is none. Members are walked by parts[i].next. */
const struct structured_part *structured_member(const struct structured *s, const char *key);
/* The i-th item of a list, the i-th parameter of a part. */
const struct structured_part *structured_item(const struct structured *s,
                                              const struct structured_part *list, unsigned i);
const struct structured_part *structured_param(const struct structured *s,
                                               const struct structured_part *of, unsigned i);
bool structured_is_key(const struct structured_part *part, const char *key);
/* A STRING without its escapes; false when it does not fit. */
bool structured_string(const struct structured_part *part, char *out, size_t out_bytes);
/* The bytes of a BINARY; false when they are more than max, or not the base64 that these bytes give
 * (RFC 4648 with padding). */
bool structured_binary(const struct structured_part *part, uint8_t *out, size_t max, size_t *ret_n);

#endif
