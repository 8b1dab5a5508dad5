#include "routing/lexicon.h"

#include "routing/lexicon_inside.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct tongue {
    const unsigned char *buckets, *entries; /* borrowed */
    uint32_t bucket_bits, entries_n;
};

struct lexicon {
    const char *about;          /* borrowed */
    const unsigned char *stems; /* borrowed */
    uint32_t stems_n;
    uint64_t mark;
    struct tongue tongues[LANGUAGES_N];
};

static uint32_t read_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t read_u64(const unsigned char *p)
{
    return read_u32(p) | (uint64_t)read_u32(p + 4) << 32;
}

/* --- opening --------------------------------------------------------------------------- */

/* count things of size bytes from offset at lie behind the header and within the file. */
static bool lies_within(size_t n, uint32_t at, uint64_t count, uint64_t size)
{
    return at >= LEXICON_HEADER_BYTES && at <= n && count <= (n - at) / size;
}

static bool sense_is_sound(uint32_t sense, uint32_t stems_n)
{
    return sense >> LEXICON_WEIGHT_SHIFT == 0 ||
           (sense & ((1U << LEXICON_STEM_BITS) - 1)) < stems_n;
}

static bool tongue_is_sound(const struct tongue *t, uint32_t stems_n)
{
    uint32_t before = 0;

    for (uint64_t i = 0; i <= UINT64_C(1) << t->bucket_bits; i++) {
        uint32_t first = read_u32(t->buckets + 4 * i);
        if (first < before || (i == 0 && first != 0))
            return false;
        before = first;
    }
    if (before != t->entries_n)
        return false;
    for (uint32_t i = 0; i < t->entries_n; i++) {
        const unsigned char *entry = t->entries + (size_t)i * LEXICON_ENTRY_BYTES;
        uint32_t longest =
            read_u32(entry + 4) >> LEXICON_STEM_BITS & ((1U << LEXICON_LONGEST_BITS) - 1);
        if (read_u32(entry + 4) >> LEXICON_WEIGHT_SHIFT < read_u32(entry + 8) >>
                LEXICON_WEIGHT_SHIFT ||
            longest >= LEXICON_TOKENS_MAX || !sense_is_sound(read_u32(entry + 4), stems_n) ||
            !sense_is_sound(read_u32(entry + 8), stems_n))
            return false;
    }
    return true;
}

static bool tongue_open(const unsigned char *bytes, size_t n, int language, struct lexicon *x)
{
    const unsigned char *row = bytes + LEXICON_AT_TONGUES + language * LEXICON_TONGUE_BYTES;
    struct tongue *t = &x->tongues[language];
    uint32_t buckets_at = read_u32(row), entries_at = read_u32(row + 8);

    t->bucket_bits = read_u32(row + 4);
    t->entries_n = read_u32(row + 12);
    if (t->bucket_bits > LEXICON_BUCKET_BITS_MAX ||
        !lies_within(n, buckets_at, (UINT64_C(1) << t->bucket_bits) + 1, 4) ||
        !lies_within(n, entries_at, t->entries_n, LEXICON_ENTRY_BYTES))
        return false;
    t->buckets = bytes + buckets_at;
    t->entries = bytes + entries_at;
    return tongue_is_sound(t, x->stems_n);
}

static bool lexicon_lay_out(const unsigned char *bytes, size_t n, struct lexicon *x)
{
    uint32_t about_at = read_u32(bytes + LEXICON_AT_ABOUT),
             about_bytes = read_u32(bytes + LEXICON_AT_ABOUT + 4);
    uint32_t stems_at = read_u32(bytes + LEXICON_AT_STEMS);

    x->stems_n = read_u32(bytes + LEXICON_AT_STEMS + 4);
    x->mark = read_u64(bytes + LEXICON_AT_CHECKSUM);
    if (about_bytes == 0 || !lies_within(n, about_at, about_bytes, 1) ||
        bytes[about_at + about_bytes - 1] != '\0' || x->stems_n > LEXICON_STEMS_MAX ||
        !lies_within(n, stems_at, x->stems_n, LEXICON_STEM_BYTES))
        return false;
    x->about = (const char *)bytes + about_at;
    x->stems = bytes + stems_at;
    for (int l = 0; l < LANGUAGES_N; l++)
        if (!tongue_open(bytes, n, l, x))
            return false;
    return true;
}

