#include "protocol/structured.h"

#include "base/utf8.h"

#include <sodium.h>
#include <string.h>

enum {
    INTEGER_DIGITS_MAX = 15,
    DECIMAL_DIGITS_MAX = 12, /* before the point */
    FRACTION_DIGITS_MAX = 3
};

/* Where reading has come to. */
struct reader {
    const char *at, *end;
    struct structured *out;
};

static bool value_read(struct reader *r, struct structured_part *part);

/* --- characters ------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_small(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
    return is_small(c) || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static bool is_key_char(char c)
{
    return is_small(c) || is_digit(c) || is_one_of(c, "_-.*");
}

static bool is_token_char(char c)
{
    return is_alpha(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-.^_`|~:/");
}

static bool is_next(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static bool take(struct reader *r, char c)
{
    if (!is_next(r, c))
        return false;
    r->at++;
    return true;
}

static void skip_spaces(struct reader *r)
{
    while (take(r, ' '))
        ;
}

static void skip_white(struct reader *r)
{
    while (take(r, ' ') || take(r, '\t'))
        ;
}

static struct structured_part *part_new(struct reader *r)
{
    struct structured_part *part;

    if (r->out->parts_n == STRUCTURED_PARTS_MAX)
        return NULL;
    part = &r->out->parts[r->out->parts_n++];
    *part = (struct structured_part){.text = r->at, .whole = r->at};
    return part;
}

static unsigned position(const struct structured *s, const struct structured_part *part)
{
    return (unsigned)(part - s->parts);
}

/* --- bare items (RFC 9651 section 4.2.3.1 and on) --------------------------------------------- */

static unsigned digits_read(struct reader *r, int64_t *number, unsigned max)
{
    unsigned n = 0;

    while (r->at < r->end && is_digit(*r->at) && n <= max) {
        *number = 10 * *number + (*r->at++ - '0');
        n++;
    }
    return n;
}

static bool fraction_read(struct reader *r, int64_t *number)
{
    unsigned n = digits_read(r, number, FRACTION_DIGITS_MAX);

    for (unsigned i = n; i < FRACTION_DIGITS_MAX; i++)
        *number *= 10;
    return n >= 1 && n <= FRACTION_DIGITS_MAX;
}

static bool number_read(struct reader *r, struct structured_part *part)
{
    bool is_negative = take(r, '-');
    int64_t number = 0;
    unsigned n = digits_read(r, &number, INTEGER_DIGITS_MAX);

    part->kind = STRUCTURED_INTEGER;
    if (n == 0 || n > INTEGER_DIGITS_MAX)
        return false;
    if (take(r, '.')) {
        part->kind = STRUCTURED_DECIMAL;
        if (n > DECIMAL_DIGITS_MAX || !fraction_read(r, &number))
            return false;
    }
    part->number = is_negative ? -number : number;
    return true;
}

/* Behind the first quotation mark. */
static bool string_read(struct reader *r, struct structured_part *part)
{
    part->kind = STRUCTURED_STRING;
    part->text = r->at;
    for (; r->at < r->end; r->at++) {
        unsigned char c = (unsigned char)*r->at;

        if (c == '"') {
            part->text_n = (size_t)(r->at++ - part->text);
            return true;
        }
        if (c < 0x20 || c > 0x7e)
            return false;
        if (c == '\\' && (++r->at == r->end || !is_one_of(*r->at, "\"\\")))
            return false;
    }
    return false;
}

static bool token_text_read(struct reader *r, struct structured_part *part)
{
    part->kind = STRUCTURED_TOKEN;
    while (r->at < r->end && is_token_char(*r->at))
        r->at++;
    return true;
}

/* Behind the first colon. What is between is looked at when it is asked for (structured_binary). */
static bool binary_read(struct reader *r, struct structured_part *part)
{
    part->kind = STRUCTURED_BINARY;
    part->text = r->at;
    while (r->at < r->end && (is_alpha(*r->at) || is_digit(*r->at) || is_one_of(*r->at, "+/=")))
        r->at++;
    part->text_n = (size_t)(r->at - part->text);
    return take(r, ':');
}

