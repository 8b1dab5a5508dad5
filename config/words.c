#include "config/words.h"

#include "base/buf.h"
#include "config/csv.h"
#include "config/hash.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct word {
    char *key;                /* owned */
    char *texts[LANGUAGES_N]; /* owned */
    UT_hash_handle hh;
};

struct words {
    struct word *rows; /* owned hash, by key */
};

/* {name}: what stands between the braces, NULL when there is none at or after text. */
static const char *placeholder_find(const char *text, size_t *ret_bytes)
{
    for (const char *open = text; (open = strchr(open, '{')) != NULL; open++) {
        size_t bytes = strspn(open + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

        if (bytes && open[1 + bytes] == '}') {
            *ret_bytes = bytes;
            return open + 1;
        }
    }
    return NULL;
}

/* Every placeholder of text stands in other too. */
static enum err_code placeholders_check(const struct csv *row, const char *text, const char *other,
                                        const char *language, struct err *e)
{
    size_t bytes = 0;

    for (const char *p = text; (p = placeholder_find(p, &bytes)) != NULL; p += bytes) {
        size_t other_bytes = 0;
        const char *q = other;

        while ((q = placeholder_find(q, &other_bytes)) != NULL &&
               (other_bytes != bytes || memcmp(p, q, bytes) != 0))
            q += other_bytes;
        if (!q)
            return csv_fault(row, e, "{%.*s} is not in both en and %s", (int)bytes, p, language);
    }
    return ERR_OK;
}

static void word_free(struct word *w)
{
    for (int i = 0; i < LANGUAGES_N; i++)
        free(w->texts[i]);
    free(w->key);
    free(w);
}

static enum err_code word_row(void *arg, const struct csv *row, struct err *e)
{
    struct words *words = arg;
    const char *texts[LANGUAGES_N];
    const char *key;
    const char *en;
    struct word *w = NULL;
    enum err_code rc;

    if ((rc = csv_require(row, "key", &key, e)) || (rc = csv_require(row, "en", &en, e)))
        return rc;
    HASH_FIND_STR(words->rows, key, w);
    if (w)
        return csv_fault(row, e, "key \"%.60s\" twice", key);
    for (int i = 0; i < LANGUAGES_N; i++)
        if ((rc = csv_require(row, language_codes[i], &texts[i], e)) ||
            (rc = placeholders_check(row, en, texts[i], language_codes[i], e)) ||
            (rc = placeholders_check(row, texts[i], en, language_codes[i], e)))
            return rc;
    w = mem_new(1, sizeof *w);
    w->key = mem_text(key);
    for (int i = 0; i < LANGUAGES_N; i++)
        w->texts[i] = mem_text(texts[i]);
    HASH_ADD_KEYPTR(hh, words->rows, w->key, strlen(w->key), w);
    return ERR_OK;
}

enum err_code words_load(const char *dir, struct words **ret_words, struct err *e)
{
    struct words *w = mem_new(1, sizeof *w);
    enum err_code rc = csv_read_in(dir, "messages.csv", word_row, w, e);

    if (rc == ERR_OK)
        *ret_words = w;
    else
        words_free(w);
    return rc;
}

void words_free(struct words *w)
{
    struct word *row = NULL;
    struct word *next = NULL;

    if (!w)
        return;
    HASH_ITER (hh, w->rows, row, next) {
        HASH_DEL(w->rows, row);
        word_free(row);
    }
    free(w);
}

const char *words_get(const struct words *w, const char *key, int language)
{
    struct word *row = NULL;

    if (language < 0 || language >= LANGUAGES_N)
        bug("language %d", language);
    HASH_FIND_STR(w->rows, key, row);
    return row ? row->texts[language] : key;
}

bool words_has(const struct words *w, const char *key)
{
    struct word *row = NULL;

    HASH_FIND_STR(w->rows, key, row);
    return row != NULL;
}

static const struct word_value *value_find(const struct word_value *values, const char *name,
                                           size_t bytes)
{
    for (; values && values->name; values++)
        if (strlen(values->name) == bytes && !memcmp(values->name, name, bytes))
            return values;
    return NULL;
}

char *words_fill(const struct words *w, const char *key, int language,
                 const struct word_value *values)
{
    const char *text = words_get(w, key, language);
    struct buf out = {0};
    size_t bytes = 0;

    for (const char *p; (p = placeholder_find(text, &bytes)) != NULL; text = p + bytes + 1) {
        const struct word_value *value = value_find(values, p, bytes);

        buf_add(&out, text, (size_t)(p - 1 - text));
        if (value)
            buf_add_text(&out, value->value);
        else
            buf_add(&out, p - 1, bytes + 2); /* a gap is seen, not hidden */
    }
    buf_add_text(&out, text);
    return buf_take(&out);
}

/* Accept-Language */

enum { ANY_LANGUAGE = LANGUAGES_N, RANGES_N };

/* What a header wants: for each of our languages, and for `*`, its best quality in thousandths
 * and which of the ranges said so; -1: not named. */
struct wish {
    int quality;
    int rank;
};

/* `;q=0.8` in thousandths: 1000 when there is no weight, -1 when it is malformed. */
static int quality_read(const char *text, size_t bytes)
{
    int quality;
    int digit = 100;
    size_t i = 0;

    while (i < bytes && (text[i] == ' ' || text[i] == '\t'))
        i++;
    if (i == bytes)
        return 1000;
    if (text[i++] != ';')
        return -1;
    while (i < bytes && (text[i] == ' ' || text[i] == '\t'))
        i++;
    if (bytes - i < 3 || strncasecmp(text + i, "q=", 2) != 0 || !strchr("01", text[i + 2]))
        return -1;
    quality = (text[i + 2] - '0') * 1000;
    i += 3;
    if (i < bytes && text[i] == '.')
        for (i++; i < bytes && text[i] >= '0' && text[i] <= '9'; i++, digit /= 10)
            quality += (text[i] - '0') * digit; /* digits beyond the third weigh nothing */
    while (i < bytes && (text[i] == ' ' || text[i] == '\t'))
        i++;
    return i == bytes && quality <= 1000 ? quality : -1;
}

/* The row of wishes a range belongs to: by its first subtag, as fr-CA is best served in fr.
 * RANGES_N: none of ours. */
static int range_find(const char *range, size_t bytes)
{
    size_t primary = strcspn(range, "-,; \t");

    if (primary > bytes)
        primary = bytes;
    if (bytes == 1 && *range == '*')
        return ANY_LANGUAGE;
    for (int i = 0; i < LANGUAGES_N; i++)
        if (primary == strlen(language_codes[i]) && !strncasecmp(range, language_codes[i], primary))
            return i;
    return RANGES_N;
}

static void wishes_read(const char *header, struct wish *wishes)
{
    for (int rank = 0; *header; rank++) {
        const char *range = header + strspn(header, ", \t");
        size_t bytes = strcspn(range, ",");
        size_t range_bytes = strcspn(range, ",; \t");
        int i = range_find(range, range_bytes);
        int quality = quality_read(range + range_bytes, bytes - range_bytes);

        if (i < RANGES_N && quality > wishes[i].quality)
            wishes[i] = (struct wish){quality, rank};
        header = range + bytes;
    }
}

static bool wish_is_better(struct wish a, struct wish b)
{
    return a.quality > b.quality || (a.quality == b.quality && a.rank < b.rank);
}

int words_negotiate(const char *accept_language, int otherwise)
{
    struct wish wishes[RANGES_N];
    struct wish best = {0, 0}; /* q=0 means "not this one" */
    int language = otherwise;

    for (int i = 0; i < RANGES_N; i++)
        wishes[i] = (struct wish){-1, 0};
    if (accept_language)
        wishes_read(accept_language, wishes);
    for (int n = 0; n < LANGUAGES_N; n++) {
        int i = (otherwise + n) % LANGUAGES_N; /* that one first: `*` alone means it */
        struct wish w = wishes[i].quality >= 0 ? wishes[i] : wishes[ANY_LANGUAGE];

        if (w.quality > 0 && wish_is_better(w, best)) {
            best = w;
            language = i;
        }
    }
    return language;
}