static void checksum(const unsigned char *bytes, size_t n,
                     unsigned char out[LEXICON_CHECKSUM_BYTES])
{
    crypto_generichash(out, LEXICON_CHECKSUM_BYTES, bytes + LEXICON_AT_DIALECT,
                       n - LEXICON_AT_DIALECT, NULL, 0);
}

void lexicon_seal(void *bytes, size_t n)
{
    checksum(bytes, n, (unsigned char *)bytes + LEXICON_AT_CHECKSUM);
}

static enum err_code header_check(const unsigned char *bytes, size_t n, struct err *e)
{
    unsigned char sum[LEXICON_CHECKSUM_BYTES];

    if (n < LEXICON_HEADER_BYTES || memcmp(bytes, LEXICON_MAGIC, LEXICON_AT_VERSION) != 0)
        return err_set(e, ERR_CONFIG, "lexicon: not a lexicon");
    if (read_u32(bytes + LEXICON_AT_VERSION) != LEXICON_VERSION)
        return err_set(e, ERR_CONFIG, "lexicon: version %u, this program reads %d",
                       (unsigned)read_u32(bytes + LEXICON_AT_VERSION), LEXICON_VERSION);
    checksum(bytes, n, sum);
    if (read_u32(bytes + LEXICON_AT_BYTES) != n ||
        memcmp(sum, bytes + LEXICON_AT_CHECKSUM, sizeof sum) != 0)
        return err_set(e, ERR_CONFIG, "lexicon: damaged");
    if (read_u64(bytes + LEXICON_AT_DIALECT) != lexicon_dialect())
        return err_set(e, ERR_CONFIG, "lexicon: words are stemmed otherwise now; build it again");
    return ERR_OK;
}

enum err_code lexicon_open(const void *bytes, size_t n, struct lexicon **ret_lexicon, struct err *e)
{
    struct lexicon *x;
    enum err_code rc = header_check(bytes, n, e);

    if (rc != ERR_OK)
        return rc;
    x = mem_new(1, sizeof *x);
    if (!lexicon_lay_out(bytes, n, x)) {
        free(x);
        return err_set(e, ERR_CONFIG, "lexicon: an offset or number is out of range");
    }
    *ret_lexicon = x;
    return ERR_OK;
}

void lexicon_close(struct lexicon *x)
{
    free(x);
}

uint64_t lexicon_dialect(void)
{
    /* Words on which stemmers, script repairs and folding have something to do. */
    static const char *const samples[LANGUAGES_N] = {
        "والمحميات للأراضي الرطبة المُستدامة ومستنقعات",
        "protected wetlands, monitoring of invasive species; naïve co-operation 1,200",
        "áreas protegidas, gestión de los humedales y especies invasoras",
        "l'aire protégée, la gestion des zones humides, œuvres menacées",
        "охраняемые водно-болотные угодья, учёт исчезающих видов",
        "保护区湿地管理"};
    uint64_t h = LEXICON_VERSION;

    for (int l = 0; l < LANGUAGES_N; l++) {
        struct text t;
        text_read(samples[l], l, &t);
        for (size_t i = 0; i < t.tokens_n; i++)
            h = text_mix(h, t.tokens[i].key + (t.tokens[i].flags & TOKEN_STOP));
        text_clear(&t);
    }
    return h;
}

/* --- looking up ------------------------------------------------------------------------ */

uint64_t lexicon_phrase(const struct token *tokens, size_t n)
{
    uint64_t key = tokens[0].key;

    for (size_t i = 1; i < n; i++)
        key = text_mix(key, tokens[i].key);
    return key;
}

