#include "cli/signer.h"

#include "base/clock.h"
#include "cli/private_file.h"
#include "protocol/digest.h"
#include "protocol/signature.h"

#include <curl/curl.h>
#include <sodium.h>
#include <string.h>

enum err_code signer_text_read(const char *path, struct signer_text *ret_signer, struct err *e)
{
    struct signer_text s = {0};
    uint8_t public_key[SIGNING_PUBLIC_BYTES];
    char *text = NULL;
    bool is_key;

    if (private_file_read(path, &text, e) != ERR_OK)
        return ERR_CONFIG;
    s.seed = sodium_malloc(SIGNING_SEED_BYTES);
    if (!s.seed)
        bug("no guarded memory");
    is_key = signing_key_read_pem(text, strlen(text), s.seed);
    sodium_free(text);
    if (!is_key) {
        signer_text_clear(&s);
        return err_set(e, ERR_CONFIG, "%.150s holds no Ed25519 key; liaison keygen makes one",
                       path);
    }
    signing_key_public(s.seed, public_key);
    signing_key_id(public_key, s.id);
    *ret_signer = s;
    return ERR_OK;
}

void signer_text_clear(struct signer_text *s)
{
    sodium_free(s->seed);
    *s = (struct signer_text){0};
}

/* What of a URL is covered, as it goes over the wire. */
struct address {
    struct buf authority;
    char *path, *query; /* owned by curl */
};

static void address_clear(struct address *a)
{
    buf_clear(&a->authority);
    curl_free(a->path);
    curl_free(a->query);
}

static bool address_read(const char *url, struct address *a)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    char *port = NULL;
    bool is_good = parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
                   !curl_url_get(parts, CURLUPART_HOST, &host, 0) &&
                   !curl_url_get(parts, CURLUPART_PATH, &a->path, 0);

    if (is_good) {
        buf_add_text(&a->authority, host);
        if (!curl_url_get(parts, CURLUPART_PORT, &port, 0))
            buf_printf(&a->authority, ":%s", port);
        (void)curl_url_get(parts, CURLUPART_QUERY, &a->query, 0); /* NULL where there is none */
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return is_good;
}

static struct signature_slice slice_of(const char *text)
{
    return (struct signature_slice){text ? text : "", text ? strlen(text) : 0};
}

enum { FIELDS_MAX = 3 };

/* value NULL: the request has no such header. */
static void field_add(struct signature_field *fields, size_t *n, const char *name,
                      const char *value)
{
    if (!value)
        return;
    fields[*n].name = slice_of(name);
    fields[*n].value = slice_of(value);
    ++*n;
}

enum err_code signer_sign(const struct signer_text *s, const struct signer_message *m,
                          struct buf *input, struct buf *sig, struct buf *digest, struct err *e)
{
    struct address address = {.path = NULL};
    char text[DIGEST_TEXT_BYTES];
    struct signature_field fields[FIELDS_MAX];
    struct signature_message message = {
        .method = m->method, .fields = fields, .has_body = m->body_n > 0};

    if (!address_read(m->url, &address)) {
        address_clear(&address);
        return err_set(e, ERR_CONFIG, "\"%.150s\" is no http or https address", m->url);
    }
    if (m->body_n)
        buf_add_text(digest, digest_write(m->body, m->body_n, text));
    field_add(fields, &message.fields_n, "content-type", m->content_type);
    field_add(fields, &message.fields_n, "idempotency-key", m->idempotency_key);
    field_add(fields, &message.fields_n, "content-digest", m->body_n ? text : NULL);
    message.authority = slice_of(buf_text(&address.authority));
    message.path = slice_of(address.path);
    message.query = slice_of(address.query);
    signature_write(&message, s->id, s->seed, clock_now_ms() / 1000, input, sig);
    address_clear(&address);
    return ERR_OK;
}
