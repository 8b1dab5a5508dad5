/* Any bytes as the headers of a signed request: the first line is Signature-Input, the second one
 * Signature, the third one Content-Digest; the rest is a body. What must hold:
 *   - nothing is read beyond the input, and what is read lies within it;
 *   - what belongs together stands together, and positions only go forward;
 *   - nothing passes as signed by a key that signed nothing;
 *   - a private key in PEM has exactly one form. */
#include "protocol/digest.h"
#include "protocol/signature.h"
#include "protocol/signing_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

struct line {
    char *text; /* owned, exactly n bytes, so that the sanitizer sees a step beyond it */
    size_t n;
};

static struct line line_take(const uint8_t **at, size_t *left)
{
    const uint8_t *end = *left ? memchr(*at, '\n', *left) : NULL;
    struct line line = {.n = end ? (size_t)(end - *at) : *left};

    line.text = malloc(line.n ? line.n : 1);
    must(line.text);
    if (line.n)
        memcpy(line.text, *at, line.n);
    *left -= line.n + (end != NULL);
    *at += line.n + (end != NULL);
    return line;
}

static void check_part(const struct line *line, const struct structured *s,
                       const struct structured_part *part)
{
    const char *end = line->text + line->n;
    char text[STRUCTURED_BYTES_MAX + 1];
    uint8_t bytes[STRUCTURED_BINARY_MAX];
    size_t bytes_n;

    must(part->next > (unsigned)(part - s->parts) && part->next <= s->parts_n);
    must(part->text >= line->text && part->text + part->text_n <= end);
    must(part->whole >= line->text && part->whole + part->whole_n <= end);
    must(!part->key || (part->key >= line->text && part->key_n && part->key + part->key_n <= end));
    if (part->kind == STRUCTURED_STRING)
        must(structured_string(part, text, sizeof text) && strlen(text) <= part->text_n);
    if (structured_binary(part, bytes, sizeof bytes, &bytes_n))
        must(part->kind == STRUCTURED_BINARY && bytes_n <= sizeof bytes);
}

static void check_structured(const struct line *line)
{
    static struct structured s;

    if (!structured_read(line->text, line->n, &s))
        return;
    must(s.parts_n <= STRUCTURED_PARTS_MAX);
    for (unsigned i = 0; i < s.parts_n; i++) {
        const struct structured_part *part = &s.parts[i];

        check_part(line, &s, part);
        for (unsigned k = 0; k < part->items_n; k++)
            must(structured_item(&s, part, k) < s.parts + part->next &&
                 !structured_item(&s, part, k)->key);
        for (unsigned k = 0; k < part->params_n; k++)
            must(structured_param(&s, part, k) < s.parts + part->next &&
                 structured_param(&s, part, k)->key);
    }
}

static void check_signature(const struct line *given, const struct line *sig)
{
    /* The base point times 1: a key that nobody has signed anything with. */
    static const uint8_t seed[SIGNING_SEED_BYTES] = {9};
    static const struct signature_field fields[] = {
        {{"content-type", 12}, {"application/json", 16}},
        {{"x-a", 3},           {"", 0}                 }
    };
    static const struct signature_message m = {
        .method = "GET",
        .authority = {"a", 1},
        .path = {"/", 1},
        .query = {"",  0},
        .fields = fields,
        .fields_n = 2
    };
    static struct signature s;
    uint8_t public_key[SIGNING_PUBLIC_BYTES];
    BUF_AUTO struct buf base = {0};

    if (!signature_read(given->text, given->n, sig->text, sig->n, SIGNATURE_LABEL, &s))
        return;
    must(strlen(s.keyid) < sizeof s.keyid && strlen(s.nonce) < sizeof s.nonce);
    if (signature_check(&s, &m, 1764000000) == SIGNATURE_GOOD)
        must(s.created_s <= 1764000030 && s.expires_s >= 1764000000 && *s.keyid);
    if (signature_base(&s, &m, &base)) {
        signing_key_public(seed, public_key);
        must(!signature_verify(&s, &base, public_key));
    }
}

static void check_digest(const struct line *line, const uint8_t *body, size_t n)
{
    struct digest d;
    char own[DIGEST_TEXT_BYTES];

    if (digest_read(line->text, line->n, &d)) {
        must(d.has_256 || d.has_512);
        digest_update(&d, body, n);
        (void)digest_fits(&d);
    }
    digest_write(body, n, own);
    must(digest_read(own, strlen(own), &d));
    digest_update(&d, body, n);
    must(digest_fits(&d));
}

static void check_pem(const char *text, size_t n)
{
    uint8_t seed[SIGNING_SEED_BYTES];
    char again[SIGNING_PEM_BYTES];

    if (!signing_key_read_pem(text, n, seed))
        return;
    signing_key_pem(seed, again);
    must(n <= strlen(again) && n + 1 >= strlen(again) && !memcmp(text, again, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    const uint8_t *at = input;
    size_t left = n;
    struct line lines[3];

    must(sodium_init() >= 0);
    check_pem((const char *)input, n);
    for (unsigned i = 0; i < 3; i++) {
        lines[i] = line_take(&at, &left);
        check_structured(&lines[i]);
    }
    check_signature(&lines[0], &lines[1]);
    check_digest(&lines[2], at, left);
    for (unsigned i = 0; i < 3; i++)
        free(lines[i].text);
    return 0;
}