/* NULL: none. */
static const unsigned char *entry_find(const struct tongue *t, uint64_t key)
{
    uint64_t bucket = t->bucket_bits == 0 ? 0 : key >> (64 - t->bucket_bits);
    uint32_t end = read_u32(t->buckets + 4 * (bucket + 1));

    for (uint32_t i = read_u32(t->buckets + 4 * bucket); i < end; i++) {
        const unsigned char *entry = t->entries + (size_t)i * LEXICON_ENTRY_BYTES;
        if (read_u32(entry) == (uint32_t)key)
            return entry;
    }
    return NULL;
}

static size_t senses_read(const struct lexicon *x, const unsigned char *entry,
                          struct lexicon_sense senses[LEXICON_SENSES_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < LEXICON_SENSES_MAX; i++) {
        uint32_t sense = read_u32(entry + 4 + 4 * i);
        size_t stem = sense & ((1U << LEXICON_STEM_BITS) - 1);
        if (sense >> LEXICON_WEIGHT_SHIFT == 0)
            continue;
        senses[n].key = read_u64(x->stems + 8 * stem);
        senses[n].skeleton = read_u32(x->stems + (size_t)8 * x->stems_n + 4 * stem);
        senses[n++].weight = (float)(sense >> LEXICON_WEIGHT_SHIFT) / (float)LEXICON_WEIGHT_MAX;
    }
    return n;
}

/* How many tokens from i on may be one phrase: none runs into punctuation. */
static size_t phrase_room(const struct text *t, size_t i, size_t most)
{
    size_t n = 1;

    while (n < most && i + n < t->tokens_n && !(t->tokens[i + n].flags & TOKEN_BREAK))
        n++;
    return n;
}

bool lexicon_is_english(int language, const struct token *t)
{
    static const char *const latin[] = {"es", "fr"};

    if (t->flags & (TOKEN_HAN | TOKEN_ARABIC | TOKEN_CYRILLIC))
        return false;
    for (size_t i = 0; language >= 0 && i < sizeof latin / sizeof latin[0]; i++)
        if (strcmp(language_codes[language], latin[i]) == 0)
            return false;
    return true;
}

bool lexicon_find(const struct lexicon *x, int language, const struct text *t, size_t i,
                  struct lexicon_hit *ret_hit)
{
    const struct token *token = &t->tokens[i];
    const struct tongue *tongue = x && language >= 0 ? &x->tongues[language] : NULL;
    const unsigned char *word;
    struct lexicon_hit hit = {0};
    size_t longest;

    if (token->flags & (TOKEN_STOP | TOKEN_NUMBER))
        return false;
    if (lexicon_is_english(language, token)) {
        *ret_hit =
            (struct lexicon_hit){.tokens_n = 1, .senses_n = 1, .senses = {{token->key, 1, 0}}};
        return true;
    }
    word = tongue ? entry_find(tongue, token->key) : NULL;
    if (!word)
        return false;
    longest = 1 + (read_u32(word + 4) >> LEXICON_STEM_BITS & ((1U << LEXICON_LONGEST_BITS) - 1));
    for (size_t n = phrase_room(t, i, longest); n > 0 && hit.senses_n == 0; n--) {
        const unsigned char *entry = n == 1 ? word : entry_find(tongue, lexicon_phrase(token, n));
        hit.tokens_n = n;
        hit.senses_n = entry ? senses_read(x, entry, hit.senses) : 0;
    }
    if (hit.senses_n == 0)
        return false;
    *ret_hit = hit;
    return true;
}

size_t lexicon_count(const struct lexicon *x, int language)
{
    return x->tongues[language].entries_n;
}

const char *lexicon_about(const struct lexicon *x)
{
    return x ? x->about : "nothing";
}

uint64_t lexicon_mark(const struct lexicon *x)
{
    return x->mark;
}