static bool boolean_read(struct reader *r, struct structured_part *part)
{
    part->kind = STRUCTURED_BOOLEAN;
    part->number = is_next(r, '1');
    return take(r, '0') || take(r, '1');
}

static bool date_read(struct reader *r, struct structured_part *part)
{
    bool is_good = number_read(r, part) && part->kind == STRUCTURED_INTEGER;

    part->kind = STRUCTURED_DATE;
    return is_good;
}

static int hex_digit(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind %": percent-encoded UTF-8, in small letters. */
static bool display_read(struct reader *r, struct structured_part *part)
{
    char plain[STRUCTURED_BYTES_MAX];
    size_t n = 0;

    part->kind = STRUCTURED_DISPLAY;
    part->text = r->at;
    for (; r->at < r->end; r->at++) {
        unsigned char c = (unsigned char)*r->at;

        if (c == '"') {
            part->text_n = (size_t)(r->at++ - part->text);
            return utf8_is_valid(plain, n);
        }
        if (c < 0x20 || c > 0x7e)
            return false;
        if (c == '%') {
            if (r->end - r->at < 3 || hex_digit(r->at[1]) < 0 || hex_digit(r->at[2]) < 0)
                return false;
            c = (unsigned char)(16 * hex_digit(r->at[1]) + hex_digit(r->at[2]));
            r->at += 2;
        }
        plain[n++] = (char)c;
    }
    return false;
}

static bool bare_read(struct reader *r, struct structured_part *part)
{
    bool is_good = false;

    part->text = r->at;
    if (r->at == r->end)
        return false;
    if (is_next(r, '-') || is_digit(*r->at))
        is_good = number_read(r, part);
    else if (is_alpha(*r->at) || is_next(r, '*'))
        is_good = token_text_read(r, part);
    else if (take(r, '"'))
        return string_read(r, part);
    else if (take(r, ':'))
        return binary_read(r, part);
    else if (take(r, '?'))
        is_good = boolean_read(r, part);
    else if (take(r, '@'))
        is_good = date_read(r, part);
    else if (take(r, '%'))
        return take(r, '"') && display_read(r, part);
    part->text_n = (size_t)(r->at - part->text);
    return is_good;
}

/* --- keys, parameters, lists ------------------------------------------------------------------ */

static bool key_read(struct reader *r, struct structured_part *part)
{
    part->key = r->at;
    if (r->at == r->end || !(is_small(*r->at) || *r->at == '*'))
        return false;
    while (r->at < r->end && is_key_char(*r->at))
        r->at++;
    part->key_n = (size_t)(r->at - part->key);
    return true;
}

static bool is_same_key(const struct structured_part *a, const struct structured_part *b)
{
    return a->key_n == b->key_n && !memcmp(a->key, b->key, a->key_n);
}

/* A key without a value means true. */
static void true_set(const struct reader *r, struct structured_part *part)
{
    part->kind = STRUCTURED_BOOLEAN;
    part->number = 1;
    part->text = part->whole = r->at;
}

static bool params_read(struct reader *r, struct structured_part *of)
{
    unsigned first = r->out->parts_n;

    while (take(r, ';')) {
        struct structured_part *part = part_new(r);

        skip_spaces(r);
        if (!part || !key_read(r, part))
            return false;
        for (unsigned i = first; i + 1 < r->out->parts_n; i++)
            if (is_same_key(&r->out->parts[i], part))
                return false;
        if (!take(r, '='))
            true_set(r, part);
        else if (part->whole = r->at, !bare_read(r, part))
            return false;
        part->whole_n = (size_t)(r->at - part->whole);
        part->next = r->out->parts_n;
        of->params_n++;
    }
    return true;
}

/* Behind the first bracket. */
static bool list_read(struct reader *r, struct structured_part *list)
{
    list->kind = STRUCTURED_LIST;
    for (;;) {
        struct structured_part *item;

        skip_spaces(r);
        if (take(r, ')')) {
            list->text_n = (size_t)(r->at - list->text);
            return true;
        }
        item = part_new(r);
        if (!item || is_next(r, '(') || !value_read(r, item) ||
            !(is_next(r, ' ') || is_next(r, ')')))
            return false;
        list->items_n++;
    }
}

/* An item or an inner list with its parameters. */
static bool value_read(struct reader *r, struct structured_part *part)
{
    part->text = part->whole = r->at;
    if (!(take(r, '(') ? list_read(r, part) : bare_read(r, part)) || !params_read(r, part))
        return false;
    part->whole_n = (size_t)(r->at - part->whole);
    part->next = r->out->parts_n;
    return true;
}

/* --- a dictionary ----------------------------------------------------------------------------- */

static bool member_read(struct reader *r)
{
    struct structured_part *part = part_new(r);

    if (!part || !key_read(r, part))
        return false;
    for (unsigned i = 0; i < position(r->out, part); i = r->out->parts[i].next)
        if (is_same_key(&r->out->parts[i], part))
            return false;
    if (take(r, '='))
        return value_read(r, part);
    true_set(r, part);
    if (!params_read(r, part))
        return false;
    part->whole_n = (size_t)(r->at - part->whole);
    part->next = r->out->parts_n;
    return true;
}

bool structured_read(const char *text, size_t n, struct structured *ret_s)
{
    struct reader r = {.at = text, .end = text + n, .out = ret_s};

    ret_s->parts_n = 0;
    if (n > STRUCTURED_BYTES_MAX)
        return false;
    skip_spaces(&r);
    while (r.at < r.end) {
        if (!member_read(&r))
            return false;
        skip_white(&r);
        if (r.at == r.end)
            return true;
        if (!take(&r, ','))
            return false;
        skip_white(&r);
        if (r.at == r.end) /* a comma with nothing behind it */
            return false;
    }
    return true;
}

/* --- looking ---------------------------------------------------------------------------------- */

bool structured_is_key(const struct structured_part *part, const char *key)
{
    return part->key_n == strlen(key) && !memcmp(part->key, key, part->key_n);
}

const struct structured_part *structured_member(const struct structured *s, const char *key)
{
    for (unsigned i = 0; i < s->parts_n; i = s->parts[i].next)
        if (structured_is_key(&s->parts[i], key))
            return &s->parts[i];
    return NULL;
}

const struct structured_part *structured_item(const struct structured *s,
                                              const struct structured_part *list, unsigned i)
{
    const struct structured_part *item = list + 1;

    while (i-- > 0)
        item = &s->parts[item->next];
    return item;
}

const struct structured_part *structured_param(const struct structured *s,
                                               const struct structured_part *of, unsigned i)
{
    return structured_item(s, of, of->items_n) + i;
}

bool structured_string(const struct structured_part *part, char *out, size_t out_bytes)
{
    size_t n = 0;

    if (part->kind != STRUCTURED_STRING)
        return false;
    for (size_t i = 0; i < part->text_n; i++) {
        if (n + 1 >= out_bytes)
            return false;
        i += part->text[i] == '\\';
        out[n++] = part->text[i];
    }
    out[n] = '\0';
    return true;
}

bool structured_binary(const struct structured_part *part, uint8_t *out, size_t max, size_t *ret_n)
{
    uint8_t bytes[STRUCTURED_BINARY_MAX];
    size_t n;

    if (part->kind != STRUCTURED_BINARY || max > sizeof bytes ||
        sodium_base642bin(bytes, max, part->text, part->text_n, NULL, &n, NULL,
                          sodium_base64_VARIANT_ORIGINAL))
        return false;
    memcpy(out, bytes, n);
    *ret_n = n;
    return true;
}
