/* liaison-verify: is an audit log what was signed? For whoever trusts neither the service nor its
 * programs: one file, nothing of the rest of Liaison, libsodium alone.
 *
 *   liaison-verify KEY DIR [CHECKPOINT..]
 *
 * KEY is the line that `liaison keys audit` printed. DIR has `leaves` and `checkpoints`.
 * CHECKPOINTs are files with notes that were kept elsewhere: with them also a log that was cut off,
 * or written anew and signed anew, does not pass. Formats: RFC 6962 section 2.1, C2SP signed-note
 * and tlog-checkpoint. Exit 0: good; 1: not, with the reason; 2: usage. */
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH = crypto_hash_sha256_BYTES, SIGNED = 4 + crypto_sign_BYTES };

struct head {
    unsigned long long size;
    unsigned char root[HASH];
    const char *from; /* which file */
    bool met;
};

static struct head *heads;
static size_t heads_n;
static char name[256];
static unsigned char key[32], key_id[4];

static int bad(const char *what, const char *where)
{
    fprintf(stderr, "liaison-verify: %s: %s\n", where, what);
    return 1;
}

/* One spelling only: what decodes must be what encoding gives. */
static bool decode(const char *text, unsigned char *out, size_t n)
{
    char again[128];
    size_t is = 0;

    return strlen(text) < sizeof again &&
           sodium_base642bin(out, n, text, strlen(text), NULL, &is, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           is == n &&
           strcmp(sodium_bin2base64(again, sizeof again, out, n, sodium_base64_VARIANT_ORIGINAL),
                  text) == 0;
}

static bool key_take(char *text)
{
    unsigned char material[33], hash[HASH];
    char *middle = strchr(text, '+'); /* base64 has more of them */
    char *last = middle ? strchr(middle + 1, '+') : NULL;
    char id[9], message[300];
    size_t n;

    if (!last)
        return false;
    *last = '\0';
    if (middle == text || strlen(middle + 1) != 8 || middle - text > 200)
        return false;
    *middle = '\0';
    if (!decode(last + 1, material, sizeof material) || material[0] != 1)
        return false;
    n = (size_t)snprintf(message, sizeof message, "%s\n", text);
    memcpy(message + n, material, sizeof material);
    crypto_hash_sha256(hash, (unsigned char *)message, n + sizeof material);
    memcpy(key_id, hash, 4);
    memcpy(key, material + 1, sizeof key);
    snprintf(name, sizeof name, "%s", text);
    return strcmp(sodium_bin2hex(id, sizeof id, key_id, 4), middle + 1) == 0;
}

/* Five lines: name, size, root, nothing, signature. 1: read; 0: the file is at its end; -1: bad. */
static int note_take(FILE *f, const char *from)
{
    char text[5][256], body[900], again[32];
    struct head head = {.from = from};
    unsigned char blob[SIGNED];
    size_t begin;

    for (int i = 0; i < 5; i++) {
        size_t n;

        if (!fgets(text[i], sizeof text[i], f))
            return i || ferror(f) ? -1 : 0;
        n = strlen(text[i]);
        if (n == 0 || text[i][n - 1] != '\n')
            return -1;
        text[i][n - 1] = '\0';
    }
    head.size = strtoull(text[1], NULL, 10);
    snprintf(again, sizeof again, "%llu", head.size);
    snprintf(body, sizeof body, "\xe2\x80\x94 %s ", name);
    begin = strlen(body);
    if (strcmp(text[0], name) || strcmp(again, text[1]) || !decode(text[2], head.root, HASH) ||
        text[3][0] || strncmp(text[4], body, begin) || !decode(text[4] + begin, blob, SIGNED) ||
        memcmp(blob, key_id, 4))
        return -1;
    snprintf(body, sizeof body, "%s\n%s\n%s\n", text[0], text[1], text[2]);
    if (crypto_sign_verify_detached(blob + 4, (unsigned char *)body, strlen(body), key))
        return -1;
    heads = realloc(heads, (heads_n + 1) * sizeof *heads);
    if (!heads)
        abort();
    heads[heads_n++] = head;
    return 1;
}

static int notes_read(const char *path)
{
    unsigned long long before = 0;
    FILE *f = fopen(path, "rb");
    int got;

    if (!f)
        return bad("cannot be opened", path);
    while ((got = note_take(f, path)) == 1) {
        if (heads[heads_n - 1].size < before)
            got = -1;
        before = heads[heads_n - 1].size;
        if (got < 0)
            break;
    }
    fclose(f);
    return got < 0 ? bad("a checkpoint is not signed by this key, altered, or out of order", path)
                   : 0;
}

/* The right edge: at most 64 hashes, one for each bit of the size. */
static unsigned char edge[64][HASH];

static void join(const unsigned char *left, const unsigned char *right, unsigned char *out)
{
    unsigned char bytes[1 + 2 * HASH];

    bytes[0] = 1;
    memcpy(bytes + 1, left, HASH);
    memcpy(bytes + 1 + HASH, right, HASH);
    crypto_hash_sha256(out, bytes, sizeof bytes);
}

static void grow(unsigned long long size, const char *leaf, size_t n)
{
    unsigned char hash[HASH];
    crypto_hash_sha256_state state;
    int i = 0;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)"", 1);
    crypto_hash_sha256_update(&state, (const unsigned char *)leaf, n);
    crypto_hash_sha256_final(&state, hash);
    while (size >> i & 1)
        join(edge[i++], hash, hash);
    memcpy(edge[i], hash, HASH);
}

