#include "protocol/note.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DASH "\xe2\x80\x94 "
#define PRIVATE "PRIVATE+KEY+"
enum { ED25519 = 1, BASE64 = sodium_base64_VARIANT_ORIGINAL };

/* Exactly n bytes (at most 68), written in the one canonical way: libsodium 1.0.18 also takes bytes
 * above 0x7f for digits. */
static bool base64_read(const char *text, uint8_t *out, size_t n)
{
    char again[104];
    size_t is;

    return !sodium_base642bin(out, n, text, strlen(text), NULL, &is, NULL, BASE64) && is == n &&
           !strcmp(sodium_bin2base64(again, sizeof again, out, n, BASE64), text);
}

static void id_make(struct note_key *key)
{
    static const uint8_t between[2] = {'\n', ED25519};
    crypto_hash_sha256_state state;
    uint8_t hash[32];

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const uint8_t *)key->name, strlen(key->name));
    crypto_hash_sha256_update(&state, between, sizeof between);
    crypto_hash_sha256_update(&state, key->pub, sizeof key->pub);
    crypto_hash_sha256_final(&state, hash);
    memcpy(key->id, hash, sizeof key->id);
}

static bool name_set(struct note_key *key, const char *name, size_t n)
{
    if (n == 0 || n >= sizeof key->name)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] <= 0x20 || name[i] == 0x7f || name[i] == '+')
            return false;
    memcpy(key->name, name, n);
    key->name[n] = '\0';
    return true;
}

bool note_key_new(const char *name, struct note_key *ret_key)
{
    struct note_key key = {.name = ""};

    if (!name_set(&key, name, strlen(name)))
        return false;
    crypto_sign_keypair(key.pub, key.secret);
    id_make(&key);
    *ret_key = key;
    sodium_memzero(&key, sizeof key);
    return true;
}

/* rest: "<name>+<id>+<base64>" */
static bool parts_read(const char *rest, struct note_key *key, uint8_t material[33], char id[9])
{
    const char *first = strchr(rest, '+');
    const char *second = first ? strchr(first + 1, '+') : NULL;

    if (!second || second - first != 9 || !name_set(key, rest, (size_t)(first - rest)))
        return false;
    memcpy(id, first + 1, 8);
    id[8] = '\0';
    return base64_read(second + 1, material, 33) && material[0] == ED25519;
}

bool note_key_read(const char *text, struct note_key *ret_key)
{
    bool is_private = !strncmp(text, PRIVATE, sizeof PRIVATE - 1);
    struct note_key key = {.name = ""};
    uint8_t material[33];
    char id[9], is[9];
    bool good = parts_read(is_private ? text + sizeof PRIVATE - 1 : text, &key, material, id);

    if (good && is_private)
        crypto_sign_seed_keypair(key.pub, key.secret, material + 1);
    else if (good)
        memcpy(key.pub, material + 1, sizeof key.pub);
    if (good) {
        id_make(&key);
        good = !strcmp(sodium_bin2hex(is, sizeof is, key.id, sizeof key.id), id);
    }
    if (good)
        *ret_key = key;
    sodium_memzero(material, sizeof material);
    sodium_memzero(&key, sizeof key);
    return good;
}

void note_key_text(const struct note_key *key, bool is_private, char *out)
{
    uint8_t material[33] = {ED25519};
    char base64[64], id[9];

    if (is_private)
        crypto_sign_ed25519_sk_to_seed(material + 1, key->secret);
    else
        memcpy(material + 1, key->pub, sizeof key->pub);
    sodium_bin2base64(base64, sizeof base64, material, sizeof material, BASE64);
    snprintf(out, NOTE_KEY_BYTES, "%s%s+%s+%s", is_private ? PRIVATE : "", key->name,
             sodium_bin2hex(id, sizeof id, key->id, sizeof key->id), base64);
    sodium_memzero(material, sizeof material);
    sodium_memzero(base64, sizeof base64);
}

static void body_write(const char *origin, const struct checkpoint *c, struct buf *out)
{
    char root[64];

    sodium_bin2base64(root, sizeof root, c->root, sizeof c->root, BASE64);
    buf_printf(out, "%s\n%llu\n%s\n", origin, (unsigned long long)c->size, root);
}

void note_write(const struct note_key *key, const struct checkpoint *c, struct buf *out)
{
    BUF_AUTO struct buf body = {0};
    uint8_t blob[4 + crypto_sign_BYTES];
    char base64[104];

    body_write(key->name, c, &body);
    memcpy(blob, key->id, 4);
    crypto_sign_detached(blob + 4, NULL, (const uint8_t *)body.text, body.bytes, key->secret);
    sodium_bin2base64(base64, sizeof base64, blob, sizeof blob, BASE64);
    buf_printf(out, "%s\n" DASH "%s %s\n", body.text, key->name, base64);
}

/* Takes what stands up to the next line feed; NULL: none. */
static char *line_take(char **at)
{
    char *line = *at;
    char *end = line ? strchr(line, '\n') : NULL;

    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

static bool digits_read(const char *text, uint64_t *ret_n)
{
    size_t n = strspn(text, "0123456789");

    if (n == 0 || n > 18 || text[n] || (*text == '0' && n > 1))
        return false;
    *ret_n = strtoull(text, NULL, 10);
    return true;
}

static bool is_signed(const char *line, const struct note_key *key, const struct buf *body)
{
    char begin[sizeof DASH + NOTE_NAME_BYTES + 1];
    uint8_t blob[4 + crypto_sign_BYTES];

    snprintf(begin, sizeof begin, DASH "%s ", key->name);
    if (strncmp(line, begin, strlen(begin)) != 0)
        return false;
    line += strlen(begin);
    return base64_read(line, blob, sizeof blob) && !memcmp(blob, key->id, 4) &&
           !crypto_sign_verify_detached(blob + 4, (const uint8_t *)body->text, body->bytes,
                                        key->pub);
}

size_t note_read(const char *text, size_t n, const struct note_key *key,
                 struct checkpoint *ret_checkpoint)
{
    char copy[NOTE_BYTES_MAX + 1];
    char *at = copy;
    char *lines[5];
    BUF_AUTO struct buf body = {0};
    struct checkpoint c;

    if (n > NOTE_BYTES_MAX)
        n = NOTE_BYTES_MAX;
    if (memchr(text, '\0', n))
        return 0;
    memcpy(copy, text, n);
    copy[n] = '\0';
    for (unsigned i = 0; i < 5; i++)
        if (!(lines[i] = line_take(&at)))
            return 0;
    if (strcmp(lines[0], key->name) != 0 || !digits_read(lines[1], &c.size) ||
        !base64_read(lines[2], c.root, sizeof c.root) || *lines[3])
        return 0;
    body_write(key->name, &c, &body); /* there is one way to write it, and this must be it */
    if (strncmp(body.text, text, body.bytes) != 0 || !is_signed(lines[4], key, &body))
        return 0;
    *ret_checkpoint = c;
    return (size_t)(at - copy);
}
