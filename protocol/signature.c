#include "protocol/signature.h"

#include "base/err.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

const char *const signature_fault_words[] = {[SIGNATURE_GOOD] = "",
                                             [SIGNATURE_MALFORMED] = "malformed",
                                             [SIGNATURE_COMPONENTS] = "components",
                                             [SIGNATURE_PARAMETERS] = "parameters",
                                             [SIGNATURE_TIME] = "time",
                                             [SIGNATURE_KEY] = "key",
                                             [SIGNATURE_WRONG] = "wrong",
                                             [SIGNATURE_DIGEST] = "digest",
                                             [SIGNATURE_REPLAYED] = "replayed",
                                             [SIGNATURE_MISSING] = "missing",
                                             [SIGNATURE_TWO] = "two",
                                             [SIGNATURE_AUTHORITY] = "authority",
                                             [SIGNATURE_FAULTS_N] = NULL};

/* What must be covered, in the order in which we write it. */
static const struct component {
    const char *name;
    bool is_always; /* else where the request has that header, or a body */
} components[] = {
    {"@method",         true },
    {"@authority",      true },
    {"@path",           true },
    {"@query",          true },
    {"content-digest",  false},
    {"content-type",    false},
    {"idempotency-key", false},
};

enum { COMPONENTS_N = sizeof components / sizeof components[0] };

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_text(const struct structured_part *part, const char *text)
{
    return part->kind == STRUCTURED_STRING && part->text_n == strlen(text) &&
           !memcmp(part->text, text, part->text_n);
}

static bool time_read(const struct structured_part *part, int64_t *ret_s)
{
    if (part->kind != STRUCTURED_INTEGER || part->number <= 0)
        return false;
    *ret_s = part->number;
    return true;
}

/* False: it is known, and of a wrong form. */
static bool param_read(const struct structured_part *part, struct signature *s)
{
    if (structured_is_key(part, "created"))
        return time_read(part, &s->created_s);
    if (structured_is_key(part, "expires"))
        return time_read(part, &s->expires_s);
    if (structured_is_key(part, "nonce"))
        return structured_string(part, s->nonce, sizeof s->nonce);
    if (structured_is_key(part, "keyid"))
        return structured_string(part, s->keyid, sizeof s->keyid);
    if (structured_is_key(part, "alg"))
        return structured_string(part, s->alg, sizeof s->alg);
    if (structured_is_key(part, "tag"))
        return structured_string(part, s->tag, sizeof s->tag);
    s->is_known = false;
    return true;
}

static const struct structured_part *covered(const struct signature *s)
{
    return &s->input.parts[s->member];
}

static bool components_read(struct signature *s)
{
    const struct structured_part *list = covered(s);

    for (unsigned i = 0; i < list->items_n; i++) {
        const struct structured_part *item = structured_item(&s->input, list, i);

        if (item->kind != STRUCTURED_STRING)
            return false;
        s->is_plain &= item->params_n == 0;
        for (unsigned k = 0; k < i; k++) {
            const struct structured_part *other = structured_item(&s->input, list, k);

            s->is_plain &=
                item->text_n != other->text_n || memcmp(item->text, other->text, item->text_n) != 0;
        }
    }
    return true;
}

static bool bytes_read(const char *sig, size_t sig_n, const char *label, struct signature *s)
{
    struct structured field;
    const struct structured_part *member;
    size_t n = 0;

    if (!structured_read(sig, sig_n, &field))
        return false;
    member = structured_member(&field, label);
    return member && member->next == field.parts_n && member == field.parts &&
           member->params_n == 0 && structured_binary(member, s->bytes, sizeof s->bytes, &n) &&
           n == sizeof s->bytes;
}

bool signature_read(const char *input, size_t input_n, const char *sig, size_t sig_n,
                    const char *label, struct signature *ret_signature)
{
    struct signature *s = ret_signature;
    const struct structured_part *member;

    memset(s, 0, sizeof *s);
    s->is_known = s->is_plain = true;
    if (!structured_read(input, input_n, &s->input))
        return false;
    member = structured_member(&s->input, label);
    if (!member || member->kind != STRUCTURED_LIST || member != s->input.parts ||
        member->next != s->input.parts_n)
        return false;
    s->member = 0;
    for (unsigned i = 0; i < member->params_n; i++)
        if (!param_read(structured_param(&s->input, member, i), s))
            return false;
    return components_read(s) && bytes_read(sig, sig_n, label, s);
}

/* --- the profile ------------------------------------------------------------------------------ */

static const struct signature_field *field_find(const struct signature_message *m, const char *name,
                                                size_t n)
{
    for (size_t i = 0; i < m->fields_n; i++)
        if (m->fields[i].name.n == n && !strncasecmp(m->fields[i].name.text, name, n))
            return &m->fields[i];
    return NULL;
}

static bool is_covered(const struct signature *s, const char *name)
{
    const struct structured_part *list = covered(s);

    for (unsigned i = 0; i < list->items_n; i++)
        if (is_text(structured_item(&s->input, list, i), name))
            return true;
    return false;
}

static bool is_due(const struct component *c, const struct signature_message *m)
{
    return c->is_always || m->has_body || field_find(m, c->name, strlen(c->name));
}

static bool nonce_fits(const char *nonce)
{
    uint8_t bytes[SIGNATURE_NONCE_BYTES];
    size_t n;

    return !sodium_base642bin(bytes, sizeof bytes, nonce, strlen(nonce), NULL, &n, NULL,
                              sodium_base64_VARIANT_ORIGINAL) &&
           n >= SIGNATURE_NONCE_MIN;
}