static bool fits(unsigned long long size, const struct head *head)
{
    unsigned char root[HASH];
    bool any = false;

    crypto_hash_sha256(root, (const unsigned char *)"", 0);
    for (int i = 0; i < 64; i++)
        if (size >> i & 1) {
            if (any)
                join(edge[i], root, root);
            else
                memcpy(root, edge[i], HASH);
            any = true;
        }
    return memcmp(root, head->root, HASH) == 0;
}

static int compare(unsigned long long size)
{
    for (size_t i = 0; i < heads_n; i++)
        if (heads[i].size == size && !heads[i].met) {
            if (!fits(size, &heads[i]))
                return bad("the leaves are not those of a checkpoint", heads[i].from);
            heads[i].met = true;
        }
    return 0;
}

static int by_size(const void *a, const void *b)
{
    const struct head *x = a, *y = b;

    return x->size < y->size ? -1 : x->size > y->size;
}

static int leaves_read(const char *path)
{
    unsigned long long size = 0;
    size_t next = 0, room = 0;
    char *line = NULL;
    ssize_t n;
    FILE *f = fopen(path, "rb");
    int code = f ? compare(0) : bad("cannot be opened", path);

    qsort(heads, heads_n, sizeof *heads, by_size);
    while (code == 0 && (n = getline(&line, &room, f)) > 0 && line[n - 1] == '\n') {
        grow(size++, line, (size_t)n - 1);
        while (next < heads_n && heads[next].size < size)
            next++;
        if (next < heads_n && heads[next].size == size)
            code = compare(size);
    }
    for (size_t i = 0; code == 0 && i < heads_n; i++)
        if (!heads[i].met)
            code = bad("has more leaves than there are: the log was cut off", heads[i].from);
    if (f)
        fclose(f);
    free(line);
    if (code == 0)
        printf("good: %llu leaves, %llu of them under %zu checkpoints\n", size,
               heads_n ? heads[heads_n - 1].size : 0, heads_n);
    return code;
}

int main(int argc, char **argv)
{
    char path[4096];
    int code;

    if (argc < 3) {
        fputs("usage: liaison-verify KEY DIR [CHECKPOINT..]\n", stderr);
        return 2;
    }
    if (sodium_init() < 0)
        return 1;
    if (!key_take(argv[1])) {
        fputs("liaison-verify: KEY is <name>+<8 hex>+<base64>\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/checkpoints", argv[2]);
    code = notes_read(path);
    for (int i = 3; code == 0 && i < argc; i++)
        code = notes_read(argv[i]);
    snprintf(path, sizeof path, "%s/leaves", argv[2]);
    if (code == 0)
        code = leaves_read(path);
    free(heads);
    return code;
}
