/* The cheapest way through the word, letter by letter: a part that is known costs one, a letter
 * that belongs to no part costs more. All possible parts are read as one text, so that they are
 * repaired, stemmed and looked up like any other word. */
#include "routing/unglue.h"

#include "base/buf.h"

#include <string.h>

enum {
    PART_LETTERS_MIN = 2,
    PART_LETTERS_MAX = 12,
    COST_LETTER = 50, /* of no part */
    COST_MAX = 20     /* a letter on average */
};

struct way {
    unsigned cost;
    uint8_t step; /* letters of the last part */
    bool known;
};

/* Byte offsets of the letters and behind the last. Returns how many letters, 0: too many. */
static size_t letters_of(const char *word, size_t bytes, uint16_t at[UNGLUE_LETTERS_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (((unsigned char)word[i] & 0xc0) == 0x80)
            continue;
        if (n == UNGLUE_LETTERS_MAX)
            return 0;
        at[n++] = (uint16_t)i;
    }
    at[n] = (uint16_t)bytes;
    return n;
}

static size_t longest_part(size_t from, size_t letters_n)
{
    return letters_n - from < PART_LETTERS_MAX ? letters_n - from : PART_LETTERS_MAX;
}

/* Every possible part on a line of its own. */
static void read_parts(const char *word, const uint16_t *at, size_t n, int language,
                       struct text *ret_text)
{
    BUF_AUTO struct buf all = {0};

    for (size_t from = 0; from < n; from++)
        for (size_t k = PART_LETTERS_MIN; k <= longest_part(from, n); k++) {
            buf_add(&all, word + at[from], (size_t)(at[from + k] - at[from]));
            buf_add_text(&all, "\n");
        }
    text_read(buf_text(&all), language, ret_text);
}

static bool is_known(const struct lexicon *x, int language, const struct text *t, size_t i)
{
    struct lexicon_hit hit;

    return (t->tokens[i].flags & TOKEN_STOP) || lexicon_find(x, language, t, i, &hit);
}

/* Short words are known by chance. */
static unsigned part_cost(size_t letters)
{
    return letters == 2 ? 140 : letters == 3 ? 90 : letters == 4 ? 50 : 40;
}

static void step_to(struct way *to, const struct way *from, unsigned cost, size_t letters,
                    bool known)
{
    if (from->cost + cost < to->cost)
        *to = (struct way){from->cost + cost, (uint8_t)letters, known};
}

/* ways[i]: how to get to letter i. False when the parts do not read as one word each. */
static bool find_ways(const struct lexicon *x, int language, const struct text *parts, size_t n,
                      struct way ways[UNGLUE_LETTERS_MAX + 1])
{
    size_t part = 0;

    for (size_t i = 1; i <= n; i++)
        ways[i].cost = UINT32_MAX;
    ways[0] = (struct way){0};
    for (size_t from = 0; from < n; from++) {
        step_to(&ways[from + 1], &ways[from], COST_LETTER, 1, false);
        for (size_t k = PART_LETTERS_MIN; k <= longest_part(from, n); k++, part++) {
            if (part >= parts->tokens_n)
                return false;
            if (is_known(x, language, parts, part))
                step_to(&ways[from + k], &ways[from], part_cost(k), k, true);
        }
    }
    return part == parts->tokens_n;
}

/* Blanks between the parts; letters of no part stay together. */
static bool write_parts(const char *word, const uint16_t *at, size_t n, const struct way *ways,
                        struct buf *ret_parted)
{
    bool begins[UNGLUE_LETTERS_MAX + 1] = {false};
    size_t known_n = 0;

    for (size_t i = n; i > 0; i -= ways[i].step) {
        known_n += ways[i].known;
        begins[i] = begins[i] || ways[i].known;
        begins[i - ways[i].step] = begins[i - ways[i].step] || ways[i].known;
    }
    if (known_n < 2 || ways[n].cost > n * COST_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (begins[i])
            buf_add_text(ret_parted, " ");
        buf_add(ret_parted, word + at[i], (size_t)(at[i + 1] - at[i]));
    }
    return true;
}

bool unglue(const struct lexicon *x, int language, const char *word, size_t bytes,
            struct text *ret_parts)
{
    BUF_AUTO struct buf parted = {0};
    uint16_t at[UNGLUE_LETTERS_MAX + 1];
    struct way ways[UNGLUE_LETTERS_MAX + 1];
    size_t n = letters_of(word, bytes, at);
    struct text parts;
    bool found;

    if (n < UNGLUE_LETTERS_MIN)
        return false;
    read_parts(word, at, n, language, &parts);
    found = find_ways(x, language, &parts, n, ways) && write_parts(word, at, n, ways, &parted);
    text_clear(&parts);
    if (found)
        text_read(buf_text(&parted), language, ret_parts);
    return found;
}