enum signature_fault signature_check(const struct signature *s, const struct signature_message *m,
                                     int64_t now_s)
{
    for (unsigned i = 0; i < COMPONENTS_N; i++)
        if (is_due(&components[i], m) && !is_covered(s, components[i].name))
            return SIGNATURE_COMPONENTS;
    if (!s->is_plain)
        return SIGNATURE_COMPONENTS;
    if (!s->is_known || !s->created_s || !s->expires_s || !*s->keyid ||
        strcmp(s->alg, "ed25519") != 0 || strcmp(s->tag, SIGNATURE_TAG) != 0 ||
        !nonce_fits(s->nonce))
        return SIGNATURE_PARAMETERS;
    if (s->expires_s <= s->created_s || s->expires_s - s->created_s > SIGNATURE_VALID_S ||
        s->created_s > now_s + SIGNATURE_SKEW_S || s->expires_s < now_s)
        return SIGNATURE_TIME;
    return SIGNATURE_GOOD;
}

/* --- the base --------------------------------------------------------------------------------- */

static bool ends_with(const struct signature_slice *s, const char *end)
{
    size_t n = strlen(end);

    return s->n > n && !memcmp(s->text + s->n - n, end, n);
}

/* In small letters, without the port that its scheme has anyway (RFC 9421 section 2.2.3). Which
 * scheme the client spoke is not known behind a front, so both ports count as such. */
static void authority_add(struct buf *out, struct signature_slice authority)
{
    if (ends_with(&authority, ":443"))
        authority.n -= 4;
    else if (ends_with(&authority, ":80"))
        authority.n -= 3;
    for (size_t i = 0; i < authority.n; i++) {
        char c = authority.text[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        buf_add(out, &c, 1);
    }
}

/* All fields of that name, parted by a comma and a space (section 2.1). */
static bool fields_add(struct buf *out, const struct signature_message *m, const char *name,
                       size_t n)
{
    unsigned found = 0;

    for (size_t i = 0; i < n; i++)
        if (name[i] >= 'A' && name[i] <= 'Z')
            return false;
    for (size_t i = 0; i < m->fields_n; i++) {
        const struct signature_field *field = &m->fields[i];

        if (field->name.n != n || strncasecmp(field->name.text, name, n) != 0)
            continue;
        if (found++)
            buf_add_text(out, ", ");
        buf_add(out, field->value.text, field->value.n);
    }
    return found > 0;
}

static bool value_add(struct buf *out, const struct signature_message *m,
                      const struct structured_part *item)
{
    if (is_text(item, "@method")) {
        buf_add_text(out, m->method);
    } else if (is_text(item, "@authority")) {
        authority_add(out, m->authority);
    } else if (is_text(item, "@path")) {
        buf_add(out, m->path.text, m->path.n);
    } else if (is_text(item, "@query")) {
        buf_add_text(out, "?");
        buf_add(out, m->query.text, m->query.n);
    } else {
        return item->text_n && *item->text != '@' && fields_add(out, m, item->text, item->text_n);
    }
    return true;
}

bool signature_base(const struct signature *s, const struct signature_message *m, struct buf *out)
{
    const struct structured_part *list = covered(s);

    for (unsigned i = 0; i < list->items_n; i++) {
        const struct structured_part *item = structured_item(&s->input, list, i);

        buf_add(out, item->whole, item->whole_n);
        buf_add_text(out, ": ");
        if (item->params_n || !value_add(out, m, item))
            return false;
        buf_add_text(out, "\n");
    }
    buf_add_text(out, "\"@signature-params\": ");
    buf_add(out, list->whole, list->whole_n);
    return true;
}

bool signature_verify(const struct signature *s, const struct buf *base,
                      const uint8_t public_key[SIGNATURE_PUBLIC_BYTES])
{
    return crypto_sign_verify_detached(s->bytes, (const uint8_t *)buf_text(base), base->bytes,
                                       public_key) == 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void input_write(const struct signature_message *m, const char *keyid, int64_t now_s,
                        struct buf *input)
{
    uint8_t random[24];
    char nonce[33];
    const char *space = "";

    buf_add_text(input, SIGNATURE_LABEL "=(");
    for (unsigned i = 0; i < COMPONENTS_N; i++)
        if (is_due(&components[i], m)) {
            buf_printf(input, "%s\"%s\"", space, components[i].name);
            space = " ";
        }
    randombytes_buf(random, sizeof random);
    sodium_bin2base64(nonce, sizeof nonce, random, sizeof random, sodium_base64_VARIANT_ORIGINAL);
    buf_printf(input,
               ");created=%lld;expires=%lld;nonce=\"%s\";keyid=\"%s\";alg=\"ed25519\";tag=\"%s\"",
               (long long)now_s, (long long)now_s + SIGNATURE_VALID_S, nonce, keyid, SIGNATURE_TAG);
}

void signature_write(const struct signature_message *m, const char *keyid,
                     const uint8_t seed[SIGNATURE_SEED_BYTES], int64_t now_s, struct buf *input,
                     struct buf *sig)
{
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    uint8_t bytes[SIGNATURE_BYTES];
    char text[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    BUF_AUTO struct buf base = {0};
    struct signature s = {.member = 0};

    input_write(m, keyid, now_s, input);
    if (!structured_read(buf_text(input), input->bytes, &s.input) || !signature_base(&s, m, &base))
        bug("a message that cannot be signed");
    crypto_sign_seed_keypair(public_key, secret, seed);
    crypto_sign_detached(bytes, NULL, (const uint8_t *)buf_text(&base), base.bytes, secret);
    sodium_memzero(secret, sizeof secret);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
    buf_printf(sig, SIGNATURE_LABEL "=:%s:", text);
}
